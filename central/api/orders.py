"""/orders and /statuses"""

# No `from __future__ import annotations`: ninja reads the types of the calls below as they stand.

from typing import Annotated, Any
from uuid import UUID, uuid5

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Status

from central.accounts.scope import may_see
from central.api.calling import caller, demand, guarded
from central.api.schemas import (
    TEXT,
    ContactOut,
    Cursor,
    IfMatch,
    Limit,
    LineOut,
    Moment,
    NoteIn,
    OrderCardOut,
    OrderIn,
    OrderOut,
    OrdersOut,
    Problem,
    Search,
    SiteId,
    StatusesOut,
    StatusIn,
    StatusOut,
    seen_ver,
)
from central.catalog.keys import canonical_options, clean_sku, parse_options
from central.cluster.errors import UnknownSite
from central.orders import actions, queries
from central.orders.errors import StaleOrder
from central.orders.models import Order, OrderLine
from central.orders.placing import WantedLine, WantedOrder, place_order
from central.orders.queries import OrderCard, OrderFilter
from central.ui.screens import may
from sync.contracts.cart import LineKey

router = Router(tags=["Orders"])

#: what stands in an order for the text its buyer has agreed to: the caller keeps the proof
CONSENT = "api"

Code = Annotated[str, Query(max_length=30, pattern=TEXT)]


@router.get("/orders", response=OrdersOut, summary="List orders")
@guarded
def list_orders(
    request: HttpRequest,
    site: SiteId = "",
    status: Code = "",
    group: Code = "",
    search: Search = "",
    received_from: Moment | None = None,
    received_to: Moment | None = None,
    only_pending: bool = False,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> OrdersOut:
    """Newest first. `search`: number, title or sku; a phone or an e-mail for keys that may see customers."""
    wanted = OrderFilter(
        sites=_given(site),
        statuses=_given(status),
        groups=_given(group),
        search=search,
        received_from=received_from,
        received_to=received_to,
        only_pending=only_pending,
        finds_customers=may(caller(request), "see_customers"),
    )
    page = queries.orders_page(caller(request), wanted, older_than=cursor, limit=limit)
    return OrdersOut(items=[_order(one, one.shown_lines) for one in page.rows], next=page.older)  # type: ignore[attr-defined]


@router.get("/orders/{order}", response=OrderCardOut, summary="Get an order")
@guarded
def get_order(request: HttpRequest, response: HttpResponse, order: UUID) -> OrderCardOut:
    return _card(request, response, order)


@router.post("/orders/{order}/status", response={200: OrderCardOut, 409: Problem}, summary="Move an order to a status")
@guarded
def move_order(
    request: HttpRequest, response: HttpResponse, order: UUID, body: StatusIn, if_match: IfMatch = ""
) -> Any:
    """To one of its `moves`. 409 `stale_order` brings `current`; `move_refused`: it does not lead there."""
    found = queries.visible_order(order, caller(request))
    seen = seen_ver(body.ver, if_match)
    try:
        actions.change_status(found.pk, body.to, by=caller(request).username, note=body.note, seen_ver=seen)
    except StaleOrder as error:
        error.data["current"] = _card(request, response, order).model_dump(mode="json")
        raise
    return Status(200, _card(request, response, order))


@router.patch("/orders/{order}", response={200: OrderCardOut, 409: Problem}, summary="Write the staff note")
@guarded
def note_order(request: HttpRequest, response: HttpResponse, order: UUID, body: NoteIn, if_match: IfMatch = "") -> Any:
    """A note may name a customer. 409 `stale_order` brings `current`."""
    found = queries.visible_order(order, caller(request))
    seen = seen_ver(body.ver, if_match)
    try:
        actions.edit_order(found.pk, note=body.note, by=caller(request).username, seen_ver=seen)
    except StaleOrder as error:
        error.data["current"] = _card(request, response, order).model_dump(mode="json")
        raise
    return Status(200, _card(request, response, order))


@router.post("/orders", response={201: OrderOut, 200: OrderOut, 409: Problem}, summary="Place an order")
@guarded
def create_order(request: HttpRequest, response: HttpResponse, body: OrderIn) -> Any:
    """Prices are the catalogue's; a `price` in a line needs the right `price_orders` too.

    Units come out of the pool, all of them or none: 409 `not_enough` says how many are left. The same Idempotency-Key
    is the same order, for ever: 200 when it was made before. A refusal is remembered under it too, so try again under
    another.
    """
    for site in {body.site, *(line.site or body.site for line in body.lines)}:
        if not may_see(caller(request), site):
            raise UnknownSite(site)
    if any(line.price is not None for line in body.lines):
        demand(request, "price_orders")
    made, is_new = place_order(_wanted(request, body))
    return Status(201 if is_new else 200, _order(made, list(made.lines.order_by("position"))))


@router.get("/statuses", response=StatusesOut, summary="List statuses")
@guarded
def list_statuses(request: HttpRequest) -> StatusesOut:
    return StatusesOut(
        items=[
            StatusOut(code=one.code, group=one.group, title=one.titles, is_final=one.is_final)
            for one in queries.all_statuses()
        ]
    )


def _wanted(request: HttpRequest, body: OrderIn) -> WantedOrder:
    buyer = body.buyer
    return WantedOrder(
        id=uuid5(caller(request).key.pk, request.headers["Idempotency-Key"]),
        site=body.site,
        lines=[
            WantedLine(
                LineKey(line.site or body.site, clean_sku(line.sku), canonical_options(parse_options(line.options))),
                line.units,
                line.price,
            )
            for line in body.lines
        ],
        name=buyer.name.strip(),
        phone=buyer.phone,
        email=buyer.email,
        address=buyer.address,
        comment=buyer.comment,
        delivery=body.delivery,
        payment=body.payment,
        consent_text=CONSENT,
        said=body.model_dump_json(),
    )


def _card(request: HttpRequest, response: HttpResponse, order: UUID) -> OrderCardOut:
    found = queries.order_card(order, caller(request))
    sees_customers = may(caller(request), "see_customers")
    response["ETag"] = f'"{found.order.ver}"'
    return OrderCardOut(
        **_order(found.order, found.lines).model_dump(),
        note=found.order.note if sees_customers else None,
        contact=_contact(found) if sees_customers else None,
        moves=[one.code for one in found.moves],
        hidden_lines=found.hidden_lines,
    )


def _contact(found: OrderCard) -> ContactOut | None:
    given = found.contact
    if given is None:
        return None
    return ContactOut(
        name=given.name, phone=given.phone, email=given.email, address=given.address, comment=given.comment
    )


def _order(one: Order, lines: list[OrderLine]) -> OrderOut:
    return OrderOut(
        id=one.pk,
        number=one.number,
        site=one.site,
        status=one.status_id,
        status_group=one.status.group,
        placed_at=one.placed_at,
        received_at=one.received_at,
        changed_at=one.changed_at,
        currency=one.currency,
        goods_total=one.goods_total,
        delivery=one.delivery,
        delivery_price=one.delivery_price,
        payment=one.payment,
        total=one.total,
        pending_units=one.pending_units,
        lines=[_line(line) for line in lines],
        ver=one.ver,
    )


def _line(line: OrderLine) -> LineOut:
    return LineOut(
        position=line.position,
        site=line.site,
        sku=line.sku,
        options=line.options,
        variant=line.variant,
        title=line.title,
        options_title=line.options_title,
        units=line.units,
        price=line.price,
        currency=line.currency,
        charged=line.charged,
        pending=line.pending,
    )


def _given(text: str) -> tuple[str, ...]:
    return (text,) if text else ()
