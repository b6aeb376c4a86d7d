"""A cart at this edge: what is in it, taking ops in, an order's takes, joining two.

Writes run in jobs of the one writer and read the cart from the database there, so that jobs of one group commit see
each other. Reads elsewhere go through a memory of decoded carts, changed only after a commit.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import connections

from edge.cart import cards, roots, rows
from edge.cart.errors import UnknownSku
from edge.live import carts as live
from edge.rights import pace
from edge.rights import service as holds
from node import clock
from node.realms import EDGE, on_commit
from sync.contracts.cart import CartAlias, CartDelta, CartFact, CartOp, CartState, Dot, LineKey
from sync.contracts.codec import pack, unpack
from sync.contracts.documents import card_key
from sync.contracts.ids import new_client_id
from sync.core import cart as core
from sync.core.cart import Cart
from sync.store.edge.outbox import enqueue, queue
from sync.store.writer import reader, writer

logger = logging.getLogger(__name__)

REALM = "orders"
#: how long the hash of an op is remembered
OPS_KEPT_MS = 30 * 86_400_000
_KEPT = 5_000
_KEPT_WRITTEN = 500

#: root id -> (version, cart) as last committed
_carts: OrderedDict[str, tuple[int, Cart]] = OrderedDict()
#: the same as the writer last wrote it, committed or not: its thread alone touches this
_written: OrderedDict[str, tuple[int, Cart]] = OrderedDict()
#: dots central has acknowledged of late
_central_has: OrderedDict[str, None] = OrderedDict()
_lock = threading.Lock()
_last_stamp = 0


@dataclass(frozen=True)
class Taken:
    """The answer to ops: the cart's version after them, and how far each dot has come: "edge", or "central" too."""

    version: int
    acks: dict[str, str]


# --- reads -------------------------------------------------------------------------------------------------------


def load(cart: str) -> Cart:
    """The cart of an id, or of its root. Off the event loop; inside the writer it sees what the job has written."""
    return load_version(cart)[1]


def load_version(cart: str, *, is_root: bool = False) -> tuple[int, Cart]:
    """(version, cart); (0, empty) when this edge holds nothing of it. Off the event loop."""
    root = cart if is_root else roots.stored_root(cart)
    known = _carts.get(root)
    if known is not None and not _is_writing():
        return known
    found = _stored(root)
    if not _is_writing():
        _remember(root, found)
    return found


async def held(cart: str) -> tuple[int, Cart]:
    """The same for the event loop: from memory when it is there."""
    return await held_root(await roots.root_of(cart))


async def held_root(root: str) -> tuple[int, Cart]:
    """The same for a root."""
    known = _carts.get(root)
    return known if known is not None else await reader.run(lambda: load_version(root))


def holds_any(root: str, keys: Collection[str]) -> bool:
    """Whether a cart may hold one of these card keys: yes too when it is not in memory."""
    known = _carts.get(root)
    return known is None or any(_card_key(token.key) in keys for token in known[1].tokens.values())


def _card_key(key: LineKey) -> str:
    return card_key(key.site, key.sku, key.options)


# --- ops ---------------------------------------------------------------------------------------------------------


async def take_ops(cart: str, ops: Sequence[CartOp], *, group: str) -> Taken:
    """Take ops of one cart in, all or none; returns after the fsync.

    A repeated op changes nothing and is acknowledged again. Raises what `core.check_ops` does, `UnknownSku`,
    `core.DotConflict`, `core.CartFull`.
    """
    core.check_ops(ops)
    adds = [op for op in ops if op.kind == "add"]
    if not cards.are_known(f"card:{group}", [_card_key(op.key) for op in adds]):
        await reader.run(lambda: check_on_sale(adds, group))
    taken = await writer.run(lambda: _take_ops(cart, ops))
    if adds:
        # It holds nothing; but the units may be here by the time that the shopper is at the checkout.
        pace.expect(cards.variants_known(f"card:{group}", [_card_key(op.key) for op in adds]))
    return taken


def check_on_sale(adds: Iterable[CartOp], group: str) -> None:
    """Raises `UnknownSku` naming the first key that no shop of the group sells. A repeat may be of goods now gone."""
    wanted = {core.dot_text(op.dot): (_card_key(op.key), op.key) for op in adds}
    cards = {card for card, _ in wanted.values()}
    missing = cards - rows.known_keys(f"card:{group}", cards)
    if not missing:
        return
    repeats = rows.seen_ops(wanted)
    gone = {card: key for dot, (card, key) in wanted.items() if card in missing and dot not in repeats}
    if gone:
        key = gone[min(gone)]
        raise UnknownSku(f"no shop here sells {key.sku!r}", site=key.site, sku=key.sku, options=key.options)


def _take_ops(cart: str, ops: Sequence[CartOp]) -> Taken:
    root = roots.stored_root(cart)
    version, before = _stored(root)
    seen = rows.seen_ops([core.dot_text(op.dot) for op in ops])
    fresh = [op for op in ops if not _is_repeat(op, seen)]
    if fresh:
        delta = core.joined(core.delta_of(op, hlc=_stamp()) for op in fresh)
        after = core.join(before, delta, alarm=_refuse)
        core.check_size(after, before=before)
        hashes = {core.dot_text(op.dot): core.op_hash(op) for op in fresh}
        row = _send(root, delta, hashes)
        rows.remember_ops(hashes, row, _now())
        version = _save(root, version, before, after)
    waiting = rows.waiting({row for _, row in seen.values()})
    acks = {core.dot_text(op.dot): "edge" for op in ops}
    acks |= {dot: "central" for dot, (_, row) in seen.items() if row not in waiting or dot in _central_has}
    return Taken(version, acks)


def central_took(dots: Iterable[str]) -> None:
    """Central has acknowledged these ops. On the loop.

    Their outbox rows go a moment later; a tab that asks in between must not be told "edge", for the news is out.
    """
    for dot in dots:
        _central_has[dot] = None
    while len(_central_has) > _KEPT:
        _central_has.popitem(last=False)


async def forget_old_ops() -> int:
    """Forget the hashes of ops a tab can hardly still hold; a repeat of one is found by its token. In small bites."""
    before = _now() - OPS_KEPT_MS
    return await writer.run(lambda: rows.forget_ops(before, 1_000))


def _is_repeat(op: CartOp, seen: Mapping[str, tuple[str, int]]) -> bool:
    known = seen.get(core.dot_text(op.dot))
    if known is not None and known[0] != core.op_hash(op):
        raise core.DotConflict("one dot, two payloads", dot=core.dot_text(op.dot))
    return known is not None


async def set_units(cart: str, units: Mapping[LineKey, int]) -> None:
    """Correct lines to fewer units, as no more of them are left. A line of which nothing is left stays as it is."""
    await writer.run(lambda: _set_units(cart, units))


def _set_units(cart: str, units: Mapping[LineKey, int]) -> None:
    root = roots.stored_root(cart)
    version, before = _stored(root)
    lines = ((core.line_of(before, key), wanted) for key, wanted in sorted(units.items()))
    deltas = [core.corrected(before, line, wanted) for line, wanted in lines if line and 0 < wanted < line.quantity]
    if deltas:
        delta = core.joined(deltas)
        _send(root, delta, {})
        _save(root, version, before, core.join(before, delta))


def set_line(cart: str, key: LineKey, wanted: int, *, price_ref: int = 0) -> CartOp | None:
    """The op of a form without JavaScript: `wanted` units of a line as it is now. Off the event loop."""
    line = core.line_of(load(cart), key)
    return core.op_to_set(Dot(new_client_id(), 1), key, wanted, line, price_ref=price_ref)


# --- orders ------------------------------------------------------------------------------------------------------


def take_for_order(cart: str, order: str, seen: Collection[Dot]) -> CartDelta:
    """Take what an order bought out of the cart, inside the order's transaction. The delta travels in the order too."""
    root = roots.stored_root(cart)
    version, before = _stored(root)
    delta = core.checkout(before, order, seen)
    _save(root, version, before, core.join(before, delta))
    # Also by itself, so that sister shops see the cart shrink even where the order's own way is slower.
    _send(root, delta, {})
    return CartDelta(cart=root, delta=core.encode(delta))


# --- two carts become one ----------------------------------------------------------------------------------------


async def unite(one: str, two: str) -> str:
    """Make two guest carts one and tell central; returns the root."""
    return await writer.run(lambda: _unite(one, two))


def _unite(one: str, two: str) -> str:
    found = roots.link(one, two)
    if found:
        source, target = found
        enqueue(REALM, "cart_alias", pack(_alias(source, target)))
        _pour(source, target)
    return roots.stored_root(one)


def _alias(source: str, target: str) -> CartAlias:
    return CartAlias(source=source, target=target, hlc=_stamp(), link_id=f"{source}:{target}")


def _pour(source: str, target: str) -> None:
    """What the source held is the target's now."""
    version, before = _stored(target)
    _, other = _stored(source)
    _save(target, version, before, core.join(before, other))
    holds.move_holds(source, target)
    on_commit(lambda: live.moved(source, target), realm=EDGE)


async def follow_alias(source: str, target: str, state: CartState | None = None) -> str:
    """Central has made two carts one, and the one it made is `state`: so it is here. Returns the root."""

    def follow() -> str:
        root = _follow(source, target)
        if state is not None:
            apply_fact(root, pack(CartDelta(cart=root, delta=state)))
        return root

    return await writer.run(follow)


def _follow(source: str, target: str) -> str:
    if found := roots.link(source, target):
        _pour(*found)
    return roots.stored_root(source)


async def join_state(cart: str, state: Cart) -> None:
    """Join what a hop brought along. Central may know less than it: it is sent on, and harmless if known."""
    await writer.run(lambda: _join_state(cart, state))


def _join_state(cart: str, state: Cart) -> None:
    root = roots.stored_root(cart)
    version, before = _stored(root)
    after = core.join(before, state)
    if after != before:
        _send(root, state, {})
        _save(root, version, before, after)


# --- what central sends ------------------------------------------------------------------------------------------


def apply_fact(key: str, body: bytes) -> None:
    """A delta, a whole cart or a link of two, from central's log. Inside the writer's transaction."""
    fact: CartDelta | CartAlias = unpack(body, CartFact)  # type: ignore[arg-type]
    if isinstance(fact, CartAlias):
        _follow(fact.source, fact.target)
        return
    _check_hashes(fact.hashes)
    root = roots.stored_root(fact.cart)
    version, before = _stored(root)
    after = core.join(before, core.decode(fact.delta), alarm=_alarm)
    if after != before:
        _save(root, version, before, after)


def _check_hashes(hashes: Mapping[str, str]) -> None:
    for dot, (mark, _) in rows.seen_ops(hashes).items():
        if hashes[dot] != mark:
            logger.error("cart op %s has two payloads: a broken or hostile browser", dot)


def _refuse(dot: Dot) -> None:
    """An op came here first, and contradicts what another shop took in under its dot."""
    raise core.DotConflict("one dot, two payloads", dot=core.dot_text(dot))


def _alarm(dot: Dot) -> None:
    logger.error("cart op %s has two payloads: a broken or hostile browser", core.dot_text(dot))


# --- rows --------------------------------------------------------------------------------------------------------


def _stored(root: str) -> tuple[int, Cart]:
    """(version, cart) as the database has it; decoded only when no memory holds that version."""
    version = rows.version_of(root)
    if not version:
        return 0, core.EMPTY
    # Every change goes through `_save`, in one thread: what it wrote last under a version is what the row holds, also
    # after a roll-back, which brings an older version back. And what was committed under a version stays the same.
    for known in (_written.get(root), _carts.get(root)):
        if known and known[0] == version:
            return known
    found = rows.stored(root)
    return (found[0], core.decode(unpack(found[1], CartState))) if found else (0, core.EMPTY)


def _save(root: str, version: int, before: Cart, after: Cart) -> int:
    if version and after == before:
        return version
    version += 1
    rows.store(root, version, core.cart_bytes(after), _now())
    _written[root] = (version, after)
    _written.move_to_end(root)
    if len(_written) > _KEPT_WRITTEN:
        _written.popitem(last=False)
    on_commit(lambda: _committed(root, version, after), realm=EDGE)
    return version


def _committed(root: str, version: int, cart: Cart) -> None:
    _remember(root, (version, cart))
    live.changed(root)


def _send(root: str, delta: Cart, hashes: Mapping[str, str]) -> int:
    """Send a delta to central; its row in the outbox."""
    body = pack(CartDelta(cart=root, delta=core.encode(delta), hashes=dict(hashes)))
    return queue(REALM, "cart", body, ref=f"{root}|{','.join(hashes)}").row


def _remember(root: str, known: tuple[int, Cart]) -> None:
    with _lock:  # a reader that read before a commit must not overwrite what the writer remembers after it
        held_now = _carts.get(root)
        if held_now is None or held_now[0] <= known[0]:
            _carts[root] = known
            _carts.move_to_end(root)
            if len(_carts) > _KEPT:
                _carts.popitem(last=False)


def forget_all() -> None:
    """Forget what was remembered (tests that change databases)."""
    _carts.clear()
    _written.clear()
    _central_has.clear()
    roots.forget_all()


def _is_writing() -> bool:
    return bool(connections[EDGE].in_atomic_block)


def _now() -> int:
    return clock.time_ms()


def _stamp() -> int:
    """Only the writer's thread stamps, so a plain variable will do."""
    global _last_stamp
    _last_stamp = core.next_stamp(_last_stamp, _now())
    return _last_stamp
