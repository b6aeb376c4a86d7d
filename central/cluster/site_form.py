"""The form of a site: its own fields, and for each setting whether it is the parent's and whether it is locked."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from typing import Any

import msgspec
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from central.cluster import ways
from central.cluster.fields import ID, ID_HELP
from central.cluster.inheritance import INHERITABLE, TEXTS, Origin, Sites, own_of, parents_of, standings
from central.cluster.models import WEEK_MINUTES, Site
from central.cluster.trees import below
from central.ui.forms import ColourField, LinesField, LongTextField, RecordForm, Section, TickField
from sync.contracts.documents import PagesDoc

_HOST = forms.RegexField(r"^[a-z0-9.-]{1,200}$")

_OWN = ("name", "label", "colour", "is_active", "origin", "extra_hosts", "node", "group", "parent", "detection")
_LOOK = ("language", "currency", "theme", "cart_group")
_PLAIN = (*_LOOK, "unpaid_minutes")
_PAGES = tuple(PagesDoc.__struct_fields__)


def themes() -> list[tuple[str, str]]:
    """The folders of `sites/themes`."""
    found = (one.name for one in files("sites").joinpath("themes").iterdir() if one.is_dir())
    return [(name, name) for name in sorted(found) if not name.startswith(("_", "."))]


def _field_of(setting: str) -> str:
    """ "texts.phone" -> "phone"."""
    return setting.removeprefix("texts.")


def _row(setting: str) -> tuple[str, ...]:
    name = _field_of(setting)
    return name, f"inherit_{name}", f"lock_{name}"


class SiteForm(RecordForm):
    """All of a site that people edit. Read `is_saveable()`, then give `fields_of_site` to an action."""

    sections = (
        Section(_("Shop"), ("id", "parent", "take_all"), ("name", "label", "colour"), "is_active"),
        Section(_("Address and node"), ("origin", "extra_hosts"), ("node", "group")),
        Section(_("Language, currency, look"), *(_row(name) for name in _LOOK), "detection"),
        Section(
            _("Delivery"),
            ("inherit_deliveries", "lock_deliveries"),
            *ways.rows_of(ways.DELIVERIES),
        ),
        Section(
            _("Payment"),
            ("inherit_payments", "lock_payments"),
            *ways.rows_of(ways.PAYMENTS),
            _row("unpaid_minutes"),
        ),
        Section(
            _("Pages as files"),
            ("inherit_pages", "lock_pages"),
            "pages_is_on",
            ("pages_making", "pages_renewal", "pages_lifetime_minutes"),
            ("pages_excluded", "pages_excluded_sections"),
            "pages_packs_html",
            ("pages_minifies_css", "pages_joins_css"),
            ("pages_minifies_js", "pages_joins_js"),
            "pages_is_warmed",
        ),
        Section(_("Texts and contacts"), *(_row(name) for name in TEXTS)),
    )

    parent = forms.ChoiceField(
        label=_("Parent site"), required=False, help_text=_("A site may take settings from its parent.")
    )
    name = forms.CharField(label=_("Shop name"), max_length=80, help_text=_("What shoppers call the shop."))
    label = forms.CharField(label=_("Label"), max_length=30, help_text=_("Two or three words on cart and order lines."))
    colour = ColourField(label=_("Colour of the label"), initial="#3f51c7")
    is_active = TickField(label=_("Open for shoppers"), initial=True)

    origin = forms.RegexField(
        r"^https?://[a-z0-9.-]+(:\d{1,5})?/?$",
        label=_("Address"),
        help_text=_("Like https://shop.example, without a path."),
        error_messages={"invalid": _("Write it like https://shop.example, without a path.")},
        max_length=200,
        strip=True,
    )
    extra_hosts = LinesField(
        label=_("Further host names"),
        required=False,
        rows=2,
        help_text=_("One a line; they lead to the address above."),
    )
    node = forms.ChoiceField(label=_("Node"), required=False, help_text=_("The edge that has the site's live carts."))
    group = forms.ChoiceField(
        label=_("Group"), required=False, help_text=_("Sites of a group are looked at and managed together.")
    )

    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    currency = forms.RegexField(
        r"^[A-Za-z]{3}$",
        label=_("Currency"),
        help_text=_("Three letters: EUR, RUB."),
        error_messages={"invalid": _("Three letters, such as EUR.")},
    )
    theme = forms.ChoiceField(label=_("Theme"), choices=themes)
    detection = forms.ChoiceField(
        label=_("First visit"),
        required=False,
        choices=[
            ("off", _("the page as it was asked for")),
            ("offer", _("offer the visitor's language and region")),
            ("move", _("go to the visitor's language and region")),
        ],
        initial="offer",
        help_text=_("Of a shop with further languages or regions. What a visitor chose himself always wins."),
    )
    cart_group = forms.RegexField(
        ID,
        label=_("Cart group"),
        initial="main",
        help_text=_("Sites of one group share one cart."),
        error_messages={"invalid": ID_HELP},
    )

    unpaid_minutes = forms.IntegerField(
        label=_("Minutes to pay online"),
        initial=30,
        min_value=0,
        max_value=WEEK_MINUTES,
        help_text=_("Then the units of an unpaid order are on sale again. 0: for ever."),
    )

    pages_is_on = TickField(
        label=_("Pages lie as files"),
        initial=True,
        help_text=_("They are served without being made anew, and made anew when what they show changes."),
    )
    pages_making = forms.ChoiceField(
        label=_("Which pages"),
        required=False,
        choices=[("all", _("every page")), ("asked", _("pages somebody asked for"))],
    )
    pages_renewal = forms.ChoiceField(
        label=_("A page that changed is made anew"),
        required=False,
        choices=[("at_once", _("at once")), ("asked", _("when it is asked for"))],
    )
    pages_lifetime_minutes = forms.IntegerField(
        label=_("Minutes until it is made anew anyway"),
        required=False,
        initial=0,
        min_value=0,
        max_value=WEEK_MINUTES,
        help_text=_("0: only when something changes."),
    )
    pages_excluded = LinesField(
        label=_("Addresses without files"),
        required=False,
        rows=2,
        help_text=_("One a line, such as /about or /p/gift-*; all below it too."),
    )
    pages_excluded_sections = LinesField(
        label=_("Shelves without files"),
        required=False,
        rows=2,
        help_text=_("The word of the shelf in its address, one a line; the goods that stand on it too."),
    )

    pages_packs_html = TickField(
        label=_("Pages go out packed"),
        initial=True,
        help_text=_("With gzip or Brotli, as the browser takes it."),
    )
    pages_minifies_css = TickField(
        label=_("Styles minified"), initial=True, help_text=_("Without comments and white space.")
    )
    pages_joins_css = TickField(
        label=_("Styles joined"), initial=True, help_text=_("What every page loads is one file, named by its content.")
    )
    pages_minifies_js = TickField(
        label=_("Scripts minified"), initial=True, help_text=_("Without comments and white space.")
    )
    pages_joins_js = TickField(
        label=_("Scripts joined"), initial=True, help_text=_("What every page loads is one file, named by its content.")
    )
    pages_is_warmed = TickField(
        label=_("Fetch purged pages again through the CDN"),
        initial=True,
        help_text=_("The busiest first, so that no visitor waits for a page that has just changed."),
    )

    tagline = forms.CharField(label=_("Tagline"), required=False, max_length=120)
    about = LongTextField(label=_("About the shop"), required=False)
    phone = forms.CharField(label=_("Phone"), required=False, max_length=40)
    email = forms.EmailField(label=_("E-mail"), required=False)
    address = forms.CharField(label=_("Postal address"), required=False, max_length=200)

    def __init__(
        self,
        request: HttpRequest,
        *,
        site: Site | None,
        sites: Sites,
        visible: Iterable[Site],
        nodes: list[tuple[str, str]],
        groups: list[tuple[str, str]] | None,
        **kwargs: Any,
    ) -> None:
        """`sites`: all of the cluster; `visible`: those the person may see; `groups` None: he may not change it."""
        self.site = site
        self._names = {one.pk: one.name for one in visible}
        initial = initial_of(site, sites) if site else None
        super().__init__(request, initial=initial, ver=site.ver if site else 0, **kwargs)
        self._add_ways(site)
        self._choose("node", [("", _("none yet")), *nodes])
        self._choose("parent", [("", _("none")), *self._parents(sites)])
        if groups is None:
            del self.fields["group"]
        else:
            self._choose("group", [("", _("none")), *groups])
        if site is None:
            self.fields["id"] = forms.RegexField(
                ID, label=_("Id"), help_text=ID_HELP, error_messages={"invalid": ID_HELP}
            )
            self.fields["take_all"] = TickField(label=_("Take all settings from the parent"))
        else:
            self._add_origins(site, sites)
        if not self.may_edit:
            for one in self.fields.values():
                one.disabled = True

    # --- building --------------------------------------------------------------------------------------------------

    def _choose(self, name: str, choices: list[tuple[str, Any]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def _parents(self, sites: Sites) -> list[tuple[str, str]]:
        unfit = {self.site.pk, *below(self.site.pk, parents_of(sites))} if self.site else set()
        known = [(pk, name) for pk, name in self._names.items() if pk not in unfit]
        above = self.site.parent_id if self.site else None
        if above and above not in self._names:
            known.append((above, gettext("a site you may not see")))
        return sorted(known, key=lambda choice: choice[1].casefold())

    def _add_ways(self, site: Site | None) -> None:
        currency = str(self.data.get("currency") or (site.currency if site else "")).upper()
        ways.add_fields(self, currency if len(currency) == 3 else "EUR")

    def _add_origins(self, site: Site, sites: Sites) -> None:
        for setting, standing in standings(site, sites).items():
            name = _field_of(setting)
            if site.children.exists() or setting in site.locks:
                lock = TickField(label=gettext("Locked for the sites below"))
                self.fields[f"lock_{name}"] = lock
                self.initial[f"lock_{name}"] = setting in site.locks
            if standing.origin is Origin.LOCKED:
                self._show_locked(name, standing.source, standing.own)
            elif site.parent_id:
                above = self._above(site.parent_id, setting, sites)
                self.fields[f"inherit_{name}"] = TickField(label=gettext("As %(site)s has it: %(value)s") % above)
                self.initial[f"inherit_{name}"] = setting in site.inherits

    def _above(self, parent: str, setting: str, sites: Sites) -> dict[str, str]:
        standing = standings(sites[parent], sites)[setting]
        return {"site": self._called(standing.source), "value": self._in_words(setting, standing.value)}

    def _show_locked(self, name: str, source: str, own: Any) -> None:
        text = gettext("Locked by %(site)s. Its own value waits: %(value)s") % {
            "site": self._called(source),
            "value": self._in_words(name, own),
        }
        codes = {"deliveries": ways.DELIVERIES, "payments": ways.PAYMENTS}.get(name)
        names = ways.names_of(codes) if codes else [name]
        names = [f"pages_{one}" for one in _PAGES] if name == "pages" else names
        for one in names:
            self.fields[one].disabled = True
        self.fields[names[0]].help_text = text

    def _called(self, site_id: str) -> str:
        return self._names.get(site_id) or gettext("a site you may not see")

    def _in_words(self, setting: str, value: Any) -> str:
        if setting == "pages":
            return gettext("files") if value.get("is_on", True) else gettext("no files")
        if isinstance(value, list):
            return ", ".join(way["title"] for way in value) or "—"
        titles = {str(key): str(title) for key, title in getattr(self.fields.get(setting), "choices", ())}
        text = titles.get(str(value), str(value)) or "—"
        return text if len(text) <= 60 else f"{text[:60]}…"

    # --- reading ---------------------------------------------------------------------------------------------------

    def clean_origin(self) -> str:
        return str(self.cleaned_data["origin"]).rstrip("/")

    def clean_detection(self) -> str:
        return str(self.cleaned_data["detection"]) or "offer"

    def clean_currency(self) -> str:
        return str(self.cleaned_data["currency"]).upper()

    def clean_extra_hosts(self) -> list[str]:
        hosts = [host.lower() for host in self.cleaned_data["extra_hosts"]]
        for host in hosts:
            try:
                _HOST.clean(host)
            except ValidationError:
                raise ValidationError(_("%(host)s is not a host name."), params={"host": host}) from None
        return hosts

    def clean_pages_excluded(self) -> list[str]:
        patterns = list(self.cleaned_data["pages_excluded"])
        for pattern in patterns:
            if not pattern.startswith("/"):
                text = _("%(pattern)s is no address of the shop: begin it with a slash, such as /about.")
                raise ValidationError(text, params={"pattern": pattern})
        return patterns

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not (data.get("pickup") or data.get("courier")):
            self.add_error("pickup", _("A shop needs a way to deliver."))
        if not (data.get("cash") or data.get("card")):
            self.add_error("cash", _("A shop needs a way to be paid."))
        return data

    @property
    def fields_of_site(self) -> dict[str, Any]:
        """What `register_site` and `edit_site` take: what differs. Ways this form does not know are kept."""
        changed = {name: value for name, value in self.changes.items() if not self.fields[name].disabled}
        fields = {name: changed[name] for name in (*_OWN, *_PLAIN) if name in changed}
        fields |= {f"texts.{name}": changed[name] for name in TEXTS if name in changed}
        for setting, codes in (("deliveries", ways.DELIVERIES), ("payments", ways.PAYMENTS)):
            if any(name in changed for name in ways.names_of(codes)):
                had = own_of(self.site, setting) if self.site else []
                fields[setting] = ways.read(self.cleaned_data, had, codes, self.cleaned_data["language"])
        if any(f"pages_{one}" in changed for one in _PAGES):
            had = own_of(self.site, "pages") if self.site else {}
            told = {one: self.cleaned_data[f"pages_{one}"] for one in _PAGES}
            fields["pages"] = {**had, **{one: value for one, value in told.items() if value not in ("", None)}}
        if self.site is None:
            fields["inherits"] = INHERITABLE if changed.get("take_all") and changed.get("parent") else ()
        for kind, names in (("inherit", "inherits"), ("lock", "locks")):
            if any(name.startswith(f"{kind}_") for name in changed):
                fields[names] = self._ticked(kind, getattr(self.site, names))
        return fields

    def _ticked(self, kind: str, had: list[str]) -> list[str]:
        """The settings that are ticked; one whose tick is not shown stays as it was."""
        return [
            setting for setting in INHERITABLE if self.cleaned_data.get(f"{kind}_{_field_of(setting)}", setting in had)
        ]


def initial_of(site: Site, sites: Sites) -> dict[str, Any]:
    """The form as the site stands: own values, but what a site above locks."""
    shown = {
        _field_of(name): standing.value if standing.origin is Origin.LOCKED else standing.own
        for name, standing in standings(site, sites).items()
    }
    shown |= ways.initial_of(shown.pop("deliveries"), shown.pop("payments"))
    rules = msgspec.to_builtins(msgspec.convert(shown.pop("pages"), PagesDoc))
    shown |= {f"pages_{name}": rules[name] for name in _PAGES}
    own = {name: getattr(site, name) for name in _OWN if name not in ("node", "group", "parent")}
    return {
        **shown,
        **own,
        "node": site.node_id or "",
        "group": site.group_id or "",
        "parent": site.parent_id or "",
    }
