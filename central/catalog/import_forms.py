"""Forms of the import screens."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from central.catalog.importing.models import FIELDS, ImportSource
from central.catalog.importing.words import FIELD_TITLES
from central.ui.forms import RecordForm, Section, TickField

_INTERVALS = [(0, _("By hand")), (15, _("Every 15 minutes")), (60, _("Each hour")), (1440, _("Once a day"))]


class SourceForm(RecordForm):
    """All of a source but its mapping, which is said before the first lines of a file."""

    sections = (
        Section(_("Source"), "title", "sites", "language"),
        Section(
            _("What it may change"),
            "only",
            "makes_new",
            "is_master",
            help=_("A field it may not change keeps what it has; an item that is new comes whole."),
        ),
        Section(
            _("By itself"),
            ("url", "every_minutes"),
            ("login", "password"),
            help=_("Central fetches the file and writes it at once."),
        ),
    )
    title = forms.CharField(label=_("Name"), max_length=80, help_text=_("A supplier, a 1C, a price list."))
    sites = forms.MultipleChoiceField(
        label=_("Sites that sell its goods"),
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        choices=(),
    )
    language = forms.ChoiceField(
        label=_("Language of its texts"),
        required=False,
        choices=[("", _("Any")), *settings.LANGUAGES],
        help_text=_("Texts go only to sites of this language; what is new to a site comes with them all the same."),
    )
    only = forms.MultipleChoiceField(
        label=_("Only these fields"),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        choices=[(name, FIELD_TITLES[name]) for name in FIELDS],
        help_text=_("None chosen: all of them."),
    )
    makes_new = TickField(label=_("Make items that are not in the catalogue yet"), initial=True)
    is_master = TickField(
        label=_("Master of its items"),
        help_text=_("No other source overwrites what this one writes; at the desk it is locked until taken over."),
    )
    url = forms.URLField(
        label=_("Address of the file"),
        required=False,
        max_length=500,
        assume_scheme="https",
        help_text=_("http, https, ftp or ftps: ftp://host/folder/prices.csv"),
    )
    login = forms.CharField(
        label=_("Login"),
        required=False,
        max_length=100,
        help_text=_("Empty: the host asks for none. Without a login its password is forgotten."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    password = forms.CharField(
        label=_("Password"),
        required=False,
        max_length=200,
        strip=False,
        help_text=_("Kept encrypted and never shown. Empty: as it is."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    every_minutes = forms.TypedChoiceField(label=_("How often"), coerce=int, choices=_INTERVALS, initial=0)

    def __init__(self, *args: Any, sites: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sites"].choices = sites  # type: ignore[attr-defined]


class FileForm(forms.Form):
    """A file and its source: one of the person's, or a new one by name."""

    file = forms.FileField(
        label=_("File"), help_text=_("CSV, TSV, XLSX, XLS, ODS, XML, CommerceML, or a zip of them; 500 MB at most.")
    )
    source = forms.ChoiceField(label=_("Source"), required=False)
    title = forms.CharField(label=_("Name of the new source"), required=False, max_length=80)
    sites = forms.MultipleChoiceField(
        label=_("Sites that sell its goods"),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        choices=(),
    )

    def __init__(self, *args: Any, sources: list[ImportSource], sites: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [(str(one.pk), one.title) for one in sources]
        self.fields["source"].choices = [*named, ("", _("A new source"))]  # type: ignore[attr-defined]
        self.fields["sites"].choices = sites  # type: ignore[attr-defined]
        if len(sites) == 1:
            self.fields["sites"].initial = [sites[0][0]]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("source"):
            if not data.get("title"):
                self.add_error("title", _("Choose a source, or name a new one."))
            if not data.get("sites"):
                self.add_error("sites", _("Choose the sites that are to sell the goods."))
        return data
