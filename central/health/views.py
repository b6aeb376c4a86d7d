"""The screen of health."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from central.cluster.node_list import STATES
from central.health.figures import BooksFigures, NodeFigures
from central.health.findings import findings_of
from central.health.gathering import health_shown
from central.ui.screens import StaffRequest, screen

RIGHT = "see_health"


@dataclass(frozen=True)
class NodeRow:
    """A node's figures with moments for ages, as the screen words them."""

    node: NodeFigures
    state: str
    heard_at: datetime | None
    acked_at: datetime | None

    @property
    def backlog(self) -> int | None:
        return self.node.total("backlog")

    @property
    def behind(self) -> int | None:
        return self.node.total("behind")

    @property
    def behind_s(self) -> float | None:
        return self.node.oldest("behind_s")


@screen(RIGHT)
def health(request: StaffRequest) -> HttpResponse:
    now = timezone.now()
    found = health_shown(request.user)
    context = {
        "health": found,
        "findings": findings_of(found),
        "nodes": [_row(node, now) for node in found.nodes],
        "checked_at": _before(now, found.books.checked_s) if isinstance(found.books, BooksFigures) else None,
        "now": now,
    }
    return render(request, "health/parts/state.html" if request.htmx else "health/health.html", context)


def _row(node: NodeFigures, now: datetime) -> NodeRow:
    acked = [one.acked_s for one in node.streams if one.acked_s is not None]
    return NodeRow(
        node=node,
        state=str(STATES[node.light]),
        heard_at=_before(now, node.heard_s),
        acked_at=_before(now, min(acked)) if acked else None,
    )


def _before(now: datetime, seconds: float | None) -> datetime | None:
    return None if seconds is None else now - timedelta(seconds=seconds)
