"""The lists of stock: by warehouse, the ledger, warehouses, who waits, what is to come, and the audit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import DatabaseError
from django.db.models import F, Q, QuerySet, Sum
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from central.stock import goods
from central.stock.models import (
    EDGE_PREFIX,
    POOL,
    Alarm,
    Audit,
    Balance,
    BreachRow,
    Grant,
    Movement,
    PendingUnits,
    PlannedSupply,
    Warehouse,
)
from central.stock.queries import warehouse_titles
from central.stock.words import CAUSES, RULES, cause, place, signed
from central.ui import actors, lists, live
from central.ui.lists import cells
from central.ui.lists.filters import Given, Text
from central.ui.scope import ALL, visible_sites

RIGHT = "see_stock"
TABS = "stock/parts/tabs.html"

# --- what all of them need -----------------------------------------------------------------------------------------


def of_goods(rows: Iterable[Any], shown: lists.Shown) -> None:
    """Puts `goods` and `stands_in` (a warehouse's name) onto rows."""
    rows = list(rows)
    named = goods.names(shown.request.user, {row.variant for row in rows})
    names = warehouse_titles()
    for row in rows:
        row.goods = named.get(row.variant)
        row.stands_in = names.get(row.warehouse, row.warehouse) if hasattr(row, "warehouse") else ""


def _goods(row: Any, shown: lists.Shown) -> Any:
    if row.goods is None:
        return format_html('<span class="text-secondary">{}</span>', _now("not in the catalogue"))
    name = format_html('<div>{}</div><div class="text-secondary">{}</div>', row.goods.title, row.goods.sku)
    # In a list whose rows lead somewhere else the first column is that link already: no link stands in a link.
    return name if shown.spec.row_url else format_html('<a href="{}">{}</a>', row.goods.url, name)


def _goods_text(row: Any) -> str:
    return f"{row.goods.title} ({row.goods.sku})" if row.goods else str(row.variant)


def _find(rows: QuerySet[Any], text: str, request: Any) -> QuerySet[Any]:
    return rows.filter(variant__in=list(goods.goods.found(request.user, text)))


class _Found(str):
    """What was typed into a filter, and the ids it stands for within what the person may see."""

    ids: list[UUID]

    def __new__(cls, typed: str, ids: Iterable[UUID]) -> _Found:
        made = super().__new__(cls, typed)
        made.ids = list(ids)
        return made


@dataclass(frozen=True)
class OfGoods(Text):
    """Words of a product, a sku or a barcode; or the id of a variant, as links carry it."""

    def read(self, given: Any, request: Any) -> Given:
        found = super().read(given, request)
        if not found:
            return {}
        typed = found[self.key][0]
        variant = _as_id(typed)
        return {self.key: [_Found(typed, [variant] if variant else goods.goods.found(request.user, typed))]}

    def apply(self, rows: QuerySet[Any], given: Given) -> QuerySet[Any]:
        return rows.filter(variant__in=getattr(given[self.key][0], "ids", []))

    def words(self, name: str, value: str, request: Any) -> str:
        variant = _as_id(value)
        named = goods.names(request.user, [variant]).get(variant) if variant else None
        return f"{self.title}: {named.title if named else value}"


def _as_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _warehouses(request: Any) -> Iterable[lists.Option]:
    return [lists.Option(code, title) for code, title in warehouse_titles().items()]


def product_column() -> lists.Column:
    return lists.Column("product", _("Product"), _goods, export=_goods_text, css="full")


def _warehouse_column() -> lists.Column:
    return lists.Column(
        "warehouse",
        _("Warehouse"),
        lambda row, shown: row.stands_in,
        sort="warehouse",
        export=lambda row: row.stands_in,
    )


SEARCH = lists.Search(_("Title, brand, sku or barcode"), find=_find)
_OF_GOODS = OfGoods("goods", _("Product"))
_IN_WAREHOUSE = lists.Choices("warehouse", _("Warehouse"), _warehouses)

# --- what lies where -----------------------------------------------------------------------------------------------


def _prepare_stock(rows: list[Any], shown: lists.Shown) -> None:
    of_goods(rows, shown)
    variants = {row.variant for row in rows}
    at_edges: dict[tuple[UUID, str], int] = {}
    held = Balance.objects.filter(variant__in=variants, place__startswith=EDGE_PREFIX)
    for variant, warehouse, units in held.values_list("variant", "warehouse").annotate(Sum("units")):
        at_edges[variant, warehouse] = units
    waiting = PendingUnits.objects.filter(variant__in=variants, state=PendingUnits.State.WAITING)
    short = dict(waiting.values_list("variant").annotate(left=Sum(F("units") - F("taken"))))
    for row in rows:
        row.at_edges = at_edges.get((row.variant, row.warehouse), 0)
        row.short = short.get(row.variant, 0)


def _short(row: Any, shown: lists.Shown) -> Any:
    if not row.short:
        return ""
    url = f"{reverse('stock-waiting')}?goods={row.variant}"
    return format_html('<a class="warn" href="{}">−{}</a>', url, row.short)


STOCK = lists.List(
    name="stock",
    title=_("Stock"),
    right=RIGHT,
    rows=lambda user: goods.limited(Balance.objects.filter(place=POOL), user),
    narrow=goods.of_sites,
    columns=[
        product_column(),
        _warehouse_column(),
        lists.number_column("free", _("Free"), "units"),
        lists.number_column("at_shops", _("At shops"), lambda row: row.at_edges),
        lists.number_column("unsold", _("Unsold"), lambda row: row.units + row.at_edges),
        lists.Column("short", _("Shortage"), _short, export=lambda row: -row.short, css="end", is_named=True),
        lists.Column(
            "ledger",
            _("Movements"),
            lambda row, shown: format_html(
                '<a href="{}?goods={}&warehouse={}">{}</a>',
                reverse("stock-ledger"),
                row.variant,
                row.warehouse,
                _now("ledger"),
            ),
            css="end wide-only",
        ),
    ],
    default_sort="-free",
    filters=[
        _OF_GOODS,
        _IN_WAREHOUSE,
        lists.Flag("nothing", _("Nothing free"), Q(units=0)),
        lists.Flag(
            "short",
            _("Shortage"),
            narrow=lambda rows, values: rows.filter(
                variant__in=PendingUnits.objects.filter(state=PendingUnits.State.WAITING).values("variant")
            ),
        ),
    ],
    search=SEARCH,
    prepare=_prepare_stock,
    topic=live.STOCK,
    head=TABS,
    buttons=[
        lists.Button(_("Rules of the desks"), "stock-rules", icon="settings", right="manage_warehouses"),
        lists.Button(_("Move between warehouses"), "stock-transfer", right="edit_stock"),
        lists.Button(_("Receive goods"), "stock-receive", right="edit_stock"),
    ],
    help=_(
        "What lies in each warehouse, a row for each unit and warehouse. Free is what nobody has; shops hold part of "
        "the rest, so that they can sell while cut off. A shortage is what was sold and is not there yet, over all "
        "warehouses: the next goods that come in go to those orders first, so shops cannot sell them."
    ),
    empty=lists.Empty(_("No stock yet"), _("It comes by receiving goods, by an import or from the API."), "package"),
)

# --- the ledger ----------------------------------------------------------------------------------------------------


def _prepare_movements(rows: list[Any], shown: lists.Shown) -> None:
    of_goods(rows, shown)
    user = shown.request.user
    ids = {row.pk: _as_id(row.ref) for row in rows if row.ref}
    named = goods.orders.named(user, {one for one in ids.values() if one})
    grants = set(Grant.objects.filter(pk__in=[one for one in ids.values() if one]).values_list("pk", flat=True))
    for row in rows:
        one = ids.get(row.pk)
        row.document = named.get(one) if one else None
        row.is_grant = one in grants


def _document(row: Any, shown: lists.Shown) -> Any:
    if row.document is not None:
        said: Any = format_html('<a href="{}">{}</a>', row.document.url, row.document.title)
    else:
        said = _document_text(row)
    return format_html('{}<div class="text-secondary">{}</div>', said, row.note) if row.note else said


def _document_text(row: Any) -> str:
    if row.document is not None:
        return str(row.document.title)
    if row.is_grant or row.cause == Movement.Cause.TRANSFER:
        return f"{row.ref[:8]}…"
    return "" if _as_id(row.ref) else row.ref


@dataclass(frozen=True)
class OfOrder(Text):
    """Movements of one order, by its number."""

    def read(self, given: Any, request: Any) -> Given:
        found = super().read(given, request)
        if not found:
            return {}
        typed = found[self.key][0]
        return {self.key: [_Found(typed, goods.orders.numbered(request.user, typed))]}

    def apply(self, rows: QuerySet[Any], given: Given) -> QuerySet[Any]:
        return rows.filter(ref__in=[one.hex for one in getattr(given[self.key][0], "ids", [])])


def _seen(user: Any, keys: Sequence[str]) -> list[str]:
    """Which rows of the list of stock, by their keys, are of goods that the person sees; none while nobody can say."""
    ids = [int(key) for key in keys if key.isdecimal()]
    if not ids:
        return []
    try:
        rows = goods.limited(Balance.objects.filter(pk__in=ids), user)
        return [str(pk) for pk in rows.values_list("pk", flat=True)]
    except DatabaseError:
        return []


live.seen_by(live.STOCK, _seen)


LEDGER = lists.List(
    name="stock-ledger",
    path="stock/ledger",
    title=_("Stock ledger"),
    right=RIGHT,
    rows=lambda user: goods.limited(Movement.objects.all(), user),
    narrow=goods.of_sites,
    columns=[
        lists.moment_column("at", _("When"), "at"),
        product_column(),
        lists.Column("cause", _("Why"), lambda row, shown: cause(row), sort="cause", export=cause),
        lists.Column(
            "change",
            _("Change"),
            lambda row, shown: format_html('<span class="number">{}</span>', signed(row.change)),
            export=lambda row: row.change,
            css="end",
            is_named=True,
        ),
        lists.number_column("left", _("Unsold after"), lambda row: row.left),
        lists.number_column("units", _("Units moved"), "units", css="end wide-only"),
        lists.Column(
            "way",
            _("From where, to where"),
            lambda row, shown: f"{place(row.source)} → {place(row.target)}",
            export=lambda row: f"{place(row.source)} → {place(row.target)}",
            css="wide-only",
        ),
        _warehouse_column(),
        lists.Column(
            "left_here",
            _("Unsold there after"),
            lambda row, shown: cells.number(row.left_here),
            export=lambda row: row.left_here,
            css="end",
            is_shown=False,
        ),
        lists.Column("document", _("Order or document"), _document, export=_document_text, css="grow"),
        lists.Column("note", _("Reason"), lambda row, shown: row.note, export=lambda row: row.note, is_shown=False),
        lists.Column(
            "who",
            _("Who"),
            lambda row, shown: actors.in_words(row.who),
            sort="who",
            export=lambda row: actors.in_words(row.who),
        ),
    ],
    default_sort="-at",
    filters=[
        _OF_GOODS,
        _IN_WAREHOUSE,
        lists.Choices("cause", _("Why"), [lists.Option(str(code), title) for code, title in CAUSES.items()]),
        OfOrder("order", _("Order number")),
        lists.Text("who", _("Who"), lookup="istartswith"),
        lists.Dates("at", _("When"), field="at"),
        lists.Flag(
            "changes",
            _("Only what changes the stock"),
            Q(cause__in=["receipt", "correction", "transfer", "order", "pending", "cancelled", "write_off"]),
        ),
    ],
    search=SEARCH,
    prepare=_prepare_movements,
    topic=live.STOCK,
    arrives="at",
    head=TABS,
    help=_(
        "Every movement of every unit: when, why, by whom and for which order. The changes of a product add up to its "
        "stock, and each row says what was unsold after it. Units given to a shop and given back stay unsold: their "
        "change is 0. Nothing here can be edited or deleted; the database itself refuses it."
    ),
    empty=lists.Empty(_("Nothing has moved yet"), _("The first goods that come in begin the ledger."), "history"),
)

# --- warehouses ----------------------------------------------------------------------------------------------------


def _prepare_warehouses(rows: list[Any], shown: lists.Shown) -> None:
    lying = Balance.objects.filter(warehouse__in=[row.pk for row in rows]).filter(
        Q(place=POOL) | Q(place__startswith=EDGE_PREFIX)
    )
    units = dict(lying.values_list("warehouse").annotate(Sum("units")))
    for row in rows:
        # Of all goods: who sees only some sites is not told.
        row.unsold = units.get(row.pk, 0) if visible_sites(shown.request.user) is ALL else None


WAREHOUSES = lists.List(
    name="stock-warehouses",
    path="stock/warehouses",
    title=_("Warehouses"),
    right=RIGHT,
    rows=lambda user: Warehouse.objects.all(),
    site_field="",
    columns=[
        lists.Column(
            "name", _("Name"), lambda row, shown: row.title, sort="name", export=lambda row: row.title, css="grow"
        ),
        lists.Column("code", _("Code"), lambda row, shown: row.pk, sort="code", export=lambda row: row.pk),
        lists.Column(
            "state",
            _("State"),
            lambda row, shown: cells.badge(
                _now("in use") if row.is_active else _now("switched off"), "green" if row.is_active else "grey"
            ),
            sort="is_active",
            export=lambda row: row.is_active,
        ),
        lists.Column(
            "pickup",
            _("Pick-up point"),
            lambda row, shown: cells.icon("check") if row.is_pickup else "",
            sort="is_pickup",
            export=lambda row: row.is_pickup,
        ),
        lists.number_column("position", _("Taken from"), "position"),
        lists.number_column("unsold", _("Unsold"), lambda row: row.unsold),
        lists.Column(
            "address", _("Address"), lambda row, shown: row.address, export=lambda row: row.address, css="full"
        ),
        lists.Column("phone", _("Phone"), lambda row, shown: row.phone, export=lambda row: row.phone, is_shown=False),
        lists.Column("hours", _("Hours"), lambda row, shown: row.hours, export=lambda row: row.hours, is_shown=False),
    ],
    default_sort="position",
    filters=[
        lists.Flag("pickup", _("Pick-up point"), Q(is_pickup=True)),
        lists.Flag("off", _("Switched off"), Q(is_active=False)),
    ],
    search=lists.Search(_("Name, code or address"), ("name", "code", "address")),
    row_url=lambda row: reverse("stock-warehouse", args=[row.pk]),
    prepare=_prepare_warehouses,
    head=TABS,
    buttons=[lists.Button(_("New warehouse"), "stock-warehouse-new", right="manage_warehouses")],
    help=_(
        "Where goods lie. Units are taken from the warehouse with the lowest number first; an order's card says from "
        "where to ship each line. A warehouse is never deleted: switched off it keeps its past."
    ),
)

# --- who waits -----------------------------------------------------------------------------------------------------


def _prepare_waiting(rows: list[Any], shown: lists.Shown) -> None:
    of_goods(rows, shown)
    named = goods.orders.named(shown.request.user, {row.order for row in rows})
    for row in rows:
        row.document = named.get(row.order)


WAITING = lists.List(
    name="stock-waiting",
    path="stock/waiting",
    title=_("Waiting for stock"),
    right=RIGHT,
    rows=lambda user: goods.limited(PendingUnits.objects.filter(state=PendingUnits.State.WAITING), user),
    narrow=goods.of_sites,
    columns=[
        product_column(),
        lists.Column(
            "order",
            _("Order"),
            lambda row, shown: (
                format_html('<a href="{}">{}</a>', row.document.url, row.document.title) if row.document else ""
            ),
            export=lambda row: row.document.title if row.document else "",
        ),
        lists.number_column("waits", _("Still waits for"), lambda row: row.units - row.taken),
        lists.number_column("units", _("Of"), "units"),
        lists.moment_column("placed", _("Ordered"), "placed_at", css="end"),
    ],
    default_sort="placed",
    filters=[_OF_GOODS, lists.Dates("placed", _("Ordered"), field="placed_at")],
    search=SEARCH,
    prepare=_prepare_waiting,
    topic=live.STOCK,
    head=TABS,
    help=_(
        "Orders that were accepted without stock, the oldest first: sold by a shop that was cut off, or at the desk "
        "where that is allowed. As soon as units come in the oldest gets them by itself and its shopper is written to."
    ),
    empty=lists.Empty(_("Nobody waits"), _("Every order has its goods."), "circle-check"),
)

# --- what is to come -----------------------------------------------------------------------------------------------

SUPPLIES = lists.List(
    name="stock-supplies",
    path="stock/supplies",
    title=_("Planned supply"),
    right=RIGHT,
    rows=lambda user: goods.limited(PlannedSupply.objects.all(), user),
    narrow=goods.of_sites,
    columns=[
        product_column(),
        _warehouse_column(),
        lists.Column(
            "due",
            _("Expected on"),
            lambda row, shown: row.due_on.isoformat(),
            sort="due_on",
            export=lambda row: row.due_on.isoformat(),
        ),
        lists.number_column("units", _("Units"), "units"),
        lists.Column(
            "state",
            _("State"),
            lambda row, shown: cells.badge(*_supply_state(row)),
            export=lambda row: _supply_state(row)[0],
        ),
        lists.Column("note", _("Note"), lambda row, shown: row.note, export=lambda row: row.note, css="grow"),
        lists.Column("by", _("Entered by"), lambda row, shown: row.by, export=lambda row: row.by, is_shown=False),
    ],
    default_sort="due",
    filters=[
        _OF_GOODS,
        _IN_WAREHOUSE,
        lists.Flag("open", _("Still expected"), Q(ended_at=None)),
        lists.Dates("due", _("Expected on"), field="due_on"),
    ],
    search=SEARCH,
    row_url=lambda row: reverse("stock-supply", args=[row.pk]),
    prepare=of_goods,
    head=TABS,
    help=_(
        "Goods that are to come: how many, into which warehouse and when. They are no stock yet; receive them when "
        "they are there, and they go to the orders that wait first."
    ),
    empty=lists.Empty(_("Nothing is expected"), _("Enter it on a product's card."), "truck-delivery"),
)


def _supply_state(row: PlannedSupply) -> tuple[str, str]:
    if row.ended_at is None:
        return _now("expected"), "blue"
    return (_now("received"), "green") if row.is_received else (_now("given up"), "grey")


# --- the audit -----------------------------------------------------------------------------------------------------


def _breaches(user: Any) -> QuerySet[BreachRow]:
    """Rows tell of goods of any site: only who sees all sites sees them."""
    return BreachRow.objects.all() if visible_sites(user) is ALL else BreachRow.objects.none()


def _no_breaches() -> lists.Empty:
    """Books that nobody has looked at yet are not right, only not looked at."""
    if Audit.objects.filter(pk=1).exists():
        return lists.Empty(_("The books are right"), _("Every unit is accounted for."), "circle-check")
    return lists.Empty(_("Not looked at yet"), _("The first audit comes within a minute."), "clock")


AUDIT = lists.List(
    name="stock-audit",
    path="stock/audit",
    title=_("Audit of the books"),
    right=RIGHT,
    rows=_breaches,
    site_field="",
    columns=[
        lists.Column(
            "rule", _("What is wrong"), lambda row, shown: _rule(row), sort="rule", export=lambda row: _rule(row)
        ),
        product_column(),
        _warehouse_column(),
        lists.Column(
            "where", _("Place or grant"), lambda row, shown: place(row.where), export=lambda row: place(row.where)
        ),
        lists.number_column("has", _("Is"), lambda row: row.has),
        lists.number_column("should", _("Should be"), lambda row: row.should),
        lists.moment_column("found", _("Found"), "found_at", css="end"),
        lists.moment_column("ended", _("Right again"), "ended_at", css="end"),
    ],
    default_sort="-found",
    filters=[
        lists.Flag("open", _("Still wrong"), Q(ended_at=None)),
        lists.Choices("rule", _("What is wrong"), [lists.Option(code, title) for code, title in RULES.items()]),
        _OF_GOODS,
        _IN_WAREHOUSE,
    ],
    search=SEARCH,
    prepare=of_goods,
    topic=live.STOCK,
    head="stock/parts/audit_head.html",
    head_context=lambda request: {
        "audit": Audit.objects.filter(pk=1).first(),
        "alarm": Alarm.objects.filter(is_open=True).first(),
    },
    help=_(
        "Every minute the books are looked at: each balance is the sum of its movements, what came in is free, at "
        "shops, sold or written off, and no shop sold more than it was granted. What is wrong stands here with its "
        "figures, and people with the right to stock are written to once."
    ),
    empty=_no_breaches,
)


def _rule(row: BreachRow) -> str:
    return str(RULES.get(row.rule, row.rule))
