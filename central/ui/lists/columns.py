"""Columns that every list has."""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from typing import Any

from central.ui.lists import cells
from central.ui.lists.spec import Column, Words


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
