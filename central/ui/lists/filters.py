"""Filters of lists. Each reads its own parameters of the address and drops what the person may not use."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from central.ui import texts, view_scope

Words = Promise | str
#: name of a parameter -> its values that count
Given = dict[str, list[str]]
Narrow = Callable[[QuerySet[Any], list[str]], QuerySet[Any]]

LONGEST_TEXT = 100
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Option:
    """One choice. `tone`: a colour of the kit's badges; `site`: it is shown as that site's badge."""

    value: str
    title: Words
    tone: str = ""
    site: str = ""


@dataclass(frozen=True)
class Filter:
    """`key`: its parameter in the address. `right`: who lacks it neither sees nor uses the filter."""

    key: str
    title: Words
    right: str | None = dataclasses.field(default=None, kw_only=True)
    kind: ClassVar[str] = ""

    @property
    def names(self) -> tuple[str, ...]:
        return (self.key,)

    def read(self, given: QueryDict, request: Any) -> Given:
        """What of the address counts: values this person may use."""
        values = [clean(value) for value in given.getlist(self.key)]
        usable = [value for value in dict.fromkeys(values) if value and self.accepts(value, request)]
        return {self.key: usable} if usable else {}

    def accepts(self, value: str, request: Any) -> bool:
        return True

    def apply(self, rows: QuerySet[Any], given: Given) -> QuerySet[Any]:
        return rows

    def words(self, name: str, value: str, request: Any) -> str:
        """The value on its chip."""
        return f"{self.title}: {value}"

    def options(self, request: Any) -> Sequence[Option]:
        return ()


@dataclass(frozen=True)
class Text(Filter):
    """Free text of one field. `lookup`: "icontains" reads the table whole; prefer a key that is stored folded."""

    field: str = ""
    lookup: str = "icontains"
    kind: ClassVar[str] = "text"

    def apply(self, rows: QuerySet[Any], given: Given) -> QuerySet[Any]:
        return rows.filter(**{f"{self.field or self.key}__{self.lookup}": given[self.key][0]})


@dataclass(frozen=True)
class Choices(Filter):
    """One or many of some options, which may depend on the request. `narrow(rows, values)` for more than `field`."""

    choose_from: Callable[[Any], Iterable[Option]] | Sequence[Option] = ()
    field: str = ""
    narrow: Narrow | None = None
    is_single: bool = False
    kind: ClassVar[str] = "choices"

    def options(self, request: Any) -> Sequence[Option]:
        return list(self.choose_from(request) if callable(self.choose_from) else self.choose_from)

    def accepts(self, value: str, request: Any) -> bool:
        return any(option.value == value for option in self.options(request))

    def read(self, given: QueryDict, request: Any) -> Given:
        found = super().read(given, request)
        return {self.key: found[self.key][:1]} if found and self.is_single else found

    def apply(self, rows: QuerySet[Any], given: Given) -> QuerySet[Any]:
        if self.narrow is not None:
            return self.narrow(rows, given[self.key])
        return rows.filter(**{f"{self.field or self.key}__in": given[self.key]})

    def words(self, name: str, value: str, request: Any) -> str:
        titles = {option.value: str(option.title) for option in self.options(request)}
        return f"{self.title}: {titles.get(value, value)}"


@dataclass(frozen=True)
class Sites(Choices):
    """Some of the sites in view. It is not offered where there is nothing to choose."""

    def options(self, request: Any) -> Sequence[Option]:
        shown = view_scope.sites_in_view(request)
        looks = [look for look in view_scope.choices(request) if shown is None or look.id in shown]
        return [Option(look.id, look.label, site=look.id) for look in looks] if len(looks) > 1 else []


@dataclass(frozen=True)
class Flag(Filter):
    """Yes or not asked: `condition` when it is ticked."""

    condition: Q | None = None
    narrow: Narrow | None = None
    kind: ClassVar[str] = "flag"

    def accepts(self, value: str, request: Any) -> bool:
        return value == "1"

    def apply(self, rows: QuerySet[Any], given: Given) -> QuerySet[Any]:
        if self.narrow is not None:
            return self.narrow(rows, given[self.key])
        return rows.filter(self.condition or Q(**{self.key: True}))

    def words(self, name: str, value: str, request: Any) -> str:
        return str(self.title)


@dataclass(frozen=True)
class Dates(Filter):
    """From a day to a day, both included, as days of the server's time zone: `<key>_from`, `<key>_to`."""

    field: str = ""
    kind: ClassVar[str] = "dates"

    @property
    def names(self) -> tuple[str, ...]:
        return (f"{self.key}_from", f"{self.key}_to")

    def read(self, given: QueryDict, request: Any) -> Given:
        values = {name: given.get(name, "") for name in self.names}
        return {name: [value] for name, value in values.items() if _day(value)}

    def apply(self, rows: QuerySet[Any], given: Given) -> QuerySet[Any]:
        first, last = (_day(given.get(name, [""])[0]) for name in self.names)
        field = self.field or self.key
        if first:
            rows = rows.filter(**{f"{field}__gte": _midnight(first)})
        if last:
            rows = rows.filter(**{f"{field}__lt": _midnight(last + timedelta(days=1))})
        return rows

    def words(self, name: str, value: str, request: Any) -> str:
        day = texts.day(_day(value) or date.min, get_language() or "en")
        template = _("%(title)s from %(day)s") if name == self.names[0] else _("%(title)s to %(day)s")
        return str(template) % {"title": self.title, "day": day}


@dataclass(frozen=True)
class Search:
    """The field above the list (`q` in the address), reached by "/". `hint`: what can be typed.

    Every word must be found in one of `fields`; or `find(rows, text, request)` does it in its own way.
    """

    hint: Words
    fields: tuple[str, ...] = ()
    find: Callable[[QuerySet[Any], str, Any], QuerySet[Any]] | None = None

    def apply(self, rows: QuerySet[Any], text: str, request: Any) -> QuerySet[Any]:
        if self.find is not None:
            return self.find(rows, text, request)
        for word in text.split():
            found = Q()
            for field in self.fields:
                found |= Q(**{f"{field}__icontains": word})
            rows = rows.filter(found)
        return rows


def clean(text: str) -> str:
    """What was typed, as it may be handed to a database."""
    return _CONTROL.sub("", text).strip()[:LONGEST_TEXT]


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    # PostgreSQL and calendars of pickers reach no further.
    return day if 1900 <= day.year <= 2200 else None


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
