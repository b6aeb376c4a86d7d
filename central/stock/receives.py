"""What edges ask about stock, and what they report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import msgspec

from central.stock import granting, leases
from central.stock.assortment import offered
from central.stock.documents import grant_doc
from central.stock.errors import StockError, TooManyVariants
from central.stock.ledger import VARIANTS
from central.stock.models import Grant
from central.stock.queries import left_of, stock_of
from node.realms import ORDERS
from sync.contracts.codec import pack, unpack
from sync.contracts.stock import MOST_LEFT, Answer, Ask, GrantReport, Left, LeftAsk, Renew, Renewed
from sync.topics import EdgeScope
from sync.upstream import Lock, Poison, answers, receives_many


@answers("ask_stock")
def ask_stock(edge: EdgeScope, body: bytes) -> bytes:
    """Rights for what the edge wants of its shops' goods; with `must`, others are asked to give back what lacks."""
    ask = unpack(body, Ask)
    wanted = {UUID(variant): units for variant, units in ask.wanted.items()}
    may_have = offered(wanted, edge.groups)
    allowed = {variant: units for variant, units in wanted.items() if variant in may_have}
    if ask.must:
        knows = None if ask.knows is None else {UUID(grant) for grant in ask.knows}
        return answer_with(granting.grant_or_recall(edge, allowed, knows), allowed)
    grants = granting.grant_rights(edge, allowed, is_idle=ask.is_idle)
    if not ask.is_idle:
        return answer_with(grants, allowed)
    return answer_with(grants, allowed, keep=dict.fromkeys(wanted, 0) | granting.units_to_keep_at(edge, allowed))


def answer_with(grants: Iterable[Grant], wanted: Iterable[UUID], *, keep: Mapping[UUID, int] | None = None) -> bytes:
    """An `Answer`, and what of the wanted lies in the pool after it."""
    left = {variant.hex: stock.pool for variant, stock in stock_of(wanted).items()}
    most = {variant.hex: units for variant, units in (keep or {}).items()}
    return pack(Answer(grants=[grant_doc(grant) for grant in grants], left=left, keep=most))


@answers("stock_left")
def stock_left(edge: EdgeScope, body: bytes) -> bytes:
    """What is left of goods of the edge's shops that carts want, up to what they want. Nothing is locked or changed."""
    asked = {UUID(variant): units for variant, units in unpack(body, LeftAsk).wanted.items()}
    if len(asked) > MOST_LEFT:
        raise TooManyVariants(f"at most {MOST_LEFT} variants in one question", variants=len(asked))
    left = left_of(offered(asked, edge.groups))
    return pack(Left(left={variant.hex: min(units, asked[variant]) for variant, units in left.items()}))


@answers("renew_stock")
def renew_stock(edge: EdgeScope, body: bytes) -> bytes:
    """The edge may go on selling from all it has; of the grants it names, those that are open."""
    named = granting.open_grants(edge, [UUID(grant) for grant in unpack(body, Renew).grants])
    leases.renew_lease(edge)
    return pack(Renewed(grants=[grant_doc(grant) for grant in named], ttl_s=leases.TTL_S))


def _locks(bodies: Sequence[bytes]) -> dict[Lock, set[UUID]]:
    ids = {UUID(unpack(body, GrantReport).grant) for body in bodies}
    return {VARIANTS: set(Grant.objects.filter(pk__in=ids).values_list("variant", flat=True)), granting.GRANTS: ids}


@receives_many("grant_report", realm=ORDERS, locks=_locks)
def take_grant_reports(edge: EdgeScope, bodies: Sequence[bytes]) -> None:
    try:
        reports = [unpack(body, GrantReport) for body in bodies]
        granting.take_reports(edge.node, reports, epoch=edge.epoch)
    except (StockError, ValueError, msgspec.ValidationError) as error:
        raise Poison(str(error)) from error
