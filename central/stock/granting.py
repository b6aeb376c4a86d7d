"""Rights of edges: granted out of the pool, renewed, reported on, frozen and sealed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from central.stock.errors import UnknownGrant, WrongUnits
from central.stock.ledger import Book, by_variant
from central.stock.models import POOL, Grant, Movement, edge_place
from central.stock.queries import edges_holding, pools, selling_edges
from central.stock.recalling import recall, retry
from central.stock.sizing import units_to_grant
from central.stock.topics import topic_of
from central.stock.waiting import resolve
from node.realms import ORDERS, atomic
from sync.contracts.stock import GrantReport
from sync.outbox import record_state
from sync.topics import EdgeScope
from sync.upstream import Lock

#: how long an edge may sell from a grant after it last asked central
TTL = timedelta(hours=24)
#: central waits longer than any edge sells: clocks may drift by a five-hundredth, answers may be late
PATIENCE = 1.002
GRACE = timedelta(seconds=5)

Cause = Movement.Cause


def grant_rights(edge: EdgeScope, wanted: Mapping[UUID, int], *, must: bool = False) -> list[Grant]:
    """Move units from the pool into new grants of an edge, as `sizing` allows; nothing free, no grant."""
    wanted = {variant: units for variant, units in wanted.items() if units > 0}
    edges = selling_edges()
    if not must:
        # An edge asks for all its cards each minute, and mostly gets none: do not lock the whole shop for that.
        unlocked = pools(wanted)
        wanted = {variant: units for variant, units in wanted.items() if unlocked.get(variant, 0) > 0}
    with atomic(ORDERS):
        _fence(edge)
        book = Book(wanted)
        here, freeze_at = edge_place(edge.node), timezone.now() + TTL * PATIENCE + GRACE
        grants: list[Grant] = []
        for variant, units in wanted.items():
            given = units_to_grant(
                wanted=units,
                pool=book.units(variant),
                at_edges=book.at_edges(variant),
                at_this_edge=book.units(variant, here),
                edges=edges,
                must=must,
            )
            for warehouse, part in book.dealt(variant, POOL, given):
                grant = _new_grant(edge, variant, part, freeze_at, warehouse)
                book.move(variant, POOL, here, part, Cause.GRANT, warehouse=warehouse, ref=grant.pk.hex)
                grants.append(grant)
        Grant.objects.bulk_create(grants, batch_size=1000)
        book.close()
        for grant in grants:
            _publish(grant)
    return grants


def grant_or_recall(edge: EdgeScope, wanted: Mapping[UUID, int]) -> list[Grant]:
    """A shopper waits: give what there is, recall what lacks from the other edges, for 1.5 s at most."""
    ask = UrgentAsk(edge, wanted)
    if not ask.is_over:
        retry(ask.again)
    return ask.grants


class UrgentAsk:
    """What an edge gets for a shopper who waits: at once what there is, then what other edges give back.

    Apart from the waiting, which is `retry`'s or a simulator's. `is_over`: nothing lacks, or nobody else holds any.
    """

    def __init__(self, edge: EdgeScope, wanted: Mapping[UUID, int]) -> None:
        self._edge, self._wanted = edge, wanted
        self.grants = grant_rights(edge, wanted, must=True)
        lacking = _lacking(wanted, self.grants)
        self.is_over = not lacking or not recall(lacking, but=edge.node)

    def again(self) -> bool:
        """Give what has come back meanwhile; whether it is over."""
        self.grants += grant_rights(self._edge, _lacking(self._wanted, self.grants), must=True)
        # Nobody else holds any: more will not come, and the shopper need not wait for the end.
        self.is_over = not edges_holding(_lacking(self._wanted, self.grants)).keys() - {self._edge.node}
        return self.is_over


def renew_grants(edge: EdgeScope, grants: Iterable[UUID]) -> list[Grant]:
    """Let the edge sell on from those of its grants that are open; the answer leaves after this returns."""
    with atomic(ORDERS):
        _fence(edge)
        found = Grant.objects.select_for_update().filter(
            pk__in=list(grants), edge=edge.node, epoch=edge.epoch, state=Grant.State.OPEN
        )
        renewed = list(found.order_by("pk"))
        for grant in renewed:
            grant.freeze_at = timezone.now() + timedelta(seconds=grant.ttl_s) * PATIENCE + GRACE
        Grant.objects.bulk_update(renewed, ["freeze_at"], batch_size=1000)
    return renewed


def take_reports(node: str, reports: Sequence[GrantReport]) -> list[Grant]:
    """Join an edge's totals of its grants by the greater; what it returned lies in the pool again.

    Raises `UnknownGrant`, and `WrongUnits` for totals above what was granted; then none is joined.
    """
    known = dict(Grant.objects.filter(pk__in=_grants_of(reports), edge=node).values_list("pk", "variant"))
    for report in reports:
        if UUID(report.grant) not in known:
            raise UnknownGrant("no such grant of this edge", grant=report.grant, edge=node)
    with atomic(ORDERS):
        book = Book(known.values())
        grants = {grant.pk: grant for grant in locked_grants(known)}
        was = {key: grant.returned for key, grant in grants.items()}
        for report in reports:
            _join(grants[UUID(report.grant)], report)
        freed = [grant for grant in grants.values() if grant.returned > was[grant.pk]]
        for grant in freed:
            units = grant.returned - was[grant.pk]
            book.move(
                grant.variant, edge_place(node), POOL, units, Cause.RETURN, warehouse=grant.warehouse, ref=grant.pk.hex
            )
        resolve(book, {grant.variant for grant in freed})
        book.close()
        Grant.objects.bulk_update(grants.values(), ["sold", "returned", "state", "ver"], batch_size=1000)
    return list(grants.values())


def _grants_of(reports: Iterable[GrantReport]) -> set[UUID]:
    return {UUID(report.grant) for report in reports}


def locked_grants(ids: Collection[UUID]) -> Iterable[Grant]:
    """Grants under their row locks, taken in the order of ids."""
    return Grant.objects.select_for_update().filter(pk__in=ids).order_by("pk") if ids else ()


#: a grant's row, by its id
GRANTS = Lock(40, lambda ids: list(locked_grants(ids)))


def _join(grant: Grant, report: GrantReport) -> None:
    sold = max(grant.sold, report.sold)
    returned = max(grant.returned, report.returned)
    if min(report.sold, report.returned) < 0 or sold + returned > grant.units:
        raise WrongUnits("the edge reports more than it was granted", grant=report.grant)
    if report.is_sealed and grant.state in (Grant.State.OPEN, Grant.State.FROZEN):
        # Its last word: nothing more is sold from it, so what is not sold is free.
        returned = grant.units - max(sold, grant.booked)
        grant.state, grant.ver = Grant.State.SEALED, grant.ver + 1
        _publish(grant)
    grant.sold, grant.returned = sold, returned


def _fence(edge: EdgeScope) -> None:
    """An edge that joined anew has lost its disk: what the old one still held is frozen, for it may come back."""
    old = Grant.objects.select_for_update().filter(edge=edge.node, epoch__lt=edge.epoch, state=Grant.State.OPEN)
    for grant in old.order_by("pk"):
        grant.state, grant.ver = Grant.State.FROZEN, grant.ver + 1
        grant.save(update_fields=["state", "ver"])
        _publish(grant)


def _new_grant(edge: EdgeScope, variant: UUID, units: int, freeze_at: datetime, warehouse: str) -> Grant:
    return Grant(
        edge=edge.node,
        epoch=edge.epoch,
        variant=variant,
        warehouse=warehouse,
        units=units,
        ttl_s=int(TTL.total_seconds()),
        freeze_at=freeze_at,
    )


def _publish(grant: Grant) -> None:
    record_state(topic_of(grant.edge), grant.pk.hex, grant.ver, realm=ORDERS)


def _lacking(wanted: Mapping[UUID, int], grants: Iterable[Grant]) -> dict[UUID, int]:
    given = by_variant((grant.variant, grant.units) for grant in grants)
    left = {variant: units - given.get(variant, 0) for variant, units in wanted.items()}
    return {variant: units for variant, units in left.items() if units > 0}
