"""Fetching purged pages again through the CDN, so that the first visitor finds them there. Realm `cluster`.

Begins when a page was purged for the second time: what is fetched between the two would be thrown away. The busiest
come first, so many a second for each site, and none while the CDN or the shop answers by errors. Nothing is promised:
a page that was not fetched is fetched for its first visitor.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import httpx
from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from central.cdn.models import ColdPage, Warming, ZoneSite
from central.cluster.models import Site
from infra.http.outgoing import trouble_of
from node.realms import CLUSTER, atomic

JOB: Final = "cdn.warm"
#: pages of one site that are asked for in a second, at one time, and that wait at most
A_SECOND: Final = 20.0
AT_ONCE: Final = 4
MOST: Final = 2_000
#: a page that waits longer has been fetched by a visitor
OLDEST: Final = timedelta(hours=1)
#: one run of the job, and for how long it holds the site
RUN_S: Final = 20.0
HOLD: Final = timedelta(seconds=60)
PATIENCE_S: Final = 10.0
#: errors in a row after which the site is left alone for a while
MOST_ERRORS: Final = 5
FIRST_PAUSE_S: Final = 30.0
LONGEST_PAUSE_S: Final = 900.0

#: (address) -> what went wrong, "" nothing
Fetch = Callable[[str], str]


@dataclass(frozen=True)
class Clock:
    """`now` in seconds that only grow; `wait` passes that many."""

    now: Callable[[], float] = time.monotonic
    wait: Callable[[float], None] = time.sleep


def note_purged(rows: Iterable[Sequence[Any]], now: datetime) -> None:
    """Pages whose second purge is done: (site, path, hits, whether there is such a page). In the caller's `atomic`."""
    pages = [(site, path, hits) for site, path, hits, is_there in rows if path and is_there]
    sites = Site.objects.filter(pk__in={site for site, _, _ in pages}, is_active=True)
    warmed = {site.pk for site in sites if site.pages.get("is_warmed", True)}
    ColdPage.objects.bulk_create(
        [
            ColdPage(site=site, path=path, hits=hits, purged_at=now)
            for site, path, hits in sorted(pages)
            if site in warmed
        ],
        update_conflicts=True,
        unique_fields=["site", "path"],
        update_fields=["hits", "purged_at"],
    )


def due_sites(now: datetime) -> list[str]:
    """Sites with pages to fetch that nobody fetches for at the moment and that are not left alone."""
    held = Warming.objects.filter(site=OuterRef("site"))
    cold = ColdPage.objects.filter(purged_at__gte=now - OLDEST)
    cold = cold.exclude(Exists(held.filter(busy_until__gt=now))).exclude(Exists(held.filter(retry_at__gt=now)))
    return sorted(set(cold.values_list("site", flat=True)))


def warm(site: str, fetch: Fetch | None = None, clock: Clock = Clock()) -> int:
    """Fetch what waits of a site, for as long as a run goes. Returns how many were fetched."""
    with _held(site) as state:
        if state is None:
            return 0
        _shorten(site)
        row = Site.objects.filter(pk=site, is_active=True).first()
        if row is None or not row.pages.get("is_warmed", True) or not ZoneSite.objects.filter(pk=site).exists():
            ColdPage.objects.filter(site=site).delete()
            return 0
        return _run(state, row.origin, fetch or ask, clock)


def _run(state: Warming, origin: str, fetch: Fetch, clock: Clock) -> int:
    until, next_at, done = clock.now() + RUN_S, clock.now(), 0
    # After a rest one error is enough to rest again, and longer
    most = max(MOST_ERRORS, state.failures + 1)
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="warm") as pool:
        while clock.now() < until and state.failures < most:
            batch = list(ColdPage.objects.filter(site=state.site).order_by("-hits", "purged_at")[:AT_ONCE])
            if not batch:
                break
            clock.wait(max(0.0, next_at - clock.now()))
            next_at = max(next_at, clock.now()) + len(batch) / A_SECOND
            asked = [(page, pool.submit(fetch, f"{origin}{page.path}")) for page in batch]
            done += _took(state, asked, most)
    return done


def _took(state: Warming, asked: list[tuple[ColdPage, Future[str]]], most: int) -> int:
    """Write down what came of some pages. Returns how many were fetched."""
    fetched = 0
    for page, answer in asked:
        error = answer.result()
        fetched += not error
        state.failures, state.error = (state.failures + 1, error[:200]) if error else (0, "")
        # As it was read: one that has changed meanwhile waits for its own purge
        ColdPage.objects.filter(pk=page.pk, purged_at=page.purged_at).delete()
    now = timezone.now()
    is_stopped = state.failures >= most
    with atomic(CLUSTER):
        Warming.objects.filter(pk=state.pk).update(
            failures=state.failures,
            error=state.error,
            fetched=F("fetched") + fetched,
            last_at=now if fetched else F("last_at"),
            retry_at=now + timedelta(seconds=_pause(state)) if is_stopped else None,
            busy_until=now + HOLD,
        )
    return fetched


def _pause(state: Warming) -> float:
    """Twice as long each time that it began with errors again."""
    return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * (1 << min(10, state.failures - MOST_ERRORS)))


@contextmanager
def _held(site: str) -> Iterator[Warming | None]:
    """The state of a site, while no other process fetches for it; else None."""
    now = timezone.now()
    Warming.objects.get_or_create(pk=site)
    free = Warming.objects.filter(pk=site).exclude(busy_until__gt=now).exclude(retry_at__gt=now)
    if free.update(busy_until=now + HOLD) != 1:
        yield None
        return
    try:
        yield Warming.objects.get(pk=site)
    finally:
        Warming.objects.filter(pk=site).update(busy_until=None)


def _shorten(site: str) -> None:
    rows = ColdPage.objects.filter(site=site)
    rows.filter(purged_at__lt=timezone.now() - OLDEST).delete()
    kept = rows.order_by("-hits", "purged_at").values_list("pk", flat=True)[:MOST]
    rows.exclude(pk__in=list(kept)).delete()


def ask(url: str) -> str:
    """Fetch an address as a browser would, all of it: a CDN keeps what was read to its end.

    Returns what went wrong, as `Warming.error` keeps it: a status, or what `trouble_of` says; "" for nothing.
    """
    headers = {"Accept-Encoding": "gzip, br", "User-Agent": "Rialto (warmer)"}
    try:
        with httpx.Client(timeout=PATIENCE_S, follow_redirects=False, trust_env=False) as client:
            status = client.get(url, headers=headers).status_code
    except (httpx.HTTPError, ValueError) as error:
        return trouble_of(error)
    return str(status) if status >= 500 or status == 429 else ""
