"""The two lists of orders: whole orders, and their lines one by one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import DatabaseError
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from central.cluster.queries import regions_visible_to
from central.orders.bulk import CHANGE_STATUS
from central.orders.filters import all_sites, order_filters
from central.orders.history import payment_titles
from central.orders.labels import region_titles
from central.orders.models import Order, OrderLine
from central.orders.queries import found_by, lines_visible_to, of_sites, orders_visible_to
from central.people.queries import names_of
from central.ui import lists, live
from central.ui.bulk.models import rows_are_persons
from central.ui.lists import cells
from central.ui.screens import may

# --- whole orders --------------------------------------------------------------------------------------------------


def _with_line_from(rows: QuerySet[Any], sites: list[str]) -> QuerySet[Any]:
    return rows.filter(Exists(OrderLine.objects.filter(order=OuterRef("pk"), site__in=sites)))


def _prepare_orders(rows: list[Any], shown: lists.Shown) -> None:
    """Lines the person may see (under a filter of lines the matching ones), the customers' and the regions' names."""
    lines = lines_visible_to(shown.request.user).select_related(None).filter(order__in=[order.pk for order in rows])
    if wanted := shown.filters.get("line"):
        lines = lines.filter(site__in=wanted)
    by_order: dict[UUID, list[OrderLine]] = defaultdict(list)
    for line in lines.order_by("order", "position"):
        by_order[line.order_id].append(line)
    names, regions = customer_names(rows, shown.request), region_titles()
    for order in rows:
        order.region_title = regions.get(order.region, order.region)
        order.shown_lines = by_order[order.pk]
        order.customer_name = names.get(order.pk)


#: what stands in the column while the realm of customers is away
AWAY = _("the customers' database does not answer")


def customer_names(orders: Iterable[Order], request: Any) -> dict[UUID, str | Promise]:
    """Order -> the name given with it, of those that are known; by right only."""
    if not may(request.user, "see_customers"):
        return {}
    wanted = [order.pk for order in orders]
    try:
        return dict(names_of(wanted))
    except DatabaseError:
        return dict.fromkeys(wanted, AWAY)


def _number(order: Order, shown: lists.Shown) -> Any:
    return format_html("{}{}{}", order.number, *_marks(order))


def _marks(order: Order) -> tuple[Any, Any]:
    waits = _mark("clock", _now("Waits for stock")) if order.is_pending else ""
    late = _mark("plug-connected-x", _now("Came late: its shop was cut off")) if order.was_delayed else ""
    return waits, late


def _mark(icon: str, text: str) -> Any:
    return format_html(
        ' <span class="warn" title="{}">{}<span class="visually-hidden">{}</span></span>',
        text,
        cells.icon(icon, "icon-sm"),
        text,
    )


def _lines_from(order: Any, shown: lists.Shown) -> Any:
    return cells.sites(shown, dict(sorted(Counter(line.site for line in order.shown_lines).items())))


def _customer(order: Any, shown: lists.Shown) -> Any:
    if order.customer_name is AWAY:
        return format_html('<span class="text-secondary">{}</span>', AWAY)
    return format_html('<span class="clip">{}</span>', order.customer_name or "…")


def _regions(request: Any) -> list[lists.Option]:
    try:
        return [lists.Option(row.pk, row.title) for row in regions_visible_to(request.user)]
    except DatabaseError:
        return []


def _search_orders(rows: QuerySet[Any], text: str, request: Any) -> QuerySet[Any]:
    return rows.filter(found_by(text, finds_customers=may(request.user, "see_customers")))


ORDERS = lists.List(
    name="orders",
    title=_("Orders"),
    right="see_orders",
    rows=orders_visible_to,
    narrow=lambda rows, sites: rows.filter(of_sites(sites)),
    columns=[
        lists.Column("number", _("Number"), _number, sort="number", export=lambda order: order.number, css="grow"),
        lists.Column(
            "status",
            _("Status"),
            lambda order, shown: cells.badge(order.status.title, order.status.colour),
            sort="status__position",
            export=lambda order: order.status.title,
        ),
        lists.Column(
            "site",
            _("Site"),
            lambda order, shown: cells.sites(shown, [order.site]),
            sort="site_label",
            export=lambda order: order.site_label,
            css="wide-only",
        ),
        lists.Column(
            "lines",
            _("Lines from"),
            _lines_from,
            export=lambda order: ", ".join(dict.fromkeys(line.site_label for line in order.shown_lines)),
            css="full",
        ),
        lists.Column(
            "customer",
            _("Customer"),
            _customer,
            export=lambda order: str(order.customer_name or ""),
            css="grow",
            right="see_customers",
        ),
        lists.Column(
            "payment",
            _("Payment"),
            lambda order, shown: payment_titles().get(order.payment_provider, order.payment),
            export=lambda order: payment_titles().get(order.payment_provider, order.payment),
            is_shown=False,
        ),
        lists.Column(
            "delivery",
            _("Delivery"),
            lambda order, shown: order.delivery_title,
            sort="delivery_title",
            export=lambda order: order.delivery_title,
            is_shown=False,
        ),
        lists.Column(
            "region",
            _("Region"),
            lambda order, shown: order.region_title or "—",
            sort="region",
            export=lambda order: order.region_title,
            is_shown=False,
            is_named=True,
        ),
        lists.Column(
            "language",
            _("Language"),
            lambda order, shown: order.language or "—",
            sort="language",
            export=lambda order: order.language,
            is_shown=False,
            is_named=True,
        ),
        lists.Column(
            "pending",
            _("Waits for stock"),
            lambda order, shown: cells.number(order.pending_units),
            sort="pending_units",
            export=lambda order: order.pending_units,
            css="end",
            is_shown=False,
        ),
        lists.Column(
            "total",
            _("Total"),
            lambda order, shown: cells.money(order.total, order.currency),
            sort="total",
            export=lambda order: cells.money_value(order.total, order.currency),
            css="end",
        ),
        lists.Column(
            "currency",
            _("Currency"),
            lambda order, shown: order.currency,
            sort="currency",
            export=lambda order: order.currency,
            is_shown=False,
        ),
        lists.moment_column("placed", _("Placed"), "placed_at", css="end", is_shown=False),
        lists.moment_column("received", _("Received"), "received_at", css="end"),
    ],
    default_sort="-received",
    filters=[
        *order_filters(
            "",
            of_site=lists.Sites("site", _("Ordered at"), narrow=lambda rows, sites: rows.filter(of_sites(sites))),
            of_line=lists.Choices("line", _("Line from"), all_sites, narrow=_with_line_from),
        ),
        lists.Choices("region", _("Region"), _regions),
        lists.Flag("pending", _("Waits for stock"), Q(pending_units__gt=0)),
        lists.Flag("suspect", _("Suspected duplicate"), Q(is_duplicate_suspect=True)),
    ],
    search=lists.Search(_("Number, product or sku"), find=_search_orders),
    row_url=lambda order: reverse("orders-card", args=[order.pk]),
    prepare=_prepare_orders,
    bulk=[CHANGE_STATUS],
    topic=live.ORDERS,
    arrives="received_at",
    buttons=[lists.Button(_("New order"), "orders-new", right="make_orders")],
    head="orders/parts/tabs.html",
    help=_(
        "Orders of all your sites, the newest first. New ones arrive by themselves and wait behind a banner, so that "
        "you never lose your place; what you look at changes in place. “Ordered at” finds orders placed at a site or "
        "with a line from it. “Line from” shows only the lines of that site. A customer is found by his whole phone "
        "or e-mail in any spelling, or by whole words of his name."
    ),
    empty=lists.Empty(
        _("No orders yet"), _("They arrive here by themselves, seconds after a shop took them."), "inbox"
    ),
)


# --- single lines --------------------------------------------------------------------------------------------------


def _prepare_lines(rows: list[Any], shown: lists.Shown) -> None:
    names = customer_names([line.order for line in rows], shown.request)
    for line in rows:
        line.customer_name = names.get(line.order_id)


def _product(line: OrderLine, shown: lists.Shown) -> Any:
    options = format_html(' <span class="text-secondary">{}</span>', line.options_title) if line.options_title else ""
    return format_html('<div>{}{}</div><div class="text-secondary">{}</div>', line.title, options, line.sku)


LINES = lists.List(
    name="orders-lines",
    path="orders/lines",
    title=_("Order lines"),
    right="see_orders",
    rows=lines_visible_to,
    narrow=lambda rows, sites: rows.filter(order__in=Order.objects.filter(of_sites(sites)).values("pk")),
    columns=[
        lists.Column("product", _("Product"), _product, sort="title", export=lambda line: line.title, css="full"),
        lists.Column("sku", _("SKU"), lambda line, shown: line.sku, export=lambda line: line.sku, is_shown=False),
        lists.Column(
            "line",
            _("Line from"),
            lambda line, shown: cells.sites(shown, [line.site]),
            sort="site_label",
            export=lambda line: line.site_label,
        ),
        lists.Column(
            "units",
            _("Units"),
            lambda line, shown: cells.number(line.units),
            sort="units",
            export=lambda line: line.units,
            css="end",
        ),
        lists.Column(
            "pending",
            _("Waits for stock"),
            lambda line, shown: cells.number(line.pending),
            sort="pending",
            export=lambda line: line.pending,
            css="end",
            is_shown=False,
        ),
        lists.Column(
            "sum",
            _("Sum"),
            lambda line, shown: cells.money(line.sum, line.currency),
            export=lambda line: cells.money_value(line.sum, line.currency),
            css="end",
        ),
        lists.Column("order", _("Order"), lambda line, shown: line.order.number, export=lambda line: line.order.number),
        lists.Column(
            "status",
            _("Status"),
            lambda line, shown: cells.badge(line.order.status.title, line.order.status.colour),
            sort="order__status__position",
            export=lambda line: line.order.status.title,
        ),
        lists.Column(
            "customer",
            _("Customer"),
            _customer,
            export=lambda line: str(line.customer_name or ""),
            is_shown=False,
            right="see_customers",
        ),
        lists.moment_column("received", _("Received"), "order__received_at", css="end"),
    ],
    default_sort="-received",
    filters=[
        *order_filters(
            "order__",
            of_site=lists.Sites(
                "site",
                _("Ordered at"),
                narrow=lambda rows, sites: rows.filter(order__in=Order.objects.filter(of_sites(sites)).values("pk")),
            ),
            of_line=lists.Choices("line", _("Line from"), all_sites, field="site"),
        ),
        lists.Flag("pending", _("Waits for stock"), Q(pending__gt=0)),
    ],
    search=lists.Search(
        _("Number, product or sku"),
        find=lambda rows, text, request: rows.filter(
            found_by(text, "order__", finds_customers=may(request.user, "see_customers"))
        ),
    ),
    row_url=lambda line: reverse("orders-card", args=[line.order_id]),
    prepare=_prepare_lines,
    head="orders/parts/tabs.html",
    help=_(
        "Every line of every order, one by one. A line keeps the label of the site it came from for ever. “Line from” "
        "shows only the lines of that site; “Ordered at” shows all lines of the orders that are found by it."
    ),
)

rows_are_persons(ORDERS.name)
