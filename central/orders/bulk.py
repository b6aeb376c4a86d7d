"""What is done to many orders at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from central.orders.actions import change_status
from central.orders.errors import StaleOrder
from central.orders.models import Order, StatusMove
from central.orders.queries import all_statuses
from central.ui.lists import BulkAction, BulkForm


class StatusForm(BulkForm):
    to = forms.ChoiceField(label=_("New status"))

    def __init__(self, given: Mapping[str, Any] | None, user: User) -> None:
        super().__init__(given, user)
        self.fields["to"].choices = [(one.code, one.title) for one in all_statuses()]  # type: ignore[attr-defined]


def _move(order: Order, user: User, filled: dict[str, Any]) -> dict[str, str] | None:
    """By the rules of a single order: what its status does not lead to is refused beside it."""
    was, to = order.status_id, filled["to"]
    moved = change_status(order.pk, to, by=user.username)
    has_way_back = StatusMove.objects.filter(source=to, target=was).exists()
    return {"was": was, "became": moved.status_id} if was != to and has_way_back else None


def _move_back(order: Order, user: User, told: dict[str, str]) -> None:
    """Only an order that stands where it was put: what others did since stays."""
    if order.status_id != told["became"]:
        raise StaleOrder(order.number, order.ver, order.ver)
    change_status(order.pk, told["was"], by=user.username, seen_ver=order.ver)


CHANGE_STATUS = BulkAction(
    "status", _("Change the status"), "work_orders", _move, undo=_move_back, form=StatusForm, icon="refresh"
)
