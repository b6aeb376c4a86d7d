"""The reason for which something is given up."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from central.ui.fields import ReasonField
from central.ui.forms import RecordForm, Section
from central.ui.lists import BulkForm


class GiveUpForm(RecordForm):
    verb = _("Give up")
    is_dangerous = True
    sections = (Section("", "reason"),)
    reason = ReasonField()


class BulkGiveUpForm(BulkForm):
    reason = ReasonField()
