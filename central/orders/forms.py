"""Forms of an order's card: where it goes next, and what staff note about it."""

from __future__ import annotations

import time
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from central.orders.models import Order
from central.orders.queries import all_statuses, moves_of
from central.ui.forms import LongTextField, RecordForm

#: nobody edits one order for longer; a page left open over night is not work
LONGEST_EDIT_S = 4 * 3600


class _OrderForm(RecordForm):
    """Knows how long the page was open, over all pages that asked for a choice."""

    def __init__(self, request: HttpRequest, order: Order, **kwargs: Any) -> None:
        super().__init__(request, ver=order.ver, **kwargs)
        self.opened = _moment(request.POST.get("opened", "")) or int(time.time())

    @property
    def hidden_values(self) -> list[tuple[str, str]]:
        return [*super().hidden_values, ("opened", str(self.opened))]

    @property
    def seconds(self) -> int:
        """From the first look at the page to now."""
        return min(LONGEST_EDIT_S, max(0, int(time.time()) - self.opened))


class StatusForm(_OrderForm):
    """The button that was pressed, or a choice where somebody else has moved the order meanwhile."""

    verb = _("Move the order")

    to = forms.ChoiceField(label=_("Status"))

    def __init__(self, request: HttpRequest, order: Order) -> None:
        super().__init__(request, order, initial={"to": order.status_id})
        # The action decides whether it can go there; here is what a person may be asked to choose from.
        wanted = {order.status_id, request.POST.get("to"), *(move.code for move in moves_of(order))}
        titles = {status.code: status.title for status in all_statuses()}
        self.fields["to"].choices = [(code, title) for code, title in titles.items() if code in wanted]  # type: ignore[attr-defined]
        self._titles = titles

    def _words(self, name: str, plain: Any) -> str:
        return self._titles.get(str(plain), str(plain))


class NoteForm(_OrderForm):
    """What colleagues should know. It may name the customer, so who may not see customers has no such form."""

    verb = _("Save the comment")

    note = LongTextField(label=_("Staff comment"), rows=3, required=False)

    def __init__(self, request: HttpRequest, order: Order, **kwargs: Any) -> None:
        super().__init__(request, order, initial={"note": order.note}, **kwargs)
        self.fields["note"].widget.attrs |= {
            "class": "form-control",
            "placeholder": _("For colleagues only; the shopper never sees it."),
            "aria-label": _("Staff comment"),
        }


def _moment(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 19 else 0
