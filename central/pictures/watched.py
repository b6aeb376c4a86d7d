"""Whose changes are kept: who set how a site's pictures are made, and who held them up."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from central.pictures.forms import ProfileForm
from central.pictures.models import SiteProfile
from central.ui.watching import watch

watch(
    SiteProfile,
    title=_("Pictures of a site"),
    right="manage_pictures",
    fields=("body", "inherits", "is_paused"),
    site="site",
    # The profile's fields are called as its form calls them.
    titles={
        **{name: field.label or name for name, field in ProfileForm.base_fields.items()},
        "body": _("Profile"),
        "is_paused": _("Paused"),
    },
    card="pictures-profile",
)
