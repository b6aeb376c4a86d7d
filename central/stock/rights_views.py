"""Screens of one right of an edge: its card, and writing it off. The list is declared in `rights_list.py`."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _

from central.stock import giving_up, goods
from central.stock.forms import WriteOffForm
from central.stock.goods import Goods
from central.stock.lists import RIGHT
from central.stock.models import Grant
from central.stock.rights_list import WRITE_OFF, ends_at, rights_visible_to, units_out
from central.stock.words import state_title, state_tone
from central.ui import actors, cards, live
from central.ui.cards import Action, Badge, Card, Fact
from central.ui.lists import cells
from central.ui.screens import StaffRequest, screen


@screen(RIGHT)
def right(request: StaffRequest, grant_id: UUID) -> HttpResponse:
    found, good = _right(request, grant_id)
    url = reverse("stock-right-write-off", args=[found.pk])
    off = Action(_("Write off"), url, "ban", right=WRITE_OFF, css="btn-outline-danger")
    return cards.show(
        request,
        Card(
            record=found,
            title=_title(found, good),
            back=("stock-rights", _("Rights of edges")),
            badges=[Badge(state_title(found), state_tone(found))],
            actions=[
                *([off] if found.state == Grant.State.FROZEN else []),
                Action(_("Its ledger"), f"{reverse('stock-ledger')}?goods={found.variant}", "history"),
            ],
            facts=_facts(found),
            topic=live.STOCK,
        ),
    )


@screen(WRITE_OFF, methods=["GET", "HEAD", "POST"])
def write_off(request: StaffRequest, grant_id: UUID) -> HttpResponseBase:
    found, good = _right(request, grant_id)
    form = WriteOffForm(request)
    if form.is_saveable():
        with form.refusals():
            giving_up.write_off(found.pk, reason=form.cleaned_data["reason"], by=request.user.get_username())
            return form.saved(_("It is written off."), "stock-right", found.pk)
    title = _("Write off: %(what)s") % {"what": _title(found, good)}
    return form.page(title, back=("stock-right", _title(found, good), found.pk), verb=_("Write off"))


def _right(request: StaffRequest, grant_id: UUID) -> tuple[Grant, Goods]:
    """404 too for goods that no site of the person's sells."""
    found = rights_visible_to(request.user).filter(pk=grant_id).first()
    good = goods.goods.named(request.user, [found.variant]).get(found.variant) if found else None
    if found is None or good is None:
        raise Http404(str(grant_id))
    return found, good


def _title(found: Grant, good: Goods) -> str:
    return f"{good.title} · {found.edge}"


def _facts(found: Grant) -> list[Fact]:
    facts = [
        Fact(_("Edge"), found.edge),
        Fact(_("Units"), cells.number(found.units)),
        Fact(_("Sold"), cells.number(found.sold)),
        Fact(_("Given back"), cells.number(found.returned)),
        Fact(_("Held out"), cells.number(units_out(found))),
        Fact(_("In orders that came"), cells.number(found.booked)),
        Fact(_("Since"), cells.ago(found.created_at)),
    ]
    if until := ends_at(found):
        facts.append(Fact(_("Freezes"), cells.ago(until)))
    if found.frozen_at:
        facts.append(Fact(_("Frozen"), cells.ago(found.frozen_at)))
    if found.written_off_at:
        facts += [
            Fact(_("Written off"), cells.ago(found.written_off_at)),
            Fact(_("Reason"), found.reason),
            Fact(_("Decided by"), actors.in_words(found.written_off_by)),
            Fact(_("Units lost"), cells.number(found.lost)),
            Fact(_("In orders that came after"), cells.number(found.late)),
        ]
    return facts
