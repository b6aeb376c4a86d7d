"""What edges ask about stock, and what they report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec

from central.stock import granting
from central.stock.assortment import offered
from central.stock.documents import grant_doc
from central.stock.errors import StockError
from central.stock.ledger import VARIANTS
from central.stock.models import Grant
from central.stock.queries import stock_of
from node.realms import ORDERS
from sync.contracts.codec import pack, unpack
from sync.contracts.stock import Answer, Ask, GrantReport, Renew, Renewed
from sync.topics import EdgeScope
from sync.upstream import Lock, Poison, answers, receives_many


@answers("ask_stock")
def ask_stock(edge: EdgeScope, body: bytes) -> bytes:
    """Rights for what the edge wants of its shops' goods; with `must`, others are asked to give back what lacks."""
    ask = unpack(body, Ask)
    wanted = {UUID(variant): units for variant, units in ask.wanted.items()}
    may_have = offered(wanted, edge.groups)
    wanted = {variant: units for variant, units in wanted.items() if variant in may_have}
    grants = granting.grant_or_recall(edge, wanted) if ask.must else granting.grant_rights(edge, wanted)
    return answer_with(grants, wanted)


def answer_with(grants: Iterable[Grant], wanted: Iterable[UUID]) -> bytes:
    """An `Answer`, and what of the wanted lies in the pool after it."""
    left = {variant.hex: stock.pool for variant, stock in stock_of(wanted).items()}
    return pack(Answer(grants=[grant_doc(grant) for grant in grants], left=left))


@answers("renew_stock")
def renew_stock(edge: EdgeScope, body: bytes) -> bytes:
    """Those of the named grants that the edge may go on selling from."""
    renewed = granting.renew_grants(edge, [UUID(grant) for grant in unpack(body, Renew).grants])
    return pack(Renewed(grants=[grant_doc(grant) for grant in renewed]))


def _locks(bodies: Sequence[bytes]) -> dict[Lock, set[UUID]]:
    ids = {UUID(unpack(body, GrantReport).grant) for body in bodies}
    return {VARIANTS: set(Grant.objects.filter(pk__in=ids).values_list("variant", flat=True)), granting.GRANTS: ids}


@receives_many("grant_report", realm=ORDERS, locks=_locks)
def take_grant_reports(edge: EdgeScope, bodies: Sequence[bytes]) -> None:
    try:
        granting.take_reports(edge.node, [unpack(body, GrantReport) for body in bodies])
    except (StockError, ValueError, msgspec.ValidationError) as error:
        raise Poison(str(error)) from error
