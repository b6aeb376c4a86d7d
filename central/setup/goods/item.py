"""The shape of the demo's goods. Prices are whole units of the shop's currency, as a shopkeeper would write them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

#: (option's name, its value in the key, its value for people, factor of the price)
Choice = tuple[str, str, str, float]

GRAMS: tuple[Choice, ...] = (
    ("weight", "50 g", "50 г", 1.0),
    ("weight", "100 g", "100 г", 1.9),
    ("weight", "250 g", "250 г", 4.4),
)
GRAMS_TWO: tuple[Choice, ...] = GRAMS[:2]
CAKES: tuple[Choice, ...] = (("weight", "100 g", "100 г", 1.0), ("weight", "357 g", "357 г", 3.2))
CUPS: tuple[Choice, ...] = (("volume", "200 ml", "200 мл", 1.0), ("volume", "350 ml", "350 мл", 1.3))
SIZES: tuple[Choice, ...] = (
    ("size", "S", "малая", 1.0),
    ("size", "M", "средняя", 1.45),
    ("size", "L", "большая", 2.1),
)
PLATES: tuple[Choice, ...] = (("diameter", "21 cm", "21 см", 1.0), ("diameter", "27 cm", "27 см", 1.5))
PAPER: tuple[Choice, ...] = (
    ("format", "A6", "A6", 1.0),
    ("format", "A5", "A5", 1.4),
    ("format", "A4", "A4", 2.1),
)
RULED: tuple[Choice, ...] = (
    ("ruling", "dotted", "dotted", 1.0),
    ("ruling", "lined", "lined", 1.0),
    ("ruling", "plain", "plain", 1.0),
)
NIBS: tuple[Choice, ...] = (
    ("nib", "F", "fine nib", 1.0),
    ("nib", "M", "medium nib", 1.0),
    ("nib", "B", "broad nib", 1.0),
)
BOTTLES: tuple[Choice, ...] = (("volume", "30 ml", "30 ml", 1.0), ("volume", "80 ml", "80 ml", 2.2))


@dataclass(frozen=True)
class Item:
    """A product. `price` and `stock` are of its first variant (`stock` None: by chance); `was`: what it cost before."""

    title: str
    motif: str
    palette: str
    price: float
    text: str
    attributes: Sequence[tuple[str, str]] = ()
    choices: Sequence[Choice] = ()
    was: float = 0
    stock: int | None = None
    brand: str = ""


@dataclass(frozen=True)
class Shelf:
    """A category. What is said of all its goods stands here: a paragraph, and properties."""

    slug: str
    title: str
    text: str
    motif: str
    palette: str
    care: str
    attributes: Sequence[tuple[str, str]] = ()
    items: list[Item] = field(default_factory=list)
