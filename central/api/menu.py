"""What the desk shows of the API besides its screens."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from central.api.queries import keys_visible_to
from central.ui.explain import add_sentences
from central.ui.menu import Action, Entry, Hit, Search, add_action, add_entry, add_search


def _find(user: Any, text: str, limit: int) -> Iterable[Hit]:
    wanted = Q(name__icontains=text) | Q(prefix__startswith=text.removeprefix("rlt_")[:12])
    for key in keys_visible_to(user).filter(wanted)[:limit]:
        yield Hit(key.name, reverse("keys-one", args=[key.pk]), "key", note=f"rlt_{key.prefix}…")


add_entry(Entry(70, "keys", _("Keys of the API"), "key", "manage_keys", "k"))
add_action(Action(71, "keys-new", _("Make a key"), "manage_keys", "plus", words=_("new API key add")))
add_entry(Entry(72, "api-reference", _("What the API can"), "help-circle", "manage_keys", in_side_bar=False))
add_search("keys", Search(_("Keys of the API"), "manage_keys", _find))
add_sentences(
    {
        "unknown_key": _("There is no such key among those you may see."),
        "too_much_given": _("A key may not do more than you may yourself."),
        "bad_key": _("This key cannot be made."),
    }
)
