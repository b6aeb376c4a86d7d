"""The form kit: a form of one record, and the kinds of fields records have.

    class ShelfForm(RecordForm):
        sections = (Section(_("Shelf"), ("title_en", "title_ru"), "price"),)
        title_en, title_ru = in_both_languages(forms.CharField, label=_("Title"), max_length=120)
        price = MoneyField(label=_("Price"), currency="EUR")

    @screen("edit_products", methods=["GET", "HEAD", "POST"])
    def edit(request, shelf_id):
        shelf = queries.visible_shelf(shelf_id, request.user)
        form = ShelfForm(request, initial=ShelfForm.initial_of(shelf), ver=shelf.ver)
        if form.is_saveable():
            with form.refusals():
                actions.edit_shelf(shelf.pk, by=request.user.username, seen_ver=shelf.ver, **form.changes)
                return form.saved(_("The shelf is saved."), "shelves-one", shelf.pk)
        return form.page(_("Shelf"), back=("shelves", _("Shelves")))

The page carries the record's values as they were shown. When another person changed the record meanwhile, fields
that only one side changed merge by themselves and the page says so; for a field both changed, the person chooses
between mine and theirs (409). Wrong values are told beside their fields and in a summary that takes the focus (422).
What a person typed is never lost. Without JavaScript all of it works; with it, leaving an unsaved form asks first
and Ctrl+Enter saves (`static/ui/forms.js`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import BoundField
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render, resolve_url
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from central.ui.explain import explain
from central.ui.fields import (
    ColourField,
    LinesField,
    LongTextField,
    MoneyField,
    NumberField,
    PictureField,
    TickField,
    in_both_languages,
    in_language,
)
from central.ui.merging import Merge, three_way
from node.errors import RialtoError

__all__ = [
    "ColourField",
    "LinesField",
    "LongTextField",
    "MoneyField",
    "NumberField",
    "PictureField",
    "RecordForm",
    "Section",
    "TickField",
    "in_both_languages",
    "in_language",
]

MINE, THEIRS = "mine", "theirs"


class Section:
    """A titled part of a form. A row is a field's name, or a tuple of names that stand side by side."""

    def __init__(self, title: Promise | str, *rows: str | tuple[str, ...], help: Promise | str = "") -> None:
        self.title = title
        self.rows = rows
        self.help = help

    @property
    def names(self) -> list[str]:
        return [name for row in self.rows for name in ((row,) if isinstance(row, str) else row)]


@dataclass(frozen=True)
class Choice:
    """A field that two people changed, as the page shows it: what it was, what each made of it, what was picked."""

    field: BoundField
    was: str
    theirs: str
    picked: str


class RecordForm(forms.Form):
    """A form of one record. `initial` is the record as it is now, `ver` its version (0: a new record).

    Read `is_saveable()`, then give `changes` to an action. `may_edit=False` shows the values only.
    """

    sections: ClassVar[Sequence[Section]] = ()
    #: what the button says
    verb: ClassVar[Promise | str] = gettext_lazy("Save")
    #: what the button does cannot be taken back
    is_dangerous: ClassVar[bool] = False

    def __init__(
        self,
        request: HttpRequest,
        *,
        initial: Mapping[str, Any] | None = None,
        ver: int = 0,
        may_edit: bool = True,
        **kwargs: Any,
    ) -> None:
        self.request = request
        self.ver = ver
        self.may_edit = may_edit
        is_sent = request.method == "POST" and may_edit
        super().__init__(
            request.POST.copy() if is_sent else None,
            request.FILES if is_sent else None,
            initial=dict(initial or {}),
            label_suffix="",
            **kwargs,
        )
        if not may_edit:
            for one in self.fields.values():
                one.disabled = True

    # --- what a view asks ------------------------------------------------------------------------------------------

    def is_saveable(self) -> bool:
        """Whether the form was sent, its values are right and nothing waits to be chosen."""
        return self.is_bound and self.is_valid() and not self.merge.conflicts

    @property
    def changes(self) -> dict[str, Any]:
        """The values that differ from the record as it is now; of a new record all. Read after `is_saveable()`."""
        if not self.ver:
            return dict(self.cleaned_data)
        now = self._now
        return {
            name: value
            for name, value in self.cleaned_data.items()
            if not self._is_locked(name)
            and (value not in (None, "", False) if name not in now else self._plain(name, value) != now[name])
        }

    def _is_locked(self, name: str) -> bool:
        return name in self.fields and self.fields[name].disabled

    @property
    def status(self) -> int:
        """200 as asked for, 409 when there is something to choose, 422 when there is something to correct."""
        if not self.is_bound:
            return 200
        return 409 if self.merge.conflicts and not self.errors else 422

    @contextmanager
    def refusals(self) -> Iterator[None]:
        """What an action refuses is told by the form: beside what the error's data names, else above them."""
        try:
            yield
        except RialtoError as error:
            if error.status >= 500 or error.status == 404:
                raise
            fields = error.data.get("fields")
            if isinstance(fields, Mapping) and fields:
                for name, text in fields.items():
                    self.add_error(name if name in self.fields else None, str(text))
            else:
                name = error.data.get("field")
                self.add_error(name if isinstance(name, str) and name in self.fields else None, explain(error))

    def saved(self, text: str, to: str, *args: Any) -> HttpResponseBase:
        """Say `text`, and what was kept of another person's work, and go on to the address `to`."""
        messages.success(self.request, text)
        if self.merge.theirs:
            labels = ", ".join(str(self[name].label) for name in self.merge.theirs)
            note = _("Somebody else changed this meanwhile, and it is kept: %(fields)s.") % {"fields": labels}
            messages.info(self.request, note)
        return redirect(to, *args)

    def page(
        self,
        title: str,
        *,
        back: tuple[Any, ...] = (),
        help: str = "",
        note: str = "",
        template: str = "ui/form.html",
        **context: Any,
    ) -> HttpResponse:
        """The form as a page of its own. `back`: where Cancel leads: (url name, title, arguments ...)."""
        return render(
            self.request,
            template,
            {
                "form": self,
                "title": title,
                "note": note,
                "help": help,
                "back": resolve_url(back[0], *back[2:]) if back else "",
                "back_title": back[1] if back else "",
                **context,
            },
            status=self.status,
        )

    # --- what the templates ask ------------------------------------------------------------------------------------

    @property
    def hidden_values(self) -> list[tuple[str, str]]:
        """Names and values that come back with the form: the version and the values as they are shown."""
        if not self.ver:
            return []
        rows = [("ver", str(self.ver)), ("shown", json.dumps(self._now, ensure_ascii=False))]
        was = {name: self._was(name) for name in self.merge.conflicts} if self.is_bound else {}
        return [*rows, ("was", json.dumps(was, ensure_ascii=False))] if was else rows

    @property
    def shown_sections(self) -> list[dict[str, Any]]:
        """The sections with their fields; what no section names comes last."""
        named = {name for section in self.sections for name in section.names}
        rest = tuple(name for name in self.fields if name not in named)
        sections = [*self.sections, Section("", *rest)] if rest else list(self.sections)
        return [
            {"title": section.title, "help": section.help, "rows": rows}
            for section in sections
            if (rows := [row for one in section.rows if (row := self._row(one))])
        ]

    def _row(self, row: str | tuple[str, ...]) -> list[BoundField]:
        return [self[name] for name in ((row,) if isinstance(row, str) else row) if name in self.fields]

    @property
    def choices_to_make(self) -> dict[str, Choice]:
        if not self.is_bound:
            return {}
        return {
            name: Choice(
                field=self[name],
                was=self._words(name, self._was(name)),
                theirs=self._words(name, self._now[name]),
                picked=self.data.get(f"pick-{name}", ""),
            )
            for name in self.merge.conflicts
        }

    @property
    def taken_over(self) -> list[BoundField]:
        """Fields another person changed meanwhile and this one did not: they show the other's value."""
        return [self[name] for name in self.merge.theirs] if self.is_bound else []

    @property
    def has_unsaved(self) -> bool:
        return self.is_bound

    # --- the merge -------------------------------------------------------------------------------------------------

    def full_clean(self) -> None:
        # What only the other person changed is put into the form before it is checked: the whole must be right.
        if self.is_bound:
            for name in (*self.merge.theirs, *self._picked(THEIRS)):
                self._put(name, self._now[name])
        super().full_clean()

    @cached_property
    def merge(self) -> Merge:
        if not self.is_bound or not self.ver:
            return Merge({})
        mine = {name: self._plain(name, self._sent(name), is_typed=True) for name in self._now}
        for name in self._picked(THEIRS):
            mine[name] = self._now[name]
        found = three_way(self._shown, mine, self._now)
        waiting = tuple(name for name in self._asked if f"pick-{name}" not in self.data or self._is_moved(name))
        return Merge(found.merged, found.theirs, tuple(dict.fromkeys((*found.conflicts, *waiting))))

    @property
    def _asked(self) -> list[str]:
        """The fields of which the page that was sent wanted a choice."""
        return [name for name in self._json("was") if name in self._now]

    def _was(self, name: str) -> Any:
        """The value before anybody changed it, over all pages that asked for a choice."""
        return self._json("was").get(name, self._shown.get(name, ""))

    def _picked(self, side: str) -> list[str]:
        return [name for name in self._asked if self.data.get(f"pick-{name}") == side and not self._is_moved(name)]

    def _is_moved(self, name: str) -> bool:
        """Whether the field was changed once more while the person chose."""
        return bool(self._shown.get(name, self._now[name]) != self._now[name])

    @cached_property
    def _now(self) -> dict[str, Any]:
        """The record as it is, each field as plain values; files have none."""
        return {
            name: self._plain(name, self.get_initial_for_field(field, name))
            for name, field in self.fields.items()
            if not isinstance(field, forms.FileField) and not field.disabled
        }

    @cached_property
    def _shown(self) -> dict[str, Any]:
        return self._json("shown")

    def _json(self, name: str) -> dict[str, Any]:
        try:
            found = json.loads(self.data.get(name, ""))
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def _sent(self, name: str) -> Any:
        return self.fields[name].widget.value_from_datadict(self.data, self.files, self.add_prefix(name))

    def _plain(self, name: str, value: Any, *, is_typed: bool = False) -> Any:
        """A value as text, yes or no, or a list of texts: the same for the same meaning, however it was typed."""
        field = self.fields[name]
        with suppress(ValidationError):
            value = field.prepare_value(field.clean(value if is_typed else field.prepare_value(value)))
        if isinstance(value, bool):
            return value
        if isinstance(value, (list, tuple, set, frozenset)):
            return sorted(str(one) for one in value)
        return "" if value is None else str(value).replace("\r\n", "\n")

    def _put(self, name: str, plain: Any) -> None:
        """Make the sent form say `plain` for a field."""
        key = self.add_prefix(name)
        if isinstance(plain, bool):
            self.data.pop(key, None)  # type: ignore[attr-defined]
            if plain:
                self.data[key] = "on"  # type: ignore[index]
        elif isinstance(plain, list):
            self.data.setlist(key, plain)  # type: ignore[attr-defined]
        else:
            self.data[key] = plain  # type: ignore[index]

    def _words(self, name: str, plain: Any) -> str:
        """A plain value as a person reads it."""
        if isinstance(plain, bool):
            return _("yes") if plain else _("no")
        titles = {str(key): str(title) for key, title in getattr(self.fields[name], "choices", ())}
        values = plain if isinstance(plain, list) else [plain]
        return ", ".join(titles.get(str(value), str(value)) for value in values)
