"""What the desk shows of carts besides their screens."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from central.ui.menu import Entry, add_entry

add_entry(Entry(15, "carts", _("Live carts"), "shopping-cart", "see_carts", "l"))
