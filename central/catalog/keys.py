"""Keys of goods: one spelling of a sku and its options, of a slug, and of a name to sort and search by."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

import iuliia
from slugify import slugify

from central.catalog.errors import BadGoods

MAX_SKU = 80
MAX_BARCODE = 64
MAX_OPTIONS = 200
MAX_SLUG = 100


def name_key(text: str) -> str:
    """The stored key names sort and search by: casefold, ё→е, single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().replace("ё", "е").split())


def clean_sku(text: str) -> str:
    """A sku as it is kept. Raises `BadGoods` when it is empty, too long or holds unprintable signs."""
    sku = text.strip()
    if not sku:
        raise BadGoods("sku", "is empty")
    if len(sku) > MAX_SKU:
        raise BadGoods("sku", f"is longer than {MAX_SKU} signs")
    if not sku.isprintable():
        raise BadGoods("sku", "holds an unprintable sign")
    return sku


def check_barcode(code: str) -> None:
    """Raises `BadGoods` for what no scanner reads as one code; "" is none."""
    if len(code) > MAX_BARCODE or not code.isprintable() or " " in code:
        raise BadGoods("barcode", f"is no code of at most {MAX_BARCODE} signs")


def parse_options(text: str, *, default_name: str = "option") -> list[tuple[str, str]]:
    """Options as they were written, in their order: "size=L; colour=red" or "Size: L, Colour: red" or "L"."""
    parting = ";" if ";" in text else ("," if text.count(",") and _names(text, ",") else None)
    parts = text.split(parting) if parting else [text]
    found: list[tuple[str, str]] = []
    for part in parts:
        if not (part := part.strip()):
            continue
        sign = "=" if "=" in part else (":" if ":" in part else "")
        name, _, value = part.partition(sign) if sign else (default_name, "", part)
        found.append((name.strip(), value.strip()))
    return found


def _names(text: str, parting: str) -> bool:
    """Whether every part names its option: "1,5 l" is one value, "size: L, colour: red" are two."""
    return all("=" in part or ":" in part for part in text.split(parting) if part.strip())


def canonical_options(pairs: Iterable[tuple[str, str]]) -> str:
    """The canonical form, "colour=red;size=L": names lower-cased and sorted, empty values left out.

    Two writings of the same options give one key. Raises `BadGoods`.
    """
    kept: dict[str, str] = {}
    for name, value in pairs:
        name, value = name_key(name), " ".join(value.split())
        if not value:
            continue
        if any(sign in name + value for sign in ";=") or not (name + value).isprintable():
            raise BadGoods("options", f"'{name}' holds ';', '=' or an unprintable sign")
        if kept.setdefault(name, value) != value:
            raise BadGoods("options", f"'{name}' is given twice")
    text = ";".join(f"{name}={value}" for name, value in sorted(kept.items()))
    if len(text) > MAX_OPTIONS:
        raise BadGoods("options", f"are longer than {MAX_OPTIONS} signs")
    return text


def options_title(pairs: Iterable[tuple[str, str]]) -> str:
    """Options as a shopper reads them, in the order they were given: "L, red"."""
    return ", ".join(value.strip() for _, value in pairs if value.strip())


@lru_cache(maxsize=4_096)  # a batch of an import asks for each title twice
def slug_of(title: str) -> str:
    """A slug of ASCII letters, digits and dashes; Russian by the Wikipedia scheme. "item" when nothing is left."""
    return slugify(iuliia.WIKIPEDIA.translate(title), max_length=MAX_SLUG, word_boundary=True) or "item"
