"""Every change of the cluster's regions, and of the languages and regions of a shop. Each is one transaction of the
realm `cluster`, published to the edges of the shops it touches.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from babel import Locale, UnknownLocaleError
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from central.cluster.actions import lock_sites
from central.cluster.checks import check_editions
from central.cluster.errors import BadField, NameTaken, RegionInUse, UnknownLanguage, UnknownRegion, UnknownSite
from central.cluster.events import LanguagesChanged, RegionsChanged
from central.cluster.models import Region, Site, SiteLanguage, SiteRegion
from central.cluster.trees import below, check_parent, line_above
from central.ui import live
from node.acting import named
from node.realms import CLUSTER, atomic, on_commit
from sites.urls import OWN
from sync.contracts.documents import DeliveryMethod, PaymentMethod, SiteDoc, SiteWords
from sync.events import record_event
from sync.outbox import record_state

_PATH = re.compile(r"/[a-z0-9][a-z0-9-]{0,39}")
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:\d{1,5})?")
_TAG = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")
#: a country or a part of one (ISO 3166-1, 3166-2), or a number of GeoNames
_PLACE = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?|\d{1,9}")


# --- regions of the cluster ----------------------------------------------------------------------------------------


def make_region(
    region_id: str,
    *,
    title: str,
    by: str,
    titles: Mapping[str, str] | None = None,
    parent: str = "",
    position: int = 0,
    places: Iterable[str] = (),
) -> Region:
    """Add a region. Raises `NameTaken`, `BadField`, `UnknownRegion` (the one around it)."""
    with named(by), atomic(CLUSTER):
        rows = _lock_regions()
        if region_id in rows:
            raise NameTaken(f"a region with the id '{region_id}' exists already; choose another", region=region_id)
        region = Region(id=region_id, title=title, titles=_filled(titles or {}), position=position)
        region.places, region.parent = list(places), _around(region, parent, rows)
        _check_region(region)
        region.save(force_insert=True)
        _nudge(region.pk)
    return region


def edit_region(region_id: str, *, by: str, **fields: Any) -> Region:
    """Change some of `make_region`'s fields of a region; shops that are there get it at once.

    Raises `BadField`, `UnknownRegion`.
    """
    with named(by), atomic(CLUSTER):
        sites = lock_sites()
        rows = _lock_regions()
        region = rows.get(region_id)
        if region is None:
            raise UnknownRegion(region_id)
        before, parent = _told(region), region.parent_id
        touched = _sites_in(region_id, rows)
        if "parent" in fields:
            region.parent = _around(region, fields["parent"], rows)
        for name in ("title", "position", "places"):
            if name in fields:
                setattr(region, name, list(fields[name]) if name == "places" else fields[name])
        if "titles" in fields:
            region.titles = _filled(fields["titles"])
        if _told(region) == before:
            return region
        _check_region(region)
        region.ver += 1
        region.save()
        for site in sorted(touched):
            _publish(sites[site])
        if region.parent_id != parent:
            record_event(RegionsChanged(sites=sorted(touched)), realm=CLUSTER)
        _nudge(region.pk, touched)
    return region


def delete_region(region_id: str, *, by: str) -> None:
    """Take a region away that no shop and no other region needs. Raises `UnknownRegion`, `RegionInUse`."""
    with named(by), atomic(CLUSTER):
        region = _lock_regions().get(region_id)
        if region is None:
            raise UnknownRegion(region_id)
        users = sorted(region.at_sites.values_list("site__name", flat=True))
        inside = sorted(region.children.values_list("title", flat=True))
        if users or inside:
            raise RegionInUse(region_id, [*users, *inside])
        region.delete()
        _nudge(region_id)


def _lock_regions() -> dict[str, Region]:
    """All of them: two edits at once must not close a circle."""
    return {row.pk: row for row in Region.objects.select_for_update().order_by("pk")}


def _around(region: Region, parent: str, rows: Mapping[str, Region]) -> Region | None:
    if not parent:
        return None
    if parent not in rows:
        raise UnknownRegion(parent)
    check_parent(region.pk, parent, {pk: row.parent_id for pk, row in rows.items()})
    return rows[parent]


def _check_region(region: Region) -> None:
    wrong = {}
    try:
        region.clean_fields(exclude={"parent"})
    except ValidationError as error:
        wrong = {name: " ".join(texts) for name, texts in error.message_dict.items()}
    for place in region.places:
        if not _PLACE.fullmatch(place):
            text = _("%(place)s is no place: write RU, RU-MOW or a number of GeoNames")
            wrong["places"] = text % {"place": place}
    if wrong:
        raise BadField(wrong)


def _told(region: Region) -> tuple[Any, ...]:
    return region.title, region.titles, region.parent_id, region.position, region.places


def _sites_in(region: str, rows: Mapping[str, Region]) -> set[str]:
    """The shops whose documents name the region: those that are in it, or in one that lies in it."""
    inside = [region, *below(region, {pk: row.parent_id for pk, row in rows.items()})]
    return set(SiteRegion.objects.filter(region__in=inside).values_list("site", flat=True))


# --- languages of a shop -------------------------------------------------------------------------------------------


def put_language(
    site_id: str,
    code: str,
    *,
    by: str,
    name: str = "",
    origin: str = "",
    path: str = "",
    words: Mapping[str, Any] | None = None,
    is_new: bool = False,
) -> SiteLanguage:
    """Let a shop speak one more language, or change how. `words`: of `SiteWords`.

    `is_new`: refuse one it speaks already. Raises `UnknownSite`, `BadField`, `NameTaken`.
    """
    with named(by), atomic(CLUSTER):
        site, sites = _locked(site_id)
        code = code.lower()
        row = SiteLanguage.objects.filter(site=site, code=code).first() or SiteLanguage(site=site, code=code)
        if is_new and row.pk:
            raise NameTaken(f"'{site_id}' speaks '{code}' already", site=site_id)
        before = (row.name, row.origin, row.path, row.words)
        row.name, row.origin, row.path = name or own_name(code), origin.rstrip("/"), path
        row.words = _words(words or {})
        if row.pk and before == (row.name, row.origin, row.path, row.words):
            return row
        wrong = _wrong_address(site, row.origin, row.path, must_have=True)
        if not is_language(code):
            wrong["code"] = _("is no language: write its tag, such as en, ar or pt-br")
        if code == site.language:
            wrong["code"] = _("is the shop's own language")
        if wrong:
            raise BadField(wrong)
        is_other = not row.pk
        row.save()
        check_editions(site, sites.values())
        _publish(site)
        if is_other:
            record_event(LanguagesChanged(site=site.pk), realm=CLUSTER)
    return row


def drop_language(site_id: str, code: str, *, by: str) -> None:
    """A shop speaks a language no more; words of goods stay at central. Raises `UnknownSite`, `UnknownLanguage`."""
    with named(by), atomic(CLUSTER):
        site, _sites = _locked(site_id)
        row = SiteLanguage.objects.filter(site=site, code=code).first()
        if row is None:
            raise UnknownLanguage(site_id, code)
        row.delete()
        _publish(site)
        record_event(LanguagesChanged(site=site.pk), realm=CLUSTER)


def is_language(code: str) -> bool:
    """Whether it is a tag of a language that is known."""
    return bool(_TAG.fullmatch(code)) and _locale(code) is not None


def own_name(code: str) -> str:
    """A language as its speakers call it, the code where nobody knows."""
    locale = _locale(code)
    name = locale.get_display_name() if locale else None
    return name[:1].upper() + name[1:] if name else code


def edition_names(doc: SiteDoc, edition: SiteDoc) -> tuple[str, str]:
    """What the language and the region of an edition of a published shop are called; "" for no region."""
    names = {one.code: one.name for one in doc.languages}
    region = next((one.title for one in doc.regions if one.id == edition.region), "")
    return names.get(edition.language) or own_name(edition.language), region


def _locale(code: str) -> Locale | None:
    try:
        return Locale.parse(code, sep="-")
    except (UnknownLocaleError, ValueError):
        return None


# --- regions of a shop ---------------------------------------------------------------------------------------------


def put_site_region(
    site_id: str,
    region_id: str,
    *,
    by: str,
    origin: str = "",
    path: str = "",
    phone: str = "",
    email: str = "",
    words: Mapping[str, Any] | None = None,
    translations: Mapping[str, Mapping[str, Any]] | None = None,
    deliveries: list[dict[str, Any]] | None = None,
    payments: list[dict[str, Any]] | None = None,
    is_new: bool = False,
) -> SiteRegion:
    """Say what a shop is in a region: all of it, as in `RegionDoc`. `is_new`: refuse one it is in already.

    Raises `UnknownSite`, `UnknownRegion`, `BadField`, `NameTaken`.
    """
    with named(by), atomic(CLUSTER):
        site, sites = _locked(site_id)
        region = Region.objects.filter(pk=region_id).first()
        if region is None:
            raise UnknownRegion(region_id)
        row = SiteRegion.objects.filter(site=site, region=region).first() or SiteRegion(site=site, region=region)
        if is_new and row.pk:
            raise NameTaken(f"'{site_id}' is in '{region_id}' already", site=site_id)
        before, had_pages = _values(row), bool(row.pk and (row.origin or row.path))
        row.origin, row.path, row.phone, row.email = origin.rstrip("/"), path, phone, email
        row.words, row.deliveries, row.payments = _words(words or {}), deliveries, payments
        said = {language: _words(one) for language, one in (translations or {}).items()}
        row.translations = {language: one for language, one in said.items() if one}
        if row.pk and before == _values(row):
            return row
        wrong = _wrong_address(site, row.origin, row.path, must_have=False) | _wrong_ways(row)
        if wrong:
            raise BadField(wrong)
        row.save()
        check_editions(site, sites.values())
        _publish(site)
        if had_pages != bool(row.origin or row.path):
            record_event(RegionsChanged(sites=[site.pk]), realm=CLUSTER)
        _nudge(region_id, [site.pk])
    return row


def drop_site_region(site_id: str, region_id: str, *, by: str) -> None:
    """A shop is in a region no more. Raises `UnknownSite`, `UnknownRegion`."""
    with named(by), atomic(CLUSTER):
        site, _sites = _locked(site_id)
        row = SiteRegion.objects.filter(site=site, region=region_id).first()
        if row is None:
            raise UnknownRegion(region_id)
        row.delete()
        _publish(site)
        record_event(RegionsChanged(sites=[site.pk]), realm=CLUSTER)
        _nudge(region_id, [site.pk])


def line_of(region_id: str) -> list[Region]:
    """The regions around one, the nearest first."""
    rows = {row.pk: row for row in Region.objects.all()}
    return [rows[pk] for pk in line_above(region_id, {pk: row.parent_id for pk, row in rows.items()})]


def _values(row: SiteRegion) -> tuple[Any, ...]:
    names = ("origin", "path", "phone", "email", "words", "translations", "deliveries", "payments")
    return tuple(getattr(row, name) for name in names)


def _wrong_ways(row: SiteRegion) -> dict[str, str]:
    wrong = {}
    for name, kind in (("deliveries", list[DeliveryMethod] | None), ("payments", list[PaymentMethod] | None)):
        try:
            msgspec.convert(getattr(row, name), kind)
        except msgspec.ValidationError as error:
            wrong[name] = str(error)
        if getattr(row, name) == []:
            wrong[name] = _("A shop needs a way to deliver and a way to be paid.")
    return wrong


# --- what the others share -----------------------------------------------------------------------------------------


def _locked(site_id: str) -> tuple[Site, dict[str, Site]]:
    sites = lock_sites()
    if site_id not in sites:
        raise UnknownSite(site_id)
    return sites[site_id], sites


def _wrong_address(site: Site, origin: str, path: str, *, must_have: bool) -> dict[str, str]:
    wrong = {}
    if origin and not _ORIGIN.fullmatch(origin):
        wrong["origin"] = _("must be like https://shop.example, without a path")
    if origin and path:
        wrong["path"] = _("an address of its own needs no path")
    elif path and not _PATH.fullmatch(path):
        wrong["path"] = _("must be one word after a slash, such as /en: small letters, digits, dashes")
    elif path.lstrip("/") in OWN:
        wrong["path"] = _("the shop uses this address itself")
    elif path == f"/{site.language}":
        wrong["path"] = _("this address leads to the shop's own language")
    elif must_have and not origin and not path:
        wrong["path"] = _("a language needs an address of its own: a path, or a domain")
    return wrong


def _words(words: Mapping[str, Any]) -> dict[str, Any]:
    """Of `SiteWords` what is said; a way with neither title nor note says nothing."""
    said: dict[str, Any] = {}
    for name in SiteWords.__struct_fields__:
        value = words.get(name)
        if isinstance(value, Mapping):
            value = {code: [title, note] for code, (title, note) in sorted(value.items()) if title or note}
        if value:
            said[name] = value
    return said


def _filled(titles: Mapping[str, str]) -> dict[str, str]:
    return {language: title for language, title in sorted(titles.items()) if title}


def _publish(site: Site) -> None:
    site.ver += 1
    site.save(update_fields=["ver"])
    record_state(f"site:{site.cart_group}", site.id, site.ver, realm=CLUSTER)
    on_commit(lambda: live.nudge(live.SITES, sites=[site.pk], keys=[site.pk]), realm=CLUSTER)


def _nudge(region: str, sites: Iterable[str] = ()) -> None:
    on_commit(lambda: live.nudge(live.REGIONS, sites=sites, keys=[region]), realm=CLUSTER)
