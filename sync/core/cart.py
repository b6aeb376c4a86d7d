"""The cart as a causal map of tokens: the algebra every node shares (`distributed.md` section 1).

A cart is a value: `join(a, b)` is the cart that knows all that `a` and `b` know, whatever the order, the number of
repeats or the way by which the two arrived. An op of a shopper becomes a small cart, its *delta*, and is joined in.

    cart = join(cart, delta_of(op, hlc=clock.now()))

`Cart` holds dicts and is never changed once made; `encode`/`decode` turn it into the contract and back. Equal carts
encode to equal bytes. Limits (units, tokens, ops) bind what a browser may send and are checked by `check_op` and
`check_size` on admission, never in `join`: a node must be able to take in whatever its sister accepted.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from node.errors import RialtoError
from sync.contracts.cart import CartOp, CartState, Dot, LineKey, Take, Taking, Token, is_customer_cart
from sync.contracts.codec import pack

MAX_UNITS: Final = 999
MAX_LIVE_TOKENS: Final = 300
MAX_OPS: Final = 20
#: fully taken tokens wait for compaction; they and the memory of dots are bounded too, against a hostile browser
MAX_TOKENS: Final = 900
MAX_TAKES: Final = 4_000
MAX_CONTEXT: Final = 4_000

#: the cause of what a node takes from a line because no more of its goods are left
SHORT: Final = "short"

_MAX_SAFE: Final = 2**53 - 1  # what a browser's number can hold
_CLIENT = re.compile(r"[0-9a-f]{16}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class BadOp(RialtoError):
    """An op that says something no honest page would."""

    code = "bad_op"
    status = 422


class BadUnits(BadOp):
    """Units are whole numbers from 1 to 999."""

    code = "bad_units"


class TooManyOps(BadOp):
    """More ops in one call than a page may send."""

    code = "too_many_ops"


class CartFull(RialtoError):
    """The cart holds as much as a cart may."""

    code = "cart_full"
    status = 422


class DotConflict(RialtoError):
    """One dot, two payloads: a broken or hostile client. The first one stands."""

    code = "dot_conflict"
    status = 409


# --- the value ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cart:
    """All that is known of a cart. Treat the dicts as read-only: carts share them.

    `vector` and `cloud` are the context, every dot ever seen: 1..vector[client], and the dots above the gap.
    `tokens` is what was put in and not removed, `takes` what was taken out of each token and by which op.
    """

    vector: Mapping[str, int] = field(default_factory=dict)
    cloud: frozenset[Dot] = frozenset()
    tokens: Mapping[Dot, Token] = field(default_factory=dict)
    takes: Mapping[Dot, Mapping[Dot, Take]] = field(default_factory=dict)

    def has_seen(self, dot: Dot) -> bool:
        return dot.seq <= self.vector.get(dot.client, 0) or dot in self.cloud


EMPTY: Final = Cart()


class Seen(NamedTuple):
    """A token as a shopper sees it: `left` units of it are in the cart."""

    dot: Dot
    token: Token
    left: int


@dataclass(frozen=True, slots=True)
class Line:
    """What a cart holds of one key, oldest token first."""

    key: LineKey
    quantity: int
    tokens: tuple[Seen, ...]

    @property
    def first_hlc(self) -> int:
        return self.tokens[0].token.hlc


# --- reading -----------------------------------------------------------------------------------------------------


def left(cart: Cart, dot: Dot) -> int:
    """Units of a token that nobody has taken yet. Clamped per token: an over-take must not eat a later add."""
    token = cart.tokens.get(dot)
    if token is None:
        return 0
    return max(0, token.units - sum(take.units for take in cart.takes.get(dot, {}).values()))


def quantity(cart: Cart, key: LineKey) -> int:
    """Units of one key in the cart."""
    return sum(left(cart, dot) for dot, token in cart.tokens.items() if token.key == key)


def lines(cart: Cart) -> list[Line]:
    """What the shopper sees, in the order in which it was put in. Lines of no units are left out."""
    by_key: dict[LineKey, list[Seen]] = {}
    takes = cart.takes
    for dot, token in cart.tokens.items():
        units = left(cart, dot) if dot in takes else token.units
        if units:
            by_key.setdefault(token.key, []).append(Seen(dot, token, units))
    found = []
    for key, seen in by_key.items():
        seen.sort(key=lambda one: (one.token.hlc, one.dot))
        found.append(Line(key, sum(one.left for one in seen), tuple(seen)))
    found.sort(key=lambda line: (line.first_hlc, line.key))
    return found


def line_of(cart: Cart, key: LineKey) -> Line | None:
    """One line, None when the cart holds nothing of `key`."""
    return next((line for line in lines(cart) if line.key == key), None)


def is_empty(cart: Cart) -> bool:
    """Whether the shopper would see no line."""
    return not any(left(cart, dot) for dot in cart.tokens)


def taken_units(delta: Cart, cause: str) -> dict[LineKey, int]:
    """Units a delta takes for one cause, by key: what an order took."""
    units: dict[LineKey, int] = {}
    for dot, takes in delta.takes.items():
        key = delta.tokens[dot].key
        units[key] = units.get(key, 0) + sum(take.units for take in takes.values() if take.cause == cause)
    return {key: count for key, count in units.items() if count}


# --- ops to deltas -----------------------------------------------------------------------------------------------


def add(dot: Dot, key: LineKey, units: int, *, price_ref: int = 0, hlc: int = 0) -> Cart:
    """The delta that puts `units` in."""
    return _delta([dot], tokens={dot: Token(key, units, price_ref, hlc)})


def dec(dot: Dot, takings: Iterable[Taking], *, cause: str = "dec") -> Cart:
    """The delta that takes units from tokens the shopper saw. It carries them whole: it may arrive before they do."""
    tokens: dict[Dot, Token] = {}
    takes: dict[Dot, dict[Dot, Take]] = {}
    for taking in takings:
        tokens[taking.dot] = taking.token
        takes[taking.dot] = {dot: Take(taking.units, cause)}
    return _delta([dot, *tokens], tokens=tokens, takes=takes)


def corrected(cart: Cart, line: Line, units: int) -> Cart:
    """The delta of a node that brings a line of `cart` down to `units`, as no more of it are left: the newest give.

    Nodes that correct one cart at one moment do not add up. Whoever does it, what a token gives is one take under one
    dot, of which the greater stands; and the older a token, the later it gives. So no fewer stay than the lower limit.
    """
    tokens: dict[Dot, Token] = {}
    takes: dict[Dot, dict[Dot, Take]] = {}
    over = line.quantity - units
    for seen in reversed(line.tokens):
        fewer = min(over, seen.left)
        if fewer <= 0:
            break
        dot = _short_dot(seen.dot)
        before = cart.takes.get(seen.dot, {}).get(dot)
        tokens[seen.dot] = seen.token
        takes[seen.dot] = {dot: Take(fewer + (before.units if before else 0), SHORT)}
        over -= fewer
    return _delta([*tokens, *map(_short_dot, tokens)], tokens=tokens, takes=takes)


def is_corrected(cart: Cart, line: Line) -> bool:
    """Whether a node took units of the line as it stands now: of its tokens, or of younger ones."""
    return any(
        take.cause == SHORT
        for dot, takes in cart.takes.items()
        if (token := cart.tokens[dot]).key == line.key and token.hlc >= line.first_hlc
        for take in takes.values()
    )


def _short_dot(token: Dot) -> Dot:
    """The dot under which any node takes what is not left of a token."""
    return Dot(hashlib.blake2b(dot_text(token).encode(), digest_size=8, person=b"rialto-short").hexdigest(), 1)


def remove(dot: Dot, seen: Iterable[Dot]) -> Cart:
    """The delta that drops exactly the tokens seen, also when it arrives before they do."""
    return _delta([dot, *seen])


def checkout(cart: Cart, order: str, seen: Iterable[Dot]) -> Cart:
    """The delta of an order: takes all that is left of the tokens the shopper saw in the confirmed summary.

    What came into the cart since stays in it. The dot is made of the order's id: one order, one delta.
    """
    units = {dot: left(cart, dot) for dot in seen}
    takings = [Taking(dot, cart.tokens[dot], count) for dot, count in units.items() if count]
    return dec(order_dot(order), takings, cause=order_cause(order))


def order_cause(order: str) -> str:
    """The cause of the takes of an order."""
    return f"order:{order}"


def order_dot(order: str) -> Dot:
    """The dot of an order's delta."""
    return Dot(hashlib.blake2b(order.encode(), digest_size=8, person=b"rialto-order").hexdigest(), 1)


def delta_of(op: CartOp, *, hlc: int) -> Cart:
    """The delta of a checked op. `hlc`, the edge's clock now, stamps what it adds; see `join` on two edges' stamps.

    Stamps a dec brings along come from a browser: one far in the future is bent, or it would stand last for ever. A
    delta that comes from a node is never bent, or two nodes would differ.
    """
    if op.kind == "add":
        return add(op.dot, op.key, op.units, price_ref=op.price_ref, hlc=hlc)
    if op.kind == "dec":
        return dec(op.dot, [_bent(taking, hlc) for taking in op.takings])
    return remove(op.dot, op.seen)


def _bent(taking: Taking, hlc: int) -> Taking:
    token, stamp = taking.token, clamped_stamp(taking.token.hlc, hlc >> STAMP_BITS)
    if stamp == token.hlc:
        return taking
    return Taking(taking.dot, Token(token.key, token.units, token.price_ref, stamp), taking.units)


def oldest_first(line: Line | None, units: int) -> list[Taking]:
    """How to take `units` from a line: from the oldest tokens first, never more than is left of each."""
    takings = []
    for seen in line.tokens if line else ():
        if units <= 0:
            break
        takings.append(Taking(seen.dot, seen.token, min(units, seen.left)))
        units -= seen.left
    return takings


def op_to_set(dot: Dot, key: LineKey, wanted: int, line: Line | None, *, price_ref: int = 0) -> CartOp | None:
    """The op that turns the line the shopper saw into `wanted` units of it; None when it already is."""
    seen = line.quantity if line else 0
    if wanted == seen:
        return None
    if wanted > seen:
        return CartOp(dot=dot, kind="add", key=key, units=wanted - seen, price_ref=price_ref)
    if wanted == 0 and line:
        return CartOp(dot=dot, kind="remove", key=key, seen=[one.dot for one in line.tokens])
    return CartOp(dot=dot, kind="dec", key=key, takings=oldest_first(line, seen - wanted))


def _delta(
    dots: Iterable[Dot],
    *,
    tokens: Mapping[Dot, Token] | None = None,
    takes: Mapping[Dot, Mapping[Dot, Take]] | None = None,
) -> Cart:
    vector, cloud = _compacted({}, frozenset(dots))
    return Cart(vector, cloud, tokens or {}, takes or {})


# --- join --------------------------------------------------------------------------------------------------------


def join(one: Cart, two: Cart, *, alarm: Callable[[Dot], None] | None = None) -> Cart:
    """The cart that knows both: commutative, associative, idempotent, for any two carts.

    A token survives when both have it, or when the one that has not got it never saw it. One dot stamped by two
    edges keeps the lesser hlc. One dot with two payloads is a broken or hostile client: `alarm` is told, and every
    node settles on the same one of the two, so that nobody can make carts differ or stop a link.
    """
    tokens = dict(one.tokens)
    for dot in _dropped(one, two):
        del tokens[dot]
    for dot, token in two.tokens.items():
        other = one.tokens.get(dot)
        if other is None:
            if not one.has_seen(dot):
                tokens[dot] = token
        elif token != other:
            tokens[dot] = _settled(dot, other, token, alarm)
    vector, cloud = _joined_context(one, two)
    return Cart(vector, cloud, tokens, _joined_takes(tokens, one, two, alarm))


def _dropped(one: Cart, two: Cart) -> list[Dot]:
    """Tokens of `one` that `two` has seen and holds no more. A delta has seen few dots, a cart many."""
    held = one.tokens
    if len(two.cloud) + sum(two.vector.values()) < len(held):
        seen = {*two.cloud, *(Dot(client, seq) for client, top in two.vector.items() for seq in range(1, top + 1))}
        return [dot for dot in seen if dot in held and dot not in two.tokens]
    return [dot for dot in held if dot not in two.tokens and two.has_seen(dot)]


def joined(carts: Iterable[Cart]) -> Cart:
    """The cart that knows all of `carts`."""
    result = EMPTY
    for cart in carts:
        result = join(result, cart)
    return result


def compact(cart: Cart, settled: Callable[[Dot], bool]) -> Cart:
    """Drop fully taken tokens whose takes every holder of the cart has (`settled`). The context keeps the memory."""
    gone = {dot for dot in cart.tokens if left(cart, dot) == 0 and settled(dot)}
    return Cart(
        cart.vector,
        cart.cloud,
        {dot: token for dot, token in cart.tokens.items() if dot not in gone},
        {dot: takes for dot, takes in cart.takes.items() if dot not in gone},
    )


def _settled(dot: Dot, one: Token, two: Token, alarm: Callable[[Dot], None] | None) -> Token:
    if alarm and (one.key, one.units, one.price_ref) != (two.key, two.units, two.price_ref):
        alarm(dot)
    return min(one, two, key=_token_order)


def _token_order(token: Token) -> tuple[LineKey, int, int, int]:
    return (token.key, token.units, token.price_ref, token.hlc)


def _joined_takes(
    tokens: Mapping[Dot, Token], one: Cart, two: Cart, alarm: Callable[[Dot], None] | None
) -> dict[Dot, Mapping[Dot, Take]]:
    takes: dict[Dot, Mapping[Dot, Take]] = {}
    if not one.takes and not two.takes:
        return takes
    for dot in tokens.keys() & (one.takes.keys() | two.takes.keys()):
        mine, theirs = one.takes.get(dot), two.takes.get(dot)
        if not mine or not theirs:
            takes[dot] = mine or theirs or {}
            continue
        both = {**theirs, **mine}
        for taking in mine.keys() & theirs.keys():
            if mine[taking] != theirs[taking]:
                both[taking] = _settled_take(taking, mine[taking], theirs[taking], alarm)
        takes[dot] = both
    return takes


def _settled_take(dot: Dot, one: Take, two: Take, alarm: Callable[[Dot], None] | None) -> Take:
    if alarm and not one.cause == two.cause == SHORT:
        alarm(dot)
    return min(one, two, key=_take_order)


def _take_order(take: Take) -> tuple[bool, int, str]:
    """Of two corrections the greater stands, and one stands before what a browser says under its dot."""
    return (False, -take.units, "") if take.cause == SHORT else (True, take.units, take.cause)


def _joined_context(one: Cart, two: Cart) -> tuple[Mapping[str, int], frozenset[Dot]]:
    vector = dict(one.vector)
    for client, seq in two.vector.items():
        if seq > vector.get(client, 0):
            vector[client] = seq
    return _compacted(vector, one.cloud | two.cloud)


def _compacted(vector: dict[str, int], cloud: frozenset[Dot]) -> tuple[dict[str, int], frozenset[Dot]]:
    """One set of dots has one form: the vector holds all that is contiguous from 1, the cloud only what is not."""
    if not cloud:
        return vector, cloud
    beyond = []
    for dot in sorted(cloud):
        top = vector.get(dot.client, 0)
        if dot.seq == top + 1:
            vector[dot.client] = dot.seq
        elif dot.seq > top:
            beyond.append(dot)
    return vector, frozenset(beyond)


# --- the contract ------------------------------------------------------------------------------------------------


def encode(cart: Cart) -> CartState:
    """The contract of a cart, every list sorted: equal carts give equal bytes."""
    return CartState(
        ctx=dict(sorted(cart.vector.items())),
        cloud=sorted(cart.cloud),
        tok=sorted(cart.tokens.items()),
        take=[(dot, sorted(takes.items())) for dot, takes in sorted(cart.takes.items()) if takes],
    )


def decode(state: CartState) -> Cart:
    """The cart of a contract, canonical whatever order its lists came in."""
    vector, cloud = _compacted(dict(state.ctx), frozenset(state.cloud))
    takes = {dot: dict(pairs) for dot, pairs in state.take if pairs}
    return Cart(vector, cloud, dict(state.tok), takes)


def cart_bytes(cart: Cart) -> bytes:
    """The canonical bytes of a cart: what an edge stores and what two nodes compare."""
    return pack(encode(cart))


def dot_text(dot: Dot) -> str:
    """A dot as text: "client:seq"."""
    return f"{dot.client}:{dot.seq}"


def op_hash(op: CartOp) -> str:
    """16 hex digits that tell two payloads of one dot apart. Covers what the browser said, not the edge's stamp."""
    return hashlib.blake2b(pack(op), digest_size=8).hexdigest()


# --- admission ---------------------------------------------------------------------------------------------------


def check_ops(ops: Sequence[CartOp]) -> None:
    """Refuse what no honest page sends. Raises `BadOp`, `BadUnits`, `TooManyOps` or `DotConflict`."""
    if len(ops) > MAX_OPS:
        raise TooManyOps(f"at most {MAX_OPS} ops in one call", ops=len(ops))
    hashes: dict[Dot, str] = {}
    for op in ops:
        check_op(op)
        if hashes.setdefault(op.dot, op_hash(op)) != op_hash(op):
            raise DotConflict("one dot, two payloads", dot=dot_text(op.dot))


def check_op(op: CartOp) -> None:
    """Refuse an op that is not one. Raises `BadOp` or `BadUnits`."""
    _check_dot(op.dot)
    _check_key(op.key)
    if op.kind == "add":
        _refuse_if(bool(op.takings or op.seen), "an add has units only")
        _check_units(op.units)
        _refuse_if(not 0 <= op.price_ref <= _MAX_SAFE, "price_ref is out of range")
    elif op.kind == "dec":
        _refuse_if(bool(op.units or op.price_ref or op.seen), "a dec has takings only")
        _refuse_if(not 1 <= len(op.takings) <= MAX_LIVE_TOKENS, "a dec takes from 1 to 300 tokens")
        _refuse_if(len({taking.dot for taking in op.takings}) != len(op.takings), "a token is named twice")
        for taking in op.takings:
            _check_taking(op, taking)
    else:
        _refuse_if(bool(op.units or op.price_ref or op.takings), "a remove has seen dots only")
        _refuse_if(not 1 <= len(op.seen) <= MAX_LIVE_TOKENS, "a remove names 1 to 300 dots")
        for dot in op.seen:
            _check_dot(dot)
            _refuse_if(dot == op.dot, "an op cannot remove itself")


def check_size(cart: Cart, *, before: Cart) -> None:
    """Refuse ops that make a cart too big. Raises `CartFull`.

    A dec brings its tokens along, so it can fill a cart as an add does; what only takes or removes always passes.
    """
    if len(cart.vector) + len(cart.cloud) > MAX_CONTEXT:
        raise CartFull("this cart has seen too many changes")
    has_more = len(cart.tokens) > len(before.tokens)
    count = len(cart.tokens)
    if has_more and count > MAX_LIVE_TOKENS and (count > MAX_TOKENS or _live_tokens(cart) > MAX_LIVE_TOKENS):
        raise CartFull("this cart is full")
    takes = sum(map(len, cart.takes.values()))
    if takes > MAX_TAKES and takes > sum(map(len, before.takes.values())):
        raise CartFull("too much was taken out of this cart bit by bit")


def _live_tokens(cart: Cart) -> int:
    return sum(1 for dot in cart.tokens if left(cart, dot))


def _check_taking(op: CartOp, taking: Taking) -> None:
    _check_dot(taking.dot)
    _refuse_if(taking.dot == op.dot, "an op cannot take from itself")
    _refuse_if(taking.token.key != op.key, "a dec takes from one line")
    _check_units(taking.units)
    _check_units(taking.token.units)
    _refuse_if(not 0 <= taking.token.price_ref <= _MAX_SAFE, "price_ref is out of range")
    _refuse_if(not 0 <= taking.token.hlc <= _MAX_SAFE, "hlc is out of range")


def _check_dot(dot: Dot) -> None:
    _refuse_if(not _CLIENT.fullmatch(dot.client), "a client is 16 hex digits")
    _refuse_if(not 1 <= dot.seq <= _MAX_SAFE, "a dot counts from 1")


def _check_key(key: LineKey) -> None:
    _refuse_if(not 1 <= len(key.site) <= 64 or not 1 <= len(key.sku) <= 128 or len(key.options) > 512, "bad key")
    _refuse_if(any(_CONTROL.search(part) for part in (key.site, key.sku, key.options)), "bad key")


def _check_units(units: int) -> None:
    if not 1 <= units <= MAX_UNITS:
        raise BadUnits(f"units are 1 to {MAX_UNITS}", units=units)


def _refuse_if(wrong: bool, why: str) -> None:
    if wrong:
        raise BadOp(why)


# --- guest carts of one shopper ----------------------------------------------------------------------------------


def root_of(cart: str, parent: Callable[[str], str | None]) -> str:
    """The cart that stands for `cart` now. `parent` is the alias of a cart, None when it has none."""
    while (above := parent(cart)) is not None:
        cart = above
    return cart


def union(one: str, two: str, parent: Callable[[str], str | None]) -> tuple[str, str] | None:
    """The alias (source, target) that makes two carts one, None when they already are or must not be.

    The greater root gets the lesser as its parent, so there are no rings, and the root of a set of linked carts is
    its least id in whatever order the links arrive. A customer's cart is below every guest's: what joins it is his
    for good, and two customers' carts are never one.
    """
    first, second = sorted((root_of(one, parent), root_of(two, parent)))
    if first == second or (is_customer_cart(first) and is_customer_cart(second)):
        return None
    return second, first


# --- stamps ------------------------------------------------------------------------------------------------------

STAMP_BITS: Final = 10


def next_stamp(last: int, now_ms: int) -> int:
    """The hybrid logical clock of an edge: never goes back, follows the wall clock, counts within a millisecond."""
    return max(last + 1, now_ms << STAMP_BITS)


def clamped_stamp(hlc: int, now_ms: int, *, ahead_ms: int = 60_000) -> int:
    """A stamp from elsewhere, at most `ahead_ms` in our future: it orders display only, so it is bent, not refused."""
    return min(hlc, (now_ms + ahead_ms) << STAMP_BITS)
