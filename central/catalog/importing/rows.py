"""Records into products with their sellable units.

A row with a title begins a product. Rows below it are its variants when their title is empty, when they name it in
the `product` column, or when they repeat its title with the same sku or with options of their own. A variant takes
from its product what it leaves empty, but never a stock. A product row with variants below it is a unit itself only
when it has options or a stock of its own, or when the rows differ by sku alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from babel.numbers import list_currencies

from central.catalog.errors import BadGoods
from central.catalog.importing.amounts import parse_price, parse_stock
from central.catalog.importing.columns import REGIONAL, WORDS, Columns
from central.catalog.importing.reading import Record
from central.catalog.importing.seen import Seen
from central.catalog.keys import canonical_options, clean_sku, name_key, options_title, parse_options
from central.catalog.rules import of_cell
from sync.contracts.documents import Reach

Key = tuple[str, str]

#: in a column of a language or a region: take away what is there; an empty cell leaves it
GONE = "-"

_CURRENCIES = frozenset(list_currencies())
_PATH = re.compile(r"\s*(?:>|→|»|\|)\s*|\s+/\s+")


@dataclass(frozen=True)
class UnitRow:
    """A sellable unit as its row says it; None where the row says nothing."""

    line: int
    sku: str
    options: str
    options_title: str
    price: int | None
    old_price: int | None
    currency: str | None
    stock: int | None
    barcode: str | None
    cells: list[str]
    #: language -> its options as one reads them, "" takes them away; region -> price there, None takes it away
    words: Mapping[str, str] = field(default_factory=dict)
    regional: Mapping[str, int | None] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        return self.sku, self.options


@dataclass(frozen=True)
class Refusal:
    """A row that is not taken, as it was, and why."""

    line: int
    why: str
    cells: list[str]


@dataclass
class ProductRows:
    """A product and its units. Empty texts say nothing; `units` may be empty when every row was refused."""

    title: str = ""
    sku: str = ""  # of its first row
    slug: str = ""
    text: str = ""
    brand: str = ""
    category: tuple[str, ...] = ()
    attributes: list[tuple[str, str]] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    #: language -> what is said in it of "title" and "text"; "" takes it away
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    #: its own rule of the regions in which it is shown; None says nothing
    shown_in: Reach | None = None
    units: list[UnitRow] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)


@dataclass
class _Group:
    head: Record
    below: list[Record] = field(default_factory=list)
    #: why the head was refused: what lies below it has no product
    why: str = ""


class Rows:
    """Makes products of one file's records. Keeps the keys it has seen, to refuse the later of two equal ones."""

    def __init__(self, columns: Columns, currency: str) -> None:
        self.columns = columns
        self.currency = currency
        self.seen = Seen()
        named = [tuple(name.split(":")) for name in columns.fields if ":" in name]
        #: (field, language) and regions that columns name
        self.words = [(name, code) for name, code in named if name in WORDS]
        self.regions = [code for name, code in named if name == REGIONAL]

    def products(self, records: Iterable[Record]) -> Iterator[ProductRows]:
        """Products in the order of the file; `records` without the header."""
        for group in self._groups(records):
            yield self._product(group)

    # --- which rows are one product -------------------------------------------------------------------------------

    def _groups(self, records: Iterable[Record]) -> Iterator[_Group]:
        group: _Group | None = None
        for record in records:
            if group is not None and self._belongs(record, group):
                group.below.append(record)
                continue
            if group is not None:
                yield group
            group = _Group(record, why=self._head_refused(record))
        if group is not None:
            yield group

    def _belongs(self, record: Record, group: _Group) -> bool:
        product = self._cell(record, "product")
        if product:
            return product in (self._cell(group.head, "product"), self._cell(group.head, "sku"))
        if "title" not in self.columns.fields:
            return False
        title = self._cell(record, "title")
        if not title:
            return True
        is_same_sku = self._cell(record, "sku") in ("", self._cell(group.head, "sku"))
        return title == self._cell(group.head, "title") and bool(self._options(record)) and is_same_sku

    def _head_refused(self, record: Record) -> str:
        if len(record.cells) > self.columns.width:
            return f"has {len(record.cells)} cells, more than the {self.columns.width} columns of the file"
        if "title" in self.columns.fields and not self._cell(record, "title"):
            return "has no title, and no product above it"
        return ""

    # --- a product ------------------------------------------------------------------------------------------------

    def _product(self, group: _Group) -> ProductRows:
        try:
            shown_in = self._shown_in(group.head)
        except BadGoods as error:
            group.why = group.why or str(error)
        if group.why:
            refused = [Refusal(group.head.line, group.why, group.head.cells)]
            refused += [Refusal(row.line, "its product above was refused", row.cells) for row in group.below]
            return ProductRows(refused=refused)
        head = group.head
        product = ProductRows(
            title=" ".join(self._cell(head, "title").split()),
            sku=self._cell(head, "sku"),
            slug=self._cell(head, "slug"),
            text=paragraphs(self._cell(head, "text")),
            brand=self._cell(head, "brand"),
            category=tuple(parts_of_path(self._cell(head, "category"))),
            attributes=[(name, self._at(head, column)) for name, column in self.columns.attributes],
            words=self._words(head),
            shown_in=shown_in,
        )
        product.attributes = [pair for pair in product.attributes if pair[1]]
        for record in (head, *group.below):
            product.pictures += self._pictures(record)
        rows = [row for row in group.below if not self._is_picture_only(row)]
        if self._is_unit(head, rows):
            self._unit(product, head, head)
        for row in rows:
            self._unit(product, row, head)
        return product

    def _shown_in(self, head: Record) -> Reach | None:
        cell = self._cell(head, "shown_in")
        try:
            return of_cell(cell) if cell else None
        except ValueError as error:
            raise BadGoods("shown_in", str(error)) from error

    def _words(self, head: Record) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for name, language in self.words:
            cell = self._cell(head, f"{name}:{language}")
            if cell and name != "options_title":
                text = paragraphs(cell) if name == "text" else " ".join(cell.split())
                found.setdefault(language, {})[name] = _said(text)
        return found

    def _is_unit(self, head: Record, below: list[Record]) -> bool:
        if not below:
            return True
        if not self._cell(head, "price"):
            return False
        if self._options(head) or self._cell(head, "stock"):
            return True
        return not any(self._options(row) for row in below)

    def _is_picture_only(self, record: Record) -> bool:
        says = any(self._cell(record, name) for name in ("sku", "price", "stock", "title"))
        return bool(self._cell(record, "picture")) and not says and not self._options(record)

    def _unit(self, product: ProductRows, record: Record, head: Record) -> None:
        try:
            unit = self._parse_unit(record, head)
        except BadGoods as error:
            product.refused.append(Refusal(record.line, str(error), record.cells))
            return
        if (first := self.seen.first(unit.key, record.line)) != record.line:
            product.refused.append(Refusal(record.line, f"the same sku and options as line {first}", record.cells))
            return
        product.units.append(unit)

    def _parse_unit(self, record: Record, head: Record) -> UnitRow:
        if len(record.cells) > self.columns.width:
            raise BadGoods("row", f"has {len(record.cells)} cells, more than the {self.columns.width} columns")
        options = self._options(record)
        if record is not head and not options and not self._cell(record, "sku"):
            raise BadGoods("row", "has neither a sku nor options of its own")
        currency = (self._cell(record, "currency") or self._cell(head, "currency")).upper() or None
        if currency and currency not in _CURRENCIES:
            raise BadGoods("currency", f"'{currency[:40]}' is no ISO 4217 code")
        price = self._cell(record, "price") or self._cell(head, "price")
        old_price = self._cell(record, "old_price")
        stock = self._cell(record, "stock")
        return UnitRow(
            line=record.line,
            sku=clean_sku(self._cell(record, "sku") or self._cell(head, "sku")),
            options=canonical_options(options),
            options_title=self._cell(record, "options_title") or options_title(options),
            price=parse_price(price, currency or self.currency) if price else None,
            old_price=parse_price(old_price, currency or self.currency) if old_price else None,
            currency=currency,
            stock=parse_stock(stock) if stock else None,
            barcode=self._cell(record, "barcode") or None,
            cells=record.cells,
            words=self._option_words(record),
            regional=self._regional(record, head, currency or self.currency),
        )

    def _option_words(self, record: Record) -> dict[str, str]:
        found = {}
        for name, language in self.words:
            if name == "options_title" and (cell := self._cell(record, f"{name}:{language}")):
                found[language] = _said(cell)
        return found

    def _regional(self, record: Record, head: Record, currency: str) -> dict[str, int | None]:
        """A variant without a price of its own has all prices of its product."""
        of = record if self._cell(record, "price") or record is head else head
        found: dict[str, int | None] = {}
        for region in self.regions:
            name = f"{REGIONAL}:{region}"
            if cell := self._cell(record, name) or self._cell(of, name):
                found[region] = None if cell == GONE else parse_price(cell, currency, name=name)
        return found

    def _options(self, record: Record) -> list[tuple[str, str]]:
        """Pairs as they are written; a "Default Title" (Shopify) is no option."""
        pairs = [(name, self._at(record, column)) for name, column in self.columns.options]
        pairs += [
            (self._at(record, name) or "option", self._at(record, value)) for name, value in self.columns.named_options
        ]
        pairs += parse_options(self._cell(record, "options"))
        return [(name_key(name), value) for name, value in pairs if value and value != "Default Title"]

    def _pictures(self, record: Record) -> list[str]:
        return [name.strip() for name in re.split(r"[;,|]\s*", self._cell(record, "picture")) if name.strip()]

    def _cell(self, record: Record, name: str) -> str:
        column = self.columns.fields.get(name)
        return "" if column is None else self._at(record, column)

    def _at(self, record: Record, column: int) -> str:
        return record.cells[column] if column < len(record.cells) else ""


def _said(cell: str) -> str:
    return "" if cell == GONE else cell


def parts_of_path(text: str) -> list[str]:
    """The categories of a path from the top down: "Tea > Green", "Tea / Green"."""
    return [part for part in _PATH.split(text) if part]


def paragraphs(text: str) -> str:
    """Plain text with one empty line between paragraphs, and no other odd space."""
    parts: Mapping[str, None] = dict.fromkeys(
        " ".join(part.split()) for part in re.split(r"(?:\r\n|\r|\n)\s*(?:\r\n|\r|\n)", text)
    )
    return "\n\n".join(part for part in parts if part)
