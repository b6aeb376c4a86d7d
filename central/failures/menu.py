"""What failed jobs put into the frame: the menu, the palette, a card of the home screen that is there when needed."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from central.failures.queries import waiting
from central.failures.words import what, why
from central.ui import live
from central.ui.explain import add_sentences
from central.ui.menu import Card, Entry, add_card, add_entry

SHOWN = 5


def _card(request: Any) -> dict[str, Any]:
    open_ones = waiting(request.user)
    rows = [{"failure": one, "what": what(one), "why": why(one)} for one in open_ones[:SHOWN]]
    return {"rows": rows, "count": open_ones.count() if rows else 0}


add_entry(Entry(52, "failures", _("Failed jobs"), "alert-triangle", "mend_jobs", "f"))
add_card(Card(5, "failures", "mend_jobs", "failures/parts/home.html", _card, (live.JOBS,), wide=True))
add_sentences(
    {
        "unknown_failure": _("There is no such failed job among those you may see."),
        "never_tried": _("It can only be given up; its card says why."),
        "failure_over": _("It is done or given up already."),
    }
)
