"""Screens of stock besides its lists: warehouses, goods that come in, are carried or corrected, planned supply."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from central.stock import goods, receipts, rules, supplies, warehouses
from central.stock.errors import StockError
from central.stock.forms import ArrivedForm, ChangeForm, ReceiveForm, RulesForm, SupplyForm, TransferForm, WarehouseForm
from central.stock.goods import Goods
from central.stock.lists import RIGHT
from central.stock.models import PlannedSupply, Warehouse
from central.stock.queries import warehouse_titles
from central.ui import cards, view_scope
from central.ui.cards import Action, Badge, Card, Fact
from central.ui.explain import explain
from central.ui.screens import StaffRequest, screen

FORM = ["GET", "HEAD", "POST"]

# --- warehouses ----------------------------------------------------------------------------------------------------


@screen(RIGHT)
def warehouse(request: StaffRequest, code: str) -> HttpResponse:
    row = _warehouse(code)
    edit, switch = (reverse(name, args=[code]) for name in ("stock-warehouse-edit", "stock-warehouse-switch"))
    off = Action(_("Switch off"), switch, "ban", right="manage_warehouses", is_post=True, values={"to": "off"})
    on = Action(_("Switch on"), switch, "check", right="manage_warehouses", is_post=True, values={"to": "on"})
    return cards.show(
        request,
        Card(
            record=row,
            title=row.title,
            back=("stock-warehouses", _("Warehouses")),
            badges=[Badge(_("in use"), "green") if row.is_active else Badge(_("switched off"))],
            actions=[
                Action(_("Edit"), edit, "pencil", right="manage_warehouses"),
                off if row.is_active else on,
                Action(_("Its stock"), f"{reverse('stock')}?warehouse={code}", "list"),
                Action(_("Its ledger"), f"{reverse('stock-ledger')}?warehouse={code}", "history"),
            ],
            facts=[
                Fact(_("Code"), row.pk),
                Fact(_("Order of taking"), row.position),
                Fact(_("Pick-up point"), _("yes") if row.is_pickup else _("no")),
                Fact(_("Address"), row.address or "—"),
                Fact(_("Phone"), row.phone or "—"),
                Fact(_("Hours"), row.hours or "—"),
            ],
            help=_("Units are taken from the warehouse with the lowest number first."),
        ),
    )


@screen("manage_warehouses", methods=FORM)
def new_warehouse(request: StaffRequest) -> HttpResponseBase:
    form = WarehouseForm(request)
    if form.is_saveable():
        with form.refusals():
            values = dict(form.cleaned_data)
            made = warehouses.add_warehouse(values.pop("code"), **values)
            return form.saved(_("The warehouse is there."), "stock-warehouse", made.pk)
    return form.page(_("New warehouse"), back=("stock-warehouses", _("Warehouses")))


@screen("manage_warehouses", methods=FORM)
def edit_warehouse(request: StaffRequest, code: str) -> HttpResponseBase:
    row = _warehouse(code)
    form = WarehouseForm(request, row)
    if form.is_saveable():
        with form.refusals():
            warehouses.edit_warehouse(code, seen_ver=row.ver, **form.changes)
            return form.saved(_("The warehouse is saved."), "stock-warehouse", code)
    return form.page(row.title, back=("stock-warehouse", row.title, code))


@screen("manage_warehouses", methods=["POST"])
def switch_warehouse(request: StaffRequest, code: str) -> HttpResponseBase:
    act = warehouses.switch_on if request.POST.get("to") == "on" else warehouses.switch_off
    _warehouse(code)
    try:
        act(code)
    except StockError as error:
        messages.error(request, explain(error))
    return redirect("stock-warehouse", code)


def _warehouse(code: str) -> Warehouse:
    row = Warehouse.objects.filter(pk=code).first()
    if row is None:
        raise Http404(code)
    return row


# --- goods that come in, are carried, are corrected ----------------------------------------------------------------


@screen("edit_stock", methods=FORM)
def receive(request: StaffRequest) -> HttpResponseBase:
    """Goods have come in: many lines at once, all or none."""
    form = ReceiveForm(request)
    if form.is_saveable():
        with form.refusals():
            data = form.cleaned_data
            receipts.receive_stock(
                data["lines"],
                who=request.user.username,
                note=data["note"],
                ref=data["ref"],
                warehouse=data["warehouse"],
            )
            return form.saved(_("The goods are received."), "stock-ledger")
    return form.page(
        _("Receive goods"),
        back=("stock", _("Stock")),
        help=_("Orders that wait get theirs first; the rest is free at once in all shops."),
    )


@screen("edit_stock", methods=FORM)
def transfer(request: StaffRequest) -> HttpResponseBase:
    """Carry free units from one warehouse to another, all or none."""
    form = TransferForm(request)
    if form.is_saveable():
        with form.refusals():
            data = form.cleaned_data
            receipts.transfer_stock(
                data["lines"],
                source=data["source"],
                target=data["target"],
                who=request.user.username,
                note=data["note"],
            )
            return form.saved(_("The goods are moved."), "stock-ledger")
    return form.page(
        _("Move goods between warehouses"),
        back=("stock", _("Stock")),
        help=_("Only what is free can be moved: what shops hold comes back when it is not sold."),
    )


@screen("edit_stock", methods=FORM)
def change(request: StaffRequest, variant: UUID) -> HttpResponseBase:
    """Raise or lower the free units of one variant, with a reason."""
    one = _goods(request, variant)
    form = ChangeForm(request)
    if form.is_saveable():
        with form.refusals():
            data = form.cleaned_data
            receipts.change_stock(
                variant, form.change, warehouse=data["warehouse"], who=request.user.username, note=data["note"]
            )
            messages.success(request, _("The stock is changed."))
            return redirect(one.url)
    return form.page(
        _("Change the stock"),
        back=(one.url, one.title),
        note=f"{one.title} ({one.sku})",
        help=_("Only what is free can be lowered here; to count all anew, type the stock into the list of products."),
    )


@screen("manage_warehouses", methods=FORM)
def desk_rules(request: StaffRequest) -> HttpResponseBase:
    """What the desks of the person's sites may do beyond their stock."""
    looks = view_scope.choices(request)
    known = rules.rules()
    ids = [look.id for look in looks]
    initial = {
        "below": [site for site in ids if site in known and known[site].sells_below],
        "hiding": [site for site in ids if site in known and known[site].hides_empty],
    }
    form = RulesForm(request, [(look.id, look.label) for look in looks], initial)
    if form.is_saveable():
        with form.refusals():
            rules.set_rules(
                ids,
                below=form.cleaned_data["below"],
                hiding=form.cleaned_data["hiding"],
                by=request.user.username,
            )
            return form.saved(_("The rules are saved."), "stock")
    return form.page(_("Rules of the desks"), back=("stock", _("Stock")))


# --- planned supply ------------------------------------------------------------------------------------------------


@screen("edit_stock", methods=FORM)
def plan(request: StaffRequest, variant: UUID) -> HttpResponseBase:
    one = _goods(request, variant)
    form = SupplyForm(request)
    if form.is_saveable():
        with form.refusals():
            supplies.plan_supply(variant, by=request.user.username, **form.cleaned_data)
            messages.success(request, _("The supply is entered."))
            return redirect(one.url)
    return form.page(_("Planned supply"), back=(one.url, one.title), note=f"{one.title} ({one.sku})")


@screen(RIGHT)
def supply(request: StaffRequest, supply_id: int) -> HttpResponse:
    row, one = _supply(request, supply_id)
    actions = [
        Action(
            _("Receive"), reverse("stock-supply-receive", args=[row.pk]), "check", right="edit_stock", css="btn-primary"
        ),
        Action(
            _("Give up"),
            reverse("stock-supply-give-up", args=[row.pk]),
            "ban",
            right="edit_stock",
            is_post=True,
            confirm=_("The supply is not expected any more. This cannot be taken back; enter a new one if it comes."),
            css="btn-outline-danger",
        ),
    ]
    name = warehouse_titles().get(row.warehouse, row.warehouse)
    return cards.show(
        request,
        Card(
            record=row,
            title=one.title,
            back=("stock-supplies", _("Planned supply")),
            note=one.sku,
            badges=[Badge(_("expected"), "blue") if row.ended_at is None else Badge(_("ended"))],
            actions=actions if row.ended_at is None else [],
            facts=[
                Fact(_("Units"), row.units),
                Fact(_("Warehouse"), name),
                Fact(_("Expected on"), row.due_on.isoformat()),
                Fact(_("Note"), row.note or "—"),
                Fact(_("Entered by"), row.by),
            ],
        ),
    )


@screen("edit_stock", methods=FORM)
def receive_supply(request: StaffRequest, supply_id: int) -> HttpResponseBase:
    row, one = _supply(request, supply_id)
    form = ArrivedForm(request, row.units)
    if form.is_saveable():
        with form.refusals():
            supplies.receive_supply(row.pk, units=form.cleaned_data["units"], by=request.user.username)
            return form.saved(_("The goods are received."), "stock-supplies")
    return form.page(_("Receive goods"), back=("stock-supply", one.title, row.pk), note=f"{one.title} ({one.sku})")


@screen("edit_stock", methods=["POST"])
def give_up_supply(request: StaffRequest, supply_id: int) -> HttpResponseBase:
    row, _one = _supply(request, supply_id)
    try:
        supplies.give_up_supply(row.pk)
    except StockError as error:
        messages.error(request, explain(error))
    return redirect("stock-supplies")


def _supply(request: StaffRequest, supply_id: int) -> tuple[PlannedSupply, Goods]:
    row = PlannedSupply.objects.filter(pk=supply_id).first()
    if row is None:
        raise Http404(str(supply_id))
    return row, _goods(request, row.variant)


def _goods(request: StaffRequest, variant: UUID) -> Goods:
    """404 for goods that no site of the person's sells."""
    found = goods.goods.named(request.user, [variant]).get(variant)
    if found is None:
        raise Http404(variant.hex)
    return found
