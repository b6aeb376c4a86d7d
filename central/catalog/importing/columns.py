"""Which column is what: said by a map file, by the header, or guessed from what lies in the column."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from babel.numbers import list_currencies

from central.catalog.errors import ImportRefused
from central.catalog.importing.reading import Record
from central.catalog.keys import name_key
from node.errors import WrongUse

FIELDS = (
    "sku",
    "barcode",
    "options",
    "options_title",
    "title",
    "category",
    "text",
    "brand",
    "price",
    "old_price",
    "currency",
    "stock",
    "picture",
    "product",
    "slug",
    "shown_in",
)
#: fields that a column may name for a language ("title:en") or a region ("price:msk")
WORDS = ("title", "text", "options_title")
REGIONAL = "price"
_CODE_OF = re.compile(r"[a-z0-9][a-z0-9-]*")

#: headers people write, by name_key with signs taken out
_NAMES: Mapping[str, str] = {
    name: field_name
    for field_name, names in {
        "sku": "sku, isbn, article, code, item code, product code, variant sku, partner sku, артикул, код, код товара",
        "barcode": "barcode, bar code, ean, ean13, gtin, upc, variant barcode, штрихкод, штрих код",
        "options": "options, option, variant, variation, variant options, опции, опция, вариант, варианты, "
        "характеристика",
        "options_title": "options title, variant title, название варианта",
        "title": "title, name, product name, product title, item, item name, название, наименование, товар, "
        "название товара, наименование товара",
        "category": "category, categories, category path, product category, section, категория, категории, раздел, "
        "рубрика, группа",
        "text": "text, description, body, body html, details, long description, описание, текст",
        "brand": "brand, vendor, manufacturer, maker, publisher, бренд, производитель, марка, издательство",
        "price": "price, variant price, regular price, retail price, unit price, price excl tax, цена, "
        "розничная цена, стоимость",
        "old_price": "old price, compare at price, variant compare at price, list price, старая цена",
        "currency": "currency, валюта",
        "stock": "stock, quantity, qty, in stock, units, num in stock, variant inventory qty, inventory, остаток, "
        "остатки, количество, кол во, наличие, на складе",
        "picture": "picture, pictures, image, images, photo, photos, image src, filename, фото, картинка, "
        "изображение, изображения",
        "product": "product, handle, parent, parent sku, product id, group, родитель, id товара",
        "slug": "slug, url, адрес",
        "shown_in": "shown in, shown in regions, показ по регионам, показывать в регионах",
    }.items()
    for name in names.split(", ")
}
_OPTIONS = frozenset("size colour color format размер цвет формат".split())  # noqa: SIM905
#: an option where a product has rows of variants, else a property
_MEASURES = frozenset("weight volume length вес масса объем длина".split())  # noqa: SIM905
_PAIR = re.compile(r"(?:option|attribute|опция) ?(\d+) (name|values?|имя|значение)")

_CURRENCIES = frozenset(list_currencies())
_PICTURE = re.compile(r"\.(jpe?g|png|webp|gif|svg)$", re.IGNORECASE)
_NUMBER = re.compile(r"[^\w\d]*\d[\d\s\xa0.,']*(?:[^\w\d]*|\s*[A-Za-zа-я.]{1,4})", re.IGNORECASE)
_CODE = re.compile(r"[\w./+-]*\d[\w./+-]*")
_PATH = re.compile(r"\S\s*(?:>|→|»)\s*\S|\S / \S")


@dataclass(frozen=True)
class Columns:
    """Where each field lies, columns counted from 0. A named option or attribute has its name from the header."""

    fields: Mapping[str, int]
    options: Sequence[tuple[str, int]] = ()
    #: (column of the option's name, column of its value)
    named_options: Sequence[tuple[int, int]] = ()
    attributes: Sequence[tuple[str, int]] = ()
    header: Sequence[str] = ()
    width: int = 0
    is_guess: bool = True
    header_line: int = 1

    @property
    def has_header(self) -> bool:
        return bool(self.header)

    def told(self, first: Sequence[str]) -> list[str]:
        """A line for each column, for people; `first` is the first record of goods."""
        meaning = {column: name for name, column in self.fields.items()}
        meaning |= {column: f"option {name}" for name, column in self.options}
        meaning |= {column: f"attribute {name}" for name, column in self.attributes}
        for name, value in self.named_options:
            meaning |= {name: "name of an option", value: "its value"}
        lines = []
        for column in range(self.width):
            label = self.header[column] if column < len(self.header) else _short(first, column)
            lines.append(f"  {column + 1:>3}  {label:<36}  {meaning.get(column, '-')}")
        return lines


@dataclass
class MapFile:
    """What a map file says: `columns` field -> header name or number from 1; the rest None when it does not say."""

    columns: dict[str, str | int] = field(default_factory=dict)
    header: bool | None = None
    delimiter: str | None = None
    encoding: str | None = None
    #: of XML: the element that is one item; of a workbook: its sheet
    record: str = ""
    sheet: str = ""
    #: of CommerceML: price type (id or title) -> kind of price, and the warehouses whose units count
    prices: dict[str, str] = field(default_factory=dict)
    warehouses: list[str] = field(default_factory=list)


#: the name of a map that a source keeps
SAVED = "of the source"
EXAMPLE = '{"columns": {"sku": "ISBN", "title": "Name", "price": 8}}'


def read_map(path: Path) -> MapFile:
    """A map is JSON or TOML: {"columns": {field: column}, "header": …, "delimiter": …, "encoding": …}.

    A column is its name in the header or its number from 1. Raises `WrongUse`.
    """
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError as error:
        raise WrongUse(f"there is no map file {path}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(f"the map {path} cannot be read: {error}") from error
    try:
        said = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except (json.JSONDecodeError, tomllib.TOMLDecodeError) as error:
        raise WrongUse(f"the map {path.name} is neither JSON nor TOML: {error}; write {EXAMPLE}") from error
    if not said:
        raise WrongUse(f"the map {path.name} must hold 'columns'; write {EXAMPLE}")
    return checked_map(path.name, said)


#: what a map says beside its columns
SETTINGS = ("header", "delimiter", "encoding", "record", "sheet", "prices", "warehouses")


def checked_map(name: str, said: Mapping[str, Any]) -> MapFile:
    """A map as it was read from a file or a saved source. Raises `WrongUse`."""
    said = dict(said)
    settings = {key: said.pop(key) for key in SETTINGS if key in said}
    columns = said.pop("columns") if "columns" in said else {key: said.pop(key) for key in list(said)}
    if said or not isinstance(columns, dict) or not (columns or settings or name == SAVED):
        raise WrongUse(f"the map {name} must hold 'columns'; write {EXAMPLE}")
    for key, column in columns.items():
        if key not in FIELDS and not is_of_edition(key) and not re.match(r"(option|attribute):\s*\S", key):
            raise WrongUse(f"the map {name} names no field '{key}'; fields are {', '.join(FIELDS)}, option:…, title:en")
        if not isinstance(column, str | int) or isinstance(column, bool):
            raise WrongUse(f"the map {name}: '{key}' must be a column's name or its number from 1")
    if not isinstance(settings.get("header", True), bool):
        raise WrongUse(f"the map {name}: 'header' is true or false")
    if len(settings.get("delimiter", ",")) != 1:
        raise WrongUse(f"the map {name}: 'delimiter' is one sign")
    try:
        "".encode(settings.get("encoding", "utf-8"))
    except LookupError as error:
        raise WrongUse(f"the map {name}: there is no encoding '{settings['encoding']}'") from error
    _check_commerceml(name, settings)
    return MapFile(columns=columns, **settings)


#: kinds of price a price type may be: the shop's two, and those that stay at central
PRICE_KINDS = ("retail", "old", "purchase", "recommended", "wholesale", "dropship", "none")


def _check_commerceml(name: str, settings: Mapping[str, Any]) -> None:
    for key in ("record", "sheet"):
        if not isinstance(settings.get(key, ""), str):
            raise WrongUse(f"the map {name}: '{key}' is a name")
    prices = settings.get("prices", {})
    if not isinstance(prices, dict) or not set(prices.values()) <= set(PRICE_KINDS):
        raise WrongUse(f"the map {name}: 'prices' names a kind for each price type: {', '.join(PRICE_KINDS)}")
    if not isinstance(settings.get("warehouses", []), list):
        raise WrongUse(f"the map {name}: 'warehouses' is a list of ids or titles")


def mapped_columns(said: MapFile, sample: Sequence[Record]) -> Columns:
    """The columns a map names. Raises `WrongUse` for a column that is not there."""
    first = sample[0].cells
    by_name = any(isinstance(column, str) for column in said.columns.values())
    has_header = said.header if said.header is not None else by_name or _is_header(sample)
    header = first if has_header else []
    width = len(header) or _width(sample)
    fields: dict[str, int] = {}
    options, attributes = [], []
    for key, column in said.columns.items():
        index = _index(key, column, header, width)
        kind, _, name = key.partition(":")
        if kind == "option" and name:
            options.append((name.strip(), index))
        elif kind == "attribute" and name:
            attributes.append((name.strip(), index))
        else:
            fields[key] = index
    _need(fields)
    return Columns(fields, options, (), attributes, header, width, is_guess=False, header_line=sample[0].line)


def _index(key: str, column: str | int, header: Sequence[str], width: int) -> int:
    if isinstance(column, int):
        if not 1 <= column <= width:
            raise WrongUse(f"the map says '{key}' is column {column}, the file has columns 1 to {width}")
        return column - 1
    for index, name in enumerate(header):
        if name_key(name) == name_key(column):
            return index
    there = f"its columns are {', '.join(header)}" if header else "the file has no header: use numbers from 1"
    raise WrongUse(f"the map says '{key}' is the column '{column}', and there is no such column; {there}")


def guess_columns(sample: Sequence[Record]) -> Columns:
    """Which column is what, by the header's words, then by what lies in the columns. Raises `ImportRefused`."""
    header = sample[0].cells if _is_header(sample) else []
    width = len(header) or _width(sample)
    body = sample[1:] if header else sample
    found = _by_name(header, body)
    if not {"sku", "title"} <= found.fields.keys() and not (header and "sku" in found.fields):
        _by_content(found, body, width)
    _need(found.fields)
    line = sample[0].line
    return Columns(found.fields, found.options, found.named, found.attributes, header, width, header_line=line)


def _width(sample: Sequence[Record]) -> int:
    """How many columns a file without a header has: the most that at least a tenth of its rows have."""
    widths = Counter(len(record.cells) for record in sample)
    return max(width for width, count in widths.items() if count * 10 >= len(sample))


def _need(fields: Mapping[str, int]) -> None:
    if "sku" not in fields:
        raise ImportRefused(f"no column holds the sku; say which with --map FILE, such as {EXAMPLE}")


# --- by name ------------------------------------------------------------------------------------------------------


@dataclass
class _Found:
    fields: dict[str, int] = field(default_factory=dict)
    options: list[tuple[str, int]] = field(default_factory=list)
    named: list[tuple[int, int]] = field(default_factory=list)
    attributes: list[tuple[str, int]] = field(default_factory=list)

    def taken(self) -> set[int]:
        columns = set(self.fields.values())
        columns |= {column for _, column in (*self.options, *self.attributes)}
        return columns | {column for pair in self.named for column in pair}


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", name_key(text.replace("_", " "))))


def is_of_edition(name: str) -> bool:
    """Whether a field is one of a language or a region: "title:en", "price:msk"."""
    field_name, colon, code = name.partition(":")
    return field_name in (*WORDS, REGIONAL) and bool(colon) and bool(_CODE_OF.fullmatch(code))


def _edition_field(title: str) -> str:
    """The field that a header such as "Title:en" or "цена:msk" names; "" for any other header."""
    name, colon, code = title.strip().partition(":")
    field_name = f"{_NAMES.get(_plain(name), '')}:{code}" if colon else ""
    return field_name if is_of_edition(field_name) else ""


def _is_header(sample: Sequence[Record]) -> bool:
    """Words in the first record: known ones, or no number where the rest of a column has them."""
    first = [_plain(cell) for cell in sample[0].cells]
    known = sum(1 for name in first if name in _NAMES or name in _OPTIONS or _PAIR.fullmatch(name))
    known += sum(1 for cell in sample[0].cells if _edition_field(cell))
    has_number = any(_NUMBER.fullmatch(cell) for cell in sample[0].cells)
    if known >= 2 or (known == 1 and not has_number):
        return not any(_NUMBER.fullmatch(cell) and len(cell) > 2 for cell in sample[0].cells)
    if has_number or len(sample) < 3:
        return False
    return any(
        cell
        and sum(bool(_NUMBER.fullmatch(value)) for value in _column(sample[1:], index)) * 10 >= 9 * (len(sample) - 1)
        for index, cell in enumerate(sample[0].cells)
    )


def _by_name(header: Sequence[str], body: Sequence[Record]) -> _Found:
    found = _Found()
    pairs: dict[str, dict[str, int]] = {}
    for column, title in enumerate(header):
        name = _plain(title)
        if pair := _PAIR.fullmatch(name):
            pairs.setdefault(pair[1], {})["name" if pair[2] in ("name", "имя") else "value"] = column
        elif name in _OPTIONS:
            found.options.append((title, column))
        elif of_edition := _edition_field(title):
            found.fields.setdefault(of_edition, column)
        elif name in _NAMES and _NAMES[name] not in found.fields:
            found.fields[_NAMES[name]] = column
    if "sku" not in found.fields and "barcode" in found.fields:
        found.fields["sku"] = found.fields.pop("barcode")  # the only code that goods have
    found.named = [(pair["name"], pair["value"]) for pair in pairs.values() if len(pair) == 2]
    has_variant_rows = "title" in found.fields and any(not _cell(record, found.fields["title"]) for record in body)
    for column, title in enumerate(header):
        if _plain(title) in _MEASURES:
            (found.options if has_variant_rows else found.attributes).append((title, column))
    return found


# --- by content ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Look:
    """What a column looks like: shares of its filled cells."""

    column: int
    filled: int
    distinct: float
    length: float
    numbers: float
    decimals: float
    codes: float
    longs: float  # eight digits or more, as barcodes and ISBNs have
    paths: float
    pictures: float
    pairs: float
    currencies: float
    values: int


def _look(column: int, body: Sequence[Record]) -> _Look:
    cells = [cell for cell in _column(body, column) if cell]

    def share(test: Callable[[str], object]) -> float:
        return sum(1 for cell in cells if test(cell)) / len(cells) if cells else 0.0

    return _Look(
        column=column,
        filled=len(cells),
        distinct=len(set(cells)) / len(cells) if cells else 0.0,
        length=sum(map(len, cells)) / len(cells) if cells else 0.0,
        numbers=share(lambda cell: _NUMBER.fullmatch(cell)),
        decimals=share(lambda cell: re.search(r"\d[.,]\d{1,2}\b", cell)),
        codes=share(lambda cell: _CODE.fullmatch(cell)),
        longs=share(lambda cell: re.fullmatch(r"[\d-]{8,17}X?", cell)),
        paths=share(lambda cell: _PATH.search(cell)),
        pictures=share(lambda cell: _PICTURE.search(cell)),
        pairs=share(lambda cell: "=" in cell and len(cell) < 80),
        currencies=share(lambda cell: cell in _CURRENCIES),
        values=len(set(cells)),
    )


def _by_content(found: _Found, body: Sequence[Record], width: int) -> None:
    """Fill what the header did not say, the surest first."""
    free = {column: _look(column, body) for column in range(width) if column not in found.taken()}
    free = {column: look for column, look in free.items() if look.filled}

    def take(name: str, fits: Callable[[_Look], bool], best: Callable[[_Look], Any]) -> None:
        able = [look for look in free.values() if fits(look)]
        if name not in found.fields and able:
            chosen = max(able, key=lambda look: (best(look), -look.column))
            found.fields[name] = chosen.column
            del free[chosen.column]

    take("picture", lambda look: look.pictures >= 0.6, lambda look: look.pictures)
    take("currency", lambda look: look.currencies == 1, lambda look: 0)
    take("category", lambda look: look.paths >= 0.6, lambda look: look.paths)
    take("options", lambda look: look.pairs >= 0.8, lambda look: look.pairs)
    take("sku", lambda look: look.longs >= 0.8 and look.distinct > 0.5, lambda look: look.distinct)
    take(
        "sku",
        lambda look: look.codes >= 0.9 and look.distinct > 0.8 and look.decimals < 0.3 and look.numbers < 0.5,
        lambda look: look.distinct,
    )
    # A second column of codes is the supplier's own: it is neither a price nor a stock nor a title.
    skus = _column(body, found.fields["sku"]) if "sku" in found.fields else None
    for column in [c for c, look in free.items() if look.longs >= 0.8 or _column(body, c) == skus]:
        del free[column]
    take("price", lambda look: look.numbers >= 0.8 and look.decimals >= 0.3, lambda look: look.filled)
    take("price", lambda look: look.numbers >= 0.8, lambda look: look.length)
    take("stock", lambda look: look.numbers >= 0.8 and look.decimals == 0, lambda look: -look.length)
    words = [look for look in free.values() if look.numbers < 0.5]
    if len(words) > 1 or "title" in found.fields:
        take("text", lambda look: look.numbers < 0.5 and look.length > 60, lambda look: look.length)
    take("title", lambda look: look.numbers < 0.5 and look.length > 1, lambda look: round(look.distinct, 1))
    take("category", lambda look: look.numbers < 0.5 and look.values > 1 and look.distinct < 0.5, lambda look: 0)
    take("brand", lambda look: look.numbers < 0.5 and look.values > 1 and look.distinct < 0.5, lambda look: 0)


def _column(body: Iterable[Record], column: int) -> list[str]:
    return [_cell(record, column) for record in body]


def _cell(record: Record, column: int) -> str:
    return record.cells[column] if column < len(record.cells) else ""


def _short(cells: Sequence[str], column: int) -> str:
    text = cells[column] if column < len(cells) else ""
    return text if len(text) <= 36 else text[:35] + "…"
