"""The languages and regions of a shop, each with an address space of its own: one address, one content.

An edition is the shop's `SiteDoc` with the values of its language and region in their places; `base` is what stands
before each of its paths. The main edition is the document as central published it. Plain functions over documents.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, TypeVar
from urllib.parse import urlsplit

from django.conf.locale import LANG_INFO
from msgspec.structs import replace

from sync.contracts.documents import (
    CardDoc,
    CategoryDoc,
    DeliveryMethod,
    FeedDoc,
    LanguageDoc,
    PaymentMethod,
    Picture,
    ProductDoc,
    ProductWords,
    Reach,
    RegionDoc,
    SiteDoc,
    SiteWords,
    VariantDoc,
)

Way = TypeVar("Way", DeliveryMethod, PaymentMethod)

#: written from right to left, beside those that Django knows
_RTL: Final = frozenset({"ps", "sd", "yi", "ckb", "dv"})
#: between the parts of an edition's key; no id, tag or region has it
_PART: Final = "~"


def key_of(site: SiteDoc) -> str:
    """Names an edition: the shop's id alone for a shop without others, else "tea~en~msk"."""
    return f"{site.id}{_PART}{site.language}{_PART}{site.region}" if _has_editions(site) else site.id


def shop_of(key: str) -> str:
    """The id of the shop an edition's key belongs to."""
    return key.partition(_PART)[0]


def _has_editions(site: SiteDoc) -> bool:
    return bool(site.languages or site.regions)


@lru_cache(maxsize=200)
def _editions(held: _ById) -> tuple[SiteDoc, ...]:
    site = held.site
    languages: list[LanguageDoc | None] = [None, *site.languages]
    regions: list[RegionDoc | None] = [None, *(each for each in site.regions if each.origin or each.path)]
    made = [_edition(site, language, region) for region in regions for language in languages]
    # Central refuses two editions of one address; if it ever came to that, the earlier one has it.
    by_address = {(each.origin, each.base): each for each in reversed(made)}
    return tuple(each for each in made if by_address[each.origin, each.base] is each)


class _ById:
    """A document is not hashable; while one object lives, it is itself."""

    __slots__ = ("site",)

    def __init__(self, site: SiteDoc) -> None:
        self.site = site

    def __hash__(self) -> int:
        return id(self.site)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ById) and other.site is self.site


def editions_of(site: SiteDoc) -> tuple[SiteDoc, ...]:
    """All editions of a shop, the main one first. `site`: the document as it was published, not an edition of it."""
    return _editions(_ById(site)) if _has_editions(site) else (site,)


def edition(site: SiteDoc, language: str, region: str) -> SiteDoc | None:
    """The edition of a published shop in a language and region; "" as region is the shop without one."""
    return next((each for each in editions_of(site) if (each.language, each.region) == (language, region)), None)


def _edition(site: SiteDoc, language: LanguageDoc | None, region: RegionDoc | None) -> SiteDoc:
    if language is None and region is None:
        return site
    origin, base = _address(site, language, region)
    chain = chain_of(site.regions, region.id) if region else []
    code = language.code if language else ""
    words = _words_of(language, chain)
    return replace(
        site,
        language=code or site.language,
        region=region.id if region else "",
        origin=origin,
        base=base,
        home=site.origin,
        name=_first(words, "name") or site.name,
        label=_first(words, "label") or site.label,
        tagline=_first(words, "tagline") or site.tagline,
        about=_first(words, "about") or site.about,
        address=_first(words, "address") or site.address,
        phone=next((each.phone for each in chain if each.phone), site.phone),
        email=next((each.email for each in chain if each.email), site.email),
        deliveries=_worded(
            next((each.deliveries for each in chain if each.deliveries is not None), site.deliveries),
            [each.deliveries for each in words],
        ),
        payments=_worded(
            next((each.payments for each in chain if each.payments is not None), site.payments),
            [each.payments for each in words],
        ),
    )


def _address(site: SiteDoc, language: LanguageDoc | None, region: RegionDoc | None) -> tuple[str, str]:
    """(origin, base). A language with an origin of its own lives below a region's, when that has one too."""
    if region and region.origin:
        path = f"/{language.code}" if language and language.origin else (language.path if language else "")
        return region.origin, path
    origin = (language.origin if language else "") or site.origin
    return origin, (language.path if language else "") + (region.path if region else "")


def _words_of(language: LanguageDoc | None, chain: Sequence[RegionDoc]) -> list[SiteWords]:
    """What to look through for a word, the nearest first."""
    if language is None:
        return [each.words for each in chain]
    own = [each.translations.get(language.code) for each in chain]
    return [*(words for words in own if words), language.words, *(each.words for each in chain)]


def _first(words: Sequence[SiteWords], name: str) -> str:
    return next((found for each in words if (found := str(getattr(each, name)))), "")


def _worded(ways: list[Way], words: Sequence[Mapping[str, tuple[str, str]]]) -> list[Way]:
    found = {way.code: next((each[way.code] for each in words if way.code in each), ("", "")) for way in ways}
    return [
        replace(way, title=found[way.code][0] or way.title, note=found[way.code][1] or way.note)
        if any(found[way.code])
        else way
        for way in ways
    ]


def chain_of(regions: Sequence[RegionDoc], region: str) -> list[RegionDoc]:
    """A region and all it lies in, the nearest first. A ring of parents, which only a mistake makes, ends the walk."""
    by_id = {each.id: each for each in regions}
    chain: list[RegionDoc] = []
    at = by_id.get(region)
    while at is not None and at not in chain:
        chain.append(at)
        at = by_id.get(at.parent)
    return chain


# --- goods in an edition -----------------------------------------------------------------------------------------


def product_in(site: SiteDoc, product: ProductDoc) -> ProductDoc:
    """A product in the words and at the prices of an edition."""
    words = product.translations.get(site.language)
    variants = [_variant_in(site, each, words.options if words else {}) for each in product.variants]
    if words is None:
        return product if variants == product.variants else replace(product, variants=variants)
    return replace(
        product,
        title=words.title or product.title,
        text=words.text or product.text,
        attributes=words.attributes or product.attributes,
        variants=variants,
        pictures=[_picture_in(each, words) for each in product.pictures],
    )


def _picture_in(picture: Picture, words: ProductWords) -> Picture:
    """Described in the language; else called as the product is in it."""
    alt = words.alts.get(picture.hash) or words.title or picture.alt
    return picture if alt == picture.alt else replace(picture, alt=alt)


def _variant_in(site: SiteDoc, variant: VariantDoc, titles: Mapping[str, str]) -> VariantDoc:
    title, price = titles.get(variant.id) or variant.options_title, price_in(site, variant)
    if (title, price) == (variant.options_title, variant.price):
        return variant
    return replace(variant, options_title=title, price=price)


def category_in(site: SiteDoc, category: CategoryDoc) -> CategoryDoc:
    """A shelf in the words of an edition."""
    words = category.translations.get(site.language)
    if words is None:
        return category
    return replace(category, title=words.title or category.title, text=words.text or category.text)


def card_in(site: SiteDoc, card: CardDoc) -> CardDoc:
    """A line card, also of a sister shop, as a cart in this edition shows and sells it: where it is shown at all."""
    title, options = card.titles.get(site.language, ("", ""))
    price, is_on_sale = price_in(site, card), card.is_on_sale and is_shown(site, card)
    if not title and not options and (price, is_on_sale) == (card.price, card.is_on_sale):
        return card
    words = {"title": title or card.title, "options_title": options or card.options_title}
    return replace(card, **words, price=price, is_on_sale=is_on_sale)


def price_in(site: SiteDoc, priced: VariantDoc | CardDoc) -> int:
    """The price in the edition's region: of the nearest region around it that has one, else the shop's own."""
    if not site.region or not priced.prices:
        return priced.price
    chain = chain_of(site.regions, site.region)
    return next((priced.prices[each.id] for each in chain if each.id in priced.prices), priced.price)


# --- what is shown where -----------------------------------------------------------------------------------------


def is_shown(site: SiteDoc, thing: ProductDoc | CategoryDoc | CardDoc) -> bool:
    """Whether visitors of an edition see it: what the nearest region says, else what is said of everywhere."""
    return not thing.shown or says(thing.shown, scopes_of(site))


def says(reach: Reach, scopes: Sequence[str]) -> bool:
    """What a rule says where these regions lie around one another, the nearest first, "" the last; silence is yes."""
    return next((reach[each] for each in scopes if each in reach), True)


def scopes_of(site: SiteDoc) -> tuple[str, ...]:
    """Where an edition looks for a rule: its region, those around it, and "", which is everywhere."""
    return (*(each.id for each in chain_of(site.regions, site.region)), "") if site.region else ("",)


def hidden_in(site: SiteDoc, thing: ProductDoc | CategoryDoc) -> list[str]:
    """The regions of a shop in which it is not shown, "" among them for the pages without a region."""
    if not thing.shown:
        return []
    places = {"": ("",)} | {
        each.id: (*(one.id for one in chain_of(site.regions, each.id)), "") for each in site.regions
    }
    return sorted(region for region, scopes in places.items() if not says(thing.shown, scopes))


# --- addresses ---------------------------------------------------------------------------------------------------


def at(there: Sequence[SiteDoc], path: str) -> SiteDoc | None:
    """Of the editions of one host the one that `path`, unquoted, belongs to: with the longest base before it."""
    fits = [each for each in there if _is_below(each.base, path)]
    return max(fits, key=lambda each: len(each.base), default=None)


def _is_below(base: str, path: str) -> bool:
    return not base or path == base or path.startswith(f"{base}/")


def inside(site: SiteDoc, path: str) -> str | None:
    """What a path of the host is within an edition: "/en/p/oolong" -> "/p/oolong"; None when it is not below it."""
    return (path.removeprefix(site.base) or "/") if _is_below(site.base, path) else None


def of_feed(site: SiteDoc, feed: FeedDoc) -> SiteDoc | None:
    """The edition of a published shop that a feed tells of; None when there is none any more."""
    return edition(site, feed.language or site.language, feed.region)


def nearest(site: SiteDoc, like: SiteDoc) -> SiteDoc:
    """The edition of a published shop that suits whoever comes from the edition `like`: language before region."""
    language, region = like.language, like.region
    tries = ((language, region), (language, ""), (site.language, region))
    return next((found for each in tries if (found := edition(site, *each))), site)


def host_of(site: SiteDoc) -> str:
    """The one host name that an edition's pages live at."""
    return urlsplit(site.origin).hostname or site.id


def origins_of(site: SiteDoc) -> set[str]:
    """All origins at which a shop's pages live; `site` may be any edition of it."""
    others = [*(each.origin for each in site.languages), *(each.origin for each in site.regions)]
    return {site.home or site.origin, *filter(None, others)}


def mirrors(site: SiteDoc) -> Iterator[str]:
    """Bases that only repeat a published shop: "/ru" where Russian is its own language. They lead to it."""
    taken = {each.base for each in editions_of(site) if each.origin == site.origin}
    if _has_editions(site) and f"/{site.language}" not in taken:
        yield f"/{site.language}"


def alternates(editions: Sequence[SiteDoc], site: SiteDoc) -> list[SiteDoc]:
    """The same shop in the same region in each of its languages, the edition itself among them; [] for one language."""
    found = [each for each in editions if each.region == site.region]
    return found if len(found) > 1 else []


def is_rtl(language: str) -> bool:
    """Whether a language is written from right to left."""
    base = language.partition("-")[0]
    return base in _RTL or bool(LANG_INFO.get(base, {}).get("bidi"))
