"""Screens of the exchange: its keys, and what went over."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _

from central.catalog.importing.sources import sources_visible_to
from central.exchange import actions, queries
from central.exchange.forms import KeyForm
from central.exchange.models import ExchangeKey
from central.ui.screens import StaffRequest, may, screen
from central.ui.view_scope import choices
from node.config import config

RIGHT = "manage_keys"
SHOWN = 100


@screen(RIGHT, methods=["GET", "HEAD", "POST"])
def new_key(request: StaffRequest) -> HttpResponseBase:
    form = _form(request)
    if form.is_saveable():
        with form.refusals():
            said = form.cleaned_data
            key, password = actions.make_key(
                said["title"],
                sites=said["sites"],
                source=_source(said["source"]),
                gives_people=bool(said["gives_people"]),
                by=request.user.username,
            )
            return _made(request, key, password)
    return form.page(_("New key for 1C"), back=("exchange", _("Exchange with 1C")))


@screen(RIGHT, methods=["GET", "HEAD", "POST"])
def one_key(request: StaffRequest, exchange_id: UUID) -> HttpResponseBase:
    key = queries.visible_key(request.user, exchange_id)
    initial = {name: getattr(key, name) for name in ("title", "is_active", "sites", "gives_people")}
    form = _form(request, initial={**initial, "source": str(key.source or "")}, ver=key.ver)
    if form.is_saveable():
        with form.refusals():
            changes: dict[str, Any] = dict(form.changes)
            if "source" in changes:
                changes["source"] = _source(changes["source"])
            actions.edit_key(key.pk, changes)
            return form.saved(_("The key is saved."), "exchange-one", key.pk)
    context: dict[str, Any] = {"key": key, "hand_overs": queries.hand_overs_of(key)[:SHOWN], "address": _address()}
    return form.page(
        key.title, back=("exchange", _("Exchange with 1C")), note=key.login, template="exchange/key.html", **context
    )


@screen(RIGHT, methods=["POST"])
def another_password(request: StaffRequest, exchange_id: UUID) -> HttpResponse:
    key = queries.visible_key(request.user, exchange_id)
    return _made(request, key, actions.new_password(key.pk))


def _made(request: StaffRequest, key: ExchangeKey, password: str) -> HttpResponse:
    return render(request, "exchange/made.html", {"key": key, "password": password, "address": _address()})


def _address() -> str:
    return f"{config().base_url}/exchange/1c"


def _source(value: str) -> UUID | None:
    return UUID(value) if value else None


def _form(request: StaffRequest, **more: Any) -> KeyForm:
    return KeyForm(
        request,
        sites=[(look.id, look.label) for look in choices(request)],
        sources=[(str(one.pk), one.title) for one in sources_visible_to(request.user)],
        may_give_people=may(request.user, "see_customers"),
        **more,
    )
