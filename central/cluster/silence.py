"""Silent nodes: noticed once, told once, and told once more when they are back.

The promise is a row, opened under a constraint in the transaction that records the event; so a sweep that is killed
and run again, or run twice at once, tells nobody twice.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from central.cluster.errors import BadField
from central.cluster.models import Node, Silence, Watch
from central.ui import live
from central.ui.notices import NoticeDue
from node.realms import CLUSTER, atomic, on_commit
from sync.events import record_event

SILENT, BACK = "node_silent", "node_back"


def watch() -> Watch:
    """How nodes are watched; the defaults until somebody has changed them."""
    return Watch.objects.filter(pk=1).first() or Watch()


def set_watch(*, silent_after_minutes: int, by: str) -> Watch:
    """After how many minutes without a heartbeat people are told of a node: 1 to 1440."""
    if not 1 <= silent_after_minutes <= 1440:
        raise BadField({"silent_after_minutes": "1 to 1440"})
    with atomic(CLUSTER):
        row, is_new = Watch.objects.select_for_update().get_or_create(pk=1)
        if is_new or row.silent_after_minutes != silent_after_minutes:
            row.silent_after_minutes, row.changed_by, row.changed_at = silent_after_minutes, by, timezone.now()
            row.ver += 1
            row.save()
    return row


def look_for_silence(now: datetime | None = None) -> None:
    """Open and end silences; call it every few seconds."""
    now = now or timezone.now()
    limit = now - timedelta(minutes=watch().silent_after_minutes)
    for node in Node.objects.exclude(state=Node.State.INVITED).select_related("health"):
        heard_at = _heard_at(node)
        is_open = Silence.objects.filter(node=node, ended_at=None).exists()
        is_silent = node.state == Node.State.JOINED and (heard_at or node.joined_at or now) < limit
        if is_silent != is_open:
            _change(node.pk, now, limit)


def _change(node_id: str, now: datetime, limit: datetime) -> None:
    with atomic(CLUSTER):
        # Looked at again under the row's lock: two sweeps at once must not both tell.
        node = Node.objects.select_for_update().get(pk=node_id)
        heard_at = _heard_at(node)
        known = Silence.objects.filter(node=node, ended_at=None).first()
        if node.state == Node.State.REVOKED:
            if known is not None:  # shut out on purpose: nobody waits for it to come back
                _end(known, now)
        elif known is None and (heard_at or node.joined_at or now) < limit:
            opened = Silence.objects.create(node=node, heard_at=heard_at, noticed_at=now)
            record_event(NoticeDue(notice=SILENT, about=opened.pk.hex), realm=CLUSTER)
        elif known is not None and heard_at is not None and (known.heard_at is None or heard_at > known.heard_at):
            _end(known, now)
            record_event(NoticeDue(notice=BACK, about=known.pk.hex), realm=CLUSTER)
        sites = list(node.sites.values_list("pk", flat=True))
        on_commit(lambda: live.nudge(live.NODES, sites=sites, keys=[node_id]), realm=CLUSTER)


def _end(silence: Silence, now: datetime) -> None:
    silence.ended_at = now
    silence.save(update_fields=["ended_at"])


def _heard_at(node: Node) -> datetime | None:
    health = getattr(node, "health", None)
    return health.heard_at if health else None
