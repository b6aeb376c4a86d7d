"""Three warehouses with something to look at: goods moved, counted and expected, an order that waits, a shortage."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from central.orders.models import Order, OrderLine
from central.stock.models import MAIN, BookedOrder, PendingUnits
from central.stock.queries import pools
from central.stock.receipts import change_stock, set_stock, transfer_stock
from central.stock.rules import set_rules
from central.stock.supplies import plan_supply
from central.stock.warehouses import add_warehouse, edit_warehouse
from node.realms import ORDERS, atomic

BY = "demo"
NORTH, SHOP = "north", "lesnaya"


def fill_stockroom() -> None:
    """Call once, when goods and their past are there."""
    edit_warehouse(MAIN, name="Центральный склад", address="Вымышленная улица, 10", hours="9–18")
    add_warehouse(NORTH, name="Северный склад", address="Вымышленное шоссе, 4", hours="8–20", position=20)
    add_warehouse(
        SHOP, name="Пункт выдачи на Лесной", address="Лесная улица, 1", phone="+7 000 000-00-21", hours="10–21",
        is_pickup=True, position=30,
    )  # fmt: skip
    plenty = sorted(((units, pk) for pk, units in pools(_sold_variants()).items() if units >= 12), reverse=True)
    variants = [pk for _units, pk in plenty]
    transfer_stock(dict.fromkeys(variants[:12], 5), source=MAIN, target=NORTH, who=BY, note="по графику")
    transfer_stock(dict.fromkeys(variants[:5], 2), source=MAIN, target=SHOP, who=BY, note="на витрину")
    change_stock(variants[0], 3, warehouse=NORTH, who=BY, note="нашлось при пересчёте")
    change_stock(variants[1], -1, warehouse=MAIN, who=BY, note="разбито при перевозке")
    set_rules(["tea"], below=["tea"], hiding=[], by=BY)
    _let_wait()


def _sold_variants() -> list[UUID]:
    return list(OrderLine.objects.order_by().values_list("variant", flat=True).distinct())


def _let_wait() -> None:
    """Two new orders whose goods have run out; more of them is expected."""
    waiting = Order.objects.filter(status__is_first=True, is_duplicate_suspect=False).order_by("-placed_at")[:2]
    for days, order in enumerate(waiting, start=3):
        lines = list(order.lines.filter(site=order.site).order_by("position")[:1])
        if lines:
            set_stock(lines[0].variant, 0, who=BY, note="распродано")
            _wait(order, lines)
            plan_supply(
                lines[0].variant,
                20,
                warehouse=MAIN,
                due_on=timezone.localdate() + timedelta(days=days),
                by=BY,
                note="от поставщика",
            )


def _wait(order: Order, lines: Sequence[OrderLine]) -> None:
    with atomic(ORDERS):
        BookedOrder.objects.get_or_create(order=order.pk)
        for line in lines:
            PendingUnits.objects.create(
                order=order.pk, variant=line.variant, units=line.units, placed_at=order.placed_at
            )
            line.pending = line.units
            line.save(update_fields=["pending"])
        order.pending_units = sum(line.units for line in lines)
        order.save(update_fields=["pending_units"])
