"""Screens of realms: where each family of data lives and how it is doing, and the test of another database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from central.cluster.forms import RealmTestForm
from central.cluster.realm_check import Check, State, check_url
from central.cluster.realm_health import down_since
from central.cluster.realm_state import RealmState, all_states, apps_in, state_of
from central.cluster.realm_words import REALM_WORDS
from central.ui.screens import StaffRequest, screen
from node.realms import CENTRAL_REALMS

URGENCY = {State.FAILS: 0, State.WARNS: 1, State.FINE: 2}
TONES = {State.FINE: "green", State.WARNS: "amber", State.FAILS: "red"}


@dataclass(frozen=True)
class RealmRow:
    """A realm as the screens show it; `since`: when it went down, None while it is up."""

    state: RealmState
    holds: str
    without: str
    since: datetime | None

    @property
    def tone(self) -> str:
        return "red" if not self.state.is_up else "amber" if self.state.needs_a_look else "green"

    @property
    def words(self) -> str:
        return _("Down") if not self.state.is_up else _("Needs a look") if self.state.needs_a_look else _("Up")


@screen("see_realms")
def realms(request: StaffRequest) -> HttpResponse:
    template = "cluster/parts/realm_rows.html" if request.htmx else "cluster/realms.html"
    down = down_since()
    return render(request, template, {"rows": [_row(state, down) for state in all_states()]})


@screen("see_realms")
def realm(request: StaffRequest, realm: str) -> HttpResponse:
    if realm not in CENTRAL_REALMS:
        raise Http404
    row = _row(state_of(realm, tables=10), down_since())
    return render(request, "cluster/realm.html", {"row": row, "apps": apps_in(realm)})


@screen("manage_realms", methods=["GET", "HEAD", "POST"])
def test_database(request: StaffRequest) -> HttpResponse:
    """Look at a database without changing anything. The password never comes back with the page."""
    form = RealmTestForm(request, initial={"realm": request.GET.get("realm", "")})
    checks: list[Check] = []
    if form.is_saveable():
        checks = check_url(form.cleaned_data["realm"], form.cleaned_data["url"])
    context = {
        "form": form,
        "address": form.hide_password(),
        # What has to be mended first; a phone shows few lines.
        "checks": [(check, TONES[check.state]) for check in sorted(checks, key=lambda check: URGENCY[check.state])],
        "fails": sum(check.state is State.FAILS for check in checks),
        "is_fit": bool(checks) and all(check.state is not State.FAILS for check in checks),
    }
    return render(request, "cluster/realm_test.html", context, status=422 if form.errors else 200)


def _row(state: RealmState, down: dict[str, datetime]) -> RealmRow:
    holds, without = REALM_WORDS[state.realm]
    return RealmRow(state, str(holds), str(without), None if state.is_up else down.get(state.realm))
