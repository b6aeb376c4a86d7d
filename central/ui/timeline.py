"""What happened to a record, told by all apps and put together by time.

An app declares sources in a module `timeline.py`, found by name at start:

    add_source(Source("people.customer", "see_orders", orders_of_customer))
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from django.utils.module_loading import autodiscover_modules

from central.ui.screens import may


@dataclass(frozen=True, order=True)
class Entry:
    """One thing that happened. `url`: the card of what it happened with; `site`: the id whose label is shown.

    `rows`: (name, was, became) of what it changed. `note`: how it was done, such as the time it took.
    """

    at: datetime
    title: str = field(compare=False)
    text: str = field(compare=False, default="")
    by: str = field(compare=False, default="")
    icon: str = field(compare=False, default="history")
    url: str = field(compare=False, default="")
    site: str = field(compare=False, default="")
    rows: Sequence[tuple[str, str, str]] = field(compare=False, default=())
    note: str = field(compare=False, default="")


#: (user, key of the record, limit) -> its newest entries, only such as the user may see
Read = Callable[[Any, str, int], Iterable[Entry]]


@dataclass(frozen=True)
class Source:
    """`kind`: of record, as `watching.kind_of` names it. Without `right` the reader gets none of its entries."""

    kind: str
    right: str
    read: Read


_sources: list[Source] = []


def add_source(source: Source) -> None:
    if source not in _sources:
        _sources.append(source)


def has_sources(kind: str) -> bool:
    _load()
    return any(source.kind == kind for source in _sources)


def entries(user: Any, kind: str, key: str, limit: int = 50) -> list[Entry]:
    """The newest entries over all sources the user has a right to, newest first."""
    _load()
    found: list[Entry] = []
    for source in _sources:
        if source.kind == kind and may(user, source.right):
            found += islice(source.read(user, key, limit), limit)
    return sorted(found, reverse=True)[:limit]


def _load() -> None:
    autodiscover_modules("timeline")
