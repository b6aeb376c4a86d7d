"""The word that confirms what a key is taken away by."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from central.ui.forms import RecordForm, Section


class RetireForm(RecordForm):
    """Typing the key's name is the confirmation."""

    verb = _("Retire the key")
    is_dangerous = True
    sections = (Section("", "word"),)
    word = forms.CharField(max_length=40)

    def __init__(self, request: HttpRequest, key: str) -> None:
        super().__init__(request)
        self.key = key
        self.fields["word"].label = _("Type %(name)s to confirm") % {"name": key}
        self.fields["word"].help_text = _(
            "Every table is looked through first. What was copied before, such as a backup, opens with this key only: "
            "keep its file, now in keys/retired, as long as you keep such copies."
        )
        self.fields["word"].widget.attrs["autocomplete"] = "off"

    def clean_word(self) -> str:
        typed = str(self.cleaned_data["word"]).strip()
        if typed != self.key:
            raise forms.ValidationError(_("This is not the name above. Nothing was changed."))
        return typed
