"""From what was found to what a shopper sees: only what this edge holds of his shop, in the shop's look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from edge.api.contracts import Suggestion, SuggestionGroup, Suggestions
from edge.replica import shelves
from edge.replica import sites as shops
from infra.search import Found, Query
from sites import shelf, urls
from sites.searching import ABOUT, CATEGORY, KINDS, PAGE, PRODUCT, about_title, visible_in
from sync.contracts.documents import CategoryDoc, ProductDoc, SiteDoc

Kind = Literal["product", "category", "page"]

MAX_QUERY: Final = 200
#: shelves and pages beside goods, when all kinds are shown
FEW: Final = 6
MAX_PAGE: Final = 500


@dataclass(frozen=True)
class Asked:
    """What stands in the address. `brand` and `shelf` narrow, `kind` "" is all kinds."""

    words: str = ""
    kind: str = ""
    phrase: str = ""
    without: str = ""
    brand: str = ""
    page: int = 1
    #: of the edition: before its paths, and what its visitors do not see
    base: str = ""
    hidden: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, site: SiteDoc, query: Mapping[str, str]) -> Asked:
        """Of the parameters `q`, `kind`, `phrase`, `not`, `brand`, `page`; what is none of them is left out."""
        page = query.get("page", "")
        is_number = page.isascii() and page.isdecimal() and len(page) < 5
        kind = query.get("kind", "")
        return cls(
            words=_clean(query.get("q", "")),
            kind=kind if kind in KINDS else "",
            phrase=_clean(query.get("phrase", "")),
            without=_clean(query.get("not", "")),
            brand=_clean(query.get("brand", "")),
            page=max(1, min(int(page), MAX_PAGE)) if is_number else 1,
            base=site.base,
            hidden=visible_in(site),
        )

    @property
    def is_empty(self) -> bool:
        return not (self.words or self.phrase)

    @property
    def has_conditions(self) -> bool:
        return bool(self.kind or self.phrase or self.without or self.brand)

    def url(self, **changes: str) -> str:
        """The address with some of its parameters changed; it begins at the first page."""
        values = {"kind": self.kind, "phrase": self.phrase, "not": self.without, "brand": self.brand, **changes}
        return f"{self.base}{urls.search(values.pop('q', self.words), **values)}"

    def query(self, **changes: Any) -> Query:
        wanted: dict[str, Any] = {
            "words": self.words,
            "phrase": self.phrase,
            "without": tuple(filter(None, (part.strip() for part in self.without.split(",")))),
            "kinds": (self.kind,) if self.kind else (),
            "facets": {"brand": [self.brand]} if self.brand else {},
            "not_facets": self.hidden,
        }
        return Query(**wanted | changes)


def _clean(text: str) -> str:
    return " ".join(text[:MAX_QUERY].split())


@dataclass(frozen=True)
class Link:
    """A way to narrow: its title, how many it leaves, and where it leads."""

    title: str
    count: int
    url: str
    is_current: bool = False


@dataclass(frozen=True)
class Seen:
    """The things found, as documents."""

    goods: list[shelf.Good] = field(default_factory=list)
    shelves: list[CategoryDoc] = field(default_factory=list)
    pages: list[shelf.Crumb] = field(default_factory=list)


def see(site: SiteDoc, found: Found) -> Seen:
    """In the order found. Off the event loop."""
    keys: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for hit in found.hits:
        if hit.kind in keys:
            keys[hit.kind].append(hit.id.partition("-")[2])
    by_id = {each.id: each for each in shops.categories_of(site)} if keys[CATEGORY] else {}
    return Seen(
        goods(site, shelves.products(site, keys[PRODUCT])),
        [by_id[key] for key in keys[CATEGORY] if key in by_id],
        [shelf.Crumb(about_title(site), urls.at(site, urls.about())) for key in keys[PAGE] if f"{PAGE}-{key}" == ABOUT],
    )


def goods(site: SiteDoc, products: Iterable[ProductDoc]) -> list[shelf.Good]:
    held = [each for each in products if each.variants]
    cards = shelves.cards_of(site, held)
    return [shelf.good(site, each, cards) for each in held]


def suggestions(site: SiteDoc, asked: Asked, found: Found, others: Found, words: list[str]) -> Suggestions:
    """What the drop-down shows: `found` goods, `others` of the other kinds. Off the event loop."""
    seen, beside = see(site, found), see(site, others)
    counts = {**others.kinds, **found.kinds}
    shown: dict[Kind, list[Suggestion]] = {
        "category": [
            Suggestion(title=each.title, url=urls.at(site, urls.category(each.slug)))
            for each in seen.shelves or beside.shelves
        ],
        "product": [_suggested(each) for each in seen.goods],
        "page": [Suggestion(title=each.title, url=each.url) for each in seen.pages or beside.pages],
    }
    return Suggestions(
        corrected=found.corrected,
        total=sum(counts.values()),
        url=asked.url(),
        words=[each for each in words if each != asked.words.casefold()],
        groups=[
            SuggestionGroup(kind=kind, total=counts.get(kind, 0), url=asked.url(kind=kind), items=items)
            for kind, items in shown.items()
            if items
        ],
    )


def _suggested(good: shelf.Good) -> Suggestion:
    return Suggestion(
        title=good.title,
        url=good.url,
        brand=good.brand,
        picture=urls.picture(good.picture) if good.picture else "",
        price=good.price_text,
        old_price=good.old_price_text,
        has_range=good.has_range,
        is_on_sale=good.unit is not None or good.choices > 1,
    )


def page_of_results(site: SiteDoc, asked: Asked, found: Found, others: Found) -> dict[str, Any]:
    """What `shop/search.html` is given. Off the event loop."""
    seen, beside = see(site, found), see(site, others)
    counts = {**others.kinds, **found.kinds}
    total = sum(counts.values())
    shown = found.total
    pages = min(shelf.page_count(shown), MAX_PAGE)
    return {
        "asked": asked,
        "total": total,
        "corrected": found.corrected or others.corrected,
        "goods": seen.goods,
        "found_shelves": seen.shelves or beside.shelves,
        "found_pages": seen.pages or beside.pages,
        "kinds": _kinds(asked, counts),
        "brands": _brands(asked, found),
        "links": _pages(asked, pages),
        "previous": asked.url(page=str(asked.page - 1)) if asked.page > 1 else "",
        "next": asked.url(page=str(asked.page + 1)) if asked.page < pages else "",
        "without_conditions": urls.at(site, urls.search(asked.words)) if asked.has_conditions and asked.words else "",
    }


def _kinds(asked: Asked, counts: Mapping[str, int]) -> list[tuple[str, Link]]:
    found = [
        (kind, Link("", counts[kind], asked.url(kind=kind), asked.kind == kind)) for kind in KINDS if counts.get(kind)
    ]
    if len(found) < 2 and not asked.kind:
        return []
    return [("", Link("", sum(counts.values()), asked.url(kind=""), not asked.kind)), *found]


def _brands(asked: Asked, found: Found) -> list[Link]:
    counts = found.facets.get("brand", {})
    if len(counts) < 2 and not asked.brand:
        return []
    links = [
        Link(brand, count, asked.url(brand=brand), brand == asked.brand) for brand, count in list(counts.items())[:12]
    ]
    return [Link("", 0, asked.url(brand=""), False), *links] if asked.brand else links


def _pages(asked: Asked, pages: int) -> list[shelf.PageLink]:
    if pages < 2:
        return []
    numbers = sorted({1, pages, *range(max(1, asked.page - 1), min(pages, asked.page + 1) + 1)})
    links: list[shelf.PageLink] = []
    for number in numbers:
        if links and number - links[-1].number > 1:
            links.append(shelf.PageLink(0))
        links.append(shelf.PageLink(number, asked.url(page=str(number)), number == asked.page))
    return links
