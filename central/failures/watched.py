"""Whose changes are kept: what people decided, and how it ended."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from central.failures.models import Failure
from central.failures.words import STATES
from central.ui.watching import watch

watch(
    Failure,
    title=_("Failed job"),
    right="mend_jobs",
    is_wide=True,
    keeps_new=False,
    fields=("state", "reason", "by", "error", "attempts"),
    titles={
        "state": _("State"), "reason": _("Reason"), "by": _("Decided by"), "error": _("Error"),
        "attempts": _("Attempts"),
    },
    words={"state": lambda value: str(STATES[int(value)][0]) if value else ""},
    card="failures-one",
)  # fmt: skip
