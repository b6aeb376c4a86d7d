"""Addresses of what a person keeps of a list: its views and its columns. All of it works by plain forms."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from central.ui.explain import explain
from central.ui.lists import actions
from central.ui.lists.filters import clean
from central.ui.lists.shown import Shown
from central.ui.lists.spec import List
from central.ui.screens import StaffRequest


def to_default_view(request: StaffRequest, spec: List) -> HttpResponseBase | None:
    """Who opens the bare list is taken to his view of it."""
    if request.GET:
        return None
    memory = Shown(spec, request).memory
    view = memory.default_view if memory else None
    # A view that its owner took back is nobody's default any more.
    if view is None or not (view.is_shared or view.owner_id == request.user.pk):
        return None
    return redirect(address_of(spec, view.query, str(view.pk)))


def save_view(request: StaffRequest, spec: List) -> HttpResponseBase:
    """The filter as it is, under a new name."""
    shown = Shown(spec, request)
    title = clean(request.POST.get("title", ""))[:60]
    if not title:
        messages.error(request, _("Give the view a name."))
        return redirect(address_of(spec, shown.query))
    try:
        view = actions.save_view(
            request.user,
            spec.name,
            title=title,
            query=shown.bare_query,
            columns=[column.key for column in shown.columns],
            is_shared=request.POST.get("is_shared") == "1",
        )
    except actions.ViewTitleTaken as error:
        messages.error(request, explain(error))
        return redirect(address_of(spec, shown.query))
    messages.success(request, _("The view is saved."))
    return redirect(address_of(spec, view.query, str(view.pk)))


def change_view(request: StaffRequest, spec: List, view_id: UUID) -> HttpResponseBase:
    """By the button that was pressed: its filter, its name and sharing, whether it opens first, or that it goes."""
    shown = Shown(spec, request)
    what, user = request.POST.get("what", ""), request.user
    if what == "delete":
        actions.delete_view(user, spec.name, view_id)
        messages.success(request, _("The view is deleted."))
        return redirect(address_of(spec, shown.bare_query, "all"))
    if what == "default":
        view = next((view for view in shown.views if view.pk == view_id), None)
        if view is None:
            raise actions.UnknownView(str(view_id))
        actions.make_default(user, spec.name, None if request.POST.get("off") else view)
        return redirect(address_of(spec, view.query, str(view.pk)))
    try:
        view = actions.change_view(user, spec.name, view_id, **_changes(request, shown, what))
    except actions.ViewTitleTaken as error:
        messages.error(request, explain(error))
        return redirect(address_of(spec, shown.query))
    messages.success(request, _("The view is saved."))
    return redirect(address_of(spec, view.query, str(view.pk)))


def _changes(request: StaffRequest, shown: Shown, what: str) -> dict[str, Any]:
    if what == "filter":
        return {"query": shown.bare_query, "columns": [column.key for column in shown.columns]}
    title = clean(request.POST.get("title", ""))[:60]
    changes: dict[str, Any] = {"is_shared": request.POST.get("is_shared") == "1"}
    return {**changes, "title": title} if title else changes


def choose_columns(request: StaffRequest, spec: List) -> HttpResponseBase:
    """Which columns stand in the list, in which order: `column` = keys ticked, `up`/`down` = one moves by a place."""
    shown = Shown(spec, request)
    if "reset" in request.POST:
        columns: list[str] = []
    else:
        order = [key for key in request.POST.getlist("order") if key in {one.key for one in shown.usable_columns}]
        ticked = set(request.POST.getlist("column"))
        columns = [key for key in _moved(order, request.POST.get("up"), request.POST.get("down")) if key in ticked]
        if not columns:
            messages.error(request, _("A list needs at least one column."))
            return redirect(address_of(spec, shown.query))
    if shown.view and shown.view.owner_id == request.user.pk:
        actions.change_view(request.user, spec.name, shown.view.pk, columns=columns)
        return redirect(address_of(spec, shown.query))
    actions.remember_columns(request.user, spec.name, columns)
    return redirect(address_of(spec, shown.bare_query, "all" if request.GET.get("view") else ""))


def _moved(order: list[str], up: str | None, down: str | None) -> list[str]:
    key, step = (up, -1) if up else (down, 1)
    if key in order:
        at = order.index(key)
        to = min(len(order) - 1, max(0, at + step))
        order.insert(to, order.pop(at))
    return order


def address_of(spec: List, query: str, view: str = "") -> str:
    parts = [part for part in (query, f"view={view}" if view else "") if part]
    return f"{reverse(spec.name)}?{'&'.join(parts)}" if parts else reverse(spec.name)
