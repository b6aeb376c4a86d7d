"""What has to be made: for every picture a site shows one row, reset when the profile wants something else.

Planning is one statement for a site, however many pictures it has, and says nothing new when it is repeated.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import connections
from django.utils import timezone

from central.catalog.shown import hide_originals, show_pictures, shown_at
from central.pictures.models import Maker, SitePicture, SiteProfile
from central.pictures.queries import Standing, standings
from node.realms import CATALOG, alias_of, atomic
from sync.events import schedule_job

JOB = "pictures.make"
PLAN = "pictures.plan"
#: a maker that has said nothing for so long is none
SILENT = timedelta(minutes=5)
#: what is uploaded now, what the site shows since before, what is done over again
NEW, FIRST, AGAIN = 0, 1, 2
_BATCH = 500

#: the pictures a site shows: of goods it lists and of its shelves; drawings pass as they are
_SHOWN = """
    media.ext <> 'svg' AND (
        EXISTS (SELECT FROM catalog_productpicture AS placed JOIN catalog_listing AS listing USING (product_id)
                WHERE placed.media_id = media.sha256 AND listing.site = %(site)s)
        OR EXISTS (SELECT FROM catalog_category AS shelf
                   WHERE shelf.picture_id = media.sha256 AND shelf.site = %(site)s))
"""
_PLAN = f"""
    INSERT INTO pictures_sitepicture AS planned
        (site, original_id, state, wanted, turn, attempts, error, error_data, served_bytes, changed_at)
    SELECT %(site)s, media.sha256, 'waiting', %(wanted)s, %(turn)s, 0, '', '{{}}', 0, now()
    FROM catalog_media AS media
    WHERE {_SHOWN} AND (%(only)s::text[] IS NULL OR media.sha256 = ANY(%(only)s::text[]))
    ON CONFLICT (site, original_id) DO UPDATE
    SET state = 'waiting', wanted = excluded.wanted, turn = {AGAIN}, attempts = 0, error = '', error_data = '{{}}',
        changed_at = now()
    WHERE planned.wanted <> excluded.wanted
"""  # noqa: S608 - our own words
_LEAVE = f"""
    DELETE FROM pictures_sitepicture AS planned USING catalog_media AS media
    WHERE planned.site = %(site)s AND media.sha256 = planned.original_id AND NOT ({_SHOWN})
    RETURNING planned.original_id
"""  # noqa: S608 - our own words


def plan_site(site: str) -> None:
    """Bring the rows of a site to what it shows and what its profile wants."""
    standing = standings().get(site)
    if standing is None:
        return
    is_on = standing.profile.is_on
    hide_originals(site, hides=is_on and standing.profile.hides_originals)
    if not is_on:
        _take_back(site)
    else:
        with atomic(CATALOG):
            left = [row[0] for row in _run(_LEAVE, {"site": site})]
            _plan(standing, turn=FIRST)
        _unshow(site, left)
    SiteProfile.objects.update_or_create(
        site=site, defaults={"planned": _mark(standing)}, create_defaults={"inherits": True, "planned": _mark(standing)}
    )


def plan_placed(pictures: Sequence[str]) -> None:
    """These stand at goods or shelves since: plan them at every site that shows them."""
    for standing in standings().values():
        if standing.profile.is_on:
            with atomic(CATALOG):
                _plan(standing, turn=NEW, only=list(pictures))


def plan_changed() -> None:
    """Plan the sites whose standing profile is another than the one they were planned by; wake a maker that died."""
    planned = dict(SiteProfile.objects.values_list("site", "planned"))
    changed = [one.site for one in standings().values() if planned.get(one.site) != _mark(one)]
    with atomic(CATALOG):
        for site in changed:
            schedule_plan(site)
        if SitePicture.objects.filter(state=SitePicture.State.WAITING).exclude(site__in=paused_sites()).exists():
            wake_maker()


def schedule_plan(site: str) -> None:
    """Inside `atomic("catalog")`."""
    schedule_job(PLAN, site.encode(), realm=CATALOG)


def wake_maker() -> None:
    """Somebody makes what waits; inside `atomic("catalog")`. The lock of the one row decides who comes too late."""
    Maker.objects.get_or_create(pk=1)
    maker = Maker.objects.select_for_update().get(pk=1)
    now = timezone.now()
    if maker.is_awake and maker.seen_at > now - SILENT:
        return
    maker.is_awake, maker.seen_at = True, now
    maker.save()
    schedule_job(JOB, b"", realm=CATALOG)


def paused_sites() -> list[str]:
    return list(SiteProfile.objects.filter(is_paused=True).values_list("site", flat=True))


def _plan(standing: Standing, *, turn: int, only: list[str] | None = None) -> None:
    values: dict[str, Any] = {"site": standing.site, "wanted": standing.profile.key, "turn": turn, "only": only}
    with connections[alias_of(CATALOG)].cursor() as cursor:
        cursor.execute(_PLAN, values)
        if cursor.rowcount:
            wake_maker()


def _take_back(site: str) -> None:
    """The site shows originals again."""
    with atomic(CATALOG):
        SitePicture.objects.filter(site=site).delete()
    while shas := shown_at(site, _BATCH):
        _unshow(site, shas)


def _unshow(site: str, shas: Sequence[str]) -> None:
    for start in range(0, len(shas), _BATCH):
        show_pictures(site, dict.fromkeys(shas[start : start + _BATCH]))


def _mark(standing: Standing) -> str:
    profile = standing.profile
    return f"{'on' if profile.is_on else 'off'}{' hidden' if profile.hides_originals else ''} {profile.key}"


def _run(statement: str, values: dict[str, Any]) -> list[tuple[str]]:
    with connections[alias_of(CATALOG)].cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())
