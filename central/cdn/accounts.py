"""Accounts and zones: made, changed, checked. Realm `cluster`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _

from central.cdn import queue
from central.cdn.errors import BadCdn, UnknownAccount, UnknownZone
from central.cdn.models import Account, Zone, ZoneSite
from central.cluster.models import Site
from infra.cdn.protocol import Access, Batch, Cdn, Record, Refused, ZoneInfo
from infra.cdn.registry import cdn, plan
from node.realms import CLUSTER, atomic
from sync.contracts.pages import PageChange

EDITABLE: Final = ("title", "provider", "plan", "base_url", "secret", "is_active")
#: addresses a person purges at once
MOST_BY_HAND: Final = 100


def add_account(*, by: str, **fields: Any) -> Account:
    """`fields`: those of `EDITABLE`. Raises `BadCdn`."""
    account = Account(created_by=by, **fields)
    _check(account)
    try:
        with atomic(CLUSTER):
            account.save(force_insert=True)
    except IntegrityError as error:
        raise BadCdn(_("There is an account of this name already.")) from error
    return account


def edit_account(account_id: UUID, *, seen_ver: int, by: str, **changes: Any) -> Account:
    """An empty `secret` leaves it as it is. What went wrong before is forgotten, so the next call comes at once."""
    with atomic(CLUSTER):
        account = Account.objects.select_for_update().filter(pk=account_id).first()
        if account is None:
            raise UnknownAccount(f"there is no CDN account {account_id}")
        if account.ver != seen_ver:
            raise BadCdn(_("Somebody changed it in the same moment. Look at it and try again."))
        for name, value in changes.items():
            if name in EDITABLE and not (name == "secret" and not value):
                setattr(account, name, value)
        _check(account)
        account.ver += 1
        account.failures, account.failing_since, account.retry_at = 0, None, None
        account.error, account.is_refused = "", False
        if {"provider", "plan"} & changes.keys():
            account.calls_left = account.urls_left = account.counted_at = None
        account.save()
    return account


def _check(account: Account) -> None:
    try:
        plan(account.provider, account.plan)
    except Refused as error:
        raise BadCdn(_("This provider has no such plan.")) from error
    if account.provider == "nginx_cache" and urlsplit(account.base_url).scheme not in ("http", "https"):
        raise BadCdn(_("An nginx needs the address of its purge service, as http://10.0.0.5:9180."))
    if account.base_url and urlsplit(account.base_url).scheme not in ("http", "https"):
        raise BadCdn(_("The address begins with https:// or http://."))
    if account.provider != "none" and not account.secret:
        raise BadCdn(_("The key of the account is missing."))


def try_now(account_id: UUID) -> None:
    """Do not wait for the next try: a person has mended what was wrong."""
    with atomic(CLUSTER):
        Account.objects.filter(pk=account_id).update(retry_at=None, failures=0)


# --- zones -------------------------------------------------------------------------------------------------------


def add_zone(account_id: UUID, *, key: str, name: str, by: str, has_tags: bool = False) -> Zone:
    """Raises `UnknownAccount`, `BadCdn`."""
    if not Account.objects.filter(pk=account_id).exists():
        raise UnknownAccount(f"there is no CDN account {account_id}")
    try:
        with atomic(CLUSTER):
            return Zone.objects.create(account_id=account_id, key=key.strip(), name=name.strip(), has_tags=has_tags)
    except IntegrityError as error:
        raise BadCdn(_("The account has this zone already.")) from error


def edit_zone(zone_id: UUID, *, seen_ver: int, by: str, sites: Iterable[str] | None = None, **changes: Any) -> Zone:
    """A site goes through one zone: one that is named here leaves its other. What is new is purged whole, once."""
    with atomic(CLUSTER):
        zone = Zone.objects.select_for_update().filter(pk=zone_id).first()
        if zone is None:
            raise UnknownZone(f"there is no zone {zone_id}")
        if zone.ver != seen_ver:
            raise BadCdn(_("Somebody changed it in the same moment. Look at it and try again."))
        for name in ("name", "key", "has_tags"):
            if name in changes:
                setattr(zone, name, changes[name])
        zone.ver += 1
        zone.save()
        if sites is not None:
            _give_sites(zone, set(sites))
    return zone


def _give_sites(zone: Zone, wanted: set[str]) -> None:
    known = set(Site.objects.filter(pk__in=wanted).values_list("pk", flat=True))
    if wanted - known:
        raise BadCdn(_("There is no such site: %(sites)s") % {"sites": ", ".join(sorted(wanted - known))})
    had = set(zone.sites.values_list("site", flat=True))
    zone.stale.filter(site__in=had - wanted).delete()
    zone.sites.filter(site__in=had - wanted).delete()
    for site in sorted(wanted - had):
        ZoneSite.objects.update_or_create(pk=site, defaults={"zone": zone})
        queue.put_whole(site)


def drop_zone(zone_id: UUID) -> None:
    """Its sites go through no CDN any more; its log goes with it."""
    with atomic(CLUSTER):
        Zone.objects.filter(pk=zone_id).delete()


# --- by hand -----------------------------------------------------------------------------------------------------


def purge_site(site: str) -> None:
    """Everything of a site, as soon as the plan permits. Raises `BadCdn` where it goes through no CDN."""
    if not ZoneSite.objects.filter(pk=site).exists():
        raise BadCdn(_("This site goes through no CDN."))
    queue.put_whole(site)


def purge_addresses(site: str, lines: Iterable[str]) -> int:
    """Pages of a site by their address or path. Raises `BadCdn`."""
    from central.cdn.sites import addresses

    if not ZoneSite.objects.filter(pk=site).exists():
        raise BadCdn(_("This site goes through no CDN."))
    bases = addresses()[site].bases
    paths = {_path(line.strip(), bases) for line in lines if line.strip()}
    if not 0 < len(paths) <= MOST_BY_HAND:
        raise BadCdn(_("Name 1 to %(n)s addresses.") % {"n": MOST_BY_HAND})
    return queue.put(site, [PageChange(path=path, is_urgent=True) for path in paths])


def _path(line: str, bases: tuple[str, ...]) -> str:
    for base in bases:
        if line == base or line.startswith(f"{base}/"):
            return line.removeprefix(base) or "/"
    if line.startswith("/") and not line.startswith("//") and line.isascii() and " " not in line:
        return line
    raise BadCdn(_("Not an address of this site: %(line)s") % {"line": line[:200]})


# --- what the provider says --------------------------------------------------------------------------------------


def service_of(account: Account) -> Cdn:
    return cdn(account.provider, Access(account.secret or "", account.base_url))


def zones_told(account: Account) -> list[ZoneInfo]:
    """Asks the provider. Raises `infra.cdn.protocol.CdnError`."""
    return service_of(account).zones()


def records_told(zone: Zone) -> list[Record]:
    """Asks the provider. Raises `infra.cdn.protocol.CdnError`."""
    return service_of(zone.account).records(zone.key)


def ensure_record(zone: Zone, record: Record) -> Record:
    """Raises `infra.cdn.protocol.CdnError`."""
    return service_of(zone.account).ensure(zone.key, record)


def probe(account: Account) -> list[ZoneInfo]:
    """Whether the account can do what it is for: its zones, and a purge of an address nobody has. Raises `CdnError`."""
    told = zones_told(account)
    known = {zone.id for zone in told}
    for zone in account.zones.all():
        if told and zone.key not in known:
            raise BadCdn(_("The account does not know the zone %(zone)s.") % {"zone": zone.name})
        site = zone.sites.values_list("site", flat=True).first()
        if site is not None:
            from central.cdn.sites import addresses

            url = f"{addresses()[site].bases[0]}/_rialto-check-{int(timezone.now().timestamp())}"
            service_of(account).purge(zone.key, Batch("urls", (url,)))
    return told
