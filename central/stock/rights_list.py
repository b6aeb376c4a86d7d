"""The list of rights that edges have to sell: what each holds, until when, and what has to be written off."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from central.stock import giving_up, goods
from central.stock.forms import BulkWriteOffForm
from central.stock.lists import RIGHT, SEARCH, TABS, OfGoods, of_goods, product_column
from central.stock.models import EdgeLease, Grant
from central.stock.words import STATES, state_title, state_tone
from central.ui import live
from central.ui.lists import BulkAction, Choices, Column, Empty, Flag, List, Option, cells, moment_column, number_column

WRITE_OFF = "write_off_stock"


def rights_visible_to(user: Any) -> QuerySet[Grant]:
    """Rights to sell goods that the person may see. `ends_at`: when central counts on the edge no more."""
    lease = EdgeLease.objects.filter(edge=OuterRef("edge"), epoch=OuterRef("epoch")).values("freeze_at")[:1]
    ends_at = Greatest(F("freeze_at"), Coalesce(Subquery(lease), F("freeze_at")))
    out = F("units") - F("returned") - F("booked") - F("lost")
    return goods.limited(Grant.objects.annotate(ends_at=ends_at, out=out), user)


def units_out(right: Any) -> int:
    """Units that lie at the edge, as far as central knows."""
    return int(right.units - right.returned - right.booked - right.lost)


def ends_at(right: Any) -> datetime | None:
    return right.ends_at if right.state == Grant.State.OPEN else None


def _edges(request: Any) -> Iterable[Option]:
    names = rights_visible_to(request.user).order_by("edge").values_list("edge", flat=True).distinct()
    return [Option(name, name) for name in names]


def _write_off(right: Grant, user: Any, filled: dict[str, Any]) -> None:
    giving_up.write_off(right.pk, reason=filled["reason"], by=user.get_username())


RIGHTS = List(
    name="stock-rights",
    path="stock/rights",
    title=_("Rights of edges"),
    right=RIGHT,
    rows=rights_visible_to,
    narrow=goods.of_sites,
    columns=[
        product_column(),
        Column("edge", _("Edge"), lambda row, shown: row.edge, sort="edge", export=lambda row: row.edge),
        Column(
            "state",
            _("State"),
            lambda row, shown: cells.badge(state_title(row), state_tone(row)),
            sort="state",
            export=state_title,
        ),
        number_column("units", _("Units"), "units"),
        number_column("sold", _("Sold"), "sold"),
        number_column("returned", _("Given back"), "returned"),
        number_column("out", _("Held out"), "out"),
        moment_column("since", _("Since"), "created_at", css="end"),
        moment_column("ends", _("Freezes"), "ends_at", css="end"),
    ],
    default_sort="-since",
    filters=[
        Choices("state", _("State"), [Option(state, title, tone) for state, (title, tone) in STATES.items()]),
        Choices("edge", _("Edge"), _edges),
        OfGoods("goods", _("Product")),
        Flag("late", _("Came back after it was written off"), narrow=lambda rows, values: rows.filter(late__gt=0)),
    ],
    search=SEARCH,
    prepare=of_goods,
    row_url=lambda row: reverse("stock-right", args=[row.pk]),
    topic=live.STOCK,
    ticks=True,
    head=TABS,
    bulk=[
        BulkAction(
            "write-off", _("Write off"), WRITE_OFF, _write_off, form=BulkWriteOffForm, icon="ban", is_dangerous=True
        )
    ],
    help=_(
        "What each edge may sell without asking. Held out is what lies there as far as central knows. A right that its "
        "edge has not renewed in time is frozen: nobody sells its units until that edge has said its last word. "
        "Write off only what is lost for good; all that may have been sold then counts as sold."
    ),
    empty=Empty(_("No edge holds any units"), _("Rights appear as edges sell and ask for them."), "package"),
)
