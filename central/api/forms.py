"""The form of a new key. It offers its maker nothing that he does not hold himself."""

from __future__ import annotations

from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from central.api.actions import Wanted
from central.api.rights import TITLES
from central.ui.forms import LinesField, RecordForm, Section, TickField

LIVES = (("30", _("30 days")), ("90", _("90 days")), ("365", _("a year")), ("", _("until it is revoked")))


class KeyForm(RecordForm):
    sections = (
        Section(_("Key"), "name", "lives"),
        Section(_("What it may"), "rights"),
        Section(_("Where"), "all_sites", "sites", "groups", "addresses"),
    )
    verb = _("Make the key")

    name = forms.CharField(
        label=_("Name of the key"), max_length=80, help_text=_("What it is for: you will look for it by this.")
    )
    lives = forms.ChoiceField(label=_("Good for"), choices=LIVES, required=False, initial="365")
    rights = forms.MultipleChoiceField(label=_("Rights"), widget=forms.CheckboxSelectMultiple)
    all_sites = TickField(label=_("All sites, also those still to come"))
    sites = forms.MultipleChoiceField(label=_("Sites"), required=False, widget=forms.CheckboxSelectMultiple)
    groups = forms.MultipleChoiceField(
        label=_("Groups of sites"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("A site that joins a group later is seen too."),
    )
    addresses = LinesField(
        label=_("Only from these addresses"),
        required=False,
        rows=2,
        help_text=_("One a line, such as 203.0.113.7 or 203.0.113.0/24. Empty: from anywhere."),
    )

    def __init__(
        self,
        request: HttpRequest,
        *,
        rights: list[str],
        sites: list[tuple[str, str]],
        groups: list[tuple[str, str]],
        gives_all: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(request, **kwargs)
        self.fields["rights"].choices = [(one, TITLES[one]) for one in rights]  # type: ignore[attr-defined]
        self.fields["sites"].choices = sites  # type: ignore[attr-defined]
        self.fields["groups"].choices = groups  # type: ignore[attr-defined]
        if not gives_all:
            del self.fields["all_sites"]
        if not groups:
            del self.fields["groups"]

    def clean_addresses(self) -> list[str]:
        addresses: list[str] = self.cleaned_data["addresses"]
        for one in addresses:
            try:
                ip_network(one, strict=False)
            except ValueError:
                raise ValidationError(_("This is no address: %(one)s"), params={"one": one}) from None
        return addresses

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if not (given.get("all_sites") or given.get("sites") or given.get("groups")):
            self.add_error("sites", _("Choose at least one: a key with no site sees nothing."))
        return given

    @property
    def wanted(self) -> Wanted:
        """Read after `is_saveable()`."""
        given = self.cleaned_data
        return Wanted(
            name=given["name"],
            rights=given["rights"],
            all_sites=given.get("all_sites", False),
            sites=given["sites"],
            groups=given.get("groups", []),
            addresses=given["addresses"],
            expires_at=_end_of(given["lives"]),
        )


def _end_of(days: str) -> datetime | None:
    return timezone.now() + timedelta(days=int(days)) if days else None
