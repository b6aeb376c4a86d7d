"""What history adds to the cards of all records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from central.history import queries
from central.ui import timeline
from central.ui.cards import Tab, add_tab
from central.ui.watching import kind_of


def _history(request: HttpRequest, record: Model) -> Mapping[str, Any]:
    return {"page": queries.of_record(request.user, record, older_than=request.GET.get("older_than", ""))}


def _timeline(request: HttpRequest, record: Model) -> Mapping[str, Any]:
    return {"entries": timeline.entries(request.user, kind_of(record), str(record.pk))}


def _actions(request: HttpRequest, record: Any) -> Mapping[str, Any]:
    older = request.GET.get("older_than", "")
    return {"page": queries.of_person(request.user, record.get_username(), older_than=older), "is_of_person": True}


add_tab(Tab(80, "timeline", _("Timeline"), "history/timeline.html", _timeline, timeline.has_sources))
add_tab(Tab(90, "history", _("History"), "history/history.html", _history, queries.is_watched))
add_tab(Tab(91, "actions", _("What he did"), "history/history.html", _actions, lambda kind: kind == "auth.user"))
