"""Goods that come in, and corrections of what there is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID, uuid4

from django.utils.translation import gettext as _

from central.stock.errors import BadWarehouse, NotEnoughInPool, UnknownWarehouse, WarehouseOff, WrongUnits
from central.stock.ledger import Book
from central.stock.models import POOL, SUPPLIER, WRITTEN_OFF, Movement, Warehouse
from central.stock.recalling import recall, retry
from central.stock.waiting import resolve
from node.realms import ORDERS, atomic

MAX_UNITS = 1_000_000_000

Cause = Movement.Cause


def receive_stock(
    units: Mapping[UUID, int], *, who: str, note: str = "", ref: str = "", warehouse: str | None = None
) -> None:
    """Goods have come in: variant -> units above zero. Orders that wait for them get theirs first.

    `warehouse`: None for the first in the order of taking. Raises `WrongUnits`, `UnknownWarehouse`, `WarehouseOff`.
    """
    _check_units(units.values(), least=1)
    with atomic(ORDERS):
        _check_open(warehouse)
        book = Book(units)
        for variant, count in units.items():
            book.move(variant, SUPPLIER, POOL, count, Cause.RECEIPT, warehouse=warehouse, who=who, note=note, ref=ref)
        resolve(book, units)
        book.close()


def transfer_stock(
    units: Mapping[UUID, int], *, source: str, target: str, who: str, note: str = "", ref: str = ""
) -> str:
    """Carry units that nobody holds from one warehouse to another, all or nothing; returns the transfer's `ref`.

    Raises `NotEnoughInPool`, `WrongUnits`, `UnknownWarehouse`, `WarehouseOff`.
    """
    _check_units(units.values(), least=1)
    ref = ref or uuid4().hex
    with atomic(ORDERS):
        _check_known(source)
        _check_open(target)
        if source == target:
            raise BadWarehouse({"target": _("goods are carried to another warehouse")})
        book = Book(units)
        for variant, count in sorted(units.items()):
            said = {"ref": ref, "who": who, "note": note}
            book.move(variant, POOL, SUPPLIER, count, Cause.TRANSFER, warehouse=source, **said)
            book.move(variant, SUPPLIER, POOL, count, Cause.TRANSFER, warehouse=target, **said)
        book.close()
    return ref


def change_stock(variant: UUID, by: int, *, warehouse: str, who: str, note: str) -> None:
    """Raise or lower the free units of a variant in a warehouse by so many, for a reason.

    Raises `WrongUnits` for zero, `NotEnoughInPool`, `UnknownWarehouse`, `WarehouseOff`.
    """
    _check_units([abs(by)], least=1)
    with atomic(ORDERS):
        if by > 0:
            _check_open(warehouse)
        else:
            _check_known(warehouse)
        book = Book([variant])
        source, target = (SUPPLIER, POOL) if by > 0 else (POOL, WRITTEN_OFF)
        book.move(variant, source, target, abs(by), Cause.CORRECTION, warehouse=warehouse, who=who, note=note)
        resolve(book, [variant])
        book.close()


def set_stock(variant: UUID, units: int, *, who: str, note: str = "", warehouse: str | None = None) -> None:
    """Correct the unsold units of a variant, in the pool and at edges together, to `units`.

    `warehouse`: those of one; None for all together, then what is added goes into the first of them.
    What edges hold too much is recalled; raises `NotEnoughInPool` when they do not give it back within 1.5 s
    (`data`: `at_edges`, and `has` in the pool), `WrongUnits`, `UnknownWarehouse`, `WarehouseOff`.
    """
    if short := set_stocks({variant: units}, who=who, note=note, warehouse=warehouse):
        raise short[variant]


def set_stocks(
    units: Mapping[UUID, int], *, who: str, note: str = "", warehouse: str | None = None
) -> dict[UUID, NotEnoughInPool]:
    """`set_stock` for many at once; what could not be corrected comes back with the reason, the rest is done."""
    _check_units(units.values(), least=0)
    short = _correct(units, who=who, note=note, warehouse=warehouse)
    if not short:
        return {}
    recall({variant: int(str(error.data["lacks"])) for variant, error in short.items()})

    def try_again() -> bool:
        nonlocal short
        short = _correct({variant: units[variant] for variant in short}, who=who, note=note, warehouse=warehouse)
        return not short

    retry(try_again)
    return short


def _correct(units: Mapping[UUID, int], *, who: str, note: str, warehouse: str | None) -> dict[UUID, NotEnoughInPool]:
    short: dict[UUID, NotEnoughInPool] = {}
    with atomic(ORDERS):
        _check_open(warehouse)
        book = Book(units)
        for variant, wanted in units.items():
            pool, unsold = book.units(variant, warehouse=warehouse), book.unsold(variant, warehouse=warehouse)
            change = wanted - unsold
            said: dict[str, Any] = {"who": who, "note": note, "warehouse": warehouse}
            if change >= 0:
                book.move(variant, SUPPLIER, POOL, change, Cause.CORRECTION, **said)
            elif -change <= pool:
                book.move(variant, POOL, WRITTEN_OFF, -change, Cause.CORRECTION, **said)
            else:
                at_edges = unsold - pool
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


def _check_open(warehouse: str | None) -> None:
    if warehouse is not None and not _check_known(warehouse).is_active:
        raise WarehouseOff(f"warehouse {warehouse} is switched off", warehouse=warehouse)


def _check_known(warehouse: str) -> Warehouse:
    row = Warehouse.objects.filter(pk=warehouse).first()
    if row is None:
        raise UnknownWarehouse(f"there is no warehouse '{warehouse}'", warehouse=warehouse)
    return row


def _check_units(units: Iterable[int], *, least: int) -> None:
    for count in units:
        if not least <= count <= MAX_UNITS:
            raise WrongUnits(f"{count} is not a number of units from {least} to {MAX_UNITS}", units=count)
