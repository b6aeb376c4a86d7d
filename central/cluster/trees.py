"""Rows that hang under rows: groups and sites. Pure, on a mapping of each id to the id above it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.utils.translation import gettext as _

from central.cluster.errors import BadField

#: a row, its parent, …: deeper than this nobody finds his way
MAX_DEPTH = 5

Parents = Mapping[str, str | None]


def line_above(row: str, parents: Parents) -> Iterator[str]:
    """The parent of a row, its parent, and so on."""
    while above := parents.get(row):
        yield above
        row = above


def below(row: str, parents: Parents) -> list[str]:
    """All rows that hang under a row, each after its parent."""
    found = [row]
    for one in found:
        found += sorted(child for child, parent in parents.items() if parent == one)
    return found[1:]


def check_parent(row: str, parent: str, parents: Parents) -> None:
    """Raises `BadField` when hanging `row` under `parent` would close a circle or go too deep."""
    line = [parent, *line_above(parent, parents)]
    if row in line:
        raise BadField({"parent": _("nothing can stand under itself")})
    if len(line) + _height(row, parents) > MAX_DEPTH:
        raise BadField({"parent": _("at most five can stand one under the other")})


def _height(row: str, parents: Parents) -> int:
    """How many levels a row and what hangs under it take."""
    return 1 + max((_height(child, parents) for child, parent in parents.items() if parent == row), default=0)
