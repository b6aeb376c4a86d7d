"""The desk's screens of clients."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from central.history import queries as history
from central.orders.queries import orders_visible_to
from central.people.actions import change_customer, decide_apart
from central.people.models import Customer, Doubt
from central.shoppers.clients import ClientForm, client_of, clients_visible_to
from central.shoppers.queries import account_of, open_grants, open_sessions, shops_by_id
from central.ui import timeline
from central.ui.screens import StaffRequest, may, screen
from central.ui.watching import kind_of

#: of one card; older ones are found in the list of orders
SHOWN_ORDERS = 30
SHOWN_CHANGES = 50


@screen("see_customers")
def card(request: StaffRequest, client_id: UUID) -> HttpResponseBase:
    """One client: contacts, account, orders one may see, who changed what, and who might be the same person."""
    client = _visible(request, client_id)
    account = account_of(client)
    grants = open_grants(account) if account else []
    shops = shops_by_id({grant.site for grant in grants})
    doubts = Doubt.objects.filter(customer=client, state=Doubt.State.OPEN).select_related("other")
    context = {
        "client": client,
        "account": account,
        "sessions": open_sessions(account) if account else [],
        "signed_in_at": sorted({shops[grant.site].name for grant in grants if grant.site in shops}),
        "orders": list(orders_visible_to(request.user).filter(customer=client.pk).order_by("-placed_at")[:SHOWN_ORDERS])
        if may(request.user, "see_orders")
        else [],
        "timeline": timeline.entries(request.user, kind_of(client), str(client.pk), SHOWN_CHANGES),
        "page": history.of_record(request.user, client, older_than=request.GET.get("older_than", "")),
        "doubts": [(doubt, _seen(request, doubt.other)) for doubt in doubts],
    }
    return render(request, "shoppers/desk/client.html", context)


@screen("see_customers", methods=["GET", "HEAD", "POST"])
def edit(request: StaffRequest, client_id: UUID) -> HttpResponseBase:
    client = _visible(request, client_id)
    form = ClientForm(request, initial=ClientForm.initial_of(client), ver=client.ver, may_edit=_may_edit(request))
    if form.is_saveable():
        with form.refusals():
            change_customer(client.pk, form.changes, by=request.user.username, seen_ver=client.ver)
            return form.saved(_("The client is saved."), "clients-card", client.pk)
    title = client.name or client.phone or client.email or _("Client")
    return form.page(title, back=("clients-card", title, client.pk))


@screen("see_customers", methods=["POST"])
def apart(request: StaffRequest, client_id: UUID, doubt_id: int) -> HttpResponseBase:
    """Somebody has looked: the two are two people."""
    client = _visible(request, client_id)
    if not _may_edit(request) or not Doubt.objects.filter(pk=doubt_id, customer=client).exists():
        raise Http404
    decide_apart(doubt_id, by=request.user.username)
    messages.success(request, _("Noted: two people."))
    return redirect("clients-card", client.pk)


def _may_edit(request: StaffRequest) -> bool:
    # Whoever works on orders talks to the client; there is no right of its own for his record.
    return may(request.user, "work_orders")


def _visible(request: StaffRequest, client_id: UUID) -> Customer:
    client = client_of(request.user, client_id)
    if client is None:
        raise Http404
    return client


def _seen(request: StaffRequest, other: Customer) -> bool:
    return clients_visible_to(request.user).filter(pk=other.pk).exists()
