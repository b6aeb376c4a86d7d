"""Health in the frame."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from central.ui.explain import add_sentences
from central.ui.menu import Action, Entry, add_action, add_entry

add_entry(Entry(28, "cluster-health", _("Health"), "activity", "see_health", "q"))
add_action(
    Action(
        28, "cluster-health-cache", _("Program cache"), "see_health", "database", words=_("cache redis memory empty")
    )
)
add_sentences({"cache_away": _("The program cache does not answer, so it could not be emptied.")})
