"""Reads of orders. Every one of them takes the member of staff who asks, and shows only his sites."""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from django.db import DatabaseError
from django.db.models import Count, Exists, Model, OuterRef, Prefetch, Q, QuerySet

from central.accounts.scope import Sites, visible_sites
from central.orders.errors import UnknownOrder
from central.orders.marks import marks_wanted
from central.orders.models import Order, OrderChange, OrderLine, OrderPerson, OrderStatus, StatusMove
from central.orders.text import fold
from central.payments.models import Payment
from central.payments.queries import payments_of
from central.people.models import Customer, OrderContact
from central.people.queries import contact_of

R = TypeVar("R", bound=Model)


# --- scope ---------------------------------------------------------------------------------------------------------


def _scope(user: Any) -> frozenset[str] | None:
    """The sites a member of staff may see; None: all of them."""
    seen = visible_sites(user)
    return None if isinstance(seen, Sites) else seen


def orders_visible_to(user: Any) -> QuerySet[Order]:
    """Orders placed at a site of the person's, or holding a line of one; none for a stranger."""
    seen = _scope(user)
    orders = Order.objects.select_related("status")
    if seen is None:
        return orders
    return orders.filter(_of_sites(seen)) if seen else orders.none()


def lines_visible_to(user: Any) -> QuerySet[OrderLine]:
    """Lines of the orders placed at a site of the person's, and single lines of his sites in the orders of others."""
    seen = _scope(user)
    lines = OrderLine.objects.select_related("order", "order__status")
    if seen is None:
        return lines
    return lines.filter(Q(site__in=seen) | Q(order__site__in=seen)) if seen else lines.none()


def _of_sites(sites: Sequence[str] | frozenset[str]) -> Q:
    """An order arose at these sites when it was placed there or any of its lines comes from there."""
    lines = OrderLine.objects.filter(order=OuterRef("pk"), site__in=list(sites))
    return Q(site__in=list(sites)) | Q(Exists(lines))


# --- filters -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OrderFilter:
    """What a list shows. Empty = everything the person may see.

    `sites`: labels of the whole order, found under any site it or one of its lines arose on. `line_sites`: labels of
    single lines; a list of lines shows only the matching ones, a list of orders those that have one.
    `search`: number, title or sku, in any case, ё as е. `person`: the customer's phone or e-mail, whole, or whole words
    of his name, all of them. Who may see customers finds them by `search` too.
    """

    sites: tuple[str, ...] = ()
    line_sites: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    search: str = ""
    person: str = ""
    customer: uuid.UUID | None = None
    received_from: datetime | None = None
    received_to: datetime | None = None
    only_pending: bool = False
    #: only for readers with the right to customers: the others must not learn whose phone has orders
    finds_customers: bool = False


def filtered_orders(orders: QuerySet[Order], wanted: OrderFilter) -> QuerySet[Order]:
    """`orders` that match."""
    found = orders.filter(_order_conditions(wanted, ""))
    if wanted.sites:
        found = found.filter(_of_sites(wanted.sites))
    if wanted.line_sites:
        found = found.filter(Exists(OrderLine.objects.filter(order=OuterRef("pk"), site__in=wanted.line_sites)))
    return found


def filtered_lines(lines: QuerySet[OrderLine], wanted: OrderFilter) -> QuerySet[OrderLine]:
    """`lines` that match: a label of the order lets all of its lines through, a label of a line only that line."""
    found = lines.filter(_order_conditions(wanted, "order__"))
    if wanted.sites:
        found = found.filter(order__in=Order.objects.filter(_of_sites(wanted.sites)).values("pk"))
    if wanted.line_sites:
        found = found.filter(site__in=wanted.line_sites)
    return found


def _order_conditions(wanted: OrderFilter, prefix: str) -> Q:
    simple: dict[str, Any] = {
        "status__in": wanted.statuses,
        "status__group__in": wanted.groups,
        "customer": wanted.customer,
        "received_at__gte": wanted.received_from,
        "received_at__lt": wanted.received_to,
        "pending_units__gt": 0 if wanted.only_pending else None,
    }
    found = Q(**{prefix + name: value for name, value in simple.items() if value not in (None, (), "")})
    if wanted.person.strip() and wanted.finds_customers:
        found &= _ordered_by(wanted.person, prefix)
    return found & _search(wanted, prefix) if wanted.search.strip() else found


def _search(wanted: OrderFilter, prefix: str) -> Q:
    found = Q(**{f"{prefix}search_key__contains": fold(wanted.search)})
    return found | _ordered_by(wanted.search, prefix) if wanted.finds_customers else found


def _ordered_by(text: str, prefix: str) -> Q:
    """Orders of the customers that `text` finds. By the marks of this realm: no other one is asked."""
    marks = marks_wanted(text)
    people = OrderPerson.objects.filter(marks__contains=marks) if marks else OrderPerson.objects.none()
    return Q(**{f"{prefix}customer__in": people.values("customer")})


# --- pages ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Page(Generic[R]):
    """Rows, newest first. `older` and `newer` are cursors to hand back; empty: nothing there now."""

    rows: list[R]
    older: str = ""
    newer: str = ""
    #: the newest row of this page: `count_newer` counts what has come since, so that nobody loses his place
    top: str = ""


def orders_page(
    user: Any, wanted: OrderFilter | None = None, *, older_than: str = "", newer_than: str = "", limit: int = 50
) -> Page[Order]:
    """One page of orders; their lines are `order.shown_lines` (only the matching ones, under a line filter)."""
    wanted = wanted or OrderFilter()
    orders = filtered_orders(orders_visible_to(user), wanted).prefetch_related(_shown_lines(user, wanted))
    return _page(orders, "received_at", "pk", older_than, newer_than, limit)


def lines_page(
    user: Any, wanted: OrderFilter | None = None, *, older_than: str = "", newer_than: str = "", limit: int = 50
) -> Page[OrderLine]:
    """One page of the list of single lines, `line.order` included."""
    lines = filtered_lines(lines_visible_to(user), wanted or OrderFilter())
    return _page(lines, "order__received_at", "pk", older_than, newer_than, limit)


def count_newer(user: Any, wanted: OrderFilter | None, top: str) -> int:
    """How many orders have come above the cursor `top`, at most 1000."""
    orders = filtered_orders(orders_visible_to(user), wanted or OrderFilter())
    return orders.filter(_beyond("received_at", "pk", top, above=True))[:1000].count() if top else 0


def order_numbers(user: Any, wanted: OrderFilter | None = None) -> dict[str, int]:
    """Status code -> how many orders of the filter stand in it; for tabs above the list."""
    orders = filtered_orders(orders_visible_to(user), wanted or OrderFilter()).order_by()
    return dict(orders.values_list("status").annotate(count=Count("pk")))


def shown_lines(user: Any, order: Order, wanted: OrderFilter) -> QuerySet[OrderLine]:
    """The lines of one order that a list shows: those the person may see, under a line filter the matching ones."""
    return _lines_shown(user, wanted).filter(order=order)


def _shown_lines(user: Any, wanted: OrderFilter) -> Prefetch[Any]:
    return Prefetch("lines", queryset=_lines_shown(user, wanted), to_attr="shown_lines")


def _lines_shown(user: Any, wanted: OrderFilter) -> QuerySet[OrderLine]:
    lines = lines_visible_to(user).select_related(None)
    if wanted.line_sites:
        lines = lines.filter(site__in=wanted.line_sites)
    return lines.order_by("position")


def _page(rows: QuerySet[R], at: str, pk: str, older_than: str, newer_than: str, limit: int) -> Page[R]:
    goes_up = bool(newer_than)
    cursor = newer_than or older_than
    if cursor:
        rows = rows.filter(_beyond(at, pk, cursor, above=goes_up))
    order = (at, pk) if goes_up else (f"-{at}", f"-{pk}")
    found = list(rows.order_by(*order)[: limit + 1])
    has_more, found = len(found) > limit, found[:limit]
    if goes_up:
        found.reverse()
    if not found:
        return Page([], older=newer_than, newer=older_than, top=newer_than)
    top, bottom = _cursor(found[0], at), _cursor(found[-1], at)
    has_older = has_more if not goes_up else True
    has_newer = has_more if goes_up else bool(older_than)
    return Page(found, older=bottom if has_older else "", newer=top if has_newer else "", top=top)


def _cursor(row: Any, at: str) -> str:
    moment: datetime = row.order.received_at if at.startswith("order__") else row.received_at
    raw = json.dumps([moment.isoformat(), str(row.pk)], separators=(",", ":"))
    return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def _beyond(at: str, pk: str, cursor: str, *, above: bool) -> Q:
    """Rows on one side of a cursor. A cursor that is none selects everything: it came from an address bar."""
    try:
        moment, key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        when = datetime.fromisoformat(moment)
        known: Any = int(key) if at.startswith("order__") else uuid.UUID(key)
    except (ValueError, TypeError, binascii.Error):
        return Q()
    side = "gt" if above else "lt"
    return Q(**{f"{at}__{side}": when}) | Q(**{at: when, f"{pk}__{side}": known})


# --- one order -----------------------------------------------------------------------------------------------------

CustomerState = Literal["known", "coming", "away"]


@dataclass(frozen=True)
class OrderCard:
    """All of one order for its card.

    `customer_state`: "known"; "coming": its handler has not been there yet; "away": the realm of customers does not
    answer, all else of the card does. `lines` are those the person may see, `hidden_lines` counts the others.
    `technical`: read only, label -> text. `moves`: statuses to offer as buttons.
    """

    order: Order
    lines: list[OrderLine]
    hidden_lines: int
    customer_state: CustomerState
    customer: Customer | None
    contact: OrderContact | None
    history: list[OrderChange]
    moves: list[OrderStatus]
    payments: list[Payment]
    technical: dict[str, Any] = field(default_factory=dict)


def order_card(order_id: uuid.UUID | str, user: Any) -> OrderCard:
    """Raises `UnknownOrder`, also for an order the person may not see."""
    order = visible_order(order_id, user)
    lines = list(lines_visible_to(user).select_related(None).filter(order=order).order_by("position"))
    state, customer, contact = _customer_of(order)
    return OrderCard(
        order=order,
        lines=lines,
        hidden_lines=order.lines.count() - len(lines),
        customer_state=state,
        customer=customer,
        contact=contact,
        history=list(order.changes.all()),
        moves=moves_of(order),
        payments=list(payments_of(order.pk)),
        technical=technical_block(order),
    )


def visible_order(order_id: uuid.UUID | str, user: Any) -> Order:
    """Raises `UnknownOrder`."""
    try:
        found = orders_visible_to(user).filter(pk=uuid.UUID(str(order_id))).first()
    except ValueError:
        found = None
    if found is None:
        raise UnknownOrder(order_id)
    return found


def moves_of(order: Order) -> list[OrderStatus]:
    """Where the order may go from here."""
    moves = StatusMove.objects.filter(source=order.status_id).select_related("target")
    return [move.target for move in moves]


def technical_block(order: Order) -> dict[str, Any]:
    """When and from where the order came. Keys are stable codes, the page names them."""
    return {
        "placed_at": order.placed_at,
        "received_at": order.received_at,
        "site": order.site,
        "edge": order.edge,
        "domain": order.domain,
        "referer": order.referer,
        "utm": order.utm,
        "seconds_on_site": order.seconds_on_site,
        "consent_at": order.consent_at,
        "consent_text": order.consent_text,
        "cart": order.cart,
    }


def all_statuses() -> list[OrderStatus]:
    """For filters and colours."""
    return list(OrderStatus.objects.all())


def _customer_of(order: Order) -> tuple[CustomerState, Customer | None, OrderContact | None]:
    try:
        contact = contact_of(order.pk)
    except DatabaseError:
        return "away", None, None
    if contact is None:
        return "coming", None, None
    return "known", contact.customer, contact
