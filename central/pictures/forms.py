"""The form of a site's profile."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from central.pictures.profiles import MAX_WIDTH, RATIOS, Profile
from central.ui.forms import NumberField, PictureField, RecordForm, Section, TickField

_RATIOS = (("", _("As the photo is")), *((name, name) for name in RATIOS))
_RETINA = (
    ("1", _("Plain screens only")),
    ("1,2", _("Plain and twice as fine")),
    ("1,2,3", _("Up to three times as fine")),
)
_FORMATS = (
    ("avif,webp", _("AVIF and WebP")),
    ("webp", _("WebP")),
    ("avif", _("AVIF")),
    ("", _("Neither: JPEG and PNG only")),
)
_CORNERS = (
    ("bottom-right", _("Below right")),
    ("bottom-left", _("Below left")),
    ("top-right", _("Above right")),
    ("top-left", _("Above left")),
    ("centre", _("In the middle")),
)
_MARKS = (("none", _("None")), ("text", _("A text")), ("picture", _("A picture")))
_ANIMATIONS = (("keep", _("Stay animations")), ("first", _("Show their first picture")))


class WidthsField(forms.CharField):
    """Whole numbers with commas between; in Python a list, rising."""

    def clean(self, value: Any) -> Any:
        text = str(super().clean(value))
        parts = [part for part in re.split(r"[\s,;]+", text) if part]
        if not parts or not all(part.isdigit() and 16 <= int(part) <= MAX_WIDTH for part in parts):
            raise ValidationError(
                _("Write widths from 16 to %(most)s with commas between, such as 400, 800."),
                params={"most": MAX_WIDTH},
                code="invalid",
            )
        return sorted({int(part) for part in parts})

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(str(one) for one in value) if isinstance(value, list) else value


def _percent(label: Any, least: int = 1, help_text: Any = "") -> NumberField:
    return NumberField(label=label, min_value=least, max_value=100, help_text=help_text)


class ProfileForm(RecordForm):
    """What `Profile` holds, as people see it."""

    sections = (
        Section(_("Where it comes from"), "inherits", "is_on"),
        Section(_("Sizes"), ("widths", "retina"), ("ratio", "thumb")),
        Section(_("Formats"), ("formats", "animation"), ("quality_avif", "quality_webp", "quality_jpeg")),
        Section(
            _("Watermark"),
            ("mark", "mark_corner"),
            ("mark_text", "mark_picture"),
            ("mark_opacity", "mark_size"),
            "hides_originals",
        ),
        Section(_("Storage"), "by_category"),
    )

    inherits = TickField(
        label=_("Like the site above"),
        help_text=_("The site takes what its parent has; what is set below waits. The topmost takes Rialto's own."),
    )
    is_on = TickField(label=_("Make pictures for this shop"), help_text=_("Off: shops show originals as uploaded."))
    widths = WidthsField(
        label=_("Widths"),
        max_length=60,
        help_text=_("As drawn on a page, in pixels. None is made larger than the photo."),
    )
    retina = forms.ChoiceField(label=_("Screens"), choices=_RETINA)
    ratio = forms.ChoiceField(label=_("Width to height"), choices=_RATIOS, required=False)
    thumb = NumberField(
        label=_("Square in carts"), suffix="px", min_value=16, max_value=400, help_text=_("Its watermark is left out.")
    )
    formats = forms.ChoiceField(
        label=_("Beside JPEG or PNG"),
        choices=_FORMATS,
        required=False,
        help_text=_("Browsers take the first they know."),
    )
    animation = forms.ChoiceField(label=_("Animations"), choices=_ANIMATIONS)
    quality_avif = _percent(_("Quality of AVIF"))
    quality_webp = _percent(_("Quality of WebP"))
    quality_jpeg = _percent(_("Quality of JPEG"))
    mark = forms.ChoiceField(label=_("Watermark"), choices=_MARKS)
    mark_corner = forms.ChoiceField(label=_("Place"), choices=_CORNERS)
    mark_text = forms.CharField(label=_("Its text"), max_length=60, required=False)
    mark_picture = PictureField(label=_("Its picture"), required=False, accept="image/png,image/webp")
    mark_opacity = _percent(_("Strength, %"), 5)
    mark_size = _percent(_("Size, % of the width"), 5)
    hides_originals = TickField(
        label=_("Never show an original"),
        help_text=_("A photo without the watermark leaves central in no case; until it is made the shop shows none."),
    )
    by_category = TickField(
        label=_("A folder for each category"), help_text=_("In the media storage: site, category, subcategory.")
    )

    @staticmethod
    def initial_of(profile: Profile, inherits: bool) -> dict[str, Any]:
        values = {name: getattr(profile, name) for name in Profile.__struct_fields__}
        return values | {
            "inherits": inherits,
            "retina": ",".join(str(one) for one in profile.retina),
            "formats": ",".join(profile.formats),
            "mark_picture": "",
        }

    def profile(self, mark_picture: str) -> Profile:
        """The profile of a valid form. `mark_picture`: sha256 of the watermark there is."""
        said = {name: self.cleaned_data[name] for name in Profile.__struct_fields__ if name in self.cleaned_data}
        said |= {
            "retina": [int(one) for one in said["retina"].split(",")],
            "formats": [one for one in said["formats"].split(",") if one],
            "mark_picture": mark_picture,
        }
        return Profile(**said)
