"""Who was not let in: each refusal of a join or a link, with node, reason and address."""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import DatabaseError, connections
from django.db.models import QuerySet
from django.utils import timezone

from central.cluster.models import Refusal
from central.cluster.queries import nodes_visible_to
from central.ui import live
from central.ui.scope import ALL, visible_sites
from node.realms import CLUSTER, alias_of, atomic, on_commit

log = structlog.get_logger(__name__)

KEEP = timedelta(days=90)
#: rows an hour may have: names and addresses are the knocker's to choose
MOST_AN_HOUR = 1_000

#: one refusal is noted once in so many seconds by a process
_ONCE_IN_S = 1.0
_noted: dict[tuple[str, ...], float] = {}

Door = Refusal.Door

_NAME = re.compile(r"[a-z0-9-]{1,20}")
_COUNT = (
    "INSERT INTO cluster_refusal (door, node, code, address, hour, count, first_at, last_at) "
    "VALUES (%s, %s, %s, %s, %s, 1, %s, %s) ON CONFLICT (door, node, code, address, hour) "
    "DO UPDATE SET count = cluster_refusal.count + 1, last_at = excluded.last_at"
)


def note(door: Door, *, node: str, code: str, address: str) -> None:
    """Log a refusal and count it; with the realm `cluster` down it is only logged. Never raises."""
    named = node if _NAME.fullmatch(node) else ""
    if not _is_news((door, named, code, address)):
        return
    log.warning("refused", door=str(door), node=named or "?", code=code, address=address or "?")
    try:
        _count(door, named, code[:40], address[:60], timezone.now())
    except DatabaseError as error:
        log.warning("refusal_not_counted", error=type(error).__name__)


def _is_news(refusal: tuple[str, ...]) -> bool:
    """Whether this very refusal was not noted within the last second: a flood of knocks must not become a flood of
    writes. Two threads may both think so, which costs one count too many."""
    now = time.monotonic()
    if now - _noted.get(refusal, -_ONCE_IN_S) < _ONCE_IN_S:
        return False
    if len(_noted) > MOST_AN_HOUR:
        _noted.clear()
    _noted[refusal] = now
    return True


def _count(door: Door, node: str, code: str, address: str, now: datetime) -> None:
    hour = now.replace(minute=0, second=0, microsecond=0)
    with atomic(CLUSTER):
        if Refusal.objects.filter(hour=hour).count() >= MOST_AN_HOUR:
            node, address = "", ""  # one row for all that is too much
        with connections[alias_of(CLUSTER)].cursor() as cursor:
            cursor.execute(_COUNT, [door, node, code, address, hour, now, now])
        on_commit(lambda: live.nudge_soon(live.NODES, sites=(), keys=[node]), realm=CLUSTER)


def refusals_visible_to(user: Any) -> QuerySet[Refusal]:
    """Those of the nodes a person may see; who knocks under no known name is shown to those who see all sites."""
    if visible_sites(user) is ALL:
        return Refusal.objects.all()
    return Refusal.objects.filter(node__in=nodes_visible_to(user).values("pk"))


def forget_old(now: datetime | None = None) -> None:
    """Drop what is long ago; call it once a day."""
    with atomic(CLUSTER):
        Refusal.objects.filter(last_at__lt=(now or timezone.now()) - KEEP).delete()
