"""Reads of accounts, zones, the queue and the log, within what a person may see."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Count, OuterRef, QuerySet, Subquery

from central.cdn.errors import UnknownAccount, UnknownZone
from central.cdn.models import Account, MediaOrigin, Purge, StalePage, Zone, ZoneSite
from central.cluster.errors import UnknownSite
from central.cluster.models import Site
from central.cluster.queries import sites_visible_to
from central.ui.scope import ALL, limit, visible_sites


def accounts_visible_to(user: Any) -> QuerySet[Account]:
    """All of them, for who sees all sites: an account is of the whole cluster."""
    last = Purge.objects.filter(zone__account=OuterRef("pk")).order_by("-at").values("at")[:1]
    rows = Account.objects.annotate(waiting=Count("zones__stale"), last_at=Subquery(last))
    return rows if visible_sites(user) is ALL else rows.none()


def zones_visible_to(user: Any) -> QuerySet[Zone]:
    """Zones all of whose sites the person may see, with one at least; all, for who sees all sites."""
    rows = Zone.objects.select_related("account").prefetch_related("sites")
    rows = rows.annotate(waiting=Count("stale", distinct=True))
    seen = visible_sites(user)
    if seen is ALL:
        return rows
    others = ZoneSite.objects.exclude(site__in=seen).values("zone")
    return rows.filter(sites__site__in=seen).exclude(pk__in=others).distinct()


def stale_visible_to(user: Any) -> QuerySet[StalePage]:
    return limit(StalePage.objects.select_related("zone"), user)


def origins_visible_to(user: Any) -> QuerySet[MediaOrigin]:
    return limit(MediaOrigin.objects.all(), user)


def purges_visible_to(user: Any) -> QuerySet[Purge]:
    """Calls for sites all of which the person may see."""
    rows = Purge.objects.select_related("zone")
    seen = visible_sites(user)
    if seen is ALL:
        return rows
    return rows.exclude(sites=[]).filter(sites__contained_by=sorted(seen)) if seen else rows.none()


def visible_account(account_id: UUID, user: Any) -> Account:
    """Raises `UnknownAccount`."""
    found = accounts_visible_to(user).filter(pk=account_id).first()
    if found is None:
        raise UnknownAccount(f"there is no CDN account {account_id}")
    return found


def visible_zone(zone_id: UUID, user: Any) -> Zone:
    """Raises `UnknownZone`."""
    found = zones_visible_to(user).filter(pk=zone_id).first()
    if found is None:
        raise UnknownZone(f"there is no zone {zone_id}")
    return found


def visible_site(site_id: str, user: Any) -> Site:
    """Raises `UnknownSite`."""
    found = sites_visible_to(user).filter(pk=site_id).first()
    if found is None:
        raise UnknownSite(site_id)
    return found
