"""Screens of a realm's move: begin it, watch it, end it, and the moves there were."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from central.cluster.forms import RealmMoveForm
from central.cluster.moving import record
from central.cluster.moving.record import Step
from central.cluster.moving.starting import start
from central.ui.explain import explain
from central.ui.screens import StaffRequest, screen
from node.errors import RialtoError
from node.realms import CENTRAL_REALMS

STEPS = {
    Step.PREPARE: gettext_lazy("Making the tables"),
    Step.COPY: gettext_lazy("Copying"),
    Step.FOLLOW: gettext_lazy("Following the changes"),
    Step.VERIFY: gettext_lazy("Comparing both sides"),
    Step.SWITCH: gettext_lazy("Switching"),
    Step.DONE: gettext_lazy("Moved"),
    Step.BACK: gettext_lazy("Rolled back"),
}
TONES = {Step.DONE: "green", Step.BACK: "red"}


@screen("move_realms", methods=["GET", "HEAD", "POST"])
def move(request: StaffRequest, realm: str) -> HttpResponseBase:
    _known(realm)
    form, refused = RealmMoveForm(request), ""
    if form.is_saveable():
        try:
            start(realm, form.cleaned_data["url"], by=request.user.username)
        except RialtoError as error:
            refused = explain(error)
        else:
            return redirect("realms-move", realm)
    form.hide_password()
    context = {**_state(realm), "form": form, "refused": refused}
    template = "cluster/parts/move_state.html" if request.htmx else "cluster/move.html"
    return render(request, template, context, status=422 if refused or form.errors else 200)


@screen("move_realms", methods=["POST"])
def abort(request: StaffRequest, realm: str) -> HttpResponse:
    """Ask whoever moves it to stop before the switch; behind it there is nothing to end any more."""
    _known(realm)
    found = record.last(realm)
    if found is None or found.is_over:
        raise Http404
    record.ask_to_stop(found)
    return redirect("realms-move", realm)


def _known(realm: str) -> None:
    if realm not in CENTRAL_REALMS:
        raise Http404


def _state(realm: str) -> dict[str, Any]:
    last = record.last(realm)
    return {
        "realm": realm,
        "move": last,
        "target": last.public["target"] if last else "",
        "step": STEPS[last.step] if last else "",
        "tone": TONES.get(last.step, "amber") if last else "",
        "is_going_on": last is not None and not last.is_over,
        "is_lost": last is not None and not last.is_over and not record.is_moving(realm),
        "steps": _("%(rows)s rows copied, %(followed)s changes followed")
        % {"rows": last.rows, "followed": last.followed}
        if last
        else "",
        "moves": [{**one, "words": STEPS[Step(str(one["step"]))]} for one in record.history() if one["realm"] == realm],
    }
