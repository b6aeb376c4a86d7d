"""The form of a key."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from central.ui.forms import RecordForm, Section, TickField


class KeyForm(RecordForm):
    """`may_give_people`: a person who may not see customers cannot hand them out."""

    sections = (
        Section(_("1C"), "title", "is_active"),
        Section(_("Goods in"), "source"),
        Section(_("Orders out"), "sites", "gives_people"),
    )
    title = forms.CharField(label=_("Name"), max_length=80, help_text=_("Such as: 1C of the warehouse."))
    is_active = TickField(label=_("May exchange"), initial=True)
    source = forms.ChoiceField(label=_("Source of goods"), required=False)
    sites = forms.MultipleChoiceField(
        label=_("Sites whose orders it gets"),
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        choices=(),
    )
    gives_people = TickField(
        label=_("Give names, phones, e-mails and addresses of shoppers"),
        help_text=_("Else orders go out without them. Each hand-over is written down."),
    )

    def __init__(
        self,
        *args: Any,
        sites: list[tuple[str, str]],
        sources: list[tuple[str, str]],
        may_give_people: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sites"].choices = sites  # type: ignore[attr-defined]
        self.fields["source"].choices = [("", _("It sends no goods")), *sources]  # type: ignore[attr-defined]
        if not may_give_people:
            self.fields["gives_people"].disabled = True
