"""What of a shop's HTTP is public, one entry per (method, path), from which the OpenAPI document is made.

A test holds this table against the route tables: an address is either here or among `PAGES`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edge.api.contracts import (
    CartView,
    CheckoutSummary,
    Health,
    KeptOrders,
    Ops,
    OpsTaken,
    OrderView,
    PlaceOrder,
    Suggestions,
    Where,
)
from edge.pages.seen import Seen
from sync.contracts.orders import KeptOrder

#: status -> what it means; each is a `Problem`
REFUSALS: Mapping[int, str] = {
    400: "Not JSON, or not of the form this address takes.",
    401: "The shop does not know this browser: ask for a handle by `POST /_r/session`.",
    403: "The request did not come from a page of this shop.",
    404: "There is nothing of this name in this shop.",
    409: "What was seen is no longer so; the answer says what is. Nothing was changed but what it names.",
    413: "A body larger than any page of ours sends.",
    422: "Understood and refused; `error` says why.",
    429: "Too many requests; `Retry-After` says how many seconds to wait.",
    503: "This edge has not joined a cluster yet.",
}


#: who may ask an address, and what he sees there
WHO: Mapping[str, str] = {
    "everybody": "Anybody; the answer is the same for all, or a handle of one's own.",
    "handle": "A browser, known by its cookie: its own cart and sign-in. Without one the answer is empty or refused.",
    "secret": "Whoever has the secret in the address, which was given to the order's shopper alone.",
    "signed": "Whoever brings what a node of the cluster has signed; what is in it is all he gets.",
}


@dataclass(frozen=True)
class Operation:
    """`who`: who may ask, a key of `WHO`. `form`: fields of a posted form.

    `answers`: status -> a type (JSON), a media type, or None for no body.
    """

    name: str
    method: str
    path: str
    summary: str
    description: str = ""
    body: Any = None
    form: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[int, Any] = field(default_factory=dict)
    refusals: tuple[int, ...] = ()
    sets_cookie: bool = False
    who: str = field(kw_only=True)

    @property
    def is_write(self) -> bool:
        return self.method == "POST"


OPERATIONS = (
    Operation(
        "make_session", "POST", "/_r/session", "Ask for a handle",
        "Sets the first-party cookie when the browser has none that is good. Once, before the first op.",
        who="everybody", answers={204: None}, refusals=(403, 429), sets_cookie=True,
    ),
    Operation(
        "get_cart", "GET", "/_r/cart", "The cart as this shop shows it",
        "Empty for a browser without a handle.",
        who="handle", answers={200: CartView}, refusals=(429,),
    ),
    Operation(
        "post_ops", "POST", "/_r/cart", "Change the cart",
        "Answered after the fsync. Idempotent by dot: an op is named by the document that minted it (16 hex digits) "
        "and a counter from 1. The same op may be sent again, here or at a sister shop, and counts once; another "
        "payload under the same dot is `dot_conflict`. `takings` and `seen` are copied from the line's `tokens`.",
        body=Ops, who="handle", answers={200: OpsTaken}, refusals=(400, 401, 403, 409, 413, 422, 429),
    ),
    Operation(
        "live", "GET", "/_r/live", "The cart, live",
        "Server-sent events: `cart` (id = version, data = CartView; with `c` also `has`: which ops of that document "
        "are in it), `acks` (`{\"dots\": [...]}`: central has these ops), `flash` (`{\"text\": ...}`). Ends at once "
        "for a browser without a handle.",
        query={"c": "The document whose ops `has` should name: 16 hex digits."},
        who="handle", answers={200: "text/event-stream"}, refusals=(429,),
    ),
    Operation(
        "hop", "POST", "/_r/hop", "To a sister shop, with the cart",
        "303 to the sister's `/_r/land` with a one-time token that is good for 30 seconds; follow it as a navigation.",
        form={
            "to": "The sister shop's id.",
            "path": "Where to land; `/` when left out.",
            "ops": "JSON list of ops not acknowledged yet.",
        },
        who="handle", answers={303: None}, refusals=(400, 403, 404, 413, 429), sets_cookie=True,
    ),
    Operation(
        "get_checkout", "GET", "/_r/checkout", "What may be ordered now",
        "Priced anew with each call. The `quote` goes back with the order.",
        who="handle", answers={200: CheckoutSummary}, refusals=(),
    ),
    Operation(
        "place_order", "POST", "/_r/checkout", "Order it",
        "201 with the order, durable on this node's disk. The quote is the idempotency key: the same body again is 200 "
        "with the same order, another body under it `order_id_reused`. `price_changed`, `cart_changed` and "
        "`not_enough` (`left`: line -> units) ask for a new summary. Name, phone, e-mail and address are sealed to "
        "central's key before they touch the disk.",
        body=PlaceOrder, who="handle", answers={200: OrderView, 201: OrderView},
        refusals=(400, 403, 409, 413, 422, 429, 503),
    ),
    Operation(
        "get_order", "GET", "/_r/order/{secret}", "An order and its state",
        who="secret", answers={200: OrderView}, refusals=(404, 429),
    ),
    Operation(
        "order_live", "GET", "/order/{secret}/live", "An order's state, live",
        "Server-sent events `order`, data = OrderStateView.",
        who="secret", answers={200: "text/event-stream", 404: "text/html"}, refusals=(429,),
    ),
    Operation(
        "keep_orders", "POST", "/_r/order/keep", "Hand in orders a tab keeps",
        "What an order's page gave the tab to keep until central has it. Idempotent by the order's id.",
        body=list[KeptOrder], who="signed", answers={200: KeptOrders}, refusals=(400, 403, 413, 429),
    ),
    Operation(
        "suggest", "GET", "/_r/search", "Suggestions while one types",
        "Goods, shelves and pages of this shop; the last word counts as unfinished.",
        query={"q": "What was typed; at most 200 letters count.", "kind": "`product`, `category` or `page` alone."},
        who="everybody", answers={200: Suggestions}, refusals=(429,),
    ),
    Operation(
        "seen", "POST", "/_r/seen", "How fast a page was seen",
        "Told once by one visit in four as it leaves the page: ms until the first byte and the largest paint, and the "
        "shift of the layout. Nothing tells who it was; pages that are not there count for nothing.",
        body=Seen, who="everybody", answers={204: None}, refusals=(400, 403, 413, 429),
    ),
    Operation(
        "where", "GET", "/_r/where", "Whether another edition suits the visitor better",
        "By the languages of the browser, and by the place of its address where the operator gave a file of places.",
        query={"path": "The page he is on, with the edition's base."},
        who="everybody", answers={200: Where}, refusals=(429,),
    ),
    Operation("health", "GET", "/_r/health", "Whether this node answers", who="everybody", answers={200: Health}),
)  # fmt: skip

#: addresses for people, or of this document itself: (method, path as routed) -> who may ask
PAGES = {
    ("GET", "/cart"): "handle",
    ("GET", "/_r/bring"): "everybody",
    ("GET", "/_r/land"): "signed",
    ("GET", "/_r/preview"): "signed",
    ("POST", "/_r/preview/leave"): "everybody",
    ("POST", "/_r/cart/form"): "handle",
    ("GET", "/_r/openapi.json"): "everybody",
    ("GET", "/checkout"): "handle",
    ("POST", "/checkout"): "handle",
    ("GET", "/search"): "everybody",
    ("GET", "/_r/who"): "handle",
    ("GET", "/account"): "handle",
    ("GET", "/account/order"): "handle",
    ("GET", "/account/in"): "handle",
    ("GET", "/account/return"): "handle",
    ("POST", "/account/out"): "handle",
    ("ANY", "/order/{secret}"): "secret",
}
