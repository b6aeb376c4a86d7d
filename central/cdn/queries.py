"""Reads of accounts, zones, the queue and the log, within what a person may see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.utils import timezone

from central.cdn.errors import UnknownAccount, UnknownZone
from central.cdn.models import Account, ColdPage, MediaOrigin, Purge, StalePage, Warming, Zone, ZoneSite
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


@dataclass(frozen=True)
class Warmth:
    """Purged pages of some sites: how many wait to be fetched again, how many were, and what stops it."""

    waiting: int
    fetched: int
    last_at: datetime | None
    error: str


def warming_of(sites: Iterable[str]) -> Warmth:
    sites = list(sites)
    states = list(Warming.objects.filter(pk__in=sites))
    rests = [state.error for state in states if state.retry_at and state.retry_at > timezone.now()]
    return Warmth(
        waiting=ColdPage.objects.filter(site__in=sites).count(),
        fetched=sum(state.fetched for state in states),
        last_at=max((state.last_at for state in states if state.last_at), default=None),
        error=", ".join(sorted(set(rests))),
    )


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
