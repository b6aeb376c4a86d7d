"""Writing off what a lost edge held: an operator's word, with a reason, and for good.

All that the edge may have sold unheard of counts as sold. Should it ever come back, its orders take their units from
what was written off, before anybody else's: `late` says how many.
"""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone

from central.stock.errors import NotFrozen, UnknownGrant
from central.stock.leases import publish
from central.stock.ledger import Book
from central.stock.models import WRITTEN_OFF, Grant, Movement, edge_place
from central.ui import live
from node.realms import ORDERS, atomic
from sync.core import escrow


def write_off(grant_id: UUID, *, reason: str, by: str) -> Grant:
    """Give a frozen grant up. Raises `UnknownGrant`, `NotFrozen`. Written off already: nothing happens."""
    with atomic(ORDERS):
        variant = Grant.objects.filter(pk=grant_id).values_list("variant", flat=True).first()
        if variant is None:
            raise UnknownGrant("there is no such right", grant=grant_id.hex)
        book = Book([variant])
        grant = Grant.objects.select_for_update().get(pk=grant_id)
        if grant.state == Grant.State.WRITTEN_OFF:
            return grant
        if grant.state != Grant.State.FROZEN:
            raise NotFrozen("only a frozen right can be written off", grant=grant_id.hex, state=str(grant.state))
        _, lost = escrow.written_off(grant.held)
        book.move(
            grant.variant,
            edge_place(grant.edge),
            WRITTEN_OFF,
            lost,
            Movement.Cause.WRITE_OFF,
            warehouse=grant.warehouse,
            ref=grant.pk.hex,
            who=by,
            note=reason,
        )
        book.close()
        grant.lost, grant.state, grant.ver = lost, Grant.State.WRITTEN_OFF, grant.ver + 1
        grant.written_off_at, grant.written_off_by, grant.reason = timezone.now(), by, reason
        grant.save()
        publish(grant)
        live.nudge_after_commit(live.STOCK, realm=ORDERS, keys=[str(grant.pk)])
    return grant
