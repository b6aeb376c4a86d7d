"""The kinds of fields a record's form has, over Django's own. All speak to `RecordForm` in plain values."""

from __future__ import annotations

from typing import Any, TypeVar

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from central.ui.texts import money_field, parse_money, sign
from sites.editions import is_rtl

F = TypeVar("F", bound=forms.Field)


def in_both_languages(kind: type[F], **options: Any) -> list[F]:
    """One field per language of the desk, in the order of `LANGUAGES` (English, Russian): put them side by side."""
    made = []
    for code, _name in settings.LANGUAGES:
        made.append(in_language(kind(**options), code))
    return made


def in_language(field: F, language: str) -> F:
    """Marked as words of a language: for the eye, for who hears it, for the direction it is written in."""
    field.language = language  # type: ignore[attr-defined]
    field.widget.attrs |= {"lang": language, "dir": "rtl" if is_rtl(language) else "ltr"}
    return field


class LongTextField(forms.CharField):
    """Text of many lines, `rows` high; line ends are those of Unix."""

    def __init__(self, *, rows: int = 4, **kwargs: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": rows}), **kwargs)

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value) or "").replace("\r\n", "\n")


class ReasonField(forms.CharField):
    """Why a person did what cannot be taken back: asked for, and read by colleagues later."""

    def __init__(self) -> None:
        help_text = _("Colleagues read it later. No names or phones of shoppers, please.")
        super().__init__(label=_("Reason"), max_length=300, help_text=help_text)


class NumberField(forms.IntegerField):
    """A whole number. `suffix`: what is counted."""

    def __init__(self, *, suffix: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.suffix = suffix


class MoneyField(forms.CharField):
    """An amount as people type it ("1 234,50"); in Python whole minor units of `currency`, None when left empty.

    `currency` may be set on the field of one form, where it depends on the record.
    """

    def __init__(self, *, currency: str, min_value: int = 0, **kwargs: Any) -> None:
        super().__init__(widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}), **kwargs)
        self.currency = currency
        self.min_value = min_value

    @property
    def suffix(self) -> str:
        return sign(self.currency)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if text in self.empty_values:
            return None
        try:
            amount = parse_money(text, self.currency)
        except ValueError:
            raise ValidationError(_("Write an amount, such as 350 or 4.50."), code="invalid") from None
        if amount < self.min_value:
            raise ValidationError(
                _("At least %(least)s."), params={"least": money_field(self.min_value, self.currency)}, code="min_value"
            )
        return amount

    def prepare_value(self, value: Any) -> Any:
        return money_field(value, self.currency) if isinstance(value, int) else value


class ColourField(forms.RegexField):
    """ "#0b7285"."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            r"^#[0-9a-f]{6}$",
            widget=forms.TextInput(attrs={"type": "color"}),
            error_messages={"invalid": _("Six hexadecimal digits after a #, such as #0b7285.")},
            **kwargs,
        )

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).lower()


class LinesField(forms.CharField):
    """A list of strings, one a line; each at most `max_length` signs. A repeated one is one."""

    def __init__(self, *, rows: int = 3, max_length: int = 200, **kwargs: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": rows}), **kwargs)
        self.longest = max_length

    def clean(self, value: Any) -> Any:
        lines = [line for line in (one.strip() for one in str(super().clean(value)).splitlines()) if line]
        for line in lines:
            if len(line) > self.longest:
                raise ValidationError(
                    _("A line is longer than %(most)s signs: %(line)s…"),
                    params={"most": self.longest, "line": line[:40]},
                    code="max_length",
                )
        return list(dict.fromkeys(lines))

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, (list, tuple)) else value


class TickField(forms.BooleanField):
    """Yes or no, shown as a switch. No is an answer: never required."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)


class PictureInput(forms.FileInput):
    """Knows the picture there is, for the template to show it."""

    needs_multipart_form = True


class PictureField(forms.FileField):
    """A picture or other file, at most `most_bytes`. What is in it is checked by the action that keeps it.

    `initial`: the address of the picture there is. In Python an uploaded file, or None when none was chosen.
    """

    widget = PictureInput

    def __init__(self, *, accept: str = "image/*", most_bytes: int = 10_000_000, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.most_bytes = most_bytes
        self.widget.attrs["accept"] = accept

    def clean(self, data: Any, initial: Any = None) -> UploadedFile[Any] | None:
        found = super().clean(data, initial)
        if not isinstance(found, UploadedFile):
            return None  # the address of the picture there is
        if found.size is not None and found.size > self.most_bytes:
            raise ValidationError(
                _("The file is larger than %(most)s MB."), params={"most": self.most_bytes // 1_000_000}, code="large"
            )
        return found
