"""What one request shows of a list: its filters, sorting and columns, read from the address, and the rows of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.dateparse import parse_datetime

from central.ui.lists.filters import Filter, Given, Option, clean
from central.ui.lists.paging import Page, Sort, make_sort, page_of, value_at
from central.ui.lists.spec import Column, List
from central.ui.models import ListMemory, SavedView
from central.ui.screens import may
from central.ui.view_scope import sites_in_view

#: counting further tells nobody anything and reads the table
COUNTED = 10_000


@dataclass(frozen=True)
class Chip:
    """A filter that is on, and the address of the list without it."""

    text: str
    url: str


@dataclass(frozen=True)
class Field:
    """A filter as its form shows it."""

    filter: Filter
    options: list[tuple[Option, bool]]
    values: dict[str, str]
    count: int


class Shown:
    """`request` needs `user`, `GET` and `session` only, so that a job can ask as the person who started it."""

    def __init__(self, spec: List, request: Any, given: QueryDict | None = None) -> None:
        self.spec = spec
        self.request = request
        self.given: QueryDict = request.GET if given is None else given

    # --- what was asked for ----------------------------------------------------------------------------------------

    @cached_property
    def search(self) -> str:
        return clean(self.given.get("q", "")) if self.spec.search else ""

    @cached_property
    def usable_filters(self) -> list[Filter]:
        return [one for one in self.spec.filters if one.right is None or may(self.request.user, one.right)]

    @cached_property
    def filters(self) -> Given:
        """Name of a parameter -> the values that count."""
        found: Given = {}
        for one in self.usable_filters:
            found.update(one.read(self.given, self.request))
        return found

    @cached_property
    def sort(self) -> Sort:
        asked = self.given.get("sort", "")
        columns = {column.key: column for column in self.usable_columns if column.sort}
        text = asked if asked.removeprefix("-") in columns else self.spec.default_sort
        column = text.removeprefix("-")
        path = columns[column].sort if column in columns else _column(self.spec, column).sort
        model = self.spec.rows(self.request.user).model
        return make_sort(model, column, path, text.startswith("-"), self.spec.key)

    @cached_property
    def usable_columns(self) -> list[Column]:
        return [
            one
            for one in self.spec.columns
            if (one.right is None or may(self.request.user, one.right)) and (one.is_there is None or one.is_there())
        ]

    @cached_property
    def columns(self) -> list[Column]:
        """As the view in the address has them, else as the person left the list, else as it is declared."""
        known = {column.key: column for column in self.usable_columns}
        chosen = (self.view.columns if self.view else None) or (self.memory.columns if self.memory else None) or []
        found = [known[key] for key in chosen if key in known]
        return found or [column for column in self.usable_columns if column.is_shown]

    @cached_property
    def memory(self) -> ListMemory | None:
        """How the person left this list."""
        if not isinstance(self.request.user, User):
            return None
        memories = ListMemory.objects.select_related("default_view")
        return memories.filter(user=self.request.user, list=self.spec.name).first()

    @cached_property
    def views(self) -> list[SavedView]:
        """The person's views of this list, then those others share."""
        user = self.request.user
        views = SavedView.objects.filter(Q(owner=user) | Q(is_shared=True), list=self.spec.name)
        return sorted(views, key=lambda view: (view.owner_id != user.pk, view.created_at))

    @cached_property
    def view(self) -> SavedView | None:
        """The view that the address names."""
        asked = self.given.get("view", "")
        return next((view for view in self.views if str(view.pk) == asked), None) if asked else None

    @cached_property
    def is_filtered(self) -> bool:
        return bool(self.search or self.filters)

    # --- rows ------------------------------------------------------------------------------------------------------

    @cached_property
    def visible(self) -> QuerySet[Any]:
        """All rows the person may see, whatever he looks at now."""
        return self.spec.rows(self.request.user)

    @cached_property
    def rows(self) -> QuerySet[Any]:
        """The rows of the filter within the sites in view, in no order."""
        rows = self._in_view(self.visible)
        for one in self.usable_filters:
            if any(name in self.filters for name in one.names):
                rows = one.apply(rows, self.filters)
        if self.search and self.spec.search:
            rows = self.spec.search.apply(rows, self.search, self.request)
        return rows

    def _in_view(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        sites = sites_in_view(self.request)
        if sites is None:
            return rows
        if self.spec.narrow is not None:
            return self.spec.narrow(rows, sites)
        return rows.filter(**{f"{self.spec.site_field}__in": sorted(sites)}) if self.spec.site_field else rows

    @cached_property
    def page(self) -> Page:
        given = self.given
        page = page_of(
            self.rows,
            self.sort,
            after=given.get("after", ""),
            before=given.get("before", ""),
            size=self.spec.page_size,
        )
        return self._prepared(page)

    @cached_property
    def is_first_page(self) -> bool:
        return not self.page.previous

    def one(self, key: str) -> Any | None:
        """One row by its key, seen as the list sees it; None when the person may not see it."""
        try:
            found = list(self.visible.filter(**{self.spec.key: key})[:1])
        except (ValueError, TypeError, ValidationError):
            return None
        return self.prepared(found)[0] if found else None

    def prepared(self, rows: list[Any]) -> list[Any]:
        if self.spec.prepare is not None and rows:
            self.spec.prepare(rows, self)
        return rows

    def _prepared(self, page: Page) -> Page:
        self.prepared(page.rows)
        return page

    @cached_property
    def count(self) -> int:
        """How many rows the filter has; `COUNTED + 1` stands for "more than that"."""
        return self.rows.order_by()[: COUNTED + 1].count()

    # --- what has come since ---------------------------------------------------------------------------------------

    @cached_property
    def mark(self) -> str:
        """When the newest row of the filter came: what comes later is news."""
        newest = self.rows.order_by(f"-{self.spec.arrives}").values_list(self.spec.arrives, flat=True)[:1]
        found = list(newest)
        return found[0].isoformat() if found else ""

    def arrived_since(self, mark: str) -> QuerySet[Any]:
        """Rows of the filter that came after `mark`, the newest first; none when it is no moment."""
        try:
            moment = parse_datetime(mark)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            return self.rows.none()
        return self.rows.filter(**{f"{self.spec.arrives}__gt": moment}).order_by(f"-{self.spec.arrives}")

    def mark_of(self, row: Any) -> str:
        return str(value_at(row, self.spec.arrives).isoformat())

    # --- addresses -------------------------------------------------------------------------------------------------

    @cached_property
    def query(self) -> str:
        """The filter, the sorting and the view as a query string, without the place in the list."""
        return self.query_with()

    @cached_property
    def bare_query(self) -> str:
        """The filter and the sorting alone: what a view keeps."""
        return self.query_with(has_view=False)

    def query_with(
        self, *, without: tuple[str, str] | None = None, sort: str | None = None, has_view: bool = True
    ) -> str:
        made = QueryDict(mutable=True)
        if has_view and self.given.get("view"):
            made["view"] = str(self.view.pk) if self.view else "all"
        if self.search and without != ("q", self.search):
            made["q"] = self.search
        for name, values in self.filters.items():
            made.setlist(name, [value for value in values if without != (name, value)])
        text = self.sort.text if sort is None else sort
        if text != self.spec.default_sort:
            made["sort"] = text
        return made.urlencode()

    @cached_property
    def chips(self) -> list[Chip]:
        found = [Chip(f"“{self.search}”", f"?{self.query_with(without=('q', self.search))}")] if self.search else []
        for one in self.usable_filters:
            for name in one.names:
                for value in self.filters.get(name, []):
                    url = f"?{self.query_with(without=(name, value))}"
                    found.append(Chip(one.words(name, value, self.request), url))
        return found

    @cached_property
    def fields(self) -> list[Field]:
        """The filters as forms: those with something to choose."""
        found = []
        for one in self.usable_filters:
            values = {name: self.filters.get(name, [""])[0] for name in one.names}
            on = [value for name in one.names for value in self.filters.get(name, [])]
            options = [(option, option.value in on) for option in one.options(self.request)]
            if options or one.kind != "choices":
                found.append(Field(one, options, values, len(on)))
        return found

    @property
    def filters_on(self) -> int:
        """How many filters narrow the list, the search not counted."""
        return sum(1 for field in self.fields if field.count)


def _column(spec: List, key: str) -> Column:
    return next(column for column in spec.columns if column.key == key)
