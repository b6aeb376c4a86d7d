"""Reads of keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet, Sum
from django.utils import timezone

from central.accounts.scope import ALL, visible_sites
from central.api.models import ApiKey, KeyDay
from central.ui import sites


@dataclass(frozen=True)
class Usage:
    """Calls over some days."""

    reads: int = 0
    writes: int = 0
    refused: int = 0


def keys_visible_to(user: Any, keys: QuerySet[ApiKey] | None = None) -> QuerySet[ApiKey]:
    """The keys all of whose sites the person sees; none for a stranger."""
    found = ApiKey.objects.all() if keys is None else keys
    seen = visible_sites(user)
    if seen is ALL:
        return found
    if not seen:
        return found.none()
    groups = [group for group in sites.groups(None) if sites.sites_of_group(None, group) <= seen]
    return found.filter(Q(sees_all_sites=False), sites__contained_by=sorted(seen), groups__contained_by=groups)


def usage_of(key: ApiKey, days: int = 30) -> list[KeyDay]:
    """Day by day, the newest first; days without a call are left out."""
    return list(key.days.filter(day__gt=timezone.now().date() - timedelta(days=days)))


def usage_sums(keys: list[ApiKey], days: int = 30) -> dict[Any, Usage]:
    """Key -> its calls of the last days."""
    since = timezone.now().date() - timedelta(days=days)
    rows = KeyDay.objects.filter(key__in=keys, day__gt=since).order_by().values("key")
    return {
        row["key"]: Usage(row["reads_"], row["writes_"], row["refused_"])
        for row in rows.annotate(reads_=Sum("reads"), writes_=Sum("writes"), refused_=Sum("refused"))
    }
