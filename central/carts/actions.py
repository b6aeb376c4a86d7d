"""Every change of central's carts; each is one transaction of the realm `orders`, under the cart's row lock."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from django.utils import timezone

from central.carts.models import Cart, CartLink
from central.carts.queries import parent_of, parents_of, state_of, summary_of
from central.ui import live
from node import sql
from node.realms import ORDERS, alias_of, atomic, on_commit
from sync.contracts.cart import CartAlias, CartDelta, Dot
from sync.contracts.codec import pack
from sync.core import cart as core
from sync.outbox import record_fact, record_facts
from sync.upstream import Lock

log = structlog.get_logger(__name__)

TOPIC = "cart"
#: key of the advisory lock; never reuse or renumber
_LINKS = 0x6361727473

# Plain SQL: each op of each shopper passes here, and the ORM would take longer than the database.
_FIELDS = ("id", "ref", "state", "ver", "alarms", "sites")
_LOCK = f"SELECT {', '.join(_FIELDS)} FROM carts_cart WHERE id = ANY(%s) ORDER BY id FOR UPDATE"  # noqa: S608
_UPDATE = (
    "UPDATE carts_cart SET state = %s, ver = %s, alarms = %s, updated_at = %s, units = %s, sites = %s WHERE id = %s"
)
_SITES = Cart._meta.get_field("sites")


@dataclass(frozen=True)
class Joined:
    """`cart`: where the delta went, after aliases. `rivals`: ids of orders that took units this delta's takes too."""

    cart: str
    is_new: bool
    rivals: frozenset[str]


def join_delta(fact: CartDelta) -> Joined:
    """Join a delta into its cart, or into the one it was linked to; publish it when it said something new."""
    return join_deltas([fact])[0]


def join_deltas(facts: Sequence[CartDelta]) -> list[Joined]:
    """`join_delta` for each, in their order and with the same outcome; each cart is read and written once."""
    with atomic(ORDERS, savepoint=False):
        roots, rows = _locked_roots({fact.cart for fact in facts})
        work = {root: _LockedCart(row, state_of(row), bytes(row.state)) for root, row in rows.items()}
        joined: list[Joined] = []
        news: list[tuple[str, str, bytes]] = []
        for fact in facts:
            root = roots[fact.cart]
            delta = core.decode(fact.delta)
            is_new = work[root].join(delta)
            if is_new:
                news.append((TOPIC, root, pack(_as_delta(root, fact))))
            joined.append(Joined(cart=root, is_new=is_new, rivals=_rivals(work[root].state, delta)))
        _write([one for one in work.values() if one.is_changed])
        record_facts(news, realm=ORDERS)
    return joined


@dataclass
class _LockedCart:
    """A locked cart and what deltas have made of it."""

    row: Cart
    state: core.Cart
    encoded: bytes
    alarms: set[Dot] = field(default_factory=set)

    @property
    def is_changed(self) -> bool:
        return bool(self.alarms) or self.encoded != bytes(self.row.state)

    def join(self, delta: core.Cart) -> bool:
        """Whether the delta said something new."""
        self.state = core.join(self.state, delta, alarm=self.alarms.add)
        before, self.encoded = self.encoded, core.cart_bytes(self.state)
        is_new = self.encoded != before
        self.row.ver += is_new
        return is_new


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


def _locked_roots(carts: Collection[str]) -> tuple[dict[str, str], dict[str, Cart]]:
    """(cart -> the one that stands for it, that one -> its row), locked. Whether a cart was linked is asked under its
    lock: a link waits for that."""
    roots = {cart: cart for cart in carts}
    rows: dict[str, Cart] = {}
    unknown = set(carts)
    while unknown:
        rows |= _locked(unknown)
        parents = parents_of(unknown)
        roots = {cart: parents.get(root, root) for cart, root in roots.items()}
        unknown = set(parents.values()) - rows.keys()
    return roots, {root: rows[root] for root in set(roots.values())}


def _locked(carts: Collection[str]) -> dict[str, Cart]:
    """Rows of carts, made where there are none, locked in the order of ids."""
    rows = _lock(carts)
    if missing := sorted(set(carts) - rows.keys()):
        # Another transaction may have made one meanwhile.
        now = timezone.now()
        same = {"state": b"", "ver": 0, "alarms": 0, "created_at": now, "updated_at": now}
        sql.insert_new(Cart, ["id"], [[cart] for cart in missing], key="id", using=alias_of(ORDERS), **same)
        rows |= _lock(missing)
    return rows


def _lock(carts: Collection[str]) -> dict[str, Cart]:
    found = sql.run(alias_of(ORDERS), _LOCK, [list(carts)])
    return {row[0]: _cart(*row) for row in found}


def _cart(id: str, ref: Any, state: Any, ver: int, alarms: int, sites: Any) -> Cart:
    return Cart(id=id, ref=ref, state=state, ver=ver, alarms=alarms, sites=_SITES.to_python(sites))


def lock_carts(carts: Collection[str]) -> None:
    """Hold carts, and those that stand for them, until the transaction ends; rows are made where there are none."""
    # The links are read before anything is locked, so that all rows are locked in one order; under the locks again.
    _locked_roots({*carts, *parents_of(carts).values()})


#: the one lock of links between carts, and a cart's row by its id
LINKS = Lock(50, lambda _: _link_alone())
CARTS = Lock(60, lock_carts)


def _link_alone() -> None:
    """One link at a time, until its transaction ends: a link that moved roots under another's locks is a deadlock."""
    sql.wait_turn(alias_of(ORDERS), [_LINKS])


def _lock_both(one: str, two: str) -> None:
    """Lock both roots, always in the same order."""
    _locked({core.root_of(one, parent_of), core.root_of(two, parent_of)})


def _written(row: Cart) -> tuple[Any, ...]:
    return row.state, row.ver, row.alarms, row.updated_at, row.units, row.sites, row.pk


def _write(changed: Sequence[_LockedCart]) -> None:
    told: set[str] = set()
    for one in changed:
        row = one.row
        if one.alarms:
            log.error("cart_dot_conflict", dots=len(one.alarms))
            row.alarms += len(one.alarms)
        told.update(row.sites)
        row.state, row.updated_at = one.encoded, timezone.now()
        row.units, row.sites = summary_of(one.state)
        told.update(row.sites)
    if changed:
        sql.run_many(alias_of(ORDERS), _UPDATE, [_written(one.row) for one in changed])
        keys = [str(one.row.ref) for one in changed]
        on_commit(lambda: live.nudge_soon(live.CARTS, sites=told, keys=keys), realm=ORDERS)


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
