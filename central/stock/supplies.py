"""Goods that are to come: entered, received or given up."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.utils import timezone

from central.stock.errors import UnknownSupply, UnknownWarehouse, WrongUnits
from central.stock.models import PlannedSupply, Warehouse
from central.stock.receipts import MAX_UNITS, receive_stock
from node.realms import ORDERS, atomic


def plan_supply(variant: UUID, units: int, *, warehouse: str, due_on: date, by: str, note: str = "") -> PlannedSupply:
    """Raises `WrongUnits`, `UnknownWarehouse`."""
    if not 1 <= units <= MAX_UNITS:
        raise WrongUnits(f"{units} is not a number of units from 1 to {MAX_UNITS}", units=units)
    with atomic(ORDERS):
        if not Warehouse.objects.filter(pk=warehouse).exists():
            raise UnknownWarehouse(f"there is no warehouse '{warehouse}'", warehouse=warehouse)
        return PlannedSupply.objects.create(
            variant=variant, warehouse=warehouse, units=units, due_on=due_on, note=note, by=by
        )


def receive_supply(supply_id: int, *, units: int, by: str) -> None:
    """It is there, once: `units` of it come into its warehouse. Raises `UnknownSupply` when it ended before."""
    with atomic(ORDERS):
        supply = _ended(supply_id, is_received=True)
        receive_stock(
            {supply.variant: units},
            who=by,
            note=supply.note,
            ref=f"supply {supply.pk}",
            warehouse=supply.warehouse,
        )


def give_up_supply(supply_id: int) -> None:
    """It will not come. Raises `UnknownSupply` when it ended before."""
    with atomic(ORDERS):
        _ended(supply_id, is_received=False)


def _ended(supply_id: int, *, is_received: bool) -> PlannedSupply:
    supply = PlannedSupply.objects.select_for_update().filter(pk=supply_id, ended_at=None).first()
    if supply is None:
        raise UnknownSupply(f"supply {supply_id} is not expected", supply=supply_id)
    supply.ended_at, supply.is_received = timezone.now(), is_received
    supply.save(update_fields=["ended_at", "is_received"])
    return supply
