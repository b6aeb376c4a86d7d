"""Since when a realm has been down."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from central.cluster.models import RealmHealth
from node.realms import CLUSTER, atomic


def note(realm: str, *, is_up: bool) -> None:
    """Write down whether a realm answers; the same again writes nothing."""
    with atomic(CLUSTER):
        row, is_new = RealmHealth.objects.select_for_update().get_or_create(pk=realm, defaults={"is_up": is_up})
        if not is_new and row.is_up != is_up:
            row.is_up, row.changed_at = is_up, timezone.now()
            row.save()


def down_since() -> dict[str, datetime]:
    """Realm -> when it went down, of those that are."""
    return dict(RealmHealth.objects.filter(is_up=False).values_list("realm", "changed_at"))
