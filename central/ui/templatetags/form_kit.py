"""The form kit's one tag, built into every template of central.

{% record_field form field %}    a field of a RecordForm: label, widget, help and errors tied together, or the choice
                                 between mine and theirs where two people changed it
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django import forms, template
from django.forms import BoundField
from django.utils.translation import gettext as _

from central.ui.forms import RecordForm

register = template.Library()

_CSS = {"checkbox": "form-check-input", "select": "form-select", "color": "form-control form-control-color"}


@register.inclusion_tag("ui/parts/record_field.html")
def record_field(form: RecordForm, field: BoundField) -> dict[str, Any]:
    widget = field.field.widget
    is_group = isinstance(widget, (forms.CheckboxSelectMultiple, forms.RadioSelect))
    kind = str(widget.attrs.get("type") or getattr(widget, "input_type", ""))
    described = _described(field)
    attributes = _attributes(field, kind, described)
    choice = form.choices_to_make.get(field.name)
    if choice:
        attributes["aria-label"] = f"{field.label}: {_('Mine')}"
    return {
        "field": field,
        "name": field.name,
        "widget": field.as_widget(attrs=attributes),
        "kind": kind,
        "is_group": is_group,
        "is_wide": isinstance(widget, forms.Textarea) and not hasattr(field.field, "language"),
        "groups": _groups(field) if is_group else [],
        "described": described,
        "suffix": getattr(field.field, "suffix", ""),
        "language": getattr(field.field, "language", ""),
        "picture": field.initial if isinstance(field.field, forms.FileField) else "",
        "choice": choice,
    }


def _described(field: BoundField) -> str:
    ids = [f"{field.auto_id}-help"] if field.help_text else []
    return " ".join([*ids, f"{field.auto_id}-errors"] if field.errors else ids)


def _attributes(field: BoundField, kind: str, described: str) -> dict[str, Any]:
    css = _CSS.get(kind, "form-control")
    attributes: dict[str, Any] = {"class": f"{css} is-invalid" if field.errors else css}
    if described:
        attributes["aria-describedby"] = described
    if field.errors:
        attributes["aria-invalid"] = "true"
    return attributes


def _groups(field: BoundField) -> list[tuple[str, list[Any]]]:
    """The boxes of a field of many choices, under the titles of their groups ("" for none)."""
    titles: dict[str, str] = {}
    for key, value in getattr(field.field, "choices", ()):
        if isinstance(value, (list, tuple)):
            titles |= {str(one): str(key) for one, _title in value}
    field.field.widget.attrs.setdefault("class", "form-check-input")  # the form's own copy of the field
    boxes = list(field)
    return [
        (title, list(group)) for title, group in groupby(boxes, key=lambda box: titles.get(str(box.data["value"]), ""))
    ]
