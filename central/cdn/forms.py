"""Forms of the CDN: an account, a zone, a purge by hand, a DNS record."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from central.cdn.media import Origin
from central.cdn.models import Account, MediaHost, MediaOrigin, Zone
from central.cdn.words import plan_choices
from central.ui.forms import LongTextField, RecordForm, Section, TickField
from central.ui.view_scope import choices


class AccountForm(RecordForm):
    """Who the CDN is, and the key to it."""

    sections = (
        Section(_("Account"), "title", "plan", "is_active"),
        Section(_("How it is reached"), "secret", "base_url"),
    )
    title = forms.CharField(label=_("Name"), max_length=80, help_text=_("Such as: Cloudflare, Free."))
    plan = forms.ChoiceField(
        label=_("Provider and plan"), help_text=_("The plan's limits are kept: 80 % of them are used.")
    )
    is_active = TickField(label=_("Purge through it"), initial=True)
    secret = forms.CharField(
        label=_("Key"),
        required=False,
        max_length=300,
        strip=True,
        help_text=_(
            "Kept encrypted and never shown. Empty: as it is. Cloudflare: a token that may purge and edit DNS."
        ),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    base_url = forms.URLField(
        label=_("Address of the purge service"),
        required=False,
        max_length=200,
        assume_scheme="https",
        help_text=_("For an nginx of one's own: http://10.0.0.5:9180. Empty for Cloudflare."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["plan"].choices = plan_choices()  # type: ignore[attr-defined]

    @staticmethod
    def initial_of(account: Account) -> dict[str, Any]:
        """The account as it stands, without its key."""
        return {
            "title": account.title,
            "plan": f"{account.provider}:{account.plan}",
            "is_active": account.is_active,
            "base_url": account.base_url,
            "secret": "",
        }


class ZoneForm(RecordForm):
    """A zone, and which sites go through it."""

    sections = (Section(_("Zone"), "name", "key"), Section(_("Pages"), "sites", "has_tags"))
    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("Its domain, or what you call the cache."))
    key = forms.CharField(
        label=_("Id at the provider"),
        max_length=64,
        help_text=_("Cloudflare: the zone id of its overview. nginx: cache."),
    )
    sites = forms.MultipleChoiceField(
        label=_("Sites whose pages go through it"),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        choices=(),
        help_text=_("A site that is new here is purged whole, once."),
    )
    has_tags = TickField(
        label=_("Pages reach it with Cache-Tag"),
        help_text=_(
            "An edge names each page's tags, and so do nginx and Caddy when `rialto pages` has made their "
            "configuration. Leave it where another server hands out the files, or one in between takes the header "
            "away: many changes at once are then purged by host."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sites"].choices = [(look.id, look.label) for look in choices(self.request)]  # type: ignore[attr-defined]

    @staticmethod
    def initial_of(zone: Zone) -> dict[str, Any]:
        """The zone as it stands."""
        sites = sorted(one.site for one in zone.sites.all())
        return {"name": zone.name, "key": zone.key, "sites": sites, "has_tags": zone.has_tags}


class MediaForm(RecordForm):
    """Where a site's pictures and static files come from."""

    sections = (Section(_("Hosts of files"), "site", "origins"), Section(_("What comes from them"), "types", "pages"))
    site = forms.ChoiceField(label=_("Site"))
    origins = LongTextField(
        label=_("Hosts"),
        required=False,
        rows=5,
        help_text=_(
            "One in a line: https://cdn.tea.example, with its region before it where it is of one: eu "
            "https://eu.tea.example. The first of a region that answers is used. Empty: the shop itself."
        ),
    )
    types = forms.CharField(
        label=_("File types"), required=False, max_length=200, help_text=_("Endings: webp jpg css js. Empty: all.")
    )
    pages = LongTextField(
        label=_("Pages and sections"),
        required=False,
        rows=3,
        help_text=_("Beginnings of addresses, one in a line: /c/green or /p/. Empty: every page."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"].choices = [(look.id, look.label) for look in choices(self.request)]  # type: ignore[attr-defined]

    def clean_origins(self) -> list[Origin]:
        lines = [line.split() for line in self.cleaned_data["origins"].splitlines() if line.strip()]
        if any(len(words) > 2 for words in lines):
            raise forms.ValidationError(_("A region and a host in each line, or a host alone."))
        return [Origin(*words) if len(words) == 2 else Origin("", words[0]) for words in lines]

    def clean_types(self) -> list[str]:
        return [word.strip(".,").lower() for word in self.cleaned_data["types"].split()]

    def clean_pages(self) -> list[str]:
        lines = [line.strip() for line in self.cleaned_data["pages"].splitlines() if line.strip()]
        if any(not line.startswith("/") for line in lines):
            raise forms.ValidationError(_("The beginning of an address begins with a slash."))
        return lines

    @staticmethod
    def initial_of(site: str) -> dict[str, Any]:
        """The site's hosts as they stand."""
        host = MediaHost.objects.filter(pk=site).first()
        rows = MediaOrigin.objects.filter(site=site).order_by("position")
        return {
            "site": site,
            "origins": "\n".join(f"{one.region} {one.url}".strip() for one in rows),
            "types": " ".join(host.types) if host else "",
            "pages": "\n".join(host.sections) if host else "",
        }


class PurgeForm(RecordForm):
    """Pages of a site, or all of it."""

    verb = _("Purge")
    sections = (Section(_("What is to be purged"), "site", "addresses", "whole"),)
    site = forms.ChoiceField(label=_("Site"))
    addresses = LongTextField(
        label=_("Addresses"),
        required=False,
        rows=6,
        help_text=_("One in a line: https://tea.example/p/green or /p/green; 100 at most."),
    )
    whole = TickField(label=_("The whole site"), help_text=_("Every page is fetched from the edge again."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"].choices = [(look.id, look.label) for look in choices(self.request)]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("whole") and not (data.get("addresses") or "").strip():
            self.add_error("addresses", _("Name addresses, or tick the whole site."))
        return data


class RecordOfDnsForm(RecordForm):
    """A DNS record as it should be."""

    verb = _("Make it so")
    sections = (Section(_("DNS record"), ("type", "name"), "content", "is_proxied"),)
    type = forms.ChoiceField(label=_("Type"), choices=[(one, one) for one in ("A", "AAAA", "CNAME", "TXT")])
    name = forms.CharField(label=_("Name"), max_length=253, help_text=_("Whole: www.tea.example"))
    content = forms.CharField(label=_("Content"), max_length=500, help_text=_("An address of a node, or another name."))
    is_proxied = TickField(label=_("Through the CDN"), help_text=_("Else the record leads to the node directly."))
