"""What stock puts into the frame: the menu, the palette, a red card of the home screen while the books are wrong."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from central.stock.models import Alarm, BreachRow
from central.stock.words import RULES, place
from central.ui import live
from central.ui.explain import add_sentences
from central.ui.menu import Action, Card, Entry, add_action, add_card, add_entry
from central.ui.scope import ALL, visible_sites

SHOWN = 5


def _alarm(request: Any) -> dict[str, Any]:
    if visible_sites(request.user) is not ALL or not Alarm.objects.filter(is_open=True).exists():
        return {"alarm": False}
    wrong = BreachRow.objects.filter(ended_at=None)
    rows = [
        {"rule": RULES.get(one.rule, one.rule), "where": place(one.where), "has": one.has, "should": one.should}
        for one in wrong[:SHOWN]
    ]
    return {"alarm": True, "rows": rows, "count": wrong.count()}


add_entry(Entry(21, "stock", _("Stock"), "list-check", "see_stock", "w"))
for position, (name, title) in enumerate(
    [
        ("stock-ledger", _("Stock ledger")),
        ("stock-waiting", _("Waiting for stock")),
        ("stock-supplies", _("Planned supply")),
        ("stock-warehouses", _("Warehouses")),
        ("stock-audit", _("Audit of the books")),
        ("stock-rights", _("Rights of edges")),
    ]
):
    add_entry(Entry(210 + position, name, title, "list-check", "see_stock", in_side_bar=False))
add_action(Action(24, "stock-receive", _("Receive goods"), "edit_stock", "plus", where=("home", "stock")))
add_action(
    Action(25, "stock-transfer", _("Move goods between warehouses"), "edit_stock", "arrow-right", where=("stock",))
)
add_action(Action(26, "stock-warehouse-new", _("New warehouse"), "manage_warehouses", "plus", where=("stock",)))
add_action(Action(27, "stock-rules", _("Rules of the desks"), "manage_warehouses", "settings", where=("stock",)))
add_card(Card(4, "stock-alarm", "see_stock", "stock/parts/home.html", _alarm, (live.STOCK,), wide=True))
add_sentences(
    {
        "unknown_warehouse": _("There is no such warehouse."),
        "stale_warehouse": _("Somebody changed this warehouse meanwhile. Look at it again."),
        "warehouse_in_use": _("Goods lie there, or it is the last one in use: it cannot be switched off."),
        "warehouse_off": _("Nothing comes into a warehouse that is switched off."),
        "bad_warehouse": _("This warehouse cannot be kept so."),
        "unknown_grant": _("There is no such right of an edge."),
        "not_frozen": _("Only a frozen right can be written off: its edge may sell from this one, or it is over."),
        "unknown_supply": _("This supply is not expected any more."),
    }
)
