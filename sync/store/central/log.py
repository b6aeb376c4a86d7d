"""Keeping the log: cutting what every edge has, beginning it anew after a restore, and looking at its state."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from node.realms import CENTRAL_REALMS, alias_of, atomic
from sync.core.log import genesis
from sync.store.central.models import EdgeCursor, Outbox, Quarantine, SyncHead, SyncLog

logger = logging.getLogger(__name__)

#: an edge silent for longer is evicted: it must fetch a snapshot when it comes back
EVICT_AFTER = timedelta(days=30)
#: rows one transaction cuts
CUT = 10_000


def cut_log(realm: str, *, evict_after: timedelta = EVICT_AFTER) -> int:
    """Cut what every registered edge has acknowledged, never by age. Returns how many entries went."""
    alias = alias_of(realm)
    with atomic(realm):
        head = SyncHead.objects.using(alias).select_for_update().first()
        if head is None:
            return 0
        EdgeCursor.objects.using(alias).filter(heard__lt=timezone.now() - evict_after).delete()
        acked = EdgeCursor.objects.using(alias).filter(epoch=head.epoch).order_by("seq").values_list("seq", flat=True)
        floor = min(acked.first() or 0 if acked else head.head, head.floor + CUT, head.head)
        if floor <= head.floor:
            return 0
        last = SyncLog.objects.using(alias).get(seq=floor)
        cut = floor - head.floor
        head.floor, head.floor_chain = floor, last.chain
        head.save(update_fields=["floor", "floor_chain"])
        SyncLog.objects.using(alias).filter(seq__lte=floor).delete()
    return cut


def begin_anew(realm: str) -> str:
    """Start a new log epoch: call it after any restore of the realm's database. Every edge fetches everything again."""
    alias = alias_of(realm)
    epoch = secrets.token_hex(8)
    with atomic(realm):
        SyncHead.objects.using(alias).select_for_update().first()
        SyncLog.objects.using(alias).all().delete()
        EdgeCursor.objects.using(alias).all().delete()
        start = {"epoch": epoch, "head": 0, "floor": 0, "chain": genesis(epoch), "floor_chain": genesis(epoch)}
        SyncHead.objects.using(alias).update_or_create(pk=1, defaults={**start, "started_at": timezone.now()})
    logger.warning("realm '%s': the log begins anew, epoch %s", realm, epoch)
    return epoch


@dataclass(frozen=True)
class LogState:
    """Figures of one realm's log, for health and the node list."""

    realm: str
    head: int
    floor: int
    waiting: int
    quarantined: int
    edges: dict[str, int]


def state_of(realm: str) -> LogState:
    alias = alias_of(realm)
    head = SyncHead.objects.using(alias).first()
    return LogState(
        realm=realm,
        head=head.head if head else 0,
        floor=head.floor if head else 0,
        waiting=Outbox.objects.using(alias).count(),
        quarantined=Quarantine.objects.using(alias).filter(resolved__isnull=True).count(),
        edges=dict(EdgeCursor.objects.using(alias).values_list("edge", "seq")),
    )


def cut_all_logs() -> None:
    for realm in CENTRAL_REALMS:
        try:
            while cut_log(realm) == CUT:
                pass
        except Exception as error:
            logger.warning("realm '%s': its log was not cut: %s", realm, error)
