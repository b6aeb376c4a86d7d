"""What an app says of a list. Everything the kit does follows from these values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.models import AnonymousUser, User
from django.db.models import QuerySet
from django.urls import get_resolver
from django.utils.functional import Promise

from central.ui.lists.filters import Filter, Search
from node.realms import realm_of

if TYPE_CHECKING:
    from central.ui.lists.shown import Shown

Words = Promise | str


@dataclass(frozen=True)
class Column:
    """One column.

    `cell(row, shown)`: what stands in it; plain text is escaped, `lists.cells` makes the usual kinds.
    `sort`: the field or annotation it sorts by, a path as in `filter`. "" = it does not sort.
    `export(row)`: the value in a file: text, number, date, None. Not given = the column is not in files.
    `css`: classes of the cell; on a phone "grow" takes the room that is left, "full" a line of its own,
    "wide-only" is not shown; "end" is right-aligned. `is_named`: on a phone the title stands before the value.
    `is_shown`: until a person chooses his columns. `right`: who lacks it has no such column. `is_there`: asked anew for
    each request, for a column that only some installations have.
    """

    key: str
    title: Words
    cell: Callable[[Any, Shown], Any]
    sort: str = ""
    export: Callable[[Any], Any] | None = None
    css: str = ""
    is_named: bool = False
    is_shown: bool = True
    right: str | None = None
    is_there: Callable[[], bool] | None = None


@dataclass(frozen=True)
class Table:
    """A file that an import of the app reads back: (column as the import names it, its value), in their order.

    `prepare(rows)`: as of a list, for one batch.
    """

    columns: Sequence[tuple[str, Callable[[Any], Any]]]
    prepare: Callable[[list[Any]], None] = lambda rows: None


class BulkForm(forms.Form):
    """What a bulk action asks for. `user`: who fills it in; it offers nothing that he may not see."""

    def __init__(self, given: Mapping[str, Any] | None, user: User) -> None:
        super().__init__(given)
        self.user = user


@dataclass(frozen=True)
class BulkAction:
    """One thing done to many rows, by a job, each row in a transaction of its own with its mark.

    `do(row, user, filled)`: calls one action on the row; what it returns (JSON) is handed to `undo(row, user, told)`,
    None = this row cannot be taken back. Whatever it raises is told beside the row. `right` is asked for each row anew.
    `form`: filled in before the run begins, and looked at anew for each row; `filled` is its cleaned data. `asks`: a
    question instead. `is_there`: as of a column.
    """

    name: str
    title: Words
    right: str
    do: Callable[[Any, Any, dict[str, Any]], Any]
    undo: Callable[[Any, Any, Any], None] | None = None
    form: type[BulkForm] | None = None
    asks: Words = ""
    icon: str = "pencil"
    is_dangerous: bool = False
    is_there: Callable[[], bool] | None = None


@dataclass(frozen=True)
class Button:
    """A link in the head of the list, such as "Register a site"."""

    title: Words
    url_name: str
    icon: str = "plus"
    right: str | None = None


@dataclass(frozen=True)
class Empty:
    """What a list says that has no rows at all."""

    title: Words
    text: Words
    icon: str = "inbox"


@dataclass(frozen=True, eq=False)
class List:
    """A list of the desk. `name`: of its address and of its url names ("orders" -> "orders", "orders-row", …).

    `rows(user)`: what the person may see, scoped already, not sorted. The kit narrows it to the sites in view by
    `site_field`, or by `narrow(rows, sites)` where a row has several sites; `site_field=""`: it has none.
    `key`: the field that names a row in addresses and breaks ties of sorting; unique.
    `prepare(rows, shown)`: puts onto the rows of one page what their cells need from elsewhere, by one query each.
    `topic`: the nudges that make it stale, with row keys. `arrives`: the field that says when a row came; with it
    new rows wait behind a banner. `ticks`: time alone makes it stale, so its rows are asked for every few seconds.
    `table(shown)`: the list as a file to be edited and imported again; a `RialtoError` it raises is told to the person.
    `head`: a template above the filters (tabs); `head_context(request)`: what it needs. The first of `bulk` is key E.
    """

    name: str
    title: Words
    right: str
    rows: Callable[[Any], QuerySet[Any]]
    columns: Sequence[Column]
    default_sort: str
    filters: Sequence[Filter] = ()
    search: Search | None = None
    site_field: str = "site"
    narrow: Callable[[QuerySet[Any], frozenset[str]], QuerySet[Any]] | None = None
    key: str = "pk"
    row_url: Callable[[Any], str] | None = None
    prepare: Callable[[list[Any], Shown], None] | None = None
    topic: str = ""
    arrives: str = ""
    buttons: Sequence[Button] = ()
    head: str = ""
    head_context: Callable[[Any], Mapping[str, Any]] | None = None
    ticks: bool = False
    help: Words = ""
    empty: Empty | Callable[[], Empty] | None = None
    page_size: int = 50
    path: str = ""
    bulk: Sequence[BulkAction] = ()
    table: Callable[[Shown], Table] | None = None

    @property
    def address(self) -> str:
        return self.path or self.name

    @property
    def realm(self) -> str:
        """The realm the rows live in."""
        return realm_of(self.rows(AnonymousUser()).model._meta.app_label)

    def action(self, name: str) -> BulkAction | None:
        return next((action for action in self.bulk if action.name == name), None)


_lists: dict[str, List] = {}


def register(spec: List) -> List:
    """Raises `ValueError` when two lists claim one name."""
    if _lists.setdefault(spec.name, spec) is not spec:
        raise ValueError(f"two lists are called '{spec.name}'")
    return spec


def find(name: str) -> List | None:
    """The list of this name, for jobs: a worker has not read the addresses yet, where lists are mounted."""
    if name not in _lists:
        _ = get_resolver().url_patterns
    return _lists.get(name)
