"""CommerceML laid over the catalogue: goods wait for offers, offers become units with prices and stock."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from central.catalog.actions import Goods, Saved, Unit
from central.catalog.errors import BadGoods, ImportRefused
from central.catalog.importing.amounts import parse_price, parse_stock
from central.catalog.importing.columns import MapFile
from central.catalog.importing.commerceml import Good, Row, Sold, Term
from central.catalog.importing.laying import Key, Line, Shelf, Stock, called, plain
from central.catalog.importing.models import SourceTerm
from central.catalog.importing.rows import paragraphs
from central.catalog.importing.staging import Staged, Staging
from central.catalog.keys import canonical_options, clean_sku, name_key, options_title
from central.catalog.models import Listing, Variant

Kind = SourceTerm.Kind

_BRANDS = frozenset(("производитель", "бренд", "торговая марка", "изготовитель", "brand", "manufacturer"))
#: a price type's kind by what it is called, the first that fits
_KINDS = (
    ("purchase", r"закуп|себестоим|приход|purchase|cost"),
    ("dropship", r"дроп|dropship"),
    ("wholesale", r"опт|wholesale"),
    ("recommended", r"рекоменд|ррц|мрц|recommended|msrp"),
    ("old", r"стара|до скидки|зачёркн|зачеркн|old|compare"),
    ("retail", r"рознич|розница|сайт|интернет|retail|shop|site"),
)
_TAIL = re.compile(r"\(([^()]+)\)\s*$")
_MOST = 160


@dataclass
class Offered:
    """An offer on its way: what it is, and what it asks."""

    sold: Sold
    unit: Unit
    stock: int | None
    good: Staged
    item: Staged
    why: str = ""


@dataclass
class Tray:
    """What laying one batch brought: a line for each row, and stock figures that are news."""

    lines: list[Line] = field(default_factory=list)
    stock: Stock = field(default_factory=dict)


#: names of picture files -> (sha256 of those found, names not found)
FindPictures = Callable[[list[str]], tuple[list[str], list[str]]]


#: properties and their values, by code
Titles = tuple[dict[str, Term], dict[str, Term]]


class CommerceLayer:
    """Lays batches of one source's rows over its sites."""

    def __init__(self, staging: Staging, shelves: Sequence[Shelf], said: MapFile, pictures: FindPictures) -> None:
        self.staging = staging
        self.shelves = shelves
        self.said = said
        self.pictures = pictures

    def lay(self, batch: Sequence[Row]) -> Tray:
        """Words first: the goods of the same batch may name them."""
        tray = Tray()
        self.staging.put_terms([row for row in batch if isinstance(row, Term) and row.code and row.title])
        self._goods([row for row in batch if isinstance(row, Good)], tray)
        self._offers([row for row in batch if isinstance(row, Sold)], tray)
        return tray

    # --- goods ----------------------------------------------------------------------------------------------------

    def _goods(self, goods: Sequence[Good], tray: Tray) -> None:
        if not goods:
            return
        known = self.staging.items({row.code.partition("#")[0] for row in goods})
        called = self.staging.goods_called({row.sku for row in goods if row.sku})
        titles = self._titles_of(goods)
        staged: dict[str, tuple[Staged, Line]] = {}
        for row in goods:
            line = Line(row.line, row.sku or row.code, row.title, "unchanged", cells=[row.code, row.sku, row.title])
            tray.lines.append(line)
            code = row.code.partition("#")[0]
            if why := _wrong_good(row, called):
                line.outcome, line.why = "refused", why
                continue
            before = known.get(code)
            now = Staged(code, _sku(row), "", self._said(row, titles, before), before.product if before else None)
            called[now.sku] = code
            if before is None or (before.said, before.sku) != (now.said, now.sku):
                line.outcome = "updated" if before else "created"
                line.changes = _changes_of(before.said if before else {}, now.said)
            if now.product is None and not line.why:
                line.why = "" if row.is_deleted else "waits for its offer"
            staged[code] = (now, line)
        self.staging.put_items([one for one, _ in staged.values()])
        for shelf in self.shelves:
            self._lay_goods(shelf, [pair for pair in staged.values() if pair[0].product])

    def _titles_of(self, goods: Sequence[Good]) -> Titles:
        pairs = [pair for row in goods for pair in row.properties]
        return (
            self.staging.terms(Kind.PROPERTY, {code for code, _ in pairs}),
            self.staging.terms(Kind.VALUE, {value for _, value in pairs if len(value) <= 100}),
        )

    def _said(self, row: Good, titles: Titles, before: Staged | None) -> dict[str, Any]:
        properties, values = titles
        pairs = [
            (properties[code].title, values[value].title if value in values else value)
            for code, value in row.properties
            if code in properties
        ]
        brand = row.brand or next((value for name, value in pairs if name_key(name) in _BRANDS), "")
        found, missing = self.pictures(row.pictures) if row.pictures else ([], [])
        if missing and before:
            found = found or before.said.get("pictures", [])  # 1C sends a picture once
        return {
            "title": row.title[:300],
            "text": paragraphs(row.text),
            # Only where there is one: what was said before codes were read stays what it was.
            **({"barcode": row.barcode} if row.barcode else {}),
            "brand": brand[:120],
            "groups": row.groups,
            "attributes": [list(pair) for pair in pairs if name_key(pair[0]) not in _BRANDS],
            "pictures": found,
            "is_deleted": row.is_deleted,
        }

    def _lay_goods(self, shelf: Shelf, pairs: Sequence[tuple[Staged, Line]]) -> None:
        """Goods that are sold already: their texts follow at once."""
        units: dict[UUID, list[Unit]] = {}
        sold = Variant.objects.filter(product__in=[one.product for one, _ in pairs], offers__site=shelf.where.id)
        codes = {one.product: one.said.get("barcode") for one, _ in pairs}
        for variant in sold.order_by("pk"):
            code = None if variant.options else codes[variant.product_id] or None
            units.setdefault(variant.product_id, []).append(Unit(variant.sku, variant.options, barcode=code))
        ready = [(one, line, units[one.product]) for one, line in pairs if one.product in units]
        paths = self._paths(code for one, _, _ in ready for code in one.said["groups"])
        batch = [shelf.limited(self._whole(shelf, one, its, paths), is_new=False) for one, _, its in ready]
        saved = shelf.save(batch)
        for _, line, its in ready:
            self._note(shelf, line, its[0].key, saved)

    def _whole(self, shelf: Shelf, good: Staged, units: list[Unit], paths: Mapping[str, tuple[str, ...]]) -> Goods:
        said = good.said
        shelves = [shelf.category(paths[code]) for code in said["groups"] if paths.get(code)]
        return Goods(
            units,
            title=said["title"],
            text=said["text"] or None,
            brand=said["brand"] or None,
            attributes=[(name, value) for name, value in said["attributes"]] or None,
            categories=shelves or None,
            pictures=said["pictures"] or None,
            is_listed=not said["is_deleted"],
        )

    def _paths(self, codes: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Group -> the titles from the top down to it; a group nobody named is left out."""
        wanted = set(codes)
        groups: dict[str, Term] = {}
        missing = set(wanted)
        while missing:
            found = self.staging.terms(Kind.GROUP, missing)
            groups |= found
            missing = {one.parent for one in found.values() if one.parent} - groups.keys()
        paths = {}
        for code in wanted:
            path: list[str] = []
            at = code
            while at in groups and len(path) < 20:
                path.insert(0, groups[at].title)
                at = groups[at].parent
            if path:
                paths[code] = tuple(path)
        return paths

    # --- offers ---------------------------------------------------------------------------------------------------

    def _offers(self, offers: Sequence[Sold], tray: Tray) -> None:
        if not offers:
            return
        known = self.staging.items({row.good for row in offers} | {row.code for row in offers})
        kinds = self._price_kinds() if any(row.prices for row in offers) else {}
        counted = self._warehouses()
        ready: list[tuple[Offered, Line]] = []
        for row in offers:
            line = Line(row.line, row.sku or row.code, row.title, "unchanged", cells=[row.code, row.sku, row.title])
            tray.lines.append(line)
            try:
                offered = self._offered(row, known, kinds, counted)
            except BadGoods as error:
                line.outcome, line.why = "refused", str(error)
                continue
            line.key, line.title = called(offered.unit.key), line.title or offered.good.said["title"]
            ready.append((offered, line))
        for shelf in self.shelves:
            self._lay_offers(shelf, ready, tray)
        self.staging.put_items([one.item for one, line in ready if line.outcome != "refused"])
        self.staging.put_items([one.good for one, line in ready if one.good.product])

    def _offered(
        self, row: Sold, known: Mapping[str, Staged], kinds: Mapping[str, str], counted: frozenset[str]
    ) -> Offered:
        if not row.code or len(row.code) > _MOST:
            raise BadGoods("offer", "has no Ид, or one longer than 160 signs")
        good = known.get(row.good)
        if good is None:
            raise BadGoods("offer", f"its product {row.good} was never sent by this source; send import.xml first")
        before = known.get(row.code) if "#" in row.code else None
        before = before if before and before.options else None
        options, shown = self._options(row, good)
        if not row.options and before:
            options, shown = before.options, before.said.get("options_title", shown)
        # A unit keeps the key it was first known by: what it is called may change, its stock and orders may not.
        sku, options = (before.sku, before.options) if before else (_key_sku(row, good), options)
        prices, currency = _prices(row, kinds)
        stock = _units(row, counted)
        last = stock if stock is not None else _last_stock(known.get(row.code))
        item_said = {"options_title": shown, "stock": last}
        unit = Unit(
            sku=sku,
            options=options,
            options_title=shown or None,
            price=prices.pop("retail", None),
            old_price=prices.pop("old", None),
            currency=currency or None,
            is_active=not row.is_deleted,
            private_prices=prices or None,
            # Of a product with characteristics the code of each stands at its offer.
            barcode=row.barcode or (good.said.get("barcode") if "#" not in row.code else "") or None,
        )
        item = good if row.code == good.code else Staged(row.code, sku, options, item_said, good.product)
        return Offered(row, unit, last, good, item)

    @staticmethod
    def _options(row: Sold, good: Staged) -> tuple[str, str]:
        """The canonical options of an offer and how a shopper reads them.

        An offer with a characteristic but no words for it is told apart by what its title adds: "Boots (39)".
        """
        pairs = row.options
        if not pairs and "#" in row.code:
            tail = _TAIL.search(row.title)
            pairs = [("характеристика", tail[1] if tail else row.code.partition("#")[2])]
        pairs = [(name or "характеристика", re.sub("[;=]", " ", value)) for name, value in pairs]
        return canonical_options(pairs), options_title(pairs)[:200]

    def _price_kinds(self) -> dict[str, str]:
        """Price type -> kind: as the mapping says, else by its title, else the only one is the retail price."""
        types = self.staging.terms(Kind.PRICE)
        kinds = {}
        for code, term in types.items():
            said = self.said.prices.get(code) or self.said.prices.get(term.title)
            kinds[code] = said or kind_of(term.title)
        if "retail" not in kinds.values() and len(types) == 1:
            kinds = dict.fromkeys(types, "retail")
        if "retail" not in kinds.values() and not self.said.prices:
            names = ", ".join(f"“{term.title}”" for term in types.values()) or "none is named"
            raise ImportRefused(f"no price type is the retail price ({names}): say which in the mapping of the source")
        return kinds

    def _warehouses(self) -> frozenset[str]:
        """The codes of the warehouses whose units count; empty: all of them."""
        if not self.said.warehouses:
            return frozenset()
        wanted = set(self.said.warehouses)
        terms = self.staging.terms(Kind.WAREHOUSE)
        return frozenset(code for code, term in terms.items() if code in wanted or term.title in wanted) or frozenset(
            wanted
        )

    def _lay_offers(self, shelf: Shelf, ready: Sequence[tuple[Offered, Line]], tray: Tray) -> None:
        known = shelf.known([one.unit.key for one, _ in ready])
        products = {one.good.product for one, _ in ready if one.good.product}
        listed = set(
            Listing.objects.filter(site=shelf.where.id, product__in=products).values_list("product_id", flat=True)
        )
        paths = self._paths(code for one, _ in ready for code in one.good.said["groups"])
        batch: list[Goods] = []
        laid: list[tuple[Offered, Line]] = []
        for code in dict.fromkeys(one.good.code for one, _ in ready):
            some = [(one, line) for one, line in ready if one.good.code == code]
            good = some[0][0].good
            some = [pair for pair in some if self._may(shelf, pair, known)]
            if not some:
                continue
            units = [one.unit for one, _ in some]
            is_new = good.product not in listed
            goods = self._whole(shelf, good, units, paths) if is_new else Goods(units)
            batch.append(shelf.limited(goods, is_new=is_new))
            laid += some
        saved = shelf.save(batch)
        for one, line in laid:
            self._note(shelf, line, one.unit.key, saved)
            if one.unit.key in saved.products:
                one.good.product = one.item.product = saved.products[one.unit.key]
                stock = one.stock if one.unit.key not in known or _units_named(one.sold) else None
                shelf.note_stock(line, one.unit.key, stock, saved, known.get(one.unit.key), tray.stock)

    def _may(self, shelf: Shelf, pair: tuple[Offered, Line], known: Mapping[Key, Variant]) -> bool:
        """Whether an offer can be laid now; what waits says so."""
        one, line = pair
        if one.unit.key in known:
            return True
        if not shelf.rules.makes_new:
            line.outcome, line.why = "refused", "is not in the catalogue, and this source makes no new items"
        elif one.good.said["is_deleted"] or one.sold.is_deleted:
            line.why = "is marked as deleted, and was never sold here"
        elif one.unit.price is None:
            line.outcome, line.why = "created", "waits for its price"
        else:
            return True
        return False

    def _note(self, shelf: Shelf, line: Line, key: Key, saved: Saved) -> None:
        """Join how this site took the row with what the line says so far."""
        other = Line(line.line, line.key, line.title, "unchanged", currency=shelf.where.currency)
        if key in saved.refused:
            other.outcome, other.why = "refused", saved.refused[key]
        else:
            other.outcome = saved.outcomes.get(key, "unchanged")
            other.changes = plain(saved.changes.get(key, {}))
            shelf.note_kept(other, key, saved)
            shelf.name_categories([other])
        joined = line.joined(other)
        line.outcome, line.changes, line.currency = joined.outcome, joined.changes, shelf.where.currency
        line.why = other.why or ("" if line.why == "waits for its offer" else line.why)
        if line.outcome != "refused":
            line.cells = []


# --- one row ------------------------------------------------------------------------------------------------------


def _wrong_good(row: Good, called: Mapping[str, str]) -> str:
    if not row.code or len(row.code) > _MOST:
        return "it has no Ид, or one longer than 160 signs"
    if not row.title:
        return "it has no Наименование"
    try:
        sku = _sku(row)
    except BadGoods as error:
        return str(error)
    other = called.get(sku)
    if other and other != row.code.partition("#")[0]:
        return f"its article '{sku}' is already that of another product ({other}); articles must differ"
    return ""


def _sku(row: Good) -> str:
    return clean_sku(row.sku or row.code.partition("#")[0])


def _key_sku(row: Sold, good: Staged) -> str:
    return clean_sku(row.sku or good.sku or good.code)


def kind_of(title: str) -> str:
    text = title.casefold()
    return next((kind for kind, pattern in _KINDS if re.search(pattern, text)), "none")


def _prices(row: Sold, kinds: Mapping[str, str]) -> tuple[dict[str, int], str]:
    """Kind -> minor units, and the currency of the retail price. Raises `BadGoods`."""
    found: dict[str, int] = {}
    currency = ""
    for price in row.prices:
        kind = kinds.get(price.code, "none")
        if kind == "none" or not price.amount:
            continue
        if price.currency and not re.fullmatch("[A-Z]{3}", price.currency):
            raise BadGoods("currency", f"'{price.currency[:20]}' is no ISO 4217 code")
        found[kind] = parse_price(price.amount, price.currency or "RUB")
        if kind == "retail":
            currency = price.currency
    return found, currency


def _units_named(row: Sold) -> bool:
    return bool(row.rests)


def _units(row: Sold, counted: frozenset[str]) -> int | None:
    """Units to sell: of the chosen warehouses, else of all. 1C may say less than nothing: that is nothing."""
    if not row.rests:
        return None
    places = [(code, units) for code, units in row.rests if code]
    if counted:
        chosen = [units for code, units in places if code in counted]
    else:
        chosen = [units for code, units in row.rests if not code] or [units for _, units in places]
    return sum(0 if units.strip().startswith("-") else parse_stock(units) for units in chosen)


def _last_stock(item: Staged | None) -> int | None:
    return item.said.get("stock") if item else None


def _changes_of(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, list[Any]]:
    shown = [name for name in ("title", "text", "brand", "barcode", "attributes", "pictures") if name in now]
    empty = {name: type(now[name])() for name in shown}
    differ = [name for name in shown if before.get(name, empty[name]) != now[name]]
    return plain({name: (before.get(name), now[name]) for name in differ})
