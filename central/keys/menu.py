"""What encryption keys put into the menu, and the sentences for what they refuse."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from central.ui.explain import add_sentences
from central.ui.menu import Entry, add_entry

add_entry(Entry(54, "crypto-keys", _("Encryption keys"), "key", "rotate_keys", "e"))
add_sentences(
    {
        "key_in_use": _("This key cannot be retired yet: something still needs it."),
        "key_missing": _("A key that this needs is not here. See Encryption keys, or `rialto keys check`."),
        "key_wrong": _("A key is not the one that the database was written with. See `rialto keys check`."),
        "person_forgotten": _("This client was erased: nothing more can be written about him."),
    }
)
