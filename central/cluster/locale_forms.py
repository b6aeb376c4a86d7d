"""Forms of regions, and of the languages and regions of a shop. What they refuse is refused by the actions too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from central.cluster import ways
from central.cluster.fields import ID, ID_HELP
from central.cluster.models import Region, Site, SiteLanguage, SiteRegion
from central.ui.forms import (
    LinesField,
    LongTextField,
    NumberField,
    RecordForm,
    Section,
    TickField,
    in_language,
)

Choices = list[tuple[str, str]]

#: of `SiteWords`, what is a text: its name, what it is called, how long it may be
TEXTS = (
    ("name", _("Shop name"), 80),
    ("label", _("Label"), 30),
    ("tagline", _("Tagline"), 120),
    ("about", _("About the shop"), 0),
    ("address", _("Postal address"), 200),
)
#: what is said of a way to deliver or to pay
_PARTS = ("title", "note")


def text_field(label: Any, most: int, **options: Any) -> forms.Field:
    if not most:
        return LongTextField(rows=4, required=False, label=label, **options)
    return forms.CharField(required=False, label=label, max_length=most, **options)


class RegionForm(RecordForm):
    """What `make_region` and `edit_region` take; with an id for a new one."""

    title = forms.CharField(label=_("Title"), max_length=80)
    parent = forms.ChoiceField(
        label=_("Lies in"), required=False, help_text=_("What a shop does not say of a region is as in the one around.")
    )
    position = NumberField(
        label=_("Place in the list"),
        min_value=0,
        max_value=32_000,
        initial=0,
        help_text=_("Of equals the lowest first."),
    )
    places = LinesField(
        label=_("Visitors from"),
        required=False,
        rows=4,
        help_text=_(
            "One a line: RU (a country), RU-MOW (a part of one), 524901 (a city's number of GeoNames). An edge that "
            "has a database of addresses offers the region to visitors from there."
        ),
    )

    def __init__(
        self, request: HttpRequest, *, region: Region | None, regions: Choices, languages: Sequence[str], **kwargs: Any
    ) -> None:
        """`regions`: which may be around it; `languages`: in which it has titles."""
        initial = {}
        if region:
            initial = {"title": region.title, "parent": region.parent_id or "", "position": region.position}
            initial |= {"places": region.places} | {f"title_{code}": text for code, text in region.titles.items()}
        super().__init__(request, initial=initial, ver=region.ver if region else 0, **kwargs)
        self._had = dict(region.titles) if region else {}
        self._languages = [*dict.fromkeys((*languages, *self._had))]
        self.fields["parent"].choices = [("", _("no other region")), *regions]  # type: ignore[attr-defined]
        for code in self._languages:
            field = forms.CharField(label=_("Title"), max_length=80, required=False)
            self.fields[f"title_{code}"] = in_language(field, code)
        if region is None:
            self.fields["id"] = forms.RegexField(
                ID, label=_("Id"), help_text=ID_HELP, error_messages={"invalid": ID_HELP}
            )
        titles = tuple(f"title_{code}" for code in self._languages)
        self.sections = (  # type: ignore[misc]
            Section(_("Region"), "id", "title", ("parent", "position"), "places"),
            Section(_("Title in other languages"), titles, help=_("Where there is none, the title above is shown.")),
        )
        if not self.may_edit:
            for one in self.fields.values():
                one.disabled = True

    @property
    def fields_of_region(self) -> dict[str, Any]:
        """What the actions take: what differs; of a new one all but the id."""
        changed = self.changes
        names = ("title", "parent", "position", "places")
        fields: dict[str, Any] = {name: changed[name] for name in names if name in changed}
        if "position" in fields:
            fields["position"] = int(self.cleaned_data["position"] or 0)
        if any(f"title_{code}" in changed for code in self._languages):
            fields["titles"] = {code: self.cleaned_data[f"title_{code}"] for code in self._languages}
        return fields


class LanguageForm(RecordForm):
    """One more language of a shop: where it lives, and each word of the shop beside the original."""

    code = forms.CharField(
        label=_("Language"), max_length=16, help_text=_("Its tag: en, de, ar, pt-br."), widget=forms.TextInput()
    )
    name = forms.CharField(
        label=_("Name"),
        max_length=60,
        required=False,
        help_text=_("As its speakers call it; empty: as everybody does."),
    )
    path = forms.CharField(label=_("Path"), max_length=41, required=False, help_text=_("Below the shop's address: /en"))
    origin = forms.CharField(
        label=_("or an address of its own"),
        max_length=200,
        required=False,
        help_text=_("A domain or subdomain that leads to the shop's node: https://en.shop.example"),
    )

    def __init__(self, request: HttpRequest, *, site: Site, language: SiteLanguage | None, **kwargs: Any) -> None:
        self.site = site
        initial: dict[str, Any] = {}
        if language:
            initial = {"code": language.code, "name": language.name, "path": language.path, "origin": language.origin}
        self._had = dict(language.words) if language else {}
        code = language.code if language else str(request.POST.get("code", "")).lower()
        #: the rows a language has have no version of their own: the site's is theirs
        super().__init__(request, initial=initial | _said(self._had), ver=site.ver if language else 0, **kwargs)
        if language:
            self.fields["code"].disabled = True
        texts = [self._pair(name, label, most, code) for name, label, most in TEXTS]
        rows = {name: self._way_rows(name, code) for name in ("deliveries", "payments")}
        self.sections = (  # type: ignore[misc]
            Section(_("Language"), ("code", "name"), ("path", "origin")),
            Section(_("Words of the shop"), *texts, help=_("What is left empty is as in the shop's own language.")),
            Section(_("Delivery"), *rows["deliveries"]),
            Section(_("Payment"), *rows["payments"]),
        )
        if not self.may_edit:
            for one in self.fields.values():
                one.disabled = True

    def _pair(self, name: str, label: Any, most: int, code: str) -> tuple[str, str]:
        """The original and, beside it, the field of the translation."""
        own = getattr(self.site, name, None) if name in ("name", "label") else self.site.texts.get(name, "")
        return self._beside(name, label, most, str(own or ""), code)

    def _beside(self, name: str, label: Any, most: int, own: str, code: str) -> tuple[str, str]:
        shown = in_language(text_field(label, most, initial=own), self.site.language)
        shown.disabled = True
        self.fields[f"own_{name}"] = shown
        self.fields[f"to_{name}"] = in_language(text_field(label, most), code)
        return f"own_{name}", f"to_{name}"

    def _way_rows(self, kind: str, code: str) -> list[tuple[str, str]]:
        rows = []
        for way in getattr(self.site, kind):
            for part, label, most in (("title", _("Called"), 60), ("note", _("Note"), 120)):
                rows.append(self._beside(f"{kind}_{way['code']}_{part}", label, most, way.get(part, ""), code))
        return rows

    @property
    def words(self) -> dict[str, Any]:
        """`SiteWords` as the form says; ways the shop has no more are kept."""
        data = self.cleaned_data
        said: dict[str, Any] = {name: data[f"to_{name}"] for name, _label, _most in TEXTS}
        for kind in ("deliveries", "payments"):
            codes = [way["code"] for way in getattr(self.site, kind)]
            texts = {code: [data[f"to_{kind}_{code}_{part}"] for part in ("title", "note")] for code in codes}
            said[kind] = {**self._had.get(kind, {}), **texts}
        return said

    @property
    def fields_of_language(self) -> dict[str, Any]:
        """What `put_language` takes beside the code."""
        return {name: self.cleaned_data[name] for name in ("name", "path", "origin")} | {"words": self.words}


class SiteRegionForm(RecordForm):
    """What a shop is in a region. What the region around it has stands as a hint where nothing is said."""

    region = forms.ChoiceField(label=_("Region"))
    path = forms.CharField(
        label=_("Path"), max_length=41, required=False, help_text=_("Below the shop's address: /moscow")
    )
    origin = forms.CharField(
        label=_("or an address of its own"),
        max_length=200,
        required=False,
        help_text=_("With neither it has no pages of its own; what is said here reaches the regions in it."),
    )
    phone = forms.CharField(label=_("Phone"), max_length=40, required=False)
    email = forms.EmailField(label=_("E-mail"), required=False)

    def __init__(
        self,
        request: HttpRequest,
        *,
        site: Site,
        row: SiteRegion | None,
        regions: Choices,
        around: Sequence[SiteRegion],
        languages: Choices,
        **kwargs: Any,
    ) -> None:
        """`regions`: which may be chosen; `around`: what the shop is in those around it, the nearest first."""
        self.site, self.row, self.around, self.languages = site, row, around, languages
        super().__init__(request, initial=self._initial_of_row(), ver=site.ver if row else 0, **kwargs)
        self.fields["region"].choices = regions  # type: ignore[attr-defined]
        if row:
            self.fields["region"].disabled = True
        own = self._text_rows("own", site.language)
        others = [
            Section(
                title,
                *self._text_rows(f"in_{code}", code),
                *self._way_rows(code),
                help=_("Where it differs from the language's words."),
            )
            for code, title in languages
        ]
        self._add_ways()
        self.sections = (  # type: ignore[misc]
            Section(_("Region"), "region", ("path", "origin")),
            Section(
                _("Contacts and words"),
                ("phone", "email"),
                *own,
                help=_("What is left empty is as it stands in grey: as in the region around, or in the shop."),
            ),
            Section(_("Delivery"), "has_deliveries", *ways.rows_of(ways.DELIVERIES)),
            Section(_("Payment"), "has_payments", *ways.rows_of(ways.PAYMENTS)),
            *others,
        )
        for name in ("phone", "email"):
            self.fields[name].widget.attrs["placeholder"] = self._inherited(name)
        if not self.may_edit:
            for one in self.fields.values():
                one.disabled = True

    def _initial_of_row(self) -> dict[str, Any]:
        row = self.row
        initial: dict[str, Any] = {"has_deliveries": False, "has_payments": False}
        initial |= ways.initial_of(self._ways("deliveries"), self._ways("payments"))
        if row is None:
            return initial
        initial |= {name: getattr(row, name) for name in ("path", "origin", "phone", "email")}
        initial |= {"region": row.region_id, **{f"own_{name}": text for name, text in row.words.items()}}
        initial |= {"has_deliveries": row.deliveries is not None, "has_payments": row.payments is not None}
        for code, words in row.translations.items():
            initial |= _said(words, f"in_{code}")
        return initial

    def _ways(self, kind: str) -> list[dict[str, Any]]:
        """The ways it has there: its own, else as around."""
        own = getattr(self.row, kind) if self.row else None
        return own if own is not None else self._ways_around(kind)

    def _ways_around(self, kind: str) -> list[dict[str, Any]]:
        found = next((getattr(one, kind) for one in self.around if getattr(one, kind) is not None), None)
        return found if found is not None else list(getattr(self.site, kind))

    def _inherited(self, name: str) -> str:
        """What stands where nothing is said."""
        if name in ("phone", "email"):
            near = next((str(getattr(one, name)) for one in self.around if getattr(one, name)), "")
            return near or str(self.site.texts.get(name, ""))
        near = next((str(one.words[name]) for one in self.around if one.words.get(name)), "")
        own = getattr(self.site, name) if name in ("name", "label") else self.site.texts.get(name, "")
        return near or str(own)

    def _text_rows(self, prefix: str, language: str) -> list[tuple[str, ...]]:
        for name, label, most in TEXTS:
            field = in_language(text_field(label, most), language)
            if prefix == "own":
                field.widget.attrs["placeholder"] = self._inherited(name)[:200]
            else:
                field.widget.attrs["placeholder"] = self._inherited_in(language, name)[:200]
            self.fields[f"{prefix}_{name}"] = field
        return [
            (f"{prefix}_name", f"{prefix}_label"),
            (f"{prefix}_tagline", f"{prefix}_address"),
            (f"{prefix}_about",),
        ]

    def _way_rows(self, language: str) -> list[tuple[str, ...]]:
        """What its ways are called in a language; those its shop does not have there are not asked for."""
        rows = []
        for kind, way in self._every_way():
            name = f"in_{language}_{kind}_{way['code']}"
            for part, (label, most) in enumerate(((_("%(way)s: called"), 60), (_("%(way)s: note"), 120))):
                field = in_language(text_field(label % {"way": way["title"]}, most), language)
                field.widget.attrs["placeholder"] = self._way_in(language, kind, way["code"])[part]
                self.fields[f"{name}_{_PARTS[part]}"] = field
            rows.append(tuple(f"{name}_{part}" for part in _PARTS))
        return rows

    def _every_way(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for kind in ("deliveries", "payments"):
            for way in self._ways(kind):
                yield kind, way

    def _way_in(self, language: str, kind: str, code: str) -> tuple[str, str]:
        found = (words.get(kind, {}).get(code) for words in self._words_around(language))
        title, note = next((said for said in found if said), ("", ""))
        return title, note

    def _inherited_in(self, language: str, name: str) -> str:
        return next((str(words[name]) for words in self._words_around(language) if words.get(name)), "")

    def _words_around(self, language: str) -> list[Mapping[str, Any]]:
        """Where words of a language are looked for when the region itself has none."""
        spoken = [one.words for one in self.site.languages.all() if one.code == language]
        return [*(one.translations.get(language, {}) for one in self.around), *spoken]

    def _add_ways(self) -> None:
        for kind, label in (("deliveries", _("Its own ways to deliver")), ("payments", _("Its own ways to be paid"))):
            titles = ", ".join(way["title"] for way in self._ways_around(kind)) or "—"
            help_text = gettext("Without it as around: %(ways)s.") % {"ways": titles}
            self.fields[f"has_{kind}"] = TickField(label=label, help_text=help_text)
        ways.add_fields(self, self.site.currency)

    # --- reading ---------------------------------------------------------------------------------------------------

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("has_deliveries") and not (data.get("pickup") or data.get("courier")):
            self.add_error("pickup", _("A shop needs a way to deliver."))
        if data.get("has_payments") and not (data.get("cash") or data.get("card")):
            self.add_error("cash", _("A shop needs a way to be paid."))
        return data

    @property
    def fields_of_region(self) -> dict[str, Any]:
        """What `put_site_region` takes beside the region. Ways and words this form does not know are kept."""
        data, row = self.cleaned_data, self.row
        fields: dict[str, Any] = {name: data[name] for name in ("path", "origin", "phone", "email")}
        fields["words"] = {**(row.words if row else {}), **self._texts("own")}
        fields["translations"] = {**(row.translations if row else {})}
        for code, _title in self.languages:
            had = fields["translations"].get(code, {})
            fields["translations"][code] = {**had, **self._texts(f"in_{code}"), **self._ways_in(code, had)}
        for kind, codes in (("deliveries", ways.DELIVERIES), ("payments", ways.PAYMENTS)):
            own = ways.read(data, self._ways(kind), codes, self.site.language)
            fields[kind] = own if data[f"has_{kind}"] else None
        return fields

    def _ways_in(self, language: str, had: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """What ways are called; words of those it does not have at the moment are kept."""
        found: dict[str, dict[str, Any]] = {kind: dict(had.get(kind, {})) for kind in ("deliveries", "payments")}
        for kind, way in self._every_way():
            name = f"in_{language}_{kind}_{way['code']}"
            found[kind][way["code"]] = [self.cleaned_data[f"{name}_{part}"] for part in _PARTS]
        return found

    def _texts(self, prefix: str) -> dict[str, str]:
        return {name: self.cleaned_data[f"{prefix}_{name}"] for name, _label, _most in TEXTS}


def _said(words: Mapping[str, Any], prefix: str = "to") -> dict[str, Any]:
    """The words of a language as a form has them."""
    said: dict[str, Any] = {}
    for name, value in words.items():
        if isinstance(value, Mapping):
            for code, (title, note) in value.items():
                said |= {f"{prefix}_{name}_{code}_title": title, f"{prefix}_{name}_{code}_note": note}
        else:
            said[f"{prefix}_{name}"] = value
    return said


def titled_languages(site: Site) -> Choices:
    """The further languages of a shop."""
    return [(one.code, one.name) for one in site.languages.all()]


def known_languages(sites: Sequence[Site]) -> list[str]:
    """What shops speak, beside what the desk speaks."""
    spoken = {one.language for one in sites} | {row.code for one in sites for row in one.languages.all()}
    return sorted(spoken | {code for code, _name in settings.LANGUAGES})
