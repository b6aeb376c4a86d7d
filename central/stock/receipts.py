"""Goods that come in, and corrections of what there is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from central.stock.errors import NotEnoughInPool, WrongUnits
from central.stock.ledger import Book
from central.stock.models import POOL, SUPPLIER, WRITTEN_OFF, Movement
from central.stock.recalling import recall, retry
from central.stock.waiting import resolve
from node.realms import ORDERS, atomic

MAX_UNITS = 1_000_000_000

Cause = Movement.Cause


def receive_stock(units: Mapping[UUID, int], *, who: str, note: str = "", ref: str = "") -> None:
    """Goods have come in: variant -> units above zero. Orders that wait for them get theirs first."""
    _check_units(units.values(), least=1)
    with atomic(ORDERS):
        book = Book(units)
        for variant, count in units.items():
            book.move(variant, SUPPLIER, POOL, count, Cause.RECEIPT, who=who, note=note, ref=ref)
        resolve(book, units)
        book.close()


def set_stock(variant: UUID, units: int, *, who: str, note: str = "") -> None:
    """Correct the unsold units of a variant, in the pool and at edges together, to `units`.

    What edges hold too much is recalled; raises `NotEnoughInPool` when they do not give it back within 1.5 s
    (`data`: `at_edges`, and `has` in the pool).
    """
    if short := set_stocks({variant: units}, who=who, note=note):
        raise short[variant]


def set_stocks(units: Mapping[UUID, int], *, who: str, note: str = "") -> dict[UUID, NotEnoughInPool]:
    """`set_stock` for many at once; what could not be corrected comes back with the reason, the rest is done."""
    _check_units(units.values(), least=0)
    short = _correct(units, who=who, note=note)
    if not short:
        return {}
    recall({variant: int(str(error.data["lacks"])) for variant, error in short.items()})

    def try_again() -> bool:
        nonlocal short
        short = _correct({variant: units[variant] for variant in short}, who=who, note=note)
        return not short

    retry(try_again)
    return short


def _correct(units: Mapping[UUID, int], *, who: str, note: str) -> dict[UUID, NotEnoughInPool]:
    short: dict[UUID, NotEnoughInPool] = {}
    with atomic(ORDERS):
        book = Book(units)
        for variant, wanted in units.items():
            pool, at_edges = book.units(variant), book.at_edges(variant)
            change = wanted - pool - at_edges
            if change >= 0:
                book.move(variant, SUPPLIER, POOL, change, Cause.CORRECTION, who=who, note=note)
            elif -change <= pool:
                book.move(variant, POOL, WRITTEN_OFF, -change, Cause.CORRECTION, who=who, note=note)
            else:
                short[variant] = NotEnoughInPool(
                    f"{at_edges} units lie at edges, so there cannot be {wanted} in all",
                    variant=variant.hex,
                    has=pool,
                    at_edges=at_edges,
                    lacks=-change - pool,
                )
        resolve(book, units)
        book.close()
    return short


def _check_units(units: Iterable[int], *, least: int) -> None:
    for count in units:
        if not least <= count <= MAX_UNITS:
            raise WrongUnits(f"{count} is not a number of units from {least} to {MAX_UNITS}", units=count)
