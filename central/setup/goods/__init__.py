"""What the three shops of the demo sell. All of it is made up: goods, makers, texts and prices."""

from central.setup.goods.clay import CLAY
from central.setup.goods.ink import INK
from central.setup.goods.item import Item, Shelf
from central.setup.goods.tea import TEA

SHELVES: dict[str, list[Shelf]] = {"tea": TEA, "clay": CLAY, "ink": INK}

__all__ = ["SHELVES", "Item", "Shelf"]
