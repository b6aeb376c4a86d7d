"""Which sites a member of staff may see. Every list, search, export and socket asks here; no answer means none.

The app that keeps staff says how to know; until it has, nobody sees anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias, TypeVar, runtime_checkable

from django.db.models import Model, QuerySet

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser
    from django.contrib.auth.models import User as StaffUser

    User: TypeAlias = StaffUser | AnonymousUser

M = TypeVar("M", bound=Model)


class Sites(Enum):
    ALL = "all"


ALL: Final = Sites.ALL

Visible: TypeAlias = "frozenset[str] | Sites"


@runtime_checkable
class SaysItsSites(Protocol):
    """Who asks and is no member of staff: a key of the API has its sites with it."""

    def says_sites(self) -> Visible: ...


def _nothing(user: User) -> Visible:
    return frozenset()


_read: Callable[[User], Visible] = _nothing


def visible_sites_by(read: Callable[[User], Visible]) -> None:
    """Called once at start by the app that keeps staff."""
    global _read
    _read = read


#: by user, while a screen is shown: it asks a dozen times
_seen: ContextVar[dict[object, Visible] | None] = ContextVar("rialto_visible_sites", default=None)


@contextmanager
def one_look() -> Iterator[None]:
    """Inside, a person's sites are read once. Only around what changes nothing."""
    token = _seen.set({})
    try:
        yield
    finally:
        _seen.reset(token)


def visible_sites(user: User) -> Visible:
    """The ids of the sites, or `ALL`: of the cluster as it is and of the sites it will get."""
    if isinstance(user, SaysItsSites):
        return user.says_sites()
    seen = _seen.get()
    if seen is None or user.pk is None:
        return _read(user)
    if user.pk not in seen:
        seen[user.pk] = _read(user)
    return seen[user.pk]


def limit(queryset: QuerySet[M], user: User, field: str = "site") -> QuerySet[M]:
    """`queryset` without the rows of sites the user may not see. `field` holds the site's id, in any realm."""
    seen = visible_sites(user)
    if seen is ALL:
        return queryset
    if not seen:
        return queryset.none()
    return queryset.filter(**{f"{field}__in": sorted(seen)})


def may_see(user: User, site: str) -> bool:
    """Whether one site is within the user's sites."""
    seen = visible_sites(user)
    return seen is ALL or site in seen
