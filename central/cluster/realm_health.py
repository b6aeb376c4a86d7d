"""Since when a realm has been down, and the telling of it: once per outage, and once more when it is over.

The promise is a row, opened under a constraint in the transaction that records the event, as with silent nodes. While
the realm `cluster` is down there is nowhere to write it, and so nobody is told of that one.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from central.cluster.models import RealmHealth, RealmOutage
from central.ui import live
from central.ui.notices import NoticeDue
from node.realms import CLUSTER, atomic
from sync.events import record_event

DOWN, BACK = "realm_down", "realm_back"
#: a database that is started anew, or a hiccup of the network, is nothing to write a mail about
TELL_AFTER = timedelta(seconds=60)


def note(realm: str, *, is_up: bool, now: datetime | None = None) -> None:
    """Write down whether a realm answers, and tell of it when it is time; the same again writes nothing."""
    now = now or timezone.now()
    with atomic(CLUSTER):
        row, is_new = RealmHealth.objects.select_for_update().get_or_create(
            pk=realm, defaults={"is_up": is_up, "changed_at": now}
        )
        if not is_new and row.is_up != is_up:
            row.is_up, row.changed_at = is_up, now
            row.save()
            live.nudge_after_commit(live.REALMS, realm=CLUSTER, keys=[realm])
        _tell(row, now)


def _tell(row: RealmHealth, now: datetime) -> None:
    outage = RealmOutage.objects.filter(realm=row.realm, ended_at=None).first()
    if outage is not None and row.is_up:
        outage.ended_at = now
        outage.save(update_fields=["ended_at"])
        record_event(NoticeDue(notice=BACK, about=outage.pk.hex), realm=CLUSTER)
    elif outage is None and not row.is_up and now - row.changed_at >= TELL_AFTER:
        opened = RealmOutage.objects.create(realm=row.realm, began_at=row.changed_at, noticed_at=now)
        record_event(NoticeDue(notice=DOWN, about=opened.pk.hex), realm=CLUSTER)


def down_since() -> dict[str, datetime]:
    """Realm -> when it went down, of those that are."""
    return dict(RealmHealth.objects.filter(is_up=False).values_list("realm", "changed_at"))
