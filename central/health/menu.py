"""Health in the frame."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from central.ui.menu import Entry, add_entry

add_entry(Entry(28, "cluster-health", _("Health"), "activity", "see_health", "q"))
