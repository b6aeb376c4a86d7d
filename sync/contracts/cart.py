"""The cart on the wire: ops a browser sends, deltas nodes exchange. Algebra in `sync/core/cart.py`."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

#: what the id of a signed-in shopper's cart begins with: it is below every guest's, so it is the root of what joins it
CUSTOMER_CART = "00000000"


def is_customer_cart(cart: str) -> bool:
    """Whether a cart belongs to somebody; a guest's belongs to whoever holds its id."""
    return cart.startswith(CUSTOMER_CART)


class LineKey(Struct, frozen=True, array_like=True, order=True):
    """The shop is part of the key, so lines of two shops never conflict."""

    site: str
    sku: str
    options: str = ""


class Dot(Struct, frozen=True, array_like=True, order=True):
    """Names one op for ever: the document that minted it, and a counter from 1."""

    client: str  # 16 hex digits
    seq: int


class Token(Struct, frozen=True, array_like=True):
    """`units` put into the cart by one op. `hlc` orders display and taking, never truth."""

    key: LineKey
    units: int
    price_ref: int  # version of the line card the shopper saw
    hlc: int  # hybrid logical clock, ms << 10 | counter: stays below 2^53, so that a browser can give it back whole


class Take(Struct, frozen=True, array_like=True):
    """Units taken from one token. `cause` is "dec", "order:<id>", or "short": a shop took what is not left."""

    units: int
    cause: str


class Taking(Struct, frozen=True, array_like=True):
    """One target of a dec: the token as the shopper saw it, whole, and how many units to take from it."""

    dot: Dot
    token: Token
    units: int


class CartOp(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a browser asks for. It says all it needs to, so that every edge makes the same delta of it.

    add: `key`, `units`, `price_ref`.  dec: `key`, `takings`.  remove: `key`, `seen` (the dots of the line shown).
    """

    dot: Dot
    kind: Literal["add", "dec", "remove"]
    key: LineKey
    units: int = 0
    price_ref: int = 0
    takings: list[Taking] = []
    seen: list[Dot] = []


class CartState(Struct, kw_only=True):
    """A cart, or a delta of one: `join` of two is the cart that knows both.

    `ctx` version vector (client -> greatest n such that 1..n were all seen), `cloud` the dots above it,
    `tok` live tokens, `take` takes by token and taking dot. Pairs are lists because JSON keys are strings.
    Canonical when made by `sync.core.cart.encode`: every list sorted, so equal carts have equal `pack` bytes.
    """

    ctx: dict[str, int] = {}
    cloud: list[Dot] = []
    tok: list[tuple[Dot, Token]] = []
    take: list[tuple[Dot, list[tuple[Dot, Take]]]] = []


class CartDelta(Struct, frozen=True, kw_only=True, tag="delta"):
    """A fact, up (kind `cart`) and down (topic `cart`, key = cart id): one or more ops on one cart.

    A whole cart is a delta too: the answer to a subscription is one with the full state and no hashes.
    """

    cart: str
    delta: CartState
    #: "client:seq" -> blake2b-8 hex of the op's payload: the same dot with another payload is an alarm, not ignored
    hashes: dict[str, str] = {}


class CartAlias(Struct, frozen=True, kw_only=True, tag="alias"):
    """A fact, up (kind `cart_alias`) and down (topic `cart`, key = source): two guest carts are one shopper's.

    `target` is the lesser id of the two, so links never form a ring. Joined by `sync.core.cart.union`: whatever the
    order of arrival, the root of a set of linked carts is its least id.
    """

    source: str
    target: str
    hlc: int
    link_id: str


#: what topic `cart` carries: `unpack(body, CartFact)`; the tag tells which
CartFact = CartDelta | CartAlias
