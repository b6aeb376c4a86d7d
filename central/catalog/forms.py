"""The forms of a product's words and of a new product."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from central.catalog.editing import Words
from central.catalog.keys import MAX_SKU, canonical_options, parse_options
from central.catalog.models import Category, Listing, Offer
from central.catalog.queries import price_around
from central.cluster.models import Region
from central.cluster.trees import Parents, line_above
from central.ui.forms import (
    LinesField,
    LongTextField,
    MoneyField,
    NumberField,
    PictureField,
    RecordForm,
    Section,
    in_language,
)
from central.ui.texts import money_field
from sync.contracts.documents import Reach

_PROPERTIES_HELP = _("One a line, like “Weight: 100 g”. The shop's own come with the product.")
#: what a rule says -> the value of a choice
_SAID = {True: "yes", False: "no"}
_ELSEWHERE = "elsewhere"
LANGUAGES = [code for code, _name in settings.LANGUAGES]


class WordsForm(RecordForm):
    """A listing's words: in its site's own language first, then in those the site speaks and those of the desk."""

    def __init__(
        self,
        request: Any,
        listing: Listing,
        own: str,
        *,
        spoken: Sequence[str] = (),
        fed: Mapping[str, str],
        **kwargs: Any,
    ) -> None:
        """`spoken`: the site's further languages; `fed`: field -> the source that feeds it, if nobody took it over."""
        self.listing = listing
        self.own = own
        self.languages = list(dict.fromkeys((own, *spoken, *LANGUAGES)))
        super().__init__(request, initial=self._initial(), ver=listing.ver, **kwargs)
        titles, texts = [], []
        for code in self.languages:
            self._add(f"title_{code}", forms.CharField(max_length=300, required=code == own, label=_("Title")), code)
            self._add(f"text_{code}", LongTextField(rows=8, required=False, label=_("Description")), code)
            titles.append(f"title_{code}")
            texts.append(f"text_{code}")
        self._lock(fed)
        rows: list[str | tuple[str, ...]] = [tuple(titles), tuple(texts)]
        properties = tuple(self._property_names()) if listing.attributes else ()
        options = [self._option_row(offer) for offer in listing.offers.all() if offer.variant.options]
        self.sections = (  # type: ignore[misc]
            Section(_("Words"), *rows, help=_("Shoppers read what their shop speaks; staff find goods in all.")),
            *([Section(_("Properties"), properties, help=_PROPERTIES_HELP)] if properties else []),
            *([Section(_("Options as they are read"), *options)] if options else []),
        )
        if not self.may_edit:
            for one in self.fields.values():
                one.disabled = True

    def _add(self, name: str, field: forms.Field, language: str) -> None:
        self.fields[name] = in_language(field, language)

    def _property_names(self) -> Iterator[str]:
        rows = max(3, len(self.listing.attributes))
        for code in self.languages:
            self._add(f"properties_{code}", LinesField(rows=rows, required=False, label=_("Properties")), code)
            self.fields[f"properties_{code}"].disabled = code == self.own
            yield f"properties_{code}"

    def _lock(self, fed: Mapping[str, str]) -> None:
        for name in fed.keys() & {"title", "text"}:
            field = self.fields[f"{name}_{self.own}"]
            field.disabled = True
            field.help_text = _("Fed by “%(source)s”. Take it over on the product's card to change it.") % {
                "source": fed[name]
            }

    def _option_row(self, offer: Any) -> tuple[str, ...]:
        names = []
        for code in self.languages:
            name = f"option_{offer.pk.hex}_{code}"
            self._add(name, forms.CharField(max_length=200, required=False, label=offer.variant.options), code)
            names.append(name)
        return tuple(names)

    def _initial(self) -> dict[str, Any]:
        listing = self.listing
        found: dict[str, Any] = {f"title_{self.own}": listing.title, f"text_{self.own}": listing.text}
        found[f"properties_{self.own}"] = _lines(listing.attributes)
        for offer in listing.offers.all():
            found[f"option_{offer.pk.hex}_{self.own}"] = offer.options_title
        for other in listing.translations.all():
            found |= {f"title_{other.language}": other.title, f"text_{other.language}": other.text}
            found[f"properties_{other.language}"] = _lines(other.attributes)
            found |= {f"option_{offer}_{other.language}": title for offer, title in other.options.items()}
        return found

    def words(self, language: str) -> Words:
        """What the form says in one language. Read after `is_saveable()`."""
        data = self.cleaned_data
        options = {
            UUID(hex=name.split("_")[1]): text
            for name, text in data.items()
            if name.startswith("option_") and name.endswith(f"_{language}")
        }
        lines = data.get(f"properties_{language}")
        attributes = None if lines is None or language == self.own else [_pair(line) for line in lines]
        return Words(data[f"title_{language}"], data[f"text_{language}"], options, attributes)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for code in self.languages:
            if code != self.own and any(":" not in line for line in data.get(f"properties_{code}") or ()):
                self.add_error(f"properties_{code}", _("Write one a line, like “Weight: 100 g”."))
        return data


class RegionalPricesForm(RecordForm):
    """What a listing's units cost in the regions its shop is in."""

    def __init__(self, request: Any, listing: Listing, regions: Sequence[Region], **kwargs: Any) -> None:
        self.offers = list(listing.offers.all())
        self.regions = regions
        own = {offer.pk: dict(offer.regional_prices.values_list("region", "price")) for offer in self.offers}
        initial = {
            self.name_of(offer, region): own[offer.pk].get(region.pk) for offer in self.offers for region in regions
        }
        super().__init__(request, initial=initial, ver=listing.ver, **kwargs)
        sections = []
        for offer in self.offers:
            for region in regions:
                field = MoneyField(label=region.title, currency=offer.currency, required=False)
                field.widget.attrs["placeholder"] = money_field(
                    self._around(offer, region, own[offer.pk]), offer.currency
                )
                self.fields[self.name_of(offer, region)] = field
            title = " · ".join(part for part in (offer.options_title, offer.variant.sku) if part)
            names = [self.name_of(offer, region) for region in regions]
            sections.append(Section(title, *(tuple(names[at : at + 3]) for at in range(0, len(names), 3))))
        self.sections = sections  # type: ignore[misc]

    @staticmethod
    def name_of(offer: Offer, region: Region) -> str:
        return f"price_{offer.pk.hex}_{region.pk}"

    def _around(self, offer: Offer, region: Region, own: Mapping[str, int]) -> int:
        """What it costs there while nothing is said."""
        return price_around(own, offer.price, region.pk, {one.pk: one.parent_id for one in self.regions})

    @property
    def prices(self) -> dict[tuple[str, str], dict[str, int | None]]:
        """What differs, for `set_regional_prices`. Read after `is_saveable()`."""
        changed = self.changes
        found: dict[tuple[str, str], dict[str, int | None]] = {}
        for offer in self.offers:
            names = {self.name_of(offer, region): region.pk for region in self.regions}
            told = {region: self.cleaned_data[name] for name, region in names.items() if name in changed}
            if told:
                found[offer.variant.sku, offer.variant.options] = told
        return found


class ReachForm(RecordForm):
    """In which regions a product or a shelf is shown: what is said of each, and of where no region says anything."""

    def __init__(
        self, request: Any, row: Listing | Category, regions: Mapping[str, Region], parents: Parents, **kwargs: Any
    ) -> None:
        self.regions = regions
        rule: Mapping[str, bool] = row.shown_in
        initial = {self.name_of(region): _SAID[rule[region]] if region in rule else "" for region in regions}
        super().__init__(request, initial={**initial, _ELSEWHERE: _SAID[rule.get("", True)]}, ver=row.ver, **kwargs)
        self.fields[_ELSEWHERE] = forms.ChoiceField(
            label=_("Where no region says otherwise"),
            choices=[("yes", _("shown")), ("no", _("not shown"))],
            help_text=_("Also the pages of the shop that belong to no region."),
        )
        for pk in regions:
            line = [pk, *line_above(pk, parents)]
            silent = _("as in the region around") if len(line) > 1 else _("as elsewhere")
            choices = [("", silent), ("yes", _("shown")), ("no", _("not shown"))]
            title = " › ".join(regions[one].title for one in reversed(line) if one in regions)
            self.fields[self.name_of(pk)] = forms.ChoiceField(label=title, choices=choices, required=False)
        names = [self.name_of(pk) for pk in regions]
        self.sections = (  # type: ignore[misc]
            Section("", _ELSEWHERE),
            Section(_("Regions"), *(tuple(names[at : at + 3]) for at in range(0, len(names), 3))),
        )
        if not self.may_edit:
            for one in self.fields.values():
                one.disabled = True

    @staticmethod
    def name_of(region: str) -> str:
        return f"region_{region}"

    @property
    def rule(self) -> Reach:
        """Read after `is_saveable()`. What the row says of regions its shop is in no more is gone with it."""
        told = {pk: self.cleaned_data[self.name_of(pk)] for pk in self.regions}
        told[""] = self.cleaned_data[_ELSEWHERE]
        return {region: said == "yes" for region, said in told.items() if said}


class CategoryWordsForm(RecordForm):
    """A shelf's words in the further languages of its site, beside its own."""

    def __init__(self, request: Any, shelf: Category, own: str, languages: Sequence[str], **kwargs: Any) -> None:
        self.languages = languages
        initial = {f"title_{own}": shelf.title, f"text_{own}": shelf.text}
        for row in shelf.translations.all():
            initial |= {f"title_{row.language}": row.title, f"text_{row.language}": row.text}
        super().__init__(request, initial=initial, ver=shelf.ver, **kwargs)
        codes = [own, *languages]
        for code in codes:
            title = forms.CharField(max_length=200, required=False, label=_("Title"))
            self.fields[f"title_{code}"] = in_language(title, code)
            self.fields[f"text_{code}"] = in_language(LongTextField(required=False, label=_("Text")), code)
        for name in (f"title_{own}", f"text_{own}"):
            self.fields[name].disabled = True
        if not self.may_edit:
            for one in self.fields.values():
                one.disabled = True
        titles, texts = tuple(f"title_{code}" for code in codes), tuple(f"text_{code}" for code in codes)
        self.sections = (Section(_("Words"), titles, texts),)  # type: ignore[misc]

    @property
    def words(self) -> dict[str, tuple[str, str]]:
        data = self.cleaned_data
        return {code: (data[f"title_{code}"], data[f"text_{code}"]) for code in self.languages}


def _lines(attributes: Iterable[Sequence[str]]) -> list[str]:
    return [f"{name}: {value}" for name, value in attributes]


def _pair(line: str) -> tuple[str, str]:
    name, _colon, value = line.partition(":")
    return name.strip(), value.strip()


class NewProductForm(RecordForm):
    """A product made by hand, with one unit; more units and pictures are added on its card or by import."""

    verb = _("Make it")
    sections = (
        Section(_("Product"), ("site", "sku"), ("title", "options"), "text"),
        Section(_("Price and stock"), ("price", "stock")),
        Section(_("Picture"), "picture"),
    )

    site = forms.ChoiceField(label=_("Site"))
    sku = forms.CharField(label=_("SKU"), max_length=MAX_SKU)
    title = forms.CharField(label=_("Title"), max_length=300, help_text=_("In the language of the site."))
    options = forms.CharField(label=_("Options"), max_length=200, required=False, help_text=_("size=L; colour=red"))
    text = LongTextField(label=_("Description"), rows=5, required=False)
    price = MoneyField(label=_("Price"), currency="RUB")
    stock = NumberField(label=_("Stock"), min_value=0, max_value=999_999_999, required=False, initial=0)
    picture = PictureField(label=_("Picture"), required=False, accept="image/*")

    def __init__(self, request: Any, sites: dict[str, tuple[str, str]], **kwargs: Any) -> None:
        """`sites`: id -> (label, currency) of those the person may choose."""
        super().__init__(request, **kwargs)
        self.fields["site"].choices = [(site, f"{label} ({money})") for site, (label, money) in sites.items()]  # type: ignore[attr-defined]
        chosen = self.data.get("site", "") if self.is_bound else next(iter(sites), "")
        if chosen in sites:
            self.fields["price"].currency = sites[chosen][1]  # type: ignore[attr-defined]

    def clean_options(self) -> str:
        from central.catalog.errors import BadGoods

        try:
            return canonical_options(parse_options(self.cleaned_data["options"]))
        except BadGoods as error:
            raise forms.ValidationError(error.why) from error


class BarcodesForm(RecordForm):
    """A code for each variant of a product."""

    def __init__(self, request: Any, variants: Mapping[UUID, tuple[str, str]]) -> None:
        """`variants`: id -> (what it is called, its code)."""
        super().__init__(request, initial={pk.hex: code for pk, (_name, code) in variants.items()}, ver=1)
        for pk, (name, _code) in variants.items():
            self.fields[pk.hex] = forms.CharField(label=name, max_length=64, required=False)

    @property
    def codes(self) -> dict[UUID, str]:
        return {UUID(name): code for name, code in self.cleaned_data.items()}
