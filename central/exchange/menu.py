"""What the desk shows of the exchange."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from central.ui.explain import add_sentences
from central.ui.menu import Action, Entry, add_action, add_entry

add_entry(Entry(72, "exchange", _("Exchange with 1C"), "plug-connected", "manage_keys"))
add_action(
    Action(73, "exchange-new", _("Make a key"), "manage_keys", "plug-connected", words=_("new exchange 1C key add"))
)
add_sentences({"unknown_exchange_key": _("There is no such key among those you may see.")})
