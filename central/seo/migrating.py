"""Old sites: walked through by a job, matched with the new shop, taken over as redirects."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from uuid import UUID

from django.db.models import Count, Q
from django.utils import timezone

from central.catalog.models import Category, Listing
from central.cluster.queries import site as site_row
from central.seo.crawling import Met, Walk
from central.seo.errors import BadAddress, RedirectLoop, UnknownRecord, WalkRefused
from central.seo.matching import Match, Matcher, NewPage
from central.seo.models import Migration, OldPage, Redirect
from central.seo.redirects import Wanted, clean_source, clean_target, set_redirect
from node.realms import CATALOG, atomic
from sites import urls
from sync.events import schedule_job

JOB = "seo.walk"
_BATCH = 20

State = Migration.State
Decision = OldPage.Decision


def begin(site: str, start: str, *, most_pages: int, most_minutes: int, by: str) -> Migration:
    """Write the walk down and wake a worker. Raises `UnknownSite`."""
    site_row(site)
    with atomic(CATALOG):
        row = Migration.objects.create(site=site, start=start, most_pages=most_pages, most_minutes=most_minutes, by=by)
        schedule_job(JOB, row.pk.bytes, realm=CATALOG, key=f"walk:{row.pk.hex}")
    return row


def walk(pk: UUID, still_mine: Callable[[], bool]) -> None:
    """The whole walk, a batch of pages at a time; goes on where it stood after a crash."""
    row = Migration.objects.filter(pk=pk, state__in=(State.WAITING, State.WALKING)).first()
    if row is None:
        return
    known = set(row.pages.values_list("source", flat=True))
    tour = Walk(row.start, row.most_pages, time.monotonic() + row.most_minutes * 60, known)
    met: list[Met] = []
    try:
        for page in tour.pages():
            met.append(page)
            if len(met) >= _BATCH:
                _keep(pk, met, tour.left)
                met = []
                if not still_mine():
                    return
        _keep(pk, met, tour.left)
    except WalkRefused as error:
        _end(pk, State.FAILED, str(error))
        return
    if not OldPage.objects.filter(move=pk).exists():
        _end(pk, State.FAILED, "no page was found: it does not answer, or its robots.txt forbids it")
        return
    propose(pk)
    _end(pk, State.READY)


def _keep(pk: UUID, met: Sequence[Met], left: int) -> None:
    with atomic(CATALOG):
        row = Migration.objects.select_for_update().get(pk=pk)
        for page in met:
            try:
                source = clean_source(page.source)
            except BadAddress:  # the home page, the cart: they need no redirect
                continue
            OldPage.objects.update_or_create(
                move=row,
                source=source,
                defaults={"site": row.site, "title": page.title.replace("\x00", ""), "answered": page.answered},
            )
        row.state, row.left, row.asked = State.WALKING, left, row.asked + len(met)
        row.save()


def _end(pk: UUID, state: State, error: str = "") -> None:
    with atomic(CATALOG):
        Migration.objects.filter(pk=pk).update(state=state, error=error[:300], left=0, finished_at=timezone.now())


def propose(pk: UUID) -> None:
    """Find a page for every address nobody has decided on."""
    row = _migration(pk)
    matcher = Matcher(new_pages(row.site), row.pages.values_list("title", flat=True))
    with atomic(CATALOG):
        waiting = list(row.pages.select_for_update().filter(decision=Decision.OPEN).order_by("pk"))
        for page in waiting:
            found = matcher.match(page.source, page.title)
            page.target, page.score = found.path, found.score
            if _is_same(page.source, found):
                page.decision = Decision.SKIPPED
        OldPage.objects.bulk_update(waiting, ["target", "score", "decision"])


def _is_same(source: str, found: Match) -> bool:
    """The new shop has a page at this very address."""
    return bool(found.path) and source == found.path


def new_pages(site: str) -> list[NewPage]:
    shelves = Category.objects.filter(site=site, is_active=True).values_list("slug", "title")
    goods = Listing.objects.filter(site=site, is_active=True).values_list("slug", "title")
    found = [NewPage(urls.product(slug), slug, title) for slug, title in goods]
    found += [NewPage(urls.category(slug), slug, title) for slug, title in shelves]
    return [*found, NewPage(urls.about(), "about", "About")]


# --- what people decide -------------------------------------------------------------------------------------------


def aim_page(pk: int, target: str) -> None:
    """Say where an address leads; "" for nowhere. Raises `UnknownRecord`, `BadAddress`."""
    page = _page(pk)
    target = clean_target(target, site_row(page.site).origin) if target.strip() else ""
    with atomic(CATALOG):
        OldPage.objects.filter(pk=pk).update(target=target, score=100 if target else 0, decision=Decision.OPEN)


def take_page(pk: int, *, by: str) -> None:
    """Make the redirect. Raises `UnknownRecord`, `BadAddress` (nothing was found for it), `RedirectLoop`."""
    page = _page(pk)
    if not page.target:
        raise BadAddress("target", "nothing was found for it: say where it leads first")
    set_redirect(page.site, Wanted(page.source, page.target), cause=Redirect.Cause.MIGRATION, by=by)
    with atomic(CATALOG):
        OldPage.objects.filter(pk=pk).update(decision=Decision.TAKEN)


def skip_page(pk: int) -> None:
    """No redirect for it. Raises `UnknownRecord`."""
    _page(pk)
    with atomic(CATALOG):
        OldPage.objects.filter(pk=pk).update(decision=Decision.SKIPPED)


def take_all(pk: UUID, *, least: int, by: str) -> tuple[int, int]:
    """Make redirects of all open proposals that are at least so sure; (made, left out)."""
    row = _migration(pk)
    made = left_out = 0
    waiting = row.pages.filter(decision=Decision.OPEN, score__gte=least).exclude(target="")
    for page in list(waiting.order_by("pk").values_list("pk", flat=True)):
        try:
            take_page(page, by=by)
            made += 1
        except (BadAddress, RedirectLoop):
            left_out += 1
    if not row.pages.filter(decision=Decision.OPEN).exclude(target="").exists():
        with atomic(CATALOG):
            Migration.objects.filter(pk=pk).update(state=State.DONE)
    return made, left_out


def counts_of(row: Migration) -> dict[str, int]:
    """What became of the addresses of a walk: met, taken, open (with a proposal), missed (nothing found)."""
    return row.pages.aggregate(
        met=Count("pk"),
        taken=Count("pk", Q(decision=Decision.TAKEN)),
        open=Count("pk", Q(decision=Decision.OPEN) & ~Q(target="")),
        missed=Count("pk", Q(target="")),
    )


def correct(pk: UUID, rows: Sequence[tuple[int, Wanted]]) -> tuple[int, int]:
    """Targets that a sheet names for addresses of this walk; (taken, unknown or wrong)."""
    row = _migration(pk)
    known = dict(row.pages.values_list("source", "pk"))
    taken = wrong = 0
    for _, wanted in rows:
        try:
            aim_page(known[clean_source(wanted.source)], wanted.target)
            taken += 1
        except (KeyError, BadAddress):
            wrong += 1
    return taken, wrong


def _migration(pk: UUID) -> Migration:
    row = Migration.objects.filter(pk=pk).first()
    if row is None:
        raise UnknownRecord(f"there is no migration {pk.hex}")
    return row


def _page(pk: int) -> OldPage:
    page = OldPage.objects.filter(pk=pk).first()
    if page is None:
        raise UnknownRecord(f"there is no old page {pk}")
    return page
