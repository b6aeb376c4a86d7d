"""Which sites a member of staff may see. Every list, search, export and socket asks here; no answer means none."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from django.db.models import Model, QuerySet

from central.accounts.models import Profile, SiteRight

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser
    from django.contrib.auth.models import User as StaffUser

    User: TypeAlias = StaffUser | AnonymousUser

M = TypeVar("M", bound=Model)


class Sites(Enum):
    ALL = "all"


ALL: Final = Sites.ALL

Visible: TypeAlias = "frozenset[str] | Sites"


def visible_sites(user: User) -> Visible:
    """The ids of the sites, or `ALL`: of the cluster as it is and of the sites it will get.

    A superuser is no exception: he sees what his profile says. Nobody signed in or switched off sees any.
    """
    if not user.is_authenticated or not user.is_active:
        return frozenset()
    if Profile.objects.filter(user_id=user.pk, sees_all_sites=True).exists():
        return ALL
    return frozenset(SiteRight.objects.filter(user_id=user.pk).values_list("site", flat=True))


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
