"""Forms: rules of heads, own values of a page, robots.txt, redirects, feeds, migrations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from central.seo.models import Feed, Migration, OldPage, Redirect
from central.seo.rules import Place
from central.seo.words import FIELDS, HELP
from central.ui.forms import (
    LinesField,
    LongTextField,
    MoneyField,
    NumberField,
    RecordForm,
    Section,
    TickField,
    in_language,
)
from sites.feeds.fields import elements
from sites.seo.rules import ALIAS, RATINGS, TEXTS, VERIFICATIONS

Options = Sequence[tuple[str, str | Promise]]
_WIDE = {"spellcheck": "false", "autocomplete": "off"}


def _line(name: str, shown: str = "", most: int = 1_000) -> forms.CharField:
    widget = forms.TextInput(attrs={**_WIDE, "placeholder": shown})
    return forms.CharField(
        label=str(FIELDS[name]), required=False, max_length=most, widget=widget, help_text=str(HELP.get(name, ""))
    )


class RuleForm(RecordForm):
    """Patterns of a kind of pages. What stands without them is shown in the empty fields."""

    def __init__(self, request: HttpRequest, *, place: Place, shown: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(request, **kwargs)
        for name in place.names:
            field = _line(name, shown.get(name, ""))
            self.fields[name] = in_language(field, place.language) if place.language else field
        if "rating" in self.fields:
            options = [("", "—"), *((each, each) for each in RATINGS)]
            self.fields["rating"] = forms.ChoiceField(label=str(FIELDS["rating"]), required=False, choices=options)
        if "standout" in self.fields:
            options = [("", str(_("no"))), ("yes", str(_("yes")))]
            self.fields["standout"] = forms.ChoiceField(label=str(FIELDS["standout"]), required=False, choices=options)
        texts = [name for name in (ALIAS, *TEXTS) if name in self.fields]
        rest = [name for name in self.fields if name not in texts and name not in VERIFICATIONS]
        proofs = [name for name in VERIFICATIONS if name in self.fields]
        self.sections = (  # type: ignore[misc]
            Section(_("Texts"), *texts),
            Section(_("For robots"), *rest),
            *([Section(_("Whose the site is"), *proofs)] if proofs else []),
        )


class PageForm(RuleForm):
    """Own values of one page, and its address."""

    def __init__(self, request: HttpRequest, *, slug: str | None, **kwargs: Any) -> None:
        super().__init__(request, **kwargs)
        if slug is not None:
            self.fields["slug"] = forms.CharField(
                label=_("Address"),
                max_length=100,
                help_text=_("The last part of the address. The old one leads to the new one for ever."),
            )
            self.sections = (Section(_("Address"), "slug"), *self.sections)  # type: ignore[misc]


class RobotsForm(RecordForm):
    """robots.txt of a site."""

    closed = LinesField(
        label=_("Closed paths"),
        required=False,
        rows=5,
        help_text=_("A path a line, as /sale. Cart, checkout and orders are always closed."),
    )
    extra = LongTextField(
        label=_("Extra lines"), required=False, rows=6, help_text=_("Taken as they are, as Clean-param: utm_source /")
    )
    is_closed = TickField(label=_("Keep all robots out"), help_text=_("While the shop is not open yet."))


class RedirectForm(RecordForm):
    """An old address and where it leads."""

    sections = (Section("", "site", "source", "target", "answer"),)

    site = forms.ChoiceField(label=_("Site"))
    source = forms.CharField(
        label=_("Old address"), max_length=600, help_text=_("A path, as /old/page or /index.php?id=7."),
        widget=forms.TextInput(attrs=_WIDE),
    )  # fmt: skip
    target = forms.CharField(
        label=_("Leads to"), max_length=1_000, help_text=_("A path of the shop, or an https address elsewhere."),
        widget=forms.TextInput(attrs=_WIDE),
    )  # fmt: skip
    answer = forms.TypedChoiceField(
        label=_("Answers with"),
        coerce=int,
        choices=[(301, _("301: moved for ever")), (308, _("308: moved for ever, the same method"))],
    )

    def __init__(
        self,
        request: HttpRequest,
        *,
        sites: Options,
        row: Redirect | None = None,
        given: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        names = ("site", "source", "target")
        initial: dict[str, Any] = {name: getattr(row, name) for name in names} if row else dict(given or {})
        initial["answer"] = row.status if row else 301
        super().__init__(request, initial=initial, ver=row.ver if row else 0, **kwargs)
        self.fields["site"].choices = list(sites)  # type: ignore[attr-defined]
        if row:
            self.fields["site"].disabled = self.fields["source"].disabled = True


class SheetForm(RecordForm):
    """A sheet of redirects."""

    verb = _("Bring in")

    site = forms.ChoiceField(label=_("Site"))
    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV, XLSX, XLS or ODS with columns “from” and “to”; “status” if you like. 10,000 rows at most."),
    )

    def __init__(self, request: HttpRequest, *, sites: Options, **kwargs: Any) -> None:
        super().__init__(request, **kwargs)
        self.fields["site"].choices = list(sites)  # type: ignore[attr-defined]

    @property
    def has_unsaved(self) -> bool:
        return False


class FeedForm(RecordForm):
    """A feed: which goods, and what stands in each element."""

    def __init__(
        self,
        request: HttpRequest,
        *,
        sites: Options,
        categories: Options,
        currency: str,
        row: Feed | None = None,
        kind: str = "yml",
        editions: Options = (),
        **kwargs: Any,
    ) -> None:
        """`editions`: which of the shop's languages and regions it may tell of, when there are several."""
        super().__init__(request, ver=row.ver if row else 0, **kwargs)
        make = self.fields
        if row is None:
            make["site"] = forms.ChoiceField(label=_("Site"), choices=list(sites))
            make["kind"] = forms.ChoiceField(label=_("For"), choices=Feed.Kind.choices)
            make["name"] = forms.RegexField(
                r"^[a-z0-9][a-z0-9-]{0,38}$",
                label=_("Name"),
                help_text=_("Small letters, digits and dashes; the address is /feeds/NAME.xml and stays."),
            )
        make["title"] = forms.CharField(label=_("Title"), max_length=120, required=False)
        if editions:
            make["edition"] = forms.ChoiceField(
                label=_("Language and region"),
                choices=list(editions),
                help_text=_("Whose addresses, words and prices it tells; its own address is among them."),
            )
        sections = [Section(_("Feed"), *list(make))]
        if row is not None:
            for name, label in (("categories", _("Only these categories")), ("without_categories", _("Without"))):
                make[name] = forms.MultipleChoiceField(
                    label=label,
                    required=False,
                    choices=list(categories),
                    widget=forms.SelectMultiple(attrs={"size": 6}),
                    help_text=_("With all below them. Nothing chosen: all.") if name == "categories" else "",
                )
            for name, label in (
                ("only_skus", _("These goods too, by SKU")),
                ("without_skus", _("Never these, by SKU")),
            ):
                make[name] = LinesField(label=label, required=False, rows=3, help_text=_("One a line."))
            make["in_stock_only"] = TickField(label=_("Only what is in stock"))
            make["min_price"] = MoneyField(label=_("Price from"), currency=currency, required=False)
            make["max_price"] = MoneyField(label=_("Price to"), currency=currency, required=False)
            for name, element in elements(kind).items():
                make[f"element_{name}"] = forms.CharField(
                    label=name,
                    required=False,
                    max_length=1_000,
                    widget=forms.TextInput(attrs={**_WIDE, "placeholder": element.shipped}),
                )
            pick = ("categories", "without_categories"), ("only_skus", "without_skus"), "in_stock_only"
            sections.append(Section(_("Goods"), *pick, ("min_price", "max_price")))
            named = [f"element_{name}" for name in elements(kind)]
            help = _("Patterns, as {brand} {title}. Empty: as shipped; a dash alone leaves the element out.")
            sections.append(Section(_("Elements"), *named, help=help))
        self.sections = tuple(sections)  # type: ignore[misc]


class MigrationForm(RecordForm):
    """Where an old site begins."""

    verb = _("Begin")

    site = forms.ChoiceField(label=_("New shop"))
    start = forms.URLField(
        label=_("Address of the old site"), max_length=500, assume_scheme="https",
        help_text=_("It must answer still. Only pages of this very host are asked for."),
    )  # fmt: skip
    most_pages = NumberField(label=_("Pages at most"), min_value=1, max_value=5_000, initial=500)
    most_minutes = NumberField(label=_("Minutes at most"), min_value=1, max_value=60, initial=10)

    def __init__(self, request: HttpRequest, *, sites: Options, **kwargs: Any) -> None:
        super().__init__(request, **kwargs)
        self.fields["site"].choices = list(sites)  # type: ignore[attr-defined]


class OldPageForm(RecordForm):
    """Where one old address is to lead."""

    target = forms.CharField(
        label=_("Leads to"), max_length=1_000, required=False, help_text=_("Empty: nowhere."),
        widget=forms.TextInput(attrs=_WIDE),
    )  # fmt: skip

    def __init__(self, request: HttpRequest, row: OldPage, **kwargs: Any) -> None:
        super().__init__(request, initial={"target": row.target}, ver=1, **kwargs)


class MatchesForm(RecordForm):
    """A sheet of an old site's addresses that came back corrected."""

    verb = _("Bring in")

    file = forms.FileField(label=_("File"), help_text=_("The sheet of addresses, with “from” and “to”."))

    def __init__(self, request: HttpRequest, row: Migration, **kwargs: Any) -> None:
        super().__init__(request, **kwargs)
        self.row = row

    @property
    def has_unsaved(self) -> bool:
        return False
