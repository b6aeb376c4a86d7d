"""Addresses of bulk runs: begin one, watch it, stop it, take it back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from central.ui import view_scope
from central.ui.bulk import actions
from central.ui.bulk.models import BulkRun
from central.ui.lists.kept import address_of
from central.ui.lists.shown import Shown
from central.ui.lists.spec import BulkAction, List
from central.ui.screens import StaffRequest, may

#: a run that is over stays above the list for so long
SHOWN_FOR = timedelta(minutes=15)
ERRORS_SHOWN = 200


def usable_actions(shown: Shown) -> list[BulkAction]:
    usable = (action for action in shown.spec.bulk if may(shown.request.user, action.right))
    return [action for action in usable if action.is_there is None or action.is_there()]


def begin(request: StaffRequest, spec: List) -> HttpResponseBase:
    """`action` on the ticked rows (`row`) or on the whole filter (`whole=1`); asks first where there is a question."""
    shown = Shown(spec, request)
    action = next((one for one in usable_actions(shown) if one.name == request.POST.get("action")), None)
    if action is None:
        raise Http404
    is_whole, keys = request.POST.get("whole") == "1", request.POST.getlist("row")
    if not is_whole and not keys:
        messages.error(request, _("Tick the rows first."))
        return redirect(address_of(spec, shown.query))
    is_answered = request.POST.get("go") == "1"
    form = action.form(request.POST if is_answered else None, request.user) if action.form else None
    for field in list(form.fields.values())[:1] if form else []:
        field.widget.attrs["autofocus"] = True
    needs_answer = bool(action.form or action.asks or is_whole)
    if needs_answer and not (is_answered and (form is None or form.is_valid())):
        return _ask(shown, action, form, keys, is_whole=is_whole, status=422 if is_answered else 200)
    actions.begin(
        spec.realm,
        keys=keys,
        list=spec.name,
        action=action.name,
        user=request.user.pk,
        is_whole=is_whole,
        query=shown.bare_query,
        in_view=str(request.session.get(view_scope.KEY, "")),
        language=translation.get_language() or "en",
        filled={name: request.POST.getlist(name) for name in form.fields} if form else {},
    )
    return redirect(address_of(spec, shown.query))


def _ask(
    shown: Shown, action: BulkAction, form: Any, keys: list[str], *, is_whole: bool, status: int
) -> HttpResponseBase:
    context = {
        "list": shown.spec,
        "shown": shown,
        "action": action,
        "form": form,
        "keys": [] if is_whole else keys,
        "is_whole": is_whole,
        # Told by a flag: a template would call the function.
        "can_undo": action.undo is not None,
        "count": shown.count if is_whole else len(keys),
        "back": address_of(shown.spec, shown.query),
        "names": {"bulk": f"{shown.spec.name}-bulk"},
    }
    return render(shown.request, "ui/lists/bulk_ask.html", context, status=status)


def one(request: StaffRequest, spec: List, run_id: UUID) -> HttpResponse:
    """The run's own page: progress, what was refused and why, stop, undo."""
    run = _run(request, spec, run_id)
    errors = list(actions.failed_rows(spec.realm, run)[: ERRORS_SHOWN + 1])
    context = {**strip_context(spec, run), "errors": errors[:ERRORS_SHOWN], "has_more": len(errors) > ERRORS_SHOWN}
    return render(request, "ui/lists/run.html", context)


def strip(request: StaffRequest, spec: List, run_id: UUID) -> HttpResponse:
    """The run as it stands above the list; asks again by itself until it is over."""
    return render(request, "ui/lists/run_strip.html", strip_context(spec, _run(request, spec, run_id)))


def steer(request: StaffRequest, spec: List, run_id: UUID) -> HttpResponseBase:
    """`what`: stop, undo or hide."""
    run, what = _run(request, spec, run_id), request.POST.get("what")
    action = spec.action(run.action)
    if what == "stop":
        actions.stop(spec.realm, run)
    elif what == "undo":
        if not (action and action.undo) or actions.begin_undo(spec.realm, run) is None:
            messages.error(request, _("There is nothing left to take back."))
    elif what == "hide":
        actions.hide(spec.realm, run)
    return redirect(address_of(spec, request.GET.urlencode()))


def strips(shown: Shown) -> list[dict[str, Any]]:
    """The person's runs of this list that go on or have ended a moment ago."""
    if not shown.spec.bulk:
        return []
    spec = shown.spec
    since = timezone.now() - SHOWN_FOR
    mine = actions.runs(spec.realm).filter(list=spec.name, user=shown.request.user.pk, is_hidden=False)
    found = mine.filter(Q(finished_at=None) | Q(finished_at__gt=since)).order_by("-created_at")[:3]
    return [strip_context(spec, run) for run in found]


def strip_context(spec: List, run: BulkRun) -> dict[str, Any]:
    action = spec.action(run.action)
    names = {name: f"{spec.name}-{name}" for name in ("run", "strip", "steer")}
    can_undo = bool(
        action and action.undo and run.is_over and not run.undoes and actions.undoable(spec.realm, run).exists()
    )
    share = 100 if run.is_over else run.touched * 100 // run.total if run.total else 0
    return {"list": spec, "run": run, "action": action, "can_undo": can_undo, "share": share, "names": names}


def _run(request: StaffRequest, spec: List, run_id: UUID) -> BulkRun:
    run = actions.run_of(spec.realm, spec.name, request.user, run_id)
    if run is None:
        raise Http404
    return run
