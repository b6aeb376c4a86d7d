"""What sites a member of staff was given: all, single ones, groups of them. Read by `central.ui.scope`.

Apps below and beside this one ask `central.ui.scope`; the names are here too for those above.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from central.accounts.models import GroupRight, Profile, SiteRight
from central.ui import sites
from central.ui.scope import ALL, Sites, Visible, limit, may_see, visible_sites

if TYPE_CHECKING:
    from central.ui.scope import User

__all__ = ["ALL", "Sites", "Visible", "given_sites", "limit", "may_see", "visible_sites"]


def given_sites(user: User) -> Visible:
    """The sites of a person's rights; a group's are those that stand in it now.

    A superuser is no exception: he sees what his profile says. Nobody signed in or switched off sees any.
    """
    if not user.is_authenticated or not user.is_active:
        return frozenset()
    if Profile.objects.filter(user_id=user.pk, sees_all_sites=True).exists():
        return ALL
    single = frozenset(SiteRight.objects.filter(user_id=user.pk).values_list("site", flat=True))
    groups = GroupRight.objects.filter(user_id=user.pk).values_list("group", flat=True)
    return single.union(*(sites.sites_of_group(None, group) for group in groups))
