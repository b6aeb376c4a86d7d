"""The desk's screens of clients."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from central.orders.queries import orders_visible_to
from central.people.actions import change_customer, erase_customer
from central.people.merging import decide_apart, decide_same, doubt_again, merge_customers, undo_merge
from central.people.models import Customer
from central.people.queries import customers_by_contact, open_doubts_of, standing_merges
from central.shoppers import clients
from central.shoppers.clients import (
    ClientForm,
    EraseForm,
    MergeForm,
    client_of,
    clients_visible_to,
    doubts_visible_to,
    sees_all_of,
    title_of,
)
from central.shoppers.queries import account_of, open_grants, open_sessions, shops_by_id
from central.ui import cards, timeline
from central.ui.cards import Action, Card, Part, Warn, as_danger
from central.ui.explain import explain
from central.ui.screens import StaffRequest, may, screen
from central.ui.templatetags.kit import ago
from central.ui.watching import kind_of
from node.errors import RialtoError

FORM = ("GET", "HEAD", "POST")
PARTS = "shoppers/desk/parts"
#: of one card; older ones are found in the list of orders, and under the tab Timeline
SHOWN_ORDERS = 30
SHOWN_CHANGES = 5
#: whom one might merge with
SHOWN_OTHERS = 20

_UUID = re.compile(r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}")


@screen("see_customers")
def card(request: StaffRequest, client_id: UUID) -> HttpResponseBase:
    """One client: contacts, account, orders one may see, and who might be the same person."""
    client = clients.record_of(request.user, client_id)
    if client is None:
        raise Http404
    if client.merged_into_id:
        return redirect("clients-card", client.merged_into_id)
    return cards.show(
        request,
        Card(
            record=client,
            title=title_of(client),
            back=("clients", _("Clients")),
            site=client.source_site,
            note=format_html("{} {}", _("client since"), ago(client.created_at)),
            warnings=[Warn(_("This client was erased. His orders stay without him."))] if client.erased_at else [],
            actions=[] if client.erased_at else _actions(client),
            facts_title=_("Client"),
            parts=_parts(request, client),
            help=_(
                "The contacts are the client's own record: a change here shows in his account at once, and his in "
                "here. A changed e-mail has to be proven by a code before it signs in."
            ),
        ),
    )


def _actions(client: Customer) -> list[Action]:
    return [
        Action(_("Edit"), reverse("clients-edit", args=[client.pk]), "pencil", "edit_customers", css="btn-primary"),
        Action(_("Merge"), reverse("clients-other", args=[client.pk]), "users", "merge_customers"),
        as_danger(Action(_("Erase"), reverse("clients-erase", args=[client.pk]), "trash", "erase_customers")),
    ]


def _parts(request: StaffRequest, client: Customer) -> list[Part]:
    told = timeline.entries(request.user, kind_of(client), str(client.pk), SHOWN_CHANGES + 1)
    newest = {"entries": told[:SHOWN_CHANGES], "more": len(told) > SHOWN_CHANGES}
    orders = _orders(request, client)
    doubts = [_doubt(request, client, doubt) for doubt in open_doubts_of(client)]
    merges = list(standing_merges(client))
    parts = [
        Part(_("Orders"), f"{PARTS}/orders.html", {"orders": orders}, is_flush=True),
        Part(_("Timeline"), "history/newest.html", newest),
        Part(_("Contacts"), f"{PARTS}/contacts.html", {"client": client}, is_aside=True),
        Part(_("Account"), f"{PARTS}/account.html", _account(client), is_aside=True),
    ]
    if merges:
        parts.append(
            Part(_("Merged records"), f"{PARTS}/merged.html", {"client": client, "merges": merges}, is_aside=True)
        )
    if doubts:
        same = {"client": client, "doubts": doubts}
        parts.insert(0, Part(_("Might be the same person"), f"{PARTS}/doubts.html", same))
    return parts


def _account(client: Customer) -> dict[str, Any]:
    account = account_of(client)
    grants = open_grants(account) if account else []
    shops = shops_by_id({grant.site for grant in grants})
    return {
        "account": account,
        "sessions": open_sessions(account) if account else [],
        "signed_in_at": sorted({shops[grant.site].name for grant in grants if grant.site in shops}),
    }


@screen("edit_customers", methods=FORM)
@screen("see_customers", methods=FORM)
def edit(request: StaffRequest, client_id: UUID) -> HttpResponseBase:
    client = _visible(request, client_id)
    form = ClientForm(request, initial=ClientForm.initial_of(client), ver=client.ver)
    if form.is_saveable():
        with form.refusals():
            change_customer(client.pk, form.changes, by=request.user.username, seen_ver=client.ver)
            return form.saved(_("The client is saved."), "clients-card", client.pk)
    return form.page(title_of(client), back=("clients-card", title_of(client), client.pk))


# --- one person or two ---------------------------------------------------------------------------------------------


@screen("merge_customers")
@screen("see_customers")
def find_other(request: StaffRequest, client_id: UUID) -> HttpResponseBase:
    """Whom to merge with: who is doubted already, or who is found by the whole phone or e-mail."""
    client = _visible(request, client_id)
    asked = request.GET.get("q", "").strip()[:100]
    seen = clients_visible_to(request.user).filter(erased_at=None).exclude(pk=client.pk)
    doubted = [doubt["other"].pk for doubt in (_doubt(request, client, one) for one in open_doubts_of(client))]
    found = seen.filter(pk__in=customers_by_contact(asked).values("pk")) if asked else seen.filter(pk__in=doubted)
    context = {"client": client, "title": title_of(client), "asked": asked, "found": list(found[:SHOWN_OTHERS])}
    return render(request, "shoppers/desk/find_other.html", context)


@screen("merge_customers", methods=FORM)
@screen("see_customers", methods=FORM)
def merge(request: StaffRequest, client_id: UUID, other_id: UUID) -> HttpResponseBase:
    """Both side by side, and what stays. The client of the address stays, the other becomes a sign-post to him."""
    kept, gone = _visible(request, client_id), _visible(request, other_id)
    if kept.pk == gone.pk:
        raise Http404
    form = MergeForm(request, kept, gone)
    if form.is_saveable():
        with form.refusals():
            merge_customers(gone.pk, kept.pk, take=form.take, by=request.user.username, seen=form.seen)
            return form.saved(
                _("The two are one client now. It can be taken back on his card."), "clients-card", kept.pk
            )
    return form.page(
        _("One client of two"),
        back=("clients-card", title_of(kept), kept.pk),
        template="shoppers/desk/merge.html",
        kept=_side(request, kept),
        gone=_side(request, gone),
        both_sign_in=all(account_of(one) for one in (kept, gone)),
    )


@screen("merge_customers", methods=["POST"])
@screen("see_customers", methods=["POST"])
def unmerge(request: StaffRequest, client_id: UUID, merge_id: int) -> HttpResponseBase:
    """Two clients again, each as he was."""
    client = _visible(request, client_id)
    if not standing_merges(client).filter(pk=merge_id).exists():
        raise Http404
    try:
        undo_merge(merge_id, by=request.user.username)
        messages.success(request, _("The merge is taken back: two clients again."))
    except RialtoError as error:
        messages.error(request, explain(error))
    return redirect("clients-card", client.pk)


@screen("merge_customers", methods=["POST"])
@screen("see_customers", methods=["POST"])
def decide(request: StaffRequest, doubt_id: int) -> HttpResponseBase:
    """One click: the same person, or not; `as`: "same" or "apart", "again" takes the second back."""
    doubt = doubts_visible_to(request.user).filter(pk=doubt_id).first()
    if doubt is None:
        raise Http404
    try:
        messages.success(request, _decided(doubt.pk, request.POST.get("as", ""), request.user.username))
    except RialtoError as error:
        messages.error(request, explain(error))
    back = request.POST.get("back", "")
    return redirect("clients-card", UUID(back)) if _UUID.fullmatch(back) else redirect("doubts")


def _decided(doubt_id: int, what: str, by: str) -> str:
    if what == "same":
        decide_same(doubt_id, by=by)
        return _("The two are one client now. It can be taken back on his card.")
    if what == "again":
        doubt_again(doubt_id, by=by)
        return _("The doubt is open again.")
    if what != "apart":
        raise Http404
    decide_apart(doubt_id, by=by)
    return _("Noted: two people.")


# --- forgetting ----------------------------------------------------------------------------------------------------


@screen("erase_customers", methods=FORM)
@screen("see_customers", methods=FORM)
def erase(request: StaffRequest, client_id: UUID) -> HttpResponseBase:
    """Forget a person for ever; only where every site he is of is one's own."""
    client = _visible(request, client_id)
    if not sees_all_of(request.user, client):
        messages.error(request, _("He has ordered at sites you may not see: somebody who sees them all can erase him."))
        return redirect("clients-card", client.pk)
    form = EraseForm(request, client)
    if form.is_saveable():
        with form.refusals():
            erase_customer(client.pk, by=request.user.username)
            return form.saved(_("The client is erased. His orders stay without him."), "clients-card", client.pk)
    return form.page(
        _("Erase a client"),
        back=("clients-card", title_of(client), client.pk),
        template="shoppers/desk/erase.html",
        client=client,
        orders=client.contacts.count(),
        account=account_of(client),
    )


def _visible(request: StaffRequest, client_id: UUID) -> Customer:
    """Somebody who is there to be changed."""
    client = client_of(request.user, client_id)
    if client is None or client.erased_at:
        raise Http404
    return client


def _orders(request: StaffRequest, client: Customer) -> list[Any]:
    if not may(request.user, "see_orders"):
        return []
    return list(orders_visible_to(request.user).filter(customer=client.pk).order_by("-placed_at")[:SHOWN_ORDERS])


def _doubt(request: StaffRequest, client: Customer, doubt: Any) -> dict[str, Any]:
    """A doubt as the card of one of its sides tells it."""
    other = doubt.other if doubt.one == client.pk else doubt.customer
    now = clients_visible_to(request.user).filter(pk=doubt.two if doubt.one == client.pk else doubt.one).first()
    return {"doubt": doubt, "other": now or other, "is_seen": now is not None}


def _side(request: StaffRequest, client: Customer) -> dict[str, Any]:
    """One of two records, as the merge shows it."""
    return {
        "client": client,
        "title": title_of(client),
        "account": account_of(client),
        "orders": client.contacts.count(),
    }
