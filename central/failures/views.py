"""Screens of failed jobs: the card, trying again, giving up. The list is declared in `lists.py`."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from central.failures import actions, queries
from central.failures.forms import GiveUpForm
from central.failures.lists import RIGHT
from central.failures.models import Failure
from central.failures.words import state_title, state_tone, what, why
from central.ui import cards, live
from central.ui.cards import Action, Badge, Card, Fact
from central.ui.lists import cells
from central.ui.screens import StaffRequest, screen


@screen(RIGHT)
def one(request: StaffRequest, failure_id: int) -> HttpResponse:
    failure = queries.visible_failure(failure_id, request.user)
    return cards.show(
        request,
        Card(
            record=failure,
            title=what(failure),
            back=("failures", _("Failed jobs")),
            badges=[Badge(state_title(failure), state_tone(failure))],
            actions=_buttons(failure),
            facts=_facts(failure),
            topic=live.JOBS,
        ),
    )


@screen(RIGHT, methods=["POST"])
def again(request: StaffRequest, failure_id: int) -> HttpResponseBase:
    failure = queries.visible_failure(failure_id, request.user)
    actions.try_again(failure.pk, by=request.user.get_username())
    messages.success(request, _("It is being tried again."))
    return redirect("failures-one", failure.pk)


@screen(RIGHT, methods=["GET", "HEAD", "POST"])
def give_up(request: StaffRequest, failure_id: int) -> HttpResponseBase:
    failure = queries.visible_failure(failure_id, request.user)
    form = GiveUpForm(request)
    if form.is_saveable():
        with form.refusals():
            actions.give_up(failure.pk, reason=form.cleaned_data["reason"], by=request.user.get_username())
            return form.saved(_("It is given up."), "failures")
    title = _("Give up: %(what)s") % {"what": what(failure)}
    return form.page(title, back=("failures-one", what(failure), failure.pk), verb=_("Give up"))


def _facts(failure: Failure) -> list[Fact]:
    facts = [
        Fact(_("Why"), why(failure)),
        Fact(_("Error"), format_html("<code>{}</code>", failure.error or "—")),
        Fact(_("Realm"), failure.realm),
        Fact(_("Attempts"), failure.attempts),
        Fact(_("Begun"), cells.ago(failure.made_at)),
        Fact(_("Failed"), cells.ago(failure.failed_at)),
        Fact(_("Name in the log"), format_html("<code>{}</code>", failure.what)),
        Fact(_("Number in the log"), format_html("<code>{}</code>", failure.ref)),
    ]
    if failure.edge:
        facts.insert(2, Fact(_("Node"), failure.edge))
    if failure.reason:
        facts.insert(0, Fact(_("Reason"), failure.reason))
    if failure.by:
        facts.append(Fact(_("Decided by"), failure.by))
    return facts


def _buttons(failure: Failure) -> list[Action]:
    if failure.is_closed:
        return []
    again_url, up_url = (reverse(name, args=[failure.pk]) for name in ("failures-again", "failures-give-up"))
    buttons = [Action(_("Give up"), up_url, "ban", right=RIGHT, css="btn-outline-danger")]
    if failure.state == Failure.State.OPEN and failure.may_be_tried:
        buttons.insert(0, Action(_("Try again"), again_url, "refresh", right=RIGHT, is_post=True, css="btn-primary"))
    return buttons
