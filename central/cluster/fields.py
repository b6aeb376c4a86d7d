"""What the forms of this app share."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

ID = r"^[a-z][a-z0-9-]{0,19}$"
ID_HELP = _("A small letter, then small letters, digits or dashes, 20 at most. It never changes.")
