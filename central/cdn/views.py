"""Screens of the CDN: cards and forms. The lists are declared in `lists.py`."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _

from central.cdn import accounts, media, queries
from central.cdn.forms import AccountForm, MediaForm, PurgeForm, RecordOfDnsForm, ZoneForm
from central.cdn.lists import MANAGE, SEE
from central.cdn.models import Account, Zone
from central.cdn.words import limits_left, plan_title, state_of, trouble_in_words
from central.ui import cards
from central.ui.cards import Action, Badge, Card, Fact
from central.ui.lists import cells
from central.ui.screens import StaffRequest, screen
from infra.cdn.protocol import CdnError, Record

FORM = ("GET", "HEAD", "POST")


# --- accounts ----------------------------------------------------------------------------------------------------


@screen(SEE)
def account(request: StaffRequest, account_id: UUID) -> HttpResponse:
    found = queries.visible_account(account_id, request.user)
    return cards.show(
        request,
        Card(
            record=found,
            title=found.title,
            back=("cdn", _("CDN")),
            badges=[Badge(*state_of(found))],
            actions=_account_buttons(found),
            facts=_account_facts(found),
        ),
    )


def _account_buttons(found: Account) -> list[Action]:
    at = [found.pk]
    buttons = [
        Action(_("Add a zone"), reverse("cdn-zone-new", args=at), "plus", right=MANAGE),
        Action(_("Edit"), reverse("cdn-account-edit", args=at), "pencil", right=MANAGE),
        Action(_("Check"), reverse("cdn-account-check", args=at), "circle-check", right=MANAGE, is_post=True),
    ]
    if found.retry_at:
        buttons.append(
            Action(_("Try again now"), reverse("cdn-account-again", args=at), "refresh", right=MANAGE, is_post=True)
        )
    return buttons


def _account_facts(found: Account) -> list[Fact]:
    calls, urls = limits_left(found)
    links = [(reverse("cdn-zone", args=[zone.pk]), zone.name) for zone in found.zones.all()]
    facts = [
        Fact(_("Provider and plan"), plan_title(found.provider, found.plan)),
        Fact(_("Calls by tags or hosts left"), calls),
        Fact(_("Addresses left this second"), urls),
        Fact(_("Zones"), format_html_join(", ", '<a href="{}">{}</a>', links) or "—"),
        Fact(_("Pages waiting"), found.waiting),  # type: ignore[attr-defined]
    ]
    if found.error:
        facts.insert(0, Fact(_("What went wrong"), format_html("<code>{}</code>", found.error)))
    if found.failing_since:
        facts.insert(1, Fact(_("Since"), cells.ago(found.failing_since)))
    if found.base_url:
        facts.append(Fact(_("Address of the purge service"), found.base_url))
    return facts


@screen(MANAGE, methods=FORM)
def new_account(request: StaffRequest) -> HttpResponseBase:
    form = AccountForm(request)
    if form.is_saveable():
        with form.refusals():
            said = form.cleaned_data
            provider, _sep, plan = said["plan"].partition(":")
            made = accounts.add_account(
                title=said["title"],
                provider=provider,
                plan=plan,
                secret=said["secret"],
                base_url=said["base_url"],
                is_active=bool(said["is_active"]),
                by=request.user.get_username(),
            )
            return form.saved(_("The account is added. Take over its zones now."), "cdn-account", made.pk)
    return form.page(_("A CDN account"), back=("cdn", _("CDN")))


@screen(MANAGE, methods=FORM)
def edit_account(request: StaffRequest, account_id: UUID) -> HttpResponseBase:
    found = queries.visible_account(account_id, request.user)
    form = AccountForm(request, initial=AccountForm.initial_of(found), ver=found.ver)
    if form.is_saveable():
        with form.refusals():
            changes = dict(form.changes)
            if "plan" in changes:
                changes["provider"], _sep, changes["plan"] = changes["plan"].partition(":")
            accounts.edit_account(found.pk, seen_ver=found.ver, by=request.user.get_username(), **changes)
            return form.saved(_("Saved."), "cdn-account", found.pk)
    return form.page(found.title, back=("cdn-account", found.title, found.pk))


@screen(MANAGE, methods=["POST"])
def check_account(request: StaffRequest, account_id: UUID) -> HttpResponseBase:
    found = queries.visible_account(account_id, request.user)
    try:
        told = accounts.probe(found)
    except CdnError as error:
        messages.error(request, _("It does not work: %(error)s") % {"error": error})
    else:
        names = ", ".join(zone.name for zone in told) or "—"
        messages.success(request, _("It works. Its zones: %(zones)s") % {"zones": names})
    return redirect("cdn-account", found.pk)


@screen(MANAGE, methods=["POST"])
def again(request: StaffRequest, account_id: UUID) -> HttpResponseBase:
    found = queries.visible_account(account_id, request.user)
    accounts.try_now(found.pk)
    messages.success(request, _("It is being tried again."))
    return redirect("cdn-account", found.pk)


# --- zones -------------------------------------------------------------------------------------------------------


@screen(SEE)
def zone(request: StaffRequest, zone_id: UUID) -> HttpResponse:
    found = queries.visible_zone(zone_id, request.user)
    sites = sorted(one.site for one in found.sites.all())
    at = [found.pk]
    return cards.show(
        request,
        Card(
            record=found,
            title=found.name,
            back=("cdn-zones", _("Zones of the CDN")),
            note=found.account.title,
            actions=[
                Action(_("DNS records"), reverse("cdn-zone-dns", args=at), "list", right=MANAGE),
                Action(_("Edit"), reverse("cdn-zone-edit", args=at), "pencil", right=MANAGE),
                Action(
                    _("Purge all of it"),
                    reverse("cdn-zone-purge", args=at),
                    "refresh",
                    right=MANAGE,
                    is_post=True,
                    confirm=_("Every page of its sites is fetched from the edges again."),
                ),
            ],
            facts=[
                Fact(_("Sites"), ", ".join(sites) or "—"),
                Fact(_("Account"), found.account.title),
                Fact(_("Id at the provider"), format_html("<code>{}</code>", found.key)),
                Fact(_("Pages reach it with Cache-Tag"), _("Yes") if found.has_tags else _("No")),
                Fact(_("Pages waiting"), found.waiting),  # type: ignore[attr-defined]
                Fact(_("Last by address"), cells.ago(found.called_at) if found.called_at else "—"),
                Fact(_("Last by tags or hosts"), cells.ago(found.folded_at) if found.folded_at else "—"),
                *_warming_facts(sites),
            ],
        ),
    )


def _warming_facts(sites: list[str]) -> list[Fact]:
    """How far pages that were purged have been fetched again."""
    told = queries.warming_of(sites)
    facts = [Fact(_("Purged pages to fetch again"), told.waiting), Fact(_("Fetched again so far"), told.fetched)]
    if told.last_at:
        facts.append(Fact(_("Last fetched again"), cells.ago(told.last_at)))
    if told.error:
        facts.append(Fact(_("Fetching rests, for"), trouble_in_words(told.error)))
    return facts


@screen(MANAGE, methods=FORM)
def new_zone(request: StaffRequest, account_id: UUID) -> HttpResponseBase:
    found = queries.visible_account(account_id, request.user)
    form = ZoneForm(request, initial={"key": "cache"} if found.provider == "nginx_cache" else None)
    if form.is_saveable():
        with form.refusals():
            said, by = form.cleaned_data, request.user.get_username()
            made = accounts.add_zone(
                found.pk, key=said["key"], name=said["name"], has_tags=bool(said["has_tags"]), by=by
            )
            accounts.edit_zone(made.pk, seen_ver=made.ver, sites=said["sites"], by=by)
            return form.saved(_("The zone is added."), "cdn-zone", made.pk)
    return form.page(_("A zone of %(account)s") % {"account": found.title}, back=("cdn-account", found.title, found.pk))


@screen(MANAGE, methods=FORM)
def edit_zone(request: StaffRequest, zone_id: UUID) -> HttpResponseBase:
    found = queries.visible_zone(zone_id, request.user)
    form = ZoneForm(request, initial=ZoneForm.initial_of(found), ver=found.ver)
    if form.is_saveable():
        with form.refusals():
            accounts.edit_zone(found.pk, seen_ver=found.ver, by=request.user.get_username(), **form.changes)
            return form.saved(_("Saved."), "cdn-zone", found.pk)
    return form.page(found.name, back=("cdn-zone", found.name, found.pk))


@screen(MANAGE, methods=["POST"])
def purge_zone(request: StaffRequest, zone_id: UUID) -> HttpResponseBase:
    found = queries.visible_zone(zone_id, request.user)
    for one in found.sites.all():
        accounts.purge_site(one.site)
    messages.success(request, _("It is purged as soon as the plan permits."))
    return redirect("cdn-zone", found.pk)


@screen(MANAGE, methods=FORM)
def dns(request: StaffRequest, zone_id: UUID) -> HttpResponseBase:
    found = queries.visible_zone(zone_id, request.user)
    form = RecordOfDnsForm(request)
    if form.is_saveable():
        with form.refusals():
            accounts.ensure_record(found, Record(**form.cleaned_data))
            return form.saved(_("The record is so."), "cdn-zone-dns", found.pk)
    records, error = _records(found)
    return form.page(
        _("DNS records of %(zone)s") % {"zone": found.name},
        back=("cdn-zone", found.name, found.pk),
        template="cdn/dns.html",
        records=records,
        error=error,
    )


def _records(found: Zone) -> tuple[list[Record], str]:
    try:
        return accounts.records_told(found), ""
    except CdnError as error:
        return [], str(error)


# --- by hand -----------------------------------------------------------------------------------------------------


@screen(MANAGE, methods=FORM)
def purge_now(request: StaffRequest) -> HttpResponseBase:
    form = PurgeForm(request)
    if form.is_saveable():
        with form.refusals():
            said = form.cleaned_data
            if said["whole"]:
                accounts.purge_site(said["site"])
            else:
                accounts.purge_addresses(said["site"], said["addresses"].splitlines())
            return form.saved(_("It is purged as soon as the plan permits."), "cdn-queue")
    return form.page(_("Purge now"), back=("cdn", _("CDN")))


# --- hosts of files ----------------------------------------------------------------------------------------------


@screen(MANAGE, methods=FORM)
def new_media(request: StaffRequest) -> HttpResponseBase:
    return _media(request, MediaForm(request))


@screen(MANAGE, methods=FORM)
def edit_media(request: StaffRequest, site_id: str) -> HttpResponseBase:
    found = queries.visible_site(site_id, request.user)
    return _media(request, MediaForm(request, initial=MediaForm.initial_of(found.pk)))


def _media(request: StaffRequest, form: MediaForm) -> HttpResponseBase:
    if form.is_saveable():
        with form.refusals():
            said = form.cleaned_data
            media.set_host(said["site"], origins=said["origins"], types=said["types"], sections=said["pages"])
            return form.saved(_("Saved. The shop's pages are made anew."), "cdn-media")
    return form.page(_("Hosts of files"), back=("cdn-media", _("Hosts of files")))
