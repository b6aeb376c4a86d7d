"""Columns that every list has."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import reduce
from operator import attrgetter
from typing import Any

from django.utils.translation import gettext_lazy as _

from central.ui.lists import cells
from central.ui.lists.spec import Column, Words


def site_column(**more: Any) -> Column:
    """The shop that a row is of: its label on the screen, its id in files. `more`: what `Column` takes besides."""
    return Column(
        "site", _("Site"), lambda row, shown: cells.sites(shown, [row.site]), export=lambda row: row.site, **more
    )


def moment_column(key: str, title: Words, path: str, **more: Any) -> Column:
    """A column of a moment or None: how long ago on the screen, whole seconds in files, sorted by it.

    `path`: the field, as in `filter` ("order__received_at"). `more`: what `Column` takes besides.
    """
    names = path.split("__")

    def moment(row: Any) -> datetime | None:
        found: datetime | None = reduce(getattr, names, row)
        return found

    return Column(
        key,
        title,
        lambda row, shown: cells.ago(moment(row)),
        sort=path,
        export=lambda row: cells.moment_value(moment(row)),
        **more,
    )


def number_column(key: str, title: Words, count: str | Callable[[Any], int | None], **more: Any) -> Column:
    """A column of how many: aligned by digits and named on a phone, the number itself in files.

    `count`: a field, by which it is sorted too, or what reads it off a row. `more`: what `Column` takes besides.
    """
    read: Callable[[Any], int | None] = attrgetter(count) if isinstance(count, str) else count
    of_field = {"sort": count} if isinstance(count, str) else {}
    known = {"export": read, "css": "end", "is_named": True, **of_field, **more}
    return Column(key, title, lambda row, shown: cells.number(read(row)), **known)
