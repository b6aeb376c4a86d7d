"""The forms of a product's words and of a new product."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from central.catalog.editing import Words
from central.catalog.keys import MAX_SKU, canonical_options, parse_options
from central.catalog.models import Listing
from central.ui.forms import LongTextField, MoneyField, NumberField, PictureField, RecordForm, Section

LANGUAGES = [code for code, _name in settings.LANGUAGES]


class WordsForm(RecordForm):
    """A listing's words in the languages of the desk: its site's own first, which is what shoppers read."""

    def __init__(self, request: Any, listing: Listing, own: str, *, fed: Mapping[str, str], **kwargs: Any) -> None:
        """`fed`: field -> the source that feeds it, of those nobody took over."""
        self.listing = listing
        self.own = own
        self.languages = [own, *(code for code in LANGUAGES if code != own)]
        super().__init__(request, initial=self._initial(), ver=listing.ver, **kwargs)
        titles, texts = [], []
        for code in self.languages:
            self._add(f"title_{code}", forms.CharField(max_length=300, required=code == own, label=_("Title")), code)
            self._add(f"text_{code}", LongTextField(rows=8, required=False, label=_("Description")), code)
            titles.append(f"title_{code}")
            texts.append(f"text_{code}")
        self._lock(fed)
        rows: list[str | tuple[str, ...]] = [tuple(titles), tuple(texts)]
        options = [self._option_row(offer) for offer in listing.offers.all() if offer.variant.options]
        self.sections = (  # type: ignore[misc]
            Section(_("Words"), *rows, help=_("Shoppers read the language of their shop; staff find goods in both.")),
            *([Section(_("Options as they are read"), *options)] if options else []),
        )
        if not self.may_edit:
            for one in self.fields.values():
                one.disabled = True

    def _add(self, name: str, field: forms.Field, language: str) -> None:
        field.language = language  # type: ignore[attr-defined]
        field.widget.attrs["lang"] = language
        self.fields[name] = field

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

    def _initial(self) -> dict[str, str]:
        listing = self.listing
        found = {f"title_{self.own}": listing.title, f"text_{self.own}": listing.text}
        for offer in listing.offers.all():
            found[f"option_{offer.pk.hex}_{self.own}"] = offer.options_title
        for other in listing.translations.all():
            found |= {f"title_{other.language}": other.title, f"text_{other.language}": other.text}
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
        return Words(data[f"title_{language}"], data[f"text_{language}"], options)


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
