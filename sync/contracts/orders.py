"""An order as an edge makes it, whole; it may arrive many times and is taken in once."""

from __future__ import annotations

from msgspec import Struct

from sync.contracts.cart import CartDelta, LineKey
from sync.contracts.join import JoinAnswer


class GrantUse(Struct, frozen=True, kw_only=True):
    """Units of one stock right spent on an order line."""

    grant: str
    units: int


class OrderLine(Struct, frozen=True, kw_only=True):
    """A line with the label of its shop; it keeps its own price and currency for ever."""

    key: LineKey
    variant: str
    title: str
    options_title: str
    units: int
    price: int  # a unit, minor units of `currency`
    currency: str
    price_ver: int  # version of the line card that named the price
    charged: int  # the whole line in the order's currency, minor units, rounded half-even at `rate`
    rate_micros: int  # 1 unit of `currency` in units of the order's currency, in micros; 1_000_000 when equal
    rate_ver: int  # version of the RateDoc, 0 when equal
    uses: list[GrantUse] = []
    pending: int = 0  # units sold with no right: "stock pending"


class SealedPerson(Struct, frozen=True, kw_only=True):
    """A `Person`, sealed to central's key `key_id` (HPKE) before it touches a disk."""

    key_id: str
    sealed: bytes


class Person(Struct, frozen=True, kw_only=True):
    """The only personal data of an order. Never stored, logged or queued in clear at an edge."""

    name: str
    phone: str  # E.164
    email: str = ""
    address: str = ""
    comment: str = ""
    language: str = "en"
    #: whole address of the order's own page at its shop, for mails; whoever has it may look, so it is sealed too
    state_url: str = ""


def person_info(order_id: str) -> bytes:
    """What a sealed `Person` is bound to: its own order (UUID hex), so that it cannot be moved to another one."""
    return b"rialto-person-1\n" + order_id.encode()


class PlacedOrder(Struct, frozen=True, kw_only=True):
    """A fact, up only (kind `order`, realm `orders`)."""

    id: str  # UUIDv7 hex, minted at the edge
    number: str  # SITE-EDGE-COUNTER, minted offline: "TEA-A-000042"
    site: str  # where it was placed
    edge: str  # node id
    cart: str
    placed_at: int  # ms since 1970, the edge's clock
    currency: str
    lines: list[OrderLine]
    delivery: str
    delivery_title: str
    delivery_price: int
    payment: str
    payment_provider: str
    goods_total: int
    total: int
    person: SealedPerson
    taken: CartDelta  # what the order took out of the cart
    consent_at: int
    consent_text: str  # version of the text the shopper agreed to
    # technical block (ORDER-9); no address of the shopper in clear: `ip_sealed` is inside `person` when kept at all
    referer: str = ""
    utm: dict[str, str] = {}
    seconds_on_site: int = 0
    customer: str = ""  # UUID hex of the signed-in shopper: whose order it is needs no guess
    region: str = ""  # id of the region whose prices and ways of delivery it was placed with
    language: str = ""  # of the page it was placed on; the shopper's own, for mails, is in `person`


class KeptOrder(Struct, frozen=True, kw_only=True):
    """An order as a tab keeps it until central has it, to hand it to any shop of the group (JSON).

    `body` is the packed `PlacedOrder`; `signature` is over `kept_order_part(body)` by the key that central names in
    `proof`. So a browser can carry an order but not make one, and an order outlives the disk and keys of its edge.
    """

    id: str
    proof: JoinAnswer
    body: bytes
    signature: bytes


def kept_order_part(body: bytes) -> bytes:
    """What a node signs of an order that a tab will keep."""
    return b"rialto-kept-order-1\n" + body
