"""Every change of warehouses; goods in them are moved by `receipts`."""

from __future__ import annotations

import re
from typing import Any

from django.utils.translation import gettext as _

from central.stock.errors import BadWarehouse, StaleWarehouse, UnknownWarehouse, WarehouseInUse
from central.stock.models import MAIN, MAIN_NAME, Balance, Warehouse, is_unsold
from node.realms import ORDERS, alias_of, atomic

_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,19}")
#: what of a warehouse people may change
FIELDS = ("name", "address", "phone", "hours", "is_pickup", "position")


def make_main(using: str) -> None:
    """Write the one warehouse a cluster begins with; runs after each migrate (and each flush of a test)."""
    if using == alias_of(ORDERS):
        with atomic(ORDERS):
            Warehouse.objects.get_or_create(code=MAIN, defaults={"name": MAIN_NAME})


def add_warehouse(code: str, *, name: str, **values: Any) -> Warehouse:
    """A new warehouse. Its code stands for it in movements for ever. Raises `BadWarehouse`."""
    if not _CODE.fullmatch(code):
        raise BadWarehouse({"code": _("small letters, digits and dashes, 20 at most")})
    with atomic(ORDERS):
        made, is_new = Warehouse.objects.get_or_create(code=code, defaults={"name": name, **_known(values)})
        if not is_new:
            raise BadWarehouse({"code": _("there is a warehouse with this code already")})
    return made


def edit_warehouse(code: str, *, seen_ver: int | None = None, **values: Any) -> Warehouse:
    """Raises `UnknownWarehouse`, `StaleWarehouse`."""
    with atomic(ORDERS):
        row = _locked(code)
        if seen_ver is not None and seen_ver != row.ver:
            raise StaleWarehouse(f"warehouse {code} was changed meanwhile", warehouse=code)
        changed = {name: value for name, value in _known(values).items() if getattr(row, name) != value}
        return _saved(row, changed) if changed else row


def switch_off(code: str) -> Warehouse:
    """Take a warehouse out of use. Raises `WarehouseInUse` while unsold goods lie there, or when it is the last."""
    with atomic(ORDERS):
        row = _locked(code)
        if not row.is_active:
            return row
        rows = Balance.objects.filter(warehouse=code, units__gt=0).values_list("place", "units")
        units = sum(count for place, count in rows if is_unsold(place))
        if units:
            raise WarehouseInUse(f"{units} units lie in {code}: move them first", units=units, warehouse=code)
        if not Warehouse.objects.filter(is_active=True).exclude(pk=code).exists():
            raise WarehouseInUse("it is the last warehouse in use", units=0, warehouse=code)
        return _saved(row, {"is_active": False})


def switch_on(code: str) -> Warehouse:
    with atomic(ORDERS):
        row = _locked(code)
        return row if row.is_active else _saved(row, {"is_active": True})


def _known(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in FIELDS}


def _locked(code: str) -> Warehouse:
    row = Warehouse.objects.select_for_update().filter(pk=code).first()
    if row is None:
        raise UnknownWarehouse(f"there is no warehouse '{code}'", warehouse=code)
    return row


def _saved(row: Warehouse, changed: dict[str, Any]) -> Warehouse:
    for name, value in changed.items():
        setattr(row, name, value)
    row.ver += 1
    row.save(update_fields=[*changed, "ver"])
    return row
