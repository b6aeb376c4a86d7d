"""What a page is about, in words and figures: the values of its tokens and what JSON-LD tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from sites import urls
from sites.seo.patterns import ATTRIBUTE
from sites.seo.pictures import widely_taken
from sites.seo.rules import Kind
from sites.shelf import Crumb, Unit
from sync.contracts.documents import CategoryDoc, Picture, ProductDoc, SiteDoc


@dataclass(frozen=True)
class OfferFact:
    """A unit as it is offered: `price` in minor units of `currency`."""

    sku: str
    price: int
    currency: str
    is_on_sale: bool


@dataclass(frozen=True)
class Facts:
    """A page: `values` by the names of tokens, `sections` from the top down, `picture` as a path, "" for none."""

    site: SiteDoc
    kind: Kind
    path: str
    values: Mapping[str, str]
    id: str = ""
    sections: Sequence[Crumb] = ()
    section_ids: Sequence[str] = ()
    picture: str = ""
    #: what is to be seen in it
    picture_alt: str = ""
    offers: Sequence[OfferFact] = ()
    brand: str = ""
    text: str = ""
    pictures: Sequence[str] = field(default=())


def home(site: SiteDoc) -> Facts:
    return Facts(site, "home", urls.home(), {**_common(site), "title": site.name, "text": _first(site.about)})


def about(site: SiteDoc) -> Facts:
    values = {**_common(site), "title": _("About, delivery, contacts"), "text": _first(site.about)}
    return Facts(site, "about", urls.about(), values)


def category(
    site: SiteDoc, place: CategoryDoc, path: Sequence[CategoryDoc], address: urls.Address, count: int
) -> Facts:
    """`path` goes from the top shelf down to `place`, itself the last."""
    above = list(path[:-1])
    values = {
        **_common(site),
        "title": place.title,
        "text": _first(place.text) if address.page == 1 else "",
        "section": above[-1].title if above else "",
        "sections": ", ".join(each.title for each in above),
        "count": str(count),
        "page": _("page %(page)s") % {"page": address.page} if address.page > 1 else "",
    }
    return Facts(
        site,
        "category",
        address.path,
        values,
        id=place.id,
        sections=_crumbs(site, above),
        section_ids=[each.id for each in path],
        picture=_address(place.picture),
        picture_alt=place.picture.alt if place.picture else "",
    )


def product(site: SiteDoc, goods: ProductDoc, path: Sequence[CategoryDoc], units: Sequence[Unit]) -> Facts:
    """`path` goes from the top down to the shelf the page stands on; `units` as `sites.shelf.units_of` gives them."""
    cheapest = min(units, key=lambda unit: unit.price, default=None)
    values = {
        **_common(site),
        "title": goods.title,
        "brand": goods.brand,
        "sku": cheapest.sku if cheapest else "",
        "price": cheapest.price_text if cheapest else "",
        "old_price": cheapest.old_price_text if cheapest else "",
        "currency": goods.currency,
        "section": path[-1].title if path else "",
        "sections": ", ".join(each.title for each in path),
        "text": _first(goods.text),
        **{f"{ATTRIBUTE}{name}": value for name, value in goods.attributes},
    }
    return Facts(
        site,
        "product",
        urls.product(goods.slug),
        values,
        id=goods.id,
        sections=_crumbs(site, path),
        section_ids=[each.id for each in path],
        picture=_address(goods.pictures[0]) if goods.pictures else "",
        picture_alt=goods.pictures[0].alt if goods.pictures else "",
        offers=[OfferFact(unit.sku, unit.price, goods.currency, unit.is_on_sale) for unit in units],
        brand=goods.brand,
        text=goods.text,
        pictures=[_address(each) for each in goods.pictures],
    )


def _common(site: SiteDoc) -> dict[str, str]:
    return {
        "shop": site.name,
        "tagline": site.tagline,
        "domain": urlsplit(site.origin).hostname or "",
        "phone": site.phone,
        "address": site.address,
        "language": site.language,
    }


def _first(text: str) -> str:
    """The first paragraph, in one line."""
    return " ".join(text.replace("\r\n", "\n").strip().partition("\n\n")[0].split())


def _crumbs(site: SiteDoc, path: Sequence[CategoryDoc]) -> list[Crumb]:
    return [Crumb(each.title, urls.at(site, urls.category(each.slug))) for each in path]


def _address(picture: Picture | None) -> str:
    """Of the file that others take; a picture that has none is named all the same."""
    return urls.picture(widely_taken(picture) or picture) if picture else ""
