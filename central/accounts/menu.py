"""What staff and roles put into the frame."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from central.accounts.queries import staff_visible_to
from central.accounts.roles import title_of
from central.ui.explain import add_sentences
from central.ui.menu import Action, Entry, Hit, Search, add_action, add_entry, add_search


def _find_staff(user: Any, text: str, limit: int) -> Iterable[Hit]:
    named = Q(first_name__icontains=text) | Q(last_name__icontains=text) | Q(username__icontains=text)
    for found in staff_visible_to(user).filter(named | Q(email__iexact=text)).order_by("username")[:limit]:
        roles = ", ".join(title_of(group.name) for group in found.groups.all())
        name = found.get_full_name() or found.get_username()
        yield Hit(name, reverse("staff-one", args=[found.pk]), "user", roles)


add_entry(Entry(60, "staff", _("Staff"), "users", "see_staff", "t"))
add_action(
    Action(
        61,
        "staff-new",
        _("Add a member of staff"),
        "manage_staff",
        "plus",
        where=("home",),
        words=_("new person colleague invite"),
    )
)
add_entry(Entry(62, "roles", _("Roles"), "key", "see_staff", in_side_bar=False))
add_action(
    Action(63, "roles-new", _("New role"), "manage_staff", "plus", where=("staff",), words=_("add new role rights"))
)
add_search("staff", Search(_("Staff"), "see_staff", _find_staff))
add_sentences(
    {
        "unknown_staff": _("There is no such person among those you may see."),
        "unknown_role": _("There is no such role."),
        "not_yours": _(
            "This is beyond your own rights or sites: you can give, and change, only what you hold yourself."
        ),
        "own_access": _("Nobody changes his own roles and sites, or switches himself off: ask another administrator."),
        "last_administrator": _("One person who manages staff and sees all sites must be left. Nothing was changed."),
        "stale_staff": _("Somebody else saved this in the same moment. Look at it and save again."),
        "ready_role": _("This is a ready role: copy it and change the copy."),
        "role_in_use": _("%(people)s people have this role: give them another first."),
        "taken": _("Somebody has this already."),
        "unknown_choice": _("This choice is not offered."),
        "no_address": _("There is no e-mail to send a link to, or the person is switched off."),
    }
)
