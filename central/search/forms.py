"""The forms of search."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from central.search.models import Engine
from central.ui.forms import LongTextField, RecordForm, Section
from central.ui.view_scope import choices
from infra.search.servers import configured


class TuneForm(RecordForm):
    """Which engine, and how many goods the drop-down shows."""

    sections = (Section(_("Search"), "engine", "suggestions"),)

    engine = forms.ChoiceField(
        label=_("Engine"),
        help_text=_("Only those with an address under [search] in central's rialto.toml can be chosen."),
    )
    suggestions = forms.IntegerField(label=_("Goods in the drop-down"), min_value=1, max_value=20)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        there = (Engine.EMBEDDED, *configured(), self.initial.get("engine", Engine.EMBEDDED))
        self.fields["engine"].choices = [(each.value, each.label) for each in Engine if each.value in there]  # type: ignore[attr-defined]


class SynonymsForm(RecordForm):
    """Words that mean the same, in one language of one shop."""

    sections = (Section(_("Synonyms"), "words", ("site", "language")),)

    words = LongTextField(
        label=_("Mean the same"), max_length=400, rows=3, help_text=_("Words or phrases, parted by commas.")
    )
    site = forms.ChoiceField(label=_("Site"))
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)

    def __init__(self, *args: Any, is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"].choices = [(look.id, look.label) for look in choices(self.request)]  # type: ignore[attr-defined]
        if not is_new:
            del self.fields["site"], self.fields["language"]
