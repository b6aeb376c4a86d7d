"""The queue of stale pages: what comes in, and what a purge has done. Realm `cluster`, one transaction each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import connections
from django.db.models import Min
from django.utils import timezone

from central.cdn import warming
from central.cdn.folding import COALESCE_S, FILL_S
from central.cdn.models import StalePage, ZoneSite
from node.realms import CLUSTER, alias_of, atomic
from sync.contracts.pages import PageChange

#: more pages of one site in the queue are one row for all of the site
MOST_ROWS: Final = 20_000

_PUT = """
INSERT INTO cdn_stalepage AS old
    (site, zone_id, path, tags, is_urgent, hits, noticed_at, due_at, is_again, must_fold, ver)
VALUES (%s, %s, %s, %s::jsonb, %s, %s, %s, %s, false, false, 1)
ON CONFLICT (site, path) DO UPDATE SET
    zone_id = EXCLUDED.zone_id, tags = EXCLUDED.tags, is_urgent = EXCLUDED.is_urgent OR old.is_urgent,
    hits = EXCLUDED.hits,
    noticed_at = CASE WHEN old.is_again THEN EXCLUDED.noticed_at ELSE old.noticed_at END,
    due_at = CASE WHEN old.is_again THEN EXCLUDED.due_at ELSE old.due_at END,
    is_again = false, ver = old.ver + 1
"""


def put(site: str, changes: Iterable[PageChange], now: datetime | None = None) -> int:
    """These addresses of a site have new bytes at its edge. Returns how many now wait: none where there is no CDN."""
    now = now or timezone.now()
    with atomic(CLUSTER):
        zone = ZoneSite.objects.filter(pk=site).values_list("zone", flat=True).first()
        if zone is None:
            return 0
        due = now + timedelta(seconds=COALESCE_S)
        rows = [
            (site, zone, one.path, json.dumps(one.tags), one.is_urgent, one.hits, now, due) for one in _once(changes)
        ]
        with connections[alias_of(CLUSTER)].cursor() as cursor:
            cursor.executemany(_PUT, rows)
        if StalePage.objects.filter(site=site).count() > MOST_ROWS:
            put_whole(site, now)
        return len(rows)


def put_whole(site: str, now: datetime | None = None) -> None:
    """Everything of a site is to be purged; the rows of its single pages are no longer needed."""
    now = now or timezone.now()
    with atomic(CLUSTER):
        zone = ZoneSite.objects.filter(pk=site).values_list("zone", flat=True).first()
        if zone is None:
            return
        pages = StalePage.objects.filter(site=site, is_again=False)
        first = pages.aggregate(first=Min("noticed_at"))["first"] or now
        StalePage.objects.filter(site=site).exclude(path="").delete()
        with connections[alias_of(CLUSTER)].cursor() as cursor:
            cursor.execute(_PUT, (site, zone, "", "[]", True, 0, first, now))


def _once(changes: Iterable[PageChange]) -> list[PageChange]:
    """Each path once, in an order that two writers share."""
    by_path = {one.path: one for one in changes}
    return [by_path[path] for path in sorted(by_path)]


# --- what a purge has done ---------------------------------------------------------------------------------------


def purged(rows: Sequence[tuple[int, int, bool]], now: datetime, *, is_folded: bool = False) -> None:
    """Rows (id, ver, whether it was the second time) were purged by a call that ended at `now`.

    One that has changed meanwhile has another `ver` and waits on.
    `is_folded`: the call took other pages of their sites, too.
    """
    again = now + timedelta(seconds=FILL_S)
    with atomic(CLUSTER), connections[alias_of(CLUSTER)].cursor() as cursor:
        firsts = [(row, ver) for row, ver, is_again in rows if not is_again]
        seconds = [(row, ver) for row, ver, is_again in rows if is_again]
        cursor.execute(
            "UPDATE cdn_stalepage AS page SET is_again = true, due_at = %s, must_fold = false "
            "FROM unnest(%s::bigint[], %s::bigint[]) AS done (id, ver) WHERE page.id = done.id AND page.ver = done.ver",
            [again, [row for row, _ in firsts], [ver for _, ver in firsts]],
        )
        cursor.execute(
            "DELETE FROM cdn_stalepage AS page USING unnest(%s::bigint[], %s::bigint[]) AS done (id, ver) "
            "WHERE page.id = done.id AND page.ver = done.ver AND page.is_again "
            "RETURNING page.site, page.path, page.hits, page.tags <> '[]'::jsonb",
            [[row for row, _ in seconds], [ver for _, ver in seconds]],
        )
        warming.note_purged(cursor.fetchall(), now, is_folded=is_folded)


def must_fold(rows: Sequence[tuple[int, int, bool]]) -> None:
    """The provider does not take the addresses of these: they are purged with their site."""
    with atomic(CLUSTER):
        StalePage.objects.filter(pk__in=[row for row, _, _ in rows]).update(must_fold=True)
