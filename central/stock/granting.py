"""Rights of edges: granted out of the pool, reported on and sealed. Their lease is in `leases`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from central.stock import leases
from central.stock.errors import UnknownGrant, WrongUnits
from central.stock.leases import freeze_at, freeze_epochs, publish
from central.stock.ledger import Book, by_variant
from central.stock.models import POOL, Grant, Movement, edge_place
from central.stock.queries import edges_holding, pools, selling_edges, stock_of, units_at
from central.stock.recalling import recall, retry
from central.stock.waiting import resolve
from node import sql
from node.realms import ORDERS, alias_of, atomic
from sync.contracts.stock import GrantReport
from sync.core import escrow
from sync.core.escrow import units_to_grant, units_to_keep
from sync.topics import EdgeScope
from sync.upstream import Lock

Cause = Movement.Cause


def grant_rights(
    edge: EdgeScope, wanted: Mapping[UUID, int], *, must: bool = False, is_idle: bool = False
) -> list[Grant]:
    """Move units from the pool into new grants of an edge, as `sync.core.escrow` allows; nothing free, no grant."""
    wanted = {variant: units for variant, units in wanted.items() if units > 0}
    edges = selling_edges()
    if not must:
        # An edge asks for all its cards each minute, and mostly gets none: do not lock the whole shop for that.
        unlocked = pools(wanted)
        wanted = {variant: units for variant, units in wanted.items() if unlocked.get(variant, 0) > 0}
    with atomic(ORDERS):
        freeze_epochs(edge.node, below=edge.epoch)
        book = Book(wanted)
        here, until = edge_place(edge.node), freeze_at()
        grants: list[Grant] = []
        for variant, units in wanted.items():
            given = units_to_grant(
                wanted=units,
                pool=book.units(variant),
                at_edges=book.at_edges(variant),
                at_this_edge=book.units(variant, here),
                edges=edges,
                must=must,
                is_idle=is_idle,
            )
            for warehouse, part in book.dealt(variant, POOL, given):
                grant = _new_grant(edge, variant, part, until, warehouse)
                book.move(variant, POOL, here, part, Cause.GRANT, warehouse=warehouse, ref=grant.pk.hex)
                grants.append(grant)
        Grant.objects.bulk_create(grants, batch_size=1000)
        book.close()
        for grant in grants:
            publish(grant)
    return grants


def grant_or_recall(edge: EdgeScope, wanted: Mapping[UUID, int], knows: Collection[UUID] | None = None) -> list[Grant]:
    """A shopper waits: give what there is, recall what lacks from the other edges, for 1.5 s at most."""
    ask = UrgentAsk(edge, wanted, knows)
    if not ask.is_over:
        retry(ask.again)
    return ask.grants


class UrgentAsk:
    """What an edge gets for a shopper who waits: at once what there is, then what other edges give back.

    Apart from the waiting, which is `retry`'s or a simulator's. `is_over`: nothing lacks, or nobody else holds any.
    `knows`, when it asks anew: its grants that it may sell from; it gets the others first, their answer was lost.
    """

    def __init__(self, edge: EdgeScope, wanted: Mapping[UUID, int], knows: Collection[UUID] | None = None) -> None:
        self._edge, self._wanted = edge, wanted
        self.grants = [] if knows is None else _unheard(edge, wanted, knows)
        self.grants += grant_rights(edge, _lacking(wanted, self.grants), must=True)
        lacking = _lacking(wanted, self.grants)
        self.is_over = not lacking or not recall(lacking, but=edge.node)

    def again(self) -> bool:
        """Give what has come back meanwhile; whether it is over."""
        self.grants += grant_rights(self._edge, _lacking(self._wanted, self.grants), must=True)
        # Nobody else holds any: more will not come, and the shopper need not wait for the end.
        self.is_over = not edges_holding(_lacking(self._wanted, self.grants)).keys() - {self._edge.node}
        return self.is_over


def _unheard(edge: EdgeScope, variants: Collection[UUID], knows: Collection[UUID]) -> list[Grant]:
    """Grants of these variants that the edge may sell from and does not know of."""
    found = Grant.objects.filter(variant__in=variants, edge=edge.node, epoch=edge.epoch, state=Grant.State.OPEN)
    return list(found.exclude(pk__in=knows).order_by("pk"))


def units_to_keep_at(edge: EdgeScope, variants: Collection[UUID]) -> dict[UUID, int]:
    """The most the edge should keep of goods that nobody buys there at the moment."""
    edges, here = selling_edges(), units_at(edge.node, variants)
    return {
        variant: units_to_keep(
            unsold=stock.total, at_edges=stock.at_edges, at_this_edge=here.get(variant, 0), edges=edges
        )
        for variant, stock in stock_of(variants).items()
    }


def open_grants(edge: EdgeScope, grants: Iterable[UUID]) -> list[Grant]:
    """Those of the named grants that the edge may sell from."""
    if not (named := list(grants)):
        return []
    found = Grant.objects.filter(pk__in=named, edge=edge.node, epoch=edge.epoch, state=Grant.State.OPEN)
    return list(found.order_by("pk"))


def take_reports(node: str, reports: Sequence[GrantReport], *, epoch: int = 0) -> list[Grant]:
    """Join an edge's totals of its grants by the greater; what it returned lies in the pool again.

    `epoch`: of the disk that speaks. Of grants older than it nothing comes back: they wait to be written off.
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
            _join(grants[UUID(report.grant)], report, epoch)
        freed = [grant for grant in grants.values() if grant.returned > was[grant.pk]]
        for grant in freed:
            units = grant.returned - was[grant.pk]
            book.move(
                grant.variant, edge_place(node), POOL, units, Cause.RETURN, warehouse=grant.warehouse, ref=grant.pk.hex
            )
        resolve(book, {grant.variant for grant in freed})
        book.close()
        sql.update_rows(grants.values(), ["sold", "returned", "state", "ver"], using=alias_of(ORDERS))
    return list(grants.values())


def _grants_of(reports: Iterable[GrantReport]) -> set[UUID]:
    return {UUID(report.grant) for report in reports}


def locked_grants(ids: Collection[UUID]) -> Iterable[Grant]:
    """Grants under their row locks, taken in the order of ids."""
    return Grant.objects.select_for_update().filter(pk__in=ids).order_by("pk") if ids else ()


#: a grant's row, by its id
GRANTS = Lock(40, lambda ids: list(locked_grants(ids)))


def _join(grant: Grant, report: GrantReport, epoch: int) -> None:
    try:
        now = escrow.joined(
            grant.held,
            sold=report.sold,
            returned=report.returned,
            is_sealed=report.is_sealed,
            is_of_its_epoch=epoch <= grant.epoch,
        )
    except escrow.TooMuch as error:
        raise WrongUnits(str(error), grant=report.grant) from error
    if now.state != grant.state:
        grant.state, grant.ver = Grant.State(now.state), grant.ver + 1
        publish(grant)
    grant.sold, grant.returned = now.sold, now.returned


def _new_grant(edge: EdgeScope, variant: UUID, units: int, until: datetime, warehouse: str) -> Grant:
    return Grant(
        edge=edge.node,
        epoch=edge.epoch,
        variant=variant,
        warehouse=warehouse,
        units=units,
        ttl_s=leases.TTL_S,
        freeze_at=until,
    )


def _lacking(wanted: Mapping[UUID, int], grants: Iterable[Grant]) -> dict[UUID, int]:
    given = by_variant((grant.variant, grant.units) for grant in grants)
    left = {variant: units - given.get(variant, 0) for variant, units in wanted.items()}
    return {variant: units for variant, units in left.items() if units > 0}
