"""The reason for which something is given up."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from central.ui.forms import RecordForm, Section


def _reason() -> forms.CharField:
    return forms.CharField(
        label=_("Reason"),
        max_length=300,
        help_text=_("Colleagues read it later. No names or phones of shoppers, please."),
    )


class GiveUpForm(RecordForm):
    verb = _("Give up")
    is_dangerous = True
    sections = (Section("", "reason"),)
    reason = _reason()


class BulkGiveUpForm(forms.Form):
    reason = _reason()
