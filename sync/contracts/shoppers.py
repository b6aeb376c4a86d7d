"""What edges and central say to each other about signed-in shoppers: questions over the link, and one op.

An edge holds no account. It knows a signed-in browser by a *grant* that central gave for this very edge and shop, and
the customer by an id that says nothing of the person. Fields are only ever added, with a default.
"""

from __future__ import annotations

from msgspec import Struct

from sync.contracts.cart import CartState, LineKey


class BeginAsk(Struct, frozen=True, kw_only=True):
    """Kind `shopper_begin`: where do shoppers of this shop sign in?"""

    site: str


class BeginReply(Struct, frozen=True, kw_only=True):
    """Whole addresses at the id domain, without a query."""

    authorize: str
    profile: str


class ExchangeAsk(Struct, frozen=True, kw_only=True):
    """Kind `shopper_exchange`: the one-time code that the browser has brought back, and its PKCE verifier."""

    site: str
    code: str
    verifier: str
    redirect_uri: str


class ExchangeReply(Struct, frozen=True, kw_only=True):
    """Who signed in. `name` is for the page's header: an edge keeps it in memory and nowhere else."""

    grant: str  # UUID hex
    customer: str  # UUID hex
    cart: str  # the customer's one cart
    name: str
    interacted_at: int  # ms since 1970: when the person last did something at the id domain


class WhoAsk(Struct, frozen=True, kw_only=True):
    """Kind `shopper_who`: is this grant still good, and what is the person called? `cart`: the same by a hop's hint."""

    grant: str = ""
    cart: str = ""


class WhoReply(Struct, frozen=True, kw_only=True):
    is_good: bool
    name: str = ""


class AliveAsk(Struct, frozen=True, kw_only=True):
    """Kind `shopper_alive`: which of these grants have ended?"""

    grants: list[str]


class AliveReply(Struct, frozen=True, kw_only=True):
    ended: list[str]


class ShopperOut(Struct, frozen=True, kw_only=True):
    """Pushed to every edge (`shopper_out`; may be lost): these grants have ended. With `cart`: everywhere."""

    grants: list[str]
    cart: str = ""


class ShopperLeft(Struct, frozen=True, kw_only=True):
    """An op of realm `customers` (`shopper_left`): somebody signed out at a shop, here or everywhere."""

    grant: str
    everywhere: bool = False


class ClaimAsk(Struct, frozen=True, kw_only=True):
    """Kind `cart_claim`: a guest cart's browser has signed in; may the guest's lines join the customer's cart?

    `state`: the guest's cart as the edge holds it, for its ops may still be on their way.
    """

    source: str
    target: str
    state: CartState | None = None


class ClaimReply(Struct, frozen=True, kw_only=True):
    """The cart that stands for `source` now: `target`, or another customer's, whose lines it holds for good.

    When it is `target`: its whole `state`, and `left`: lines of which there are fewer than the two carts held.
    """

    root: str
    state: CartState | None = None
    left: list[tuple[LineKey, int]] = []


class AccountOrdersAsk(Struct, frozen=True, kw_only=True):
    """Kind `account_orders`: a page of the orders of a grant's customer, newest first. `page` counts from 1."""

    grant: str
    page: int = 1


class AccountOrder(Struct, frozen=True, kw_only=True):
    id: str
    number: str
    site: str
    site_label: str
    placed_at: int  # ms since 1970
    total: int  # minor units of `currency`
    currency: str
    status: dict[str, str]  # language -> words
    is_final: bool
    pay_url: str = ""


class AccountOrdersReply(Struct, frozen=True, kw_only=True):
    orders: list[AccountOrder]
    page: int
    pages: int


class AccountOrderAsk(Struct, frozen=True, kw_only=True):
    """Kind `account_order`: one order of a grant's customer."""

    grant: str
    order: str


class AccountLine(Struct, frozen=True, kw_only=True):
    title: str
    options_title: str
    units: int
    sum: int
    currency: str
    site: str
    site_label: str
    pending: int = 0


class AccountOrderReply(Struct, frozen=True, kw_only=True):
    order: AccountOrder
    lines: list[AccountLine]
    delivery_title: str
    delivery_price: int
