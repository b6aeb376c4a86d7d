"""Every change of central's carts; each is one transaction of the realm `orders`, under the cart's row lock."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from django.db import connections
from django.utils import timezone

from central.carts.models import Cart, CartLink
from central.carts.queries import parent_of, state_of, summary_of
from central.ui import live
from node.realms import ORDERS, alias_of, atomic, on_commit
from sync.contracts.cart import CartAlias, CartDelta, Dot
from sync.contracts.codec import pack
from sync.core import cart as core
from sync.outbox import record_fact

log = structlog.get_logger(__name__)

TOPIC = "cart"
#: key of the advisory lock; never reuse or renumber
_LINKS = 0x6361727473

#: another transaction may have made the row meanwhile
_MAKE = """
    INSERT INTO carts_cart (id, state, ver, alarms, created_at, updated_at) VALUES (%s, '', 0, 0, now(), now())
    ON CONFLICT (id) DO NOTHING
"""


@dataclass(frozen=True)
class Joined:
    """`cart`: where the delta went, after aliases. `rivals`: ids of orders that took units this delta's takes too."""

    cart: str
    is_new: bool
    rivals: frozenset[str]


def join_delta(fact: CartDelta) -> Joined:
    """Join a delta into its cart, or into the one it was linked to; publish it when it said something new."""
    with atomic(ORDERS, savepoint=False):
        row = _locked_root(fact.cart)
        before, delta = state_of(row), core.decode(fact.delta)
        alarms: set[Dot] = set()
        after = core.join(before, delta, alarm=alarms.add)
        is_new = _write(row, after, alarms)
        if is_new:
            record_fact(TOPIC, row.pk, pack(_as_delta(row.pk, fact)), realm=ORDERS)
    return Joined(cart=row.pk, is_new=is_new, rivals=_rivals(after, delta))


def link_carts(fact: CartAlias) -> str:
    """Make two guest carts one shopper's: returns the id of the one that stands for both. Repeating changes nothing."""
    with atomic(ORDERS):
        if CartLink.objects.filter(pk=fact.source, target=fact.target).exists():
            return core.root_of(fact.source, parent_of)
        _link_alone()
        _lock_both(fact.source, fact.target)
        pair = core.union(fact.source, fact.target, parent_of)
        if pair is None:
            return core.root_of(fact.target, parent_of)
        source, target = pair
        CartLink.objects.create(source=source, target=target, hlc=fact.hlc, link_id=fact.link_id)
        alias = CartAlias(source=source, target=target, hlc=fact.hlc, link_id=fact.link_id)
        record_fact(TOPIC, source, pack(alias), realm=ORDERS)
        lesser = Cart.objects.get(pk=source)
        Cart.objects.filter(pk=source).update(units=0, sites=[])
        moved = CartDelta(cart=target, delta=core.encode(state_of(lesser)))
        return join_delta(moved).cart


def _locked_root(cart_id: str) -> Cart:
    """The row that stands for a cart, locked. Whether it was linked is asked under its lock: a link waits for that."""
    while True:
        row = _locked(cart_id)
        parent = parent_of(cart_id)
        if parent is None:
            return row
        cart_id = parent


def _locked(cart_id: str) -> Cart:
    row = Cart.objects.select_for_update().filter(pk=cart_id).first()
    if row is not None:
        return row
    with connections[alias_of(ORDERS)].cursor() as cursor:
        cursor.execute(_MAKE, [cart_id])
    return Cart.objects.select_for_update().get(pk=cart_id)


def _link_alone() -> None:
    """One link at a time, until its transaction ends: a link that moved roots under another's locks is a deadlock."""
    with connections[alias_of(ORDERS)].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LINKS])


def _lock_both(one: str, two: str) -> None:
    """Lock both roots, always in the same order."""
    for root in sorted({core.root_of(one, parent_of), core.root_of(two, parent_of)}):
        _locked(root)


def _write(row: Cart, after: core.Cart, alarms: set[Dot]) -> bool:
    state = core.cart_bytes(after)
    if alarms:
        log.error("cart_dot_conflict", dots=len(alarms))
        row.alarms += len(alarms)
        row.save(update_fields=["alarms"])
    if state == bytes(row.state):
        return False
    told = set(row.sites)
    row.state, row.ver, row.updated_at = state, row.ver + 1, timezone.now()
    row.units, row.sites = summary_of(after)
    row.save(update_fields=["state", "ver", "updated_at", "units", "sites"])
    told.update(row.sites)
    on_commit(lambda: live.nudge_soon(live.CARTS, sites=told, keys=[str(row.ref)]), realm=ORDERS)
    return True


def _as_delta(root: str, fact: CartDelta) -> CartDelta:
    return fact if fact.cart == root else CartDelta(cart=root, delta=fact.delta, hashes=fact.hashes)


def _rivals(cart: core.Cart, delta: core.Cart) -> frozenset[str]:
    """Orders that together took more of a token than it held: two shops, cut off, sold the same basket."""
    found: set[str] = set()
    for dot in delta.takes:
        token = cart.tokens.get(dot)
        by_order = [take for take in cart.takes.get(dot, {}).values() if take.cause.startswith("order:")]
        if token and sum(take.units for take in by_order) > token.units:
            found |= {take.cause.removeprefix("order:") for take in by_order}
    return frozenset(found)
