"""The screen of encryption keys: which there are, a new one, bringing everything under it, retiring the old one."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from central.keys import actions, queries
from central.keys.forms import RetireForm
from central.ui.scope import ALL, visible_sites
from central.ui.screens import StaffRequest, screen
from infra.crypto.errors import KeyInUse, KeyMissing
from infra.crypto.keys import KINDS

RIGHT = "rotate_keys"

View = Callable[..., HttpResponseBase]


@screen(RIGHT)
def keys(request: StaffRequest) -> HttpResponse:
    template = "keys/parts/keys.html" if request.htmx else "keys/keys.html"
    # Keys belong to no site: only who sees all sites sees what there is.
    return render(request, template, _shown() if visible_sites(request.user) is ALL else {"source": actions.source()})


def _shown() -> dict[str, Any]:
    shown: dict[str, Any] = {"steps": queries.steps(), "titles": queries.TITLES, "source": actions.source()}
    try:
        shown |= {"kinds": queries.kinds(), "has_recovery": queries.has_recovery_here()}
    except KeyMissing as error:
        shown["trouble"] = str(error)
    shown["is_running"] = any(kind.running for kind in shown.get("kinds", ()))
    return shown


def _telling(view: View) -> View:
    """Of a key or a place of keys that is not there says the screen of keys itself what is wrong."""

    @wraps(view)
    def told(request: StaffRequest, *args: Any, **parts: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **parts)
        except KeyMissing:
            return redirect("crypto-keys")

    return told


@screen(RIGHT, methods=["POST"])
@_telling
def add(request: StaffRequest, kind: str) -> HttpResponseBase:
    _known(request, kind)
    if not actions.source().can_make:
        messages.error(request, _("Your keys do not come from files: make the new one with `rialto keys add`."))
        return redirect("crypto-keys")
    made = actions.add(kind, by=request.user.get_username())
    messages.success(
        request,
        _("%(key)s is the current key. Keep a copy of it away from the machine.") % {"key": f"{kind}-{made.name}"},
    )
    return redirect("crypto-keys")


@screen(RIGHT, methods=["POST"])
@_telling
def rotate(request: StaffRequest, kind: str) -> HttpResponseBase:
    actions.begin(_known(request, kind), by=request.user.get_username())
    messages.success(request, _("Everything is being brought under the current key. The node goes on meanwhile."))
    return redirect("crypto-keys")


@screen(RIGHT, methods=["GET", "HEAD", "POST"])
@_telling
def retire(request: StaffRequest, kind: str, name: int) -> HttpResponseBase:
    _known(request, kind)
    key = f"{kind}-{name}"
    if not any(found.name == str(name) and not found.is_current for found in _keys_of(kind)):
        raise Http404
    form = RetireForm(request, key)
    if form.is_saveable():
        try:
            actions.retire(kind, str(name), by=request.user.get_username())
            return form.saved(_("The key is retired."), "crypto-keys")
        except KeyInUse as error:
            form.add_error(None, str(error))  # each reason, which the sentence for its code does not tell
    return form.page(_("Retire %(key)s") % {"key": key}, back=("crypto-keys", _("Encryption keys")))


def _keys_of(kind: str) -> list[queries.Key]:
    return next(found.keys for found in queries.kinds() if found.code == kind)


def _known(request: StaffRequest, kind: str) -> str:
    if kind not in KINDS or visible_sites(request.user) is not ALL:
        raise Http404
    return kind
