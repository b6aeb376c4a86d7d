"""Fetching purged pages again through the CDN, so that the first visitor finds them there. Realm `cluster`.

Begins when a page was purged for the second time: what is fetched between the two would be thrown away. The busiest
come first, so many a second for each site, and none while the CDN or the shop answers by errors, or while a purge of
all the site is to come. After such a purge the site's node says which pages are the busiest. Nothing is promised: a
page that was not fetched is fetched for its first visitor.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import httpx
from django.db.models import F, Q
from django.utils import timezone

from central.cdn.busiest import addresses, busiest_of
from central.cdn.folding import FOLD_OVER
from central.cdn.models import ColdPage, StalePage, Warming, ZoneSite
from central.cluster.documents import site_doc
from central.cluster.models import Site
from infra.http.outgoing import trouble_of
from node.realms import CLUSTER, atomic
from sync.contracts.documents import SiteDoc
from sync.questions import NodeAway, NodeRefused

logger = logging.getLogger(__name__)

JOB: Final = "cdn.warm"
#: why a site rests whose node does not say its busiest pages, beside what `ask` says
NODE_AWAY: Final = "node_away"
#: what a column can hold
MOST_HITS: Final = 2**31 - 1
#: addresses of one site that are asked for in a second, at one time, and pages that wait at most
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


def note_purged(rows: Sequence[Sequence[Any]], now: datetime, *, is_folded: bool = False) -> None:
    """Pages whose second purge is done: (site, path, hits, whether there is such a page). In the caller's `atomic`.

    `is_folded`: the purge took other pages of their sites, too.
    """
    sites = Site.objects.filter(pk__in={site for site, *_ in rows}, is_active=True)
    warmed = {site.pk for site in sites if site.pages.get("is_warmed", True)}
    pages = [(site, path, hits) for site, path, hits, is_there in rows if path and is_there and site in warmed]
    _put(pages, now)
    for site in sorted(warmed) if is_folded else ():
        Warming.objects.update_or_create(pk=site, defaults={"emptied_at": now})


def _put(pages: Iterable[tuple[str, str, int]], now: datetime) -> None:
    ColdPage.objects.bulk_create(
        [ColdPage(site=site, path=path, hits=hits, purged_at=now) for site, path, hits in sorted(pages)],
        update_conflicts=True,
        unique_fields=["site", "path"],
        update_fields=["hits", "purged_at"],
    )


def due_sites(now: datetime) -> list[str]:
    """Sites with pages to fetch that nobody fetches for at the moment and that are not left alone."""
    cold = set(ColdPage.objects.filter(purged_at__gte=now - OLDEST).values_list("site", flat=True))
    cold.update(Warming.objects.filter(emptied_at__gte=now - OLDEST).values_list("site", flat=True))
    rests = Warming.objects.filter(Q(busy_until__gt=now) | Q(retry_at__gt=now), pk__in=cold)
    return [site for site in sorted(cold - set(rests.values_list("site", flat=True))) if not _is_emptied_soon(site)]


def _is_emptied_soon(site: str) -> bool:
    """Whether a purge of all the site is to come: what is fetched before it would be thrown away."""
    if StalePage.objects.filter(Q(path="") | Q(must_fold=True), site=site).exists():
        return True
    zone = ZoneSite.objects.filter(pk=site).values("zone")
    is_storm = StalePage.objects.filter(zone__in=zone)[FOLD_OVER : FOLD_OVER + 1].exists()
    return is_storm and StalePage.objects.filter(site=site).exists()


def warm(site: str, fetch: Fetch | None = None, clock: Clock = Clock()) -> int:
    """Fetch what waits of a site, for as long as a run goes. Returns how many were fetched."""
    with _held(site) as state:
        if state is None:
            return 0
        row = Site.objects.filter(pk=site, is_active=True).select_related("node__health").first()
        if row is None or not row.pages.get("is_warmed", True) or not ZoneSite.objects.filter(pk=site).exists():
            ColdPage.objects.filter(site=site).delete()
            Warming.objects.filter(pk=site).update(emptied_at=None)
            return 0
        if state.emptied_at and not _learn_busiest(state, row):
            return 0
        _shorten(site)
        return _run(state, site_doc(row), fetch or ask, clock)


def _learn_busiest(state: Warming, site: Site) -> bool:
    """Let the busiest pages of a site that was purged wait. False: its node does not say them now."""
    now = timezone.now()
    found: Counter[str] = Counter()
    try:
        if state.emptied_at and state.emptied_at >= now - OLDEST:
            found = busiest_of(site)
    except NodeAway:
        retry_at = now + timedelta(seconds=FIRST_PAUSE_S)
        Warming.objects.filter(pk=state.pk).update(retry_at=retry_at, error=NODE_AWAY)
        return False
    except NodeRefused:
        logger.info("the node of the site '%s' knows no pages of it", site.pk)
    with atomic(CLUSTER):
        _put([(site.pk, path, min(hits, MOST_HITS)) for path, hits in found.items()], now)
        Warming.objects.filter(pk=state.pk, emptied_at=state.emptied_at).update(emptied_at=None)
    return True


def _run(state: Warming, site: SiteDoc, fetch: Fetch, clock: Clock) -> int:
    until, next_at, done = clock.now() + RUN_S, clock.now(), 0
    # After a rest one error is enough to rest again, and longer
    most = max(MOST_ERRORS, state.failures + 1)
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="warm") as pool:
        while clock.now() < until and state.failures < most and not _is_emptied_soon(state.site):
            batch = list(ColdPage.objects.filter(site=state.site).order_by("-hits", "purged_at")[:AT_ONCE])
            if not batch:
                break
            for urls in _few_at_once([url for page in batch for url in addresses(site, page.path)]):
                clock.wait(max(0.0, next_at - clock.now()))
                next_at = max(next_at, clock.now()) + len(urls) / A_SECOND
                done += _took(state, [pool.submit(fetch, url) for url in urls], most)
                if state.failures >= most:
                    break
            for page in batch:  # as it was read: one that has changed meanwhile waits for its own purge
                ColdPage.objects.filter(pk=page.pk, purged_at=page.purged_at).delete()
    return done


def _few_at_once(urls: list[str]) -> list[list[str]]:
    return [urls[start : start + AT_ONCE] for start in range(0, len(urls), AT_ONCE)]


def _took(state: Warming, asked: list[Future[str]], most: int) -> int:
    """Write down what came of some addresses. Returns how many were fetched."""
    fetched = 0
    for answer in asked:
        error = answer.result()
        fetched += not error
        state.failures, state.error = (state.failures + 1, error[:200]) if error else (0, "")
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
