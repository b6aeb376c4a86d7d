"""What a shop answers to a page or a script, as types; the OpenAPI document is made of them.

Money is whole minor units beside its currency. A `…_text` is the same thing as the shop's language writes it.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from sync.contracts.cart import CartOp, Dot, LineKey, Token

LinkState = Literal["up", "cut"]


class Problem(Struct, kw_only=True):
    """Why nothing was done. `error` is a stable word; what else stands beside it names the things meant."""

    error: str
    message: str


class Health(Struct, kw_only=True):
    ok: bool
    link: bool


# --- cart --------------------------------------------------------------------------------------------------------


class SiteMark(Struct, kw_only=True):
    """The shop a line comes from."""

    id: str
    name: str
    label: str
    colour: str


class SeenToken(Struct, array_like=True):
    """A token of a line and how many of its units are left: what a later `dec` or `remove` copies."""

    dot: Dot
    token: Token
    left: int


class CartLine(Struct, kw_only=True):
    """`left`: how many there are, where the cart wants all of them or more; 0 is sold out: not `is_sold`, not counted.

    `notes`: "not_sold", "not_here" (not shown in the region of the pages), "sold_out", "few" (`left` says how many),
    "corrected" (a shop took what is not left), or "changed".
    """

    id: str
    key: LineKey
    qty: int
    tokens: list[SeenToken]
    variant: str
    title: str
    options_title: str
    url: str
    hop: str  # the sister shop to hop to, "" when the line is of this shop
    picture: str
    price: int
    currency: str
    price_ref: int
    sum: int
    price_text: str
    sum_text: str
    site: SiteMark
    is_sold: bool
    left: int | None
    notes: list[str]
    note_texts: list[str]


class CartTotal(Struct, kw_only=True):
    currency: str
    amount: int
    text: str


class CartView(Struct, kw_only=True):
    """A cart as one shop shows it. `version` names this state of it."""

    version: str
    lines: list[CartLine]
    totals: list[CartTotal]
    count: int
    link: LinkState


class OpsTaken(Struct, kw_only=True):
    """`acks`: "client:seq" -> how far the op has come. "edge": on this node's disk; "central": in the database too."""

    version: str
    view: CartView
    acks: dict[str, Literal["edge", "central"]]


# --- checkout ----------------------------------------------------------------------------------------------------


class CheckoutLine(Struct, kw_only=True):
    """`charged`: the whole line in the shop's currency; equal to `sum` when the two are one.

    `left`: how many can be had, where that is fewer than `units`; null otherwise.
    """

    key: LineKey
    title: str
    options_title: str
    units: int
    price: int
    currency: str
    sum: int
    charged: int
    left: int | None = None


class UnsoldLine(Struct, kw_only=True):
    """A line that stays in the cart."""

    key: LineKey
    units: int
    title: str
    reason: Literal["unknown", "not_on_sale", "no_rate", "sold_out"]


class DeliveryWay(Struct, kw_only=True):
    code: str
    title: str
    note: str
    price: int
    needs_address: bool


class PaymentWay(Struct, kw_only=True):
    """`is_later`: the link to central is cut, so the pay link follows."""

    code: str
    title: str
    note: str
    is_later: bool


class CheckoutSummary(Struct, kw_only=True):
    """What may be ordered now. `quote` goes back untouched: it says what was shown, and names the order to be made."""

    quote: str
    currency: str
    lines: list[CheckoutLine]
    unsold: list[UnsoldLine]
    goods_total: int
    deliveries: list[DeliveryWay]
    payments: list[PaymentWay]
    consent_text: str
    link: LinkState


class PlaceOrder(Struct, kw_only=True, forbid_unknown_fields=True):
    """An order to be made of the cart. `consent`: the shopper agreed to the text `consent_text` of the summary."""

    quote: str
    name: str
    phone: str
    delivery: str
    payment: str
    consent: bool
    email: str = ""
    address: str = ""
    comment: str = ""


# --- orders ------------------------------------------------------------------------------------------------------


class OrderStateView(Struct, kw_only=True):
    """The part of an order that changes. `is_at_central`: a copy is in central's database."""

    id: str
    state: str
    title: str
    is_final: bool
    is_at_central: bool
    pay_url: str
    has_pending: bool


class PlacedLine(Struct, kw_only=True):
    """`pending`: units sold without a right to them; they wait for stock."""

    key: LineKey
    title: str
    options_title: str
    units: int
    price: int
    currency: str
    charged: int
    pending: int


class OrderView(Struct, kw_only=True):
    """An order as its shopper may see it here: no name, no address, for an edge has none to show.

    `secret` is the shopper's key to it: its page is `/order/<secret>`.
    """

    id: str
    number: str
    secret: str
    url: str
    placed_at: int  # ms since 1970
    currency: str
    lines: list[PlacedLine]
    goods_total: int
    delivery: str
    delivery_price: int
    total: int
    state: OrderStateView


class KeptOrders(Struct, kw_only=True):
    """Order id -> what became of it: "acked" may be forgotten, "kept" is here, "refused" is none of ours."""

    orders: dict[str, Literal["acked", "kept", "refused"]]


class Ops(Struct, frozen=True, forbid_unknown_fields=True):
    """Up to 20 ops of one cart, taken in all or none."""

    ops: list[CartOp]


# --- search ------------------------------------------------------------------------------------------------------


class Suggestion(Struct, kw_only=True):
    """Something found. Goods have a price and, mostly, a picture; shelves and pages a title alone."""

    title: str
    url: str
    brand: str = ""
    picture: str = ""
    price: str = ""
    old_price: str = ""
    has_range: bool = False
    is_on_sale: bool = True


class SuggestionGroup(Struct, kw_only=True):
    """Some of one kind. `total`: how many there are; `url`: the page of all of them."""

    kind: Literal["product", "category", "page"]
    total: int
    url: str
    items: list[Suggestion]


class Suggestions(Struct, kw_only=True):
    """`corrected`: what was looked for instead of what was typed. `words`: how the last word may go on."""

    corrected: str = ""
    total: int = 0
    url: str
    words: list[str] = []
    groups: list[SuggestionGroup] = []


class Where(Struct, kw_only=True):
    """Another edition of the shop that suits the visitor better; `url` "" when there is none.

    `edition` names it; `hop` is the same where it lives at another host. `moves`: the shop leads there at once. The
    words are in the language of that edition.
    """

    url: str = ""
    edition: str = ""
    hop: str = ""
    moves: bool = False
    language: str = ""
    is_rtl: bool = False
    text: str = ""
    yes: str = ""
    no: str = ""
