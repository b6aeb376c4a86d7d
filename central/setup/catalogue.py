"""Fills the demo's shops with goods: the lists of `goods` through the catalogue's own actions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from random import Random
from uuid import UUID

from central.catalog.actions import (
    Goods,
    Saved,
    Shop,
    Unit,
    keep_pictures,
    save_goods,
    shop,
    told_stock,
    write_category,
)
from central.catalog.editing import Words, translate_goods
from central.catalog.keys import canonical_options
from central.catalog.models import Category, Offer
from central.setup.goods import SHELVES, Item, Shelf
from central.setup.goods.translations import OPTIONS, WORDS
from central.setup.pictures import picture
from central.setup.pictures.photo import photo
from central.stock.receipts import receive_stock
from node.realms import CATALOG, atomic
from sync.contracts.money import minor_digits

BY = "demo"

#: shelves whose goods are shown a second time as dry leaf
_LEAVES = {"zelyony-chay", "chyorny-chay", "ulun"}

Key = tuple[str, str]


def fill_catalogue() -> None:
    """Categories, goods with pictures, and their first stock. Three transactions for each shop."""
    for site, shelves in SHELVES.items():
        _fill(site, shelves)


def _fill(site: str, shelves: list[Shelf]) -> None:
    where, numbered = shop(site), list(_numbered(site, shelves))
    hashes = _keep(site, shelves, numbered)
    with atomic(CATALOG):
        places = {shelf.slug: _category(site, shelf, n, hashes[shelf.slug]) for n, shelf in enumerate(shelves)}
        goods = [
            _goods(item, sku, shelf, places[shelf.slug], hashes[sku], where.currency) for sku, shelf, item in numbered
        ]
        saved = save_goods(where, goods, by=BY)
        if saved.refused:
            raise RuntimeError(f"the demo's own goods are refused: {saved.refused}")
    _translate(where, numbered, saved)
    stock = {saved.variants[key]: units for key, units in _stock(numbered) if units}
    receive_stock(stock, who=BY, note="first delivery", ref="DEMO-1")
    told_stock(stock)


def _translate(where: Shop, numbered: list[tuple[str, Shelf, Item]], saved: Saved) -> None:
    """What the goods are called in the other language of the desk."""
    language = "en" if where.language == "ru" else "ru"
    offers: dict[UUID, dict[UUID, str]] = {}
    for offer in Offer.objects.filter(site=where.id).exclude(variant__options="").select_related("variant"):
        value = offer.variant.options.partition("=")[2]
        title = OPTIONS.get(value, value) if language == "ru" else value
        offers.setdefault(offer.variant.product_id, {})[offer.pk] = title
    products = {sku: product for (sku, _options), product in saved.products.items()}
    words = {products[sku]: Words(*WORDS[sku], offers.get(products[sku], {})) for sku, _, _ in numbered}
    translate_goods(where.id, {product: {language: said} for product, said in words.items()}, by=BY)


def _numbered(site: str, shelves: Iterable[Shelf]) -> Iterator[tuple[str, Shelf, Item]]:
    """Every item with its sku: "T-0203" is the third of the tea shop's second shelf."""
    for row, shelf in enumerate(shelves, start=1):
        for number, item in enumerate(shelf.items, start=1):
            yield f"{site[0].upper()}-{row:02d}{number:02d}", shelf, item


def _keep(site: str, shelves: list[Shelf], numbered: list[tuple[str, Shelf, Item]]) -> dict[str, list[str]]:
    """Draw and keep the pictures: hashes by sku, and by slug of a shelf."""
    drawn: list[tuple[str, bytes]] = []
    for shelf in shelves:
        drawn.append((shelf.slug, _drawn(site, shelf.motif, shelf.palette, shelf.slug, shelf.title)))
    for sku, shelf, item in numbered:
        drawn.append((sku, _drawn(site, item.motif, item.palette, sku, item.title)))
        if shelf.slug in _LEAVES:
            second = "leaves" if item.motif != "leaves" else "pouch"
            drawn.append((sku, picture(second, item.palette, f"{sku}/2", item.title)))
    found: dict[str, list[str]] = {}
    for (name, _), sha in zip(drawn, keep_pictures([data for _, data in drawn]), strict=True):
        found.setdefault(name, []).append(sha)
    return found


def _drawn(site: str, motif: str, palette: str, seed: str, title: str) -> bytes:
    """The ceramics are photos, for the pipeline of pictures to make something of; the others are drawings."""
    return photo(motif, palette, seed) if site == "clay" else picture(motif, palette, seed, title)


def _category(site: str, shelf: Shelf, position: int, hashes: list[str]) -> Category:
    return write_category(site, shelf.title, slug=shelf.slug, position=position, text=shelf.text, picture=hashes[0])


def _goods(item: Item, sku: str, shelf: Shelf, category: Category, hashes: list[str], currency: str) -> Goods:
    return Goods(
        units=list(_units(item, sku, currency)),
        title=item.title,
        text=f"{item.text}\n\n{shelf.care}",
        brand=item.brand,
        attributes=[*item.attributes, *((n, v) for n, v in shelf.attributes if n not in dict(item.attributes))],
        categories=[category.pk],
        pictures=hashes,
    )


def _units(item: Item, sku: str, currency: str) -> Iterator[Unit]:
    for name, value, title, factor in item.choices or (("", "", "", 1.0),):
        options = canonical_options([(name, value)]) if value else ""
        price, was = _minor(item.price * factor, currency), _minor(item.was * factor, currency)
        yield Unit(sku, options, title, price=price, old_price=was)


def _minor(amount: float, currency: str) -> int:
    """Whole tens of roubles, tens of cents: as a price tag would say it."""
    step = 10 if currency == "RUB" else 0.1
    whole: int = 10 ** minor_digits(currency)
    return round(round(amount / step) * step * whole)


def _stock(numbered: Iterable[tuple[str, Shelf, Item]]) -> Iterator[tuple[Key, int]]:
    """Plenty of most, little of some; the catalogue says where one or none is left."""
    for sku, _, item in numbered:
        random = Random(f"stock/{sku}")  # noqa: S311 - not a secret
        for number, (name, value, _, factor) in enumerate(item.choices or (("", "", "", 1.0),)):
            options = canonical_options([(name, value)]) if value else ""
            plenty = max(4, int(random.randrange(14, 90) / factor))
            few = random.randrange(2, 5)
            units = few if random.random() < 0.12 else plenty
            yield (sku, options), item.stock if item.stock is not None and number == 0 else units
