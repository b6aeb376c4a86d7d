"""Products of a file laid over one site's catalogue: what each row may change, and how it came out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias
from uuid import UUID

from central.catalog.actions import Goods, Importing, Saved, Shop, Unit, category_path, known_category, save_goods
from central.catalog.errors import ImportRefused
from central.catalog.importing.columns import REGIONAL, Columns
from central.catalog.importing.models import FIELDS
from central.catalog.importing.rows import ProductRows, UnitRow
from central.catalog.models import Category, Variant
from central.catalog.reach import learn_regions
from central.catalog.rules import ELSEWHERE
from central.cluster.queries import languages_of, regions_at
from sync.contracts.ids import uuid7

Key: TypeAlias = tuple[str, str]
Outcome = Literal["created", "updated", "unchanged", "kept", "refused"]

#: the strongest word of several sites on one row
_RANK: Mapping[str, int] = {"unchanged": 0, "kept": 1, "updated": 2, "created": 3, "refused": 4}
#: a text in a report; the whole of it is in the file
_SHORT = 300


@dataclass(frozen=True)
class Rules:
    """What a source may do to the catalogue; the defaults are those of a file without a source."""

    fields: frozenset[str] = frozenset(FIELDS)
    makes_new: bool = True
    language: str = ""
    importing: Importing = field(default_factory=Importing)


@dataclass
class Line:
    """How one row came out. `changes`: field -> [was, became] as JSON; money in minor units of `currency`."""

    line: int
    key: str
    title: str
    outcome: Outcome
    changes: dict[str, list[Any]] = field(default_factory=dict)
    why: str = ""
    currency: str = ""
    cells: list[str] = field(default_factory=list)

    def joined(self, other: Line) -> Line:
        """This row as several sites together see it."""
        stronger = max(self, other, key=lambda one: _RANK[one.outcome])
        stronger.changes = {**other.changes, **self.changes}
        stronger.why = self.why or other.why
        return stronger


def called(key: Key) -> str:
    """A unit as people write it: "T1 (size=L)"."""
    return f"{key[0]} ({key[1]})" if key[1] else key[0]


class Shelf:
    """One site during an import. `lay` is called inside `atomic("catalog")`, of which a dry run is undone."""

    def __init__(self, where: Shop, rules: Rules, *, by: str, is_dry: bool = False) -> None:
        self.where = where
        self.rules = rules
        self.by = by
        self.is_dry = is_dry
        self.languages = frozenset(languages_of(where.id))
        self.regions = frozenset(regions_at(where.id))
        if self.regions:
            learn_regions()
        self._categories: dict[tuple[str, ...], UUID] = {}
        #: of categories that a dry run would make
        self._made_up: dict[str, str] = {}

    def category(self, path: tuple[str, ...]) -> UUID:
        """The category at the end of a path; made when it is missing, in a dry run made up."""
        if path not in self._categories:
            self._categories[path] = self._known_or_made_up(path) if self.is_dry else self._made(path)
        return self._categories[path]

    def _made(self, path: tuple[str, ...]) -> UUID:
        return category_path(self.where.id, path).pk

    def _known_or_made_up(self, path: tuple[str, ...]) -> UUID:
        known = known_category(self.where.id, path)
        if known is None:
            known = uuid7()
            self._made_up[str(known)] = path[-1]
        return known

    def goods(
        self, product: ProductRows, units: Sequence[UnitRow], pictures: Sequence[str], categories: Sequence[UUID]
    ) -> Goods:
        """The whole of a product as its rows say it. Words in a language that is the site's own are its own."""
        own = product.words.get(self.where.language, {})
        others = {code: told for code, told in product.words.items() if code in self.languages}
        return Goods(
            [self.unit(row) for row in units],
            title=own.get("title", product.title or None),
            slug=product.slug or None,
            text=own.get("text", product.text or None),
            words=others or None,
            brand=product.brand or None,
            attributes=product.attributes or None,
            categories=list(dict.fromkeys(categories)) or None,
            pictures=list(pictures) or None,
            shown_in=product.shown_in,
        )

    def unit(self, row: UnitRow) -> Unit:
        """A unit as its row says it, of languages and regions those that the site has."""
        own = row.words.get(self.where.language)
        return Unit(
            sku=row.sku,
            options=row.options,
            options_title=(row.options_title or None) if own is None else own,
            price=row.price,
            old_price=row.old_price,
            currency=row.currency,
            barcode=row.barcode,
            words={code: title for code, title in row.words.items() if code in self.languages} or None,
            regional={code: price for code, price in row.regional.items() if code in self.regions} or None,
        )

    def known(self, keys: Iterable[Key]) -> dict[Key, Variant]:
        """Units that this site sells already."""
        rows = Variant.objects.filter(sku__in={sku for sku, _ in keys}, offers__site=self.where.id)
        return {(row.sku, row.options): row for row in rows}

    def limited(self, goods: Goods, *, is_new: bool) -> Goods:
        """Goods without what this source does not update; a new product comes whole."""
        if is_new:
            return goods
        may = self.rules.fields
        is_foreign = bool(self.rules.language) and self.rules.language != self.where.language
        texts = frozenset[str]() if is_foreign else may
        return Goods(
            [
                Unit(
                    sku=unit.sku,
                    options=unit.options,
                    options_title=None if is_foreign else unit.options_title,
                    price=unit.price if "price" in may else None,
                    old_price=unit.old_price if "old_price" in may else None,
                    currency=unit.currency if "price" in may else None,
                    is_active=unit.is_active,
                    private_prices=unit.private_prices if "private_prices" in may else None,
                    barcode=unit.barcode if "barcode" in may else None,
                    words=unit.words if "title" in may else None,
                    regional=unit.regional if "price" in may else None,
                )
                for unit in goods.units
            ],
            title=goods.title if "title" in texts else None,
            slug=goods.slug if "title" in texts else None,
            text=goods.text if "text" in texts else None,
            brand=goods.brand if "brand" in may else None,
            attributes=goods.attributes if "attributes" in texts else None,
            categories=goods.categories if "category" in may else None,
            pictures=goods.pictures if "picture" in may else None,
            is_listed=goods.is_listed,
            words=_of_fields(goods.words, may),
            shown_in=goods.shown_in if "category" in may else None,
        )

    def save(self, batch: Sequence[Goods]) -> Saved:
        strange = {id(goods): self._strange_region(goods) for goods in batch}
        sound = [goods for goods in batch if not strange[id(goods)]]
        saved = save_goods(self.where, sound, by=self.by, importing=self.rules.importing, is_dry=self.is_dry)
        for goods in batch:
            if region := strange[id(goods)]:
                why = f"shown_in: the shop is not in '{region}'"
                saved.refused |= dict.fromkeys((unit.key for unit in goods.units), why)
        return saved

    def _strange_region(self, goods: Goods) -> str:
        """One that its rule names and the site is not in; "" for none."""
        return min(set(goods.shown_in or ()) - {ELSEWHERE} - self.regions, default="")

    def lay(self, products: Sequence[ProductRows], pictures: Mapping[int, Sequence[str]]) -> tuple[list[Line], Stock]:
        """Lay products; `pictures`: sha256 by the product's place in the batch.

        Returns a line for each row and the stock figures that are news, by key.
        """
        known = self.known([unit.key for product in products for unit in product.units])
        refused: dict[Key, str] = {}
        batch = []
        for place, product in enumerate(products):
            is_new = not any(unit.key in known for unit in product.units)
            units = [unit for unit in product.units if self.rules.makes_new or unit.key in known]
            for unit in product.units:
                if unit not in units:
                    refused[unit.key] = "is not in the catalogue, and this source makes no new items"
            if units:
                shelf = [self.category(product.category)] if product.category else []
                batch.append(self.limited(self.goods(product, units, pictures.get(place, ()), shelf), is_new=is_new))
        saved = self.save(batch)
        saved.refused |= refused
        stock: Stock = {}
        lines = []
        for product in products:
            lines += [
                Line(one.line, "", product.title, "refused", why=one.why, cells=one.cells) for one in product.refused
            ]
            lines += [self._line(product, unit, saved, known.get(unit.key), stock) for unit in product.units]
        self.name_categories(lines)
        return sorted(lines, key=lambda one: one.line), stock

    def _line(self, product: ProductRows, unit: UnitRow, saved: Saved, known: Variant | None, stock: Stock) -> Line:
        line = Line(unit.line, called(unit.key), product.title, "unchanged", cells=unit.cells)
        line.currency = unit.currency or self.where.currency
        if unit.key in saved.refused or unit.key not in saved.outcomes:
            line.outcome, line.why = "refused", saved.refused.get(unit.key, "its product cannot be kept")
            return line
        line.cells = []
        line.outcome = saved.outcomes[unit.key]
        line.changes = plain(saved.changes[unit.key])
        self.note_stock(line, unit.key, unit.stock, saved, known, stock)
        self.note_kept(line, unit.key, saved)
        return line

    def note_stock(
        self, line: Line, key: Key, units: int | None, saved: Saved, known: Variant | None, stock: Stock
    ) -> None:
        """A stock figure that no file named last goes to the ledger."""
        told = known.told_stock if known else None
        if units is None or units == told or (known and "stock" not in self.rules.fields):
            return
        if "stock" in saved.held.get(key, ()):
            if "stock" in saved.taken_fields.get(key, ()):
                saved.taken[key] = [*saved.taken[key], "stock"]
            else:
                fields, title = saved.kept[key]
                saved.kept[key] = ([*fields, "stock"], title)
            return
        stock[key] = units
        line.changes["stock"] = [told, units]
        if line.outcome == "unchanged":
            line.outcome = "updated"

    @staticmethod
    def note_kept(line: Line, key: Key, saved: Saved) -> None:
        """Say which fields were left because another source is master of them, or people took them over."""
        fields, title = saved.kept.get(key, ([], ""))
        taken = saved.taken.get(key, [])
        if not fields and not taken:
            return
        master = f"{', '.join(fields)}: left alone, “{title}” is their master" if fields else ""
        people = f"{', '.join(taken)}: left alone, people took them over" if taken else ""
        line.why = "; ".join(filter(None, (master, people)))
        if line.outcome == "unchanged":
            line.outcome = "kept"

    def name_categories(self, lines: Sequence[Line]) -> None:
        changed = [line.changes["category"] for line in lines if "category" in line.changes]
        ids = {one for pair in changed for side in pair for one in side or ()}
        titles = self._made_up | {
            str(pk): title for pk, title in Category.objects.filter(pk__in=ids).values_list("pk", "title")
        }
        for pair in changed:
            pair[:] = [", ".join(sorted(titles.get(one, one) for one in side or ())) for side in pair]


Stock: TypeAlias = dict[Key, int]


def check_editions(columns: Columns, shelves: Sequence[Shelf]) -> None:
    """Refuse columns of languages and regions that none of the sites has. Raises `ImportRefused`."""
    languages = sorted({code for one in shelves for code in (one.where.language, *one.languages)})
    regions = sorted({code for one in shelves for code in one.regions})
    for name, column in columns.fields.items():
        kind, colon, code = name.partition(":")
        known = regions if kind == REGIONAL else languages
        if colon and code not in known:
            lacks = "is in the region" if kind == REGIONAL else "speaks"
            raise ImportRefused(
                f"line {columns.header_line}, column {column + 1} ({name}): no shop of this import {lacks} '{code}'; "
                f"there are: {', '.join(known) or 'none'}"
            )


def _of_fields(words: Mapping[str, Mapping[str, str]] | None, may: frozenset[str]) -> dict[str, dict[str, str]] | None:
    kept = {code: {name: text for name, text in told.items() if name in may} for code, told in (words or {}).items()}
    return {code: told for code, told in kept.items() if told} or None


def plain(changes: Mapping[str, tuple[Any, Any]]) -> dict[str, list[Any]]:
    """Changes as JSON that a report can hold."""
    return {name: [_plain(was), _plain(now)] for name, (was, now) in changes.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= _SHORT else value[: _SHORT - 1] + "…"
    if isinstance(value, set):
        return sorted(str(one) for one in value)
    if isinstance(value, list):
        return [": ".join(one) if isinstance(one, list | tuple) else str(one) for one in value[:30]]
    return value
