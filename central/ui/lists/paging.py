"""Pages by key: a page begins after the last row of the one before, so rows that arrive or go move nothing.

The order is (field, key), rows without a value last in both directions. A cursor is the pair of a row.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import F, Model, Q, QuerySet


@dataclass(frozen=True)
class Sort:
    """`column`: its key in the address. `tie`: the unique field that decides between equals."""

    column: str
    field: str
    is_descending: bool
    tie: str
    may_be_null: bool

    @property
    def text(self) -> str:
        return f"-{self.column}" if self.is_descending else self.column


@dataclass(frozen=True)
class Page:
    """`next` and `previous` are cursors, "" where there is nothing. `top`: the cursor of the first row."""

    rows: list[Any] = field(default_factory=list)
    next: str = ""
    previous: str = ""


def make_sort(model: type[Model], column: str, path: str, is_descending: bool, tie: str) -> Sort:
    return Sort(column, path, is_descending, tie, _may_be_null(model, path))


def page_of(rows: QuerySet[Any], sort: Sort, *, after: str = "", before: str = "", size: int) -> Page:
    """`size` rows after a cursor, or before one. A cursor that is none is the beginning: it came from an address."""
    goes_back = bool(before) and not after
    begun = _beyond(rows, sort, after or before, goes_back=goes_back)
    found = list(_ordered(begun, sort, goes_back=goes_back)[: size + 1])
    has_more, found = len(found) > size, found[:size]
    if goes_back:
        found.reverse()
    if not found:
        return Page()
    first, last = cursor_of(found[0], sort), cursor_of(found[-1], sort)
    has_next, has_previous = (True, has_more) if goes_back else (has_more, bool(after))
    return Page(found, next=last if has_next else "", previous=first if has_previous else "")


def batches(rows: QuerySet[Any], sort: Sort, size: int) -> Iterator[list[Any]]:
    """All rows in order, `size` at a time, each batch a query of its own: no transaction waits for a slow reader."""
    after = ""
    while True:
        page = page_of(rows, sort, after=after, size=size)
        if page.rows:
            yield page.rows
        if not page.next:
            return
        after = page.next


def cursor_of(row: Any, sort: Sort) -> str:
    pair = [sort.text, value_at(row, sort.field), value_at(row, sort.tie)]
    return base64.urlsafe_b64encode(msgspec.json.encode(pair)).decode().rstrip("=")


def value_at(row: Any, path: str) -> Any:
    """The value of a field's path ("order__received_at") or of an annotation."""
    if hasattr(row, path):
        return getattr(row, path)
    for name in path.split("__"):
        row = getattr(row, name, None)
    return row


def _ordered(rows: QuerySet[Any], sort: Sort, *, goes_back: bool) -> QuerySet[Any]:
    goes_down = sort.is_descending != goes_back
    tie = f"-{sort.tie}" if goes_down else sort.tie
    if not sort.may_be_null:
        # Without NULLS LAST, which no plain index answers.
        return rows.order_by(f"-{sort.field}" if goes_down else sort.field, tie)
    path = F(sort.field)
    nulls: dict[str, Any] = {"nulls_first": True} if goes_back else {"nulls_last": True}
    return rows.order_by(path.desc(**nulls) if goes_down else path.asc(**nulls), tie)


def _beyond(rows: QuerySet[Any], sort: Sort, cursor: str, *, goes_back: bool) -> QuerySet[Any]:
    seen = _read(cursor, sort)
    if seen is None:
        return rows
    try:
        return rows.filter(_condition(sort, *seen, goes_back=goes_back))
    except (ValueError, TypeError, ValidationError):
        return rows


def _condition(sort: Sort, value: Any, key: Any, *, goes_back: bool) -> Q:
    side = "lt" if sort.is_descending != goes_back else "gt"
    past_tie = Q(**{f"{sort.tie}__{side}": key})
    is_null = Q(**{f"{sort.field}__isnull": True})
    if value is None:
        # The rows without a value are the end of the list.
        return ~is_null | (is_null & past_tie) if goes_back else is_null & past_tie
    # The first half lets an index find the place; the second is the rule.
    beyond = Q(**{f"{sort.field}__{side}e": value}) & (Q(**{f"{sort.field}__{side}": value}) | past_tie)
    return beyond | is_null if sort.may_be_null and not goes_back else beyond


def _read(cursor: str, sort: Sort) -> tuple[Any, Any] | None:
    """The pair of a cursor that was made under this sorting."""
    try:
        made = msgspec.json.decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        sorted_by, value, key = made
    except (ValueError, TypeError, binascii.Error, msgspec.MsgspecError):
        return None
    if sorted_by != sort.text or key is None or any(isinstance(one, str) and "\x00" in one for one in (value, key)):
        return None
    return value, key


def _may_be_null(model: type[Model], path: str) -> bool:
    """Whether some row may have no value there. Of an annotation nothing is known."""
    names = path.split("__")
    for at, name in enumerate(names):
        try:
            found: Any = model._meta.pk if name == "pk" else model._meta.get_field(name)
        except FieldDoesNotExist:
            return True
        if found.null:
            return True
        if at < len(names) - 1:
            if not found.is_relation:
                return True
            model = found.related_model
    return False
