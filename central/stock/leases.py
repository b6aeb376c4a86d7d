"""Until when edges may sell: the lease of each, and the freezing of what is over.

An edge renews one lease for all its grants, each ten seconds: one row, whatever the number of grants. A grant is
frozen when both its own time and its edge's lease are over, or when the epoch of its disk is. Frozen units are not on
sale anywhere: only the edge's own last word brings back what it did not sell.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from central.stock.models import EdgeLease, Grant
from central.stock.topics import topic_of
from node import sql
from node.realms import ORDERS, alias_of, atomic
from sync.core import escrow
from sync.outbox import record_state
from sync.topics import EdgeScope

#: seconds an edge may sell from its grants after it last asked
TTL_S = escrow.TTL_S
#: grants frozen in one transaction
AT_ONCE = 500

# Each edge does it every ten seconds. Central's clock may have been set back: what was promised to an edge is never
# shortened within its epoch, and an earlier epoch renews nothing.
_RENEW = (
    "INSERT INTO stock_edgelease (edge, epoch, freeze_at) VALUES (%s, %s, %s) ON CONFLICT (edge) DO UPDATE "
    "SET epoch = excluded.epoch, freeze_at = CASE WHEN stock_edgelease.epoch = excluded.epoch "
    "AND stock_edgelease.freeze_at > excluded.freeze_at THEN stock_edgelease.freeze_at ELSE excluded.freeze_at END "
    "WHERE stock_edgelease.epoch <= excluded.epoch"
)


def freeze_at() -> datetime:
    """When central may be sure that an edge that is answered now has stopped."""
    return timezone.now() + timedelta(milliseconds=escrow.freeze_at(0, TTL_S))


def renew_lease(edge: EdgeScope) -> None:
    """Let the edge sell on from all its open grants. Call it last: the answer leaves after this returns."""
    with atomic(ORDERS):
        freeze_epochs(edge.node, below=edge.epoch)
        sql.run(alias_of(ORDERS), _RENEW, [edge.node, edge.epoch, freeze_at()])


def overdue(now: datetime) -> QuerySet[Grant]:
    """Open grants from which nobody sells any more."""
    alive = EdgeLease.objects.filter(edge=OuterRef("edge"), epoch=OuterRef("epoch"), freeze_at__gte=now)
    return Grant.objects.filter(~Exists(alive), state=Grant.State.OPEN, freeze_at__lt=now)


def freeze_overdue(now: datetime | None = None) -> int:
    """Freeze what is overdue; how many grants that were. Call it every few seconds."""
    return _freeze_all(overdue(now or timezone.now()))


def freeze_epochs(node: str, *, below: int) -> int:
    """Freeze what a node was granted in earlier epochs: their disks were lost, rolled back or copied."""
    if below <= 1:
        return 0  # there was none before
    return _freeze_all(Grant.objects.filter(edge=node, epoch__lt=below, state=Grant.State.OPEN))


def _freeze_all(grants: QuerySet[Grant]) -> int:
    count = 0
    while part := list(grants.order_by("pk").values_list("pk", flat=True)[:AT_ONCE]):
        with atomic(ORDERS):
            locked = grants.filter(pk__in=part).select_for_update(of=("self",)).order_by("pk")
            frozen = _freeze(locked)
        count += frozen
        if not frozen:  # renewed or sealed between the look and the lock
            break
    return count


def _freeze(grants: Iterable[Grant]) -> int:
    changed = []
    for grant in grants:
        grant.state, grant.ver, grant.frozen_at = Grant.State.FROZEN, grant.ver + 1, timezone.now()
        changed.append(grant)
        publish(grant)
    Grant.objects.bulk_update(changed, ["state", "ver", "frozen_at"], batch_size=1000)
    return len(changed)


def publish(grant: Grant) -> None:
    """Its edge is to hear what it has become."""
    record_state(topic_of(grant.edge), grant.pk.hex, grant.ver, realm=ORDERS)
