"""Addresses of a shop's pages. One address, one content: what is shown never depends on a query or a cookie.

What makes and parses a path here knows nothing of editions: it is the path within one; `at` makes an address of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import quote, unquote, urlencode

from sync.contracts.documents import Picture, PictureSource, SiteDoc

Order = Literal["position", "price", "-price", "title"]

#: how a category may be sorted, by the word in its address; "" is the shop's own order
ORDERS: Final[dict[str, Order]] = {"": "position", "cheapest": "price", "dearest": "-price", "by-name": "title"}
WORDS: Final[dict[Order, str]] = {order: word for word, order in ORDERS.items()}

#: what addresses of a shop's own begin with: no language and no region lives there
OWN: Final = frozenset(
    {"p", "c", "about", "cart", "checkout", "account", "search", "order", "feeds", "static", "sitemap", "_r", "_m"}
)

#: no catalogue is that long; a greater number in an address is a mistake, not a page
MAX_PAGE = 9_999


@dataclass(frozen=True)
class Address:
    """A page of a shop: its kind, and what that kind needs. `path` is the only right spelling of it."""

    kind: Literal["home", "about", "category", "product"]
    slug: str = ""
    order: Order = "position"
    page: int = 1

    @property
    def path(self) -> str:
        if self.kind == "category":
            return category(self.slug, self.order, self.page)
        if self.kind == "product":
            return product(self.slug)
        return "/" if self.kind == "home" else f"/{self.kind}"

    @property
    def unquoted(self) -> str:
        """`path` as a server hands it on, and as a page is kept by."""
        return unquote(self.path)


def home() -> str:
    return "/"


def about() -> str:
    return "/about"


def cart() -> str:
    return "/cart"


def checkout() -> str:
    return "/checkout"


def search(words: str = "", **conditions: str) -> str:
    """`/search?q=green+tea&kind=product`; a condition that is "" is left out. Never a page that is kept."""
    wanted = {name: value for name, value in {"q": words, **conditions}.items() if value}
    return f"/search?{urlencode(wanted)}" if wanted else "/search"


def product(slug: str) -> str:
    return f"/p/{quote(slug, safe='')}"


def category(slug: str, order: Order = "position", page: int = 1) -> str:
    """`/c/green-tea`, `/c/green-tea/2`, `/c/green-tea/cheapest`, `/c/green-tea/cheapest/2`."""
    parts = ["/c", quote(slug, safe="")]
    if word := WORDS[order]:
        parts.append(word)
    if page > 1:
        parts.append(str(page))
    return "/".join(parts)


def picture(picture: Picture | PictureSource) -> str:
    """Where every node serves a picture: its name is its content."""
    return f"/_m/{picture.hash}.{picture.ext}"


def file(site: SiteDoc, path: str, page: str = "", region: str = "") -> str:
    """Where the page at `page` fetches a picture or a static file from: a CDN that answers, else the shop itself."""
    media = site.media
    origin = media.origins.get(region) or media.origins.get("", "")
    is_of_type = not media.types or path.rpartition(".")[2] in media.types
    is_of_section = not media.sections or any(page.startswith(section) for section in media.sections)
    return f"{origin}{path}" if origin and is_of_type and is_of_section else path


def at(site: SiteDoc, path: str) -> str:
    """A path within an edition as an address of its host: "/en/p/oolong"; the home page of "/en" is "/en"."""
    return f"{site.base}{path}" if path != "/" else site.base or "/"


def absolute(site: SiteDoc, path: str) -> str:
    """The same with scheme and host."""
    return f"{site.origin}{at(site, path)}"


def parse(path: str) -> Address | None:
    """The page an unquoted path names; None when it names none."""
    parts = path.split("/")[1:]
    match parts:
        case [""]:
            return Address("home")
        case ["about"]:
            return Address("about")
        case ["p", slug] if slug:
            return Address("product", slug)
        case ["c", slug, *rest] if slug:
            return _category(slug, rest)
    return None


def _category(slug: str, rest: list[str]) -> Address | None:
    order: Order = "position"
    if rest and rest[0] and rest[0] in ORDERS:
        order = ORDERS[rest.pop(0)]
    if not rest:
        return Address("category", slug, order)
    number = rest[0]
    # "/2", never "/02" or "/1": a second spelling would be a second address of one content
    if len(rest) > 1 or not (number.isascii() and number.isdigit()) or number.startswith("0") or number == "1":
        return None
    page = int(number) if len(number) <= 4 else MAX_PAGE + 1
    return Address("category", slug, order, page) if page <= MAX_PAGE else None
