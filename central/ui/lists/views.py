"""The addresses of a list. `urls(spec)` mounts them all, each behind the list's right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.html import format_html

from central.ui.lists import kept, running
from central.ui.lists.export import columns_of, export
from central.ui.lists.shown import COUNTED, Shown
from central.ui.lists.spec import Column, List, register
from central.ui.screens import StaffRequest, may, screen
from node.away import realm_away

#: rows that are put on top of an open list at once; more are looked at from its beginning
ARRIVED_AT_ONCE = 100


def urls(spec: List) -> list[URLPattern]:
    """The patterns of one list, to be unpacked into an app's `urlpatterns`; registers the list."""
    register(spec)
    base, name, guard = spec.address, spec.name, screen(spec.right)
    changes = screen(spec.right, methods=["POST"])
    return [
        path(base, guard(lambda request: page(request, spec)), name=name),
        path(f"{base}/-/arrived", guard(lambda request: arrived(request, spec)), name=f"{name}-arrived"),
        path(f"{base}/-/news", guard(lambda request: news(request, spec)), name=f"{name}-news"),
        path(f"{base}/-/row/<str:key>", guard(lambda request, key: row(request, spec, key)), name=f"{name}-row"),
        path(
            f"{base}/-/export",
            screen("export_data")(guard(lambda request: export(request, spec))),
            name=f"{name}-export",
        ),
        path(f"{base}/-/columns", changes(lambda request: kept.choose_columns(request, spec)), name=f"{name}-columns"),
        path(f"{base}/-/views", changes(lambda request: kept.save_view(request, spec)), name=f"{name}-views"),
        path(
            f"{base}/-/views/<uuid:view_id>",
            changes(lambda request, view_id: kept.change_view(request, spec, view_id)),
            name=f"{name}-view",
        ),
        path(f"{base}/-/bulk", changes(lambda request: running.begin(request, spec)), name=f"{name}-bulk"),
        path(
            f"{base}/-/runs/<uuid:run_id>",
            guard(lambda request, run_id: running.one(request, spec, run_id)),
            name=f"{name}-run",
        ),
        path(
            f"{base}/-/runs/<uuid:run_id>/strip",
            guard(lambda request, run_id: running.strip(request, spec, run_id)),
            name=f"{name}-strip",
        ),
        path(
            f"{base}/-/runs/<uuid:run_id>/steer",
            changes(lambda request, run_id: running.steer(request, spec, run_id)),
            name=f"{name}-steer",
        ),
    ]


@dataclass(frozen=True)
class Cell:
    html: Any
    css: str
    label: str


@dataclass(frozen=True)
class Row:
    """A row as the template draws it."""

    key: str
    url: str
    cells: list[Cell]


def page(request: StaffRequest, spec: List) -> HttpResponseBase:
    if (elsewhere := kept.to_default_view(request, spec)) is not None:
        return elsewhere
    shown = Shown(spec, request)
    try:
        context = _page_context(shown)
    except DatabaseError as error:
        # The realm of these rows is away: the frame stands, and asks again by itself.
        context = {"list": spec, "shown": shown, "realm": realm_away(error)}
        return render(request, "ui/lists/away.html", context, status=503)
    return render(request, "ui/lists/list.html", context)


def arrived(request: StaffRequest, spec: List) -> HttpResponse:
    """The rows that came after `?mark=`, to be put on top of the open list, and the banner's new mark."""
    shown = Shown(spec, request)
    found = list(shown.arrived_since(request.GET.get("mark", ""))[:ARRIVED_AT_ONCE]) if spec.arrives else []
    rows = drawn_rows(shown, shown.prepared(found))
    mark = shown.mark_of(found[0]) if found else request.GET.get("mark", "")
    context = {**_base_context(shown), "rows": rows, "mark": mark, "count": 0}
    return render(request, "ui/lists/arrived.html", context)


def news(request: StaffRequest, spec: List) -> HttpResponse:
    """The banner: how many rows of the filter came after `?mark=`."""
    shown = Shown(spec, request)
    mark = request.GET.get("mark", "")
    count = shown.arrived_since(mark)[:COUNTED].count() if spec.arrives else 0
    context = {**_base_context(shown), "count": count, "mark": mark, "is_first_page": "later" not in request.GET}
    return render(request, "ui/lists/news.html", context)


def row(request: StaffRequest, spec: List, key: str) -> HttpResponse:
    """One row again, after a nudge. It stays while it is the person's, whether the filter still finds it or not."""
    shown = Shown(spec, request)
    found = shown.one(key)
    if found is None:
        raise Http404
    context = {**_base_context(shown), "row": drawn_rows(shown, [found])[0]}
    return render(request, "ui/lists/row.html", context)


def _page_context(shown: Shown) -> dict[str, Any]:
    spec = shown.spec
    return {
        **_base_context(shown),
        **(spec.head_context(shown.request) if spec.head_context else {}),
        "rows": drawn_rows(shown, shown.page.rows),
        "headers": [_header(shown, column) for column in shown.columns],
        "buttons": [one for one in spec.buttons if one.right is None or may(shown.request.user, one.right)],
        "mark": shown.mark if spec.arrives else "",
        "is_first_page": shown.is_first_page,
        "count": 0,
        "total": shown.count,
        "counted": COUNTED,
        "can_export": may(shown.request.user, "export_data") and bool(columns_of(shown)),
        "has_table": shown.spec.table is not None,
        "strips": running.strips(shown),
        "column_choices": _column_choices(shown),
        "is_default_view": bool(shown.view and shown.memory and shown.memory.default_view_id == shown.view.pk),
        "is_changed": bool(shown.view and shown.view.query != shown.bare_query),
    }


def _column_choices(shown: Shown) -> list[tuple[Column, bool]]:
    """Columns as the menu offers them: those that are shown, in their order, then the others."""
    others = [column for column in shown.usable_columns if column not in shown.columns]
    return [*((column, True) for column in shown.columns), *((column, False) for column in others)]


def _base_context(shown: Shown) -> dict[str, Any]:
    spec = shown.spec
    names = ("arrived", "news", "row", "export", "columns", "views", "view", "bulk", "run", "strip", "steer")
    return {
        "list": spec,
        "shown": shown,
        "names": {name: f"{spec.name}-{name}" for name in names},
        "bulk_actions": running.usable_actions(shown),
    }


@dataclass(frozen=True)
class Header:
    """`url` sorts by the column, the other way when it is sorted by it already; "" = it does not sort."""

    column: Column
    url: str
    aria_sort: str


def _header(shown: Shown, column: Column) -> Header:
    if not column.sort:
        return Header(column, "", "")
    is_on = shown.sort.column == column.key
    turned = column.key if is_on and shown.sort.is_descending else f"-{column.key}"
    if not is_on:
        # What is looked for first: the newest and the largest, but names from A.
        turned = f"-{column.key}" if "end" in column.css else column.key
    state = ("descending" if shown.sort.is_descending else "ascending") if is_on else "none"
    return Header(column, f"?{shown.query_with(sort=turned)}", state)


def drawn_rows(shown: Shown, rows: list[Any]) -> list[Row]:
    return [_drawn(shown, one) for one in rows]


def _drawn(shown: Shown, found: Any) -> Row:
    spec = shown.spec
    url = spec.row_url(found) if spec.row_url else ""
    key = str(getattr(found, spec.key))
    cells = []
    for at, column in enumerate(shown.columns):
        html = column.cell(found, shown)
        if at == 0 and url:
            html = format_html('<a class="row-link" id="open-{}" href="{}">{}</a>', key, url, html)
        cells.append(Cell(html, column.css, str(column.title) if column.is_named else ""))
    return Row(key, url, cells)
