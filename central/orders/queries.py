"""Reads of orders. Every one of them takes the member of staff who asks, and shows only his sites."""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from django.db import DatabaseError
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from central.accounts.scope import Sites, visible_sites
from central.orders.errors import UnknownOrder
from central.orders.labels import region_titles
from central.orders.marks import marks_wanted
from central.orders.models import Order, OrderLine, OrderPerson, OrderStatus, StatusMove
from central.orders.text import fold
from central.payments.models import Payment
from central.payments.queries import payments_of
from central.people.models import Customer, OrderContact
from central.people.queries import contact_of

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
    return orders.filter(of_sites(seen)) if seen else orders.none()


def lines_visible_to(user: Any) -> QuerySet[OrderLine]:
    """Lines of the orders placed at a site of the person's, and single lines of his sites in the orders of others."""
    seen = _scope(user)
    lines = OrderLine.objects.select_related("order", "order__status")
    if seen is None:
        return lines
    return lines.filter(Q(site__in=seen) | Q(order__site__in=seen)) if seen else lines.none()


def of_sites(sites: Iterable[str]) -> Q:
    """An order arose at these sites when it was placed there or any of its lines comes from there."""
    wanted = sorted(sites)
    lines = OrderLine.objects.filter(order=OuterRef("pk"), site__in=wanted)
    return Q(site__in=wanted) | Q(Exists(lines))


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
    found = orders.filter(_order_conditions(wanted))
    if wanted.sites:
        found = found.filter(of_sites(wanted.sites))
    if wanted.line_sites:
        found = found.filter(Exists(OrderLine.objects.filter(order=OuterRef("pk"), site__in=wanted.line_sites)))
    return found


def _order_conditions(wanted: OrderFilter) -> Q:
    simple: dict[str, Any] = {
        "status__in": wanted.statuses,
        "status__group__in": wanted.groups,
        "customer": wanted.customer,
        "received_at__gte": wanted.received_from,
        "received_at__lt": wanted.received_to,
        "pending_units__gt": 0 if wanted.only_pending else None,
    }
    found = Q(**{name: value for name, value in simple.items() if value not in (None, (), "")})
    if wanted.person.strip() and wanted.finds_customers:
        found &= ordered_by(wanted.person)
    if wanted.search.strip():
        found &= found_by(wanted.search, finds_customers=wanted.finds_customers)
    return found


def found_by(text: str, prefix: str = "", *, finds_customers: bool) -> Q:
    """Orders by number, title or sku, and where it is allowed by their customer. `prefix` leads to the order."""
    found = Q(**{f"{prefix}search_key__contains": fold(text)})
    return found | ordered_by(text, prefix) if finds_customers else found


def ordered_by(text: str, prefix: str = "") -> Q:
    """Orders of the customers that `text` finds. By the marks of this realm: no other one is asked."""
    people = _people(text)
    return Q(**{f"{prefix}customer__in": people.values("customer")})


def _people(text: str) -> QuerySet[OrderPerson]:
    found = Q(pk__in=[])
    for marks in marks_wanted(text):
        found |= Q(marks__contains=marks)
    return OrderPerson.objects.filter(found)


def customers_who_ordered(text: str, *, limit: int = 200) -> list[uuid.UUID]:
    """Customers with an order whose phone, e-mail or whole words of the name are `text`; nobody is asked twice."""
    people = _people(text)
    return list(people.values_list("customer", flat=True).distinct()[:limit])


# --- pages ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Page:
    """Rows, newest first. `older`: a cursor to hand back, "" at the end."""

    rows: list[Order]
    older: str = ""


def orders_page(user: Any, wanted: OrderFilter | None = None, *, older_than: str = "", limit: int = 50) -> Page:
    """One page of orders; their lines are `order.shown_lines` (only the matching ones, under a line filter)."""
    wanted = wanted or OrderFilter()
    orders = filtered_orders(orders_visible_to(user), wanted).prefetch_related(_shown_lines(user, wanted))
    if older_than:
        orders = orders.filter(_below(older_than))
    found = list(orders.order_by("-received_at", "-pk")[: limit + 1])
    return Page(found[:limit], _cursor(found[limit - 1]) if len(found) > limit else "")


def _shown_lines(user: Any, wanted: OrderFilter) -> Prefetch[Any]:
    lines = lines_visible_to(user).select_related(None)
    if wanted.line_sites:
        lines = lines.filter(site__in=wanted.line_sites)
    return Prefetch("lines", queryset=lines.order_by("position"), to_attr="shown_lines")


def _cursor(order: Order) -> str:
    raw = json.dumps([order.received_at.isoformat(), str(order.pk)], separators=(",", ":"))
    return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def _below(cursor: str) -> Q:
    """Rows after a cursor. A cursor that is none selects everything: it came from an address bar."""
    try:
        moment, key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        when, known = datetime.fromisoformat(moment), uuid.UUID(key)
    except (ValueError, TypeError, AttributeError, binascii.Error):
        return Q()
    return Q(received_at__lt=when) | Q(received_at=when, pk__lt=known)


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
        "region": region_titles().get(order.region, order.region),
        "language": order.language,
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
