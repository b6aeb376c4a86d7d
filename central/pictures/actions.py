"""Every change people make of how pictures are made; each is one transaction of realm `catalog`."""

from __future__ import annotations

from typing import Any

import msgspec

from central.cluster.models import Site
from central.cluster.queries import site as site_row
from central.cluster.trees import below
from central.pictures.errors import BadProfile, StaleProfile
from central.pictures.models import SitePicture, SiteProfile
from central.pictures.planning import AGAIN, schedule_plan, wake_maker
from central.pictures.profiles import MAX_WIDTH, RATIOS, Profile
from infra.images.spec import WRITABLE
from node.realms import CATALOG, atomic

State = SitePicture.State


def set_profile(site: str, profile: Profile, *, by: str, seen_ver: int | None = None) -> SiteProfile:
    """Give a site a profile of its own; its pictures are made anew where outputs differ.

    Raises `UnknownSite`, `BadProfile`, `StaleProfile`.
    """
    check_profile(profile)
    return _write(site, seen_ver, inherits=False, body=msgspec.to_builtins(profile))


def inherit_profile(site: str, *, by: str, seen_ver: int | None = None) -> SiteProfile:
    """Take the profile of the next site above; the site's own is kept for another day. As `set_profile` raises."""
    return _write(site, seen_ver, inherits=True)


def pause(site: str, *, by: str) -> None:
    """Make no more pictures of this site until `resume`; what is shown stays."""
    _write(site, None, is_paused=True)


def resume(site: str, *, by: str) -> None:
    _write(site, None, is_paused=False)


def retry_failed(site: str, *, by: str) -> int:
    """Try the pictures of a site that could not be made once more; returns how many."""
    return _again(SitePicture.objects.filter(site=site, state=State.FAILED))


def retry(picture: int, *, by: str) -> int:
    """Try one picture once more; returns 1, or 0 when it is not there."""
    return _again(SitePicture.objects.filter(pk=picture))


def redo_site(site: str, *, by: str) -> int:
    """Look at every picture of a site once more: outputs that lack are made. Returns how many."""
    with atomic(CATALOG):
        schedule_plan(site)
    return _again(SitePicture.objects.filter(site=site))


def _again(rows: Any) -> int:
    with atomic(CATALOG):
        count: int = rows.update(state=State.WAITING, turn=AGAIN, attempts=0, error="", error_data={})
        if count:
            wake_maker()
    return count


def _write(site: str, seen_ver: int | None, **values: Any) -> SiteProfile:
    site_row(site)
    followers = _sites_below(site)
    with atomic(CATALOG):
        SiteProfile.objects.get_or_create(site=site, defaults={"inherits": True})
        row = SiteProfile.objects.select_for_update().get(site=site)
        if seen_ver is not None and row.ver != seen_ver:
            raise StaleProfile(f"the pictures of '{site}' were changed meanwhile", site=site)
        if all(getattr(row, name) == value for name, value in values.items()):
            return row
        for name, value in values.items():
            setattr(row, name, value)
        row.ver += 1
        row.save()
        if "is_paused" in values:
            wake_maker()
        else:
            for one in followers:
                schedule_plan(one)
    return row


def _sites_below(site: str) -> list[str]:
    """The site and all that may take its profile; the rows stand in another realm, so they are read before."""
    return [site, *below(site, dict(Site.objects.values_list("id", "parent_id")))]


def check_profile(profile: Profile) -> None:
    """Raises `BadProfile` with what is wrong at each field."""
    wrong: dict[str, str] = {}
    if not profile.widths or any(not 16 <= width <= MAX_WIDTH for width in profile.widths) or len(profile.widths) > 8:
        wrong["widths"] = f"one to eight whole numbers from 16 to {MAX_WIDTH}"
    if not profile.retina or any(factor not in (1, 2, 3) for factor in profile.retina):
        wrong["retina"] = "1, 2 or 3"
    if max(profile.all_widths, default=0) > MAX_WIDTH:
        wrong["retina"] = f"no file may be wider than {MAX_WIDTH} pixels"
    if not 16 <= profile.thumb <= 400:
        wrong["thumb"] = "from 16 to 400"
    if profile.ratio and profile.ratio not in RATIOS:
        wrong["ratio"] = "one of " + ", ".join(RATIOS)
    if set(profile.formats) - {"avif", "webp"}:
        wrong["formats"] = "AVIF and WebP"
    for name in ("quality_avif", "quality_webp", "quality_jpeg"):
        if not 1 <= getattr(profile, name) <= 100:
            wrong[name] = "from 1 to 100"
    wrong |= _wrong_mark(profile)
    if wrong:
        raise BadProfile("; ".join(f"{name}: {why}" for name, why in wrong.items()), fields=wrong)


def _wrong_mark(profile: Profile) -> dict[str, str]:
    wrong = {}
    if profile.mark == "text" and not profile.mark_text.strip():
        wrong["mark_text"] = "a watermark of text needs a text"
    if profile.mark == "text" and not WRITABLE.fullmatch(profile.mark_text):
        wrong["mark_text"] = "Latin and Cyrillic letters, figures and signs only"
    if profile.mark == "picture" and not profile.mark_picture:
        wrong["mark_picture"] = "a watermark that is a picture needs one"
    if not 5 <= profile.mark_opacity <= 100:
        wrong["mark_opacity"] = "from 5 to 100"
    if not 5 <= profile.mark_size <= 100:
        wrong["mark_size"] = "from 5 to 100"
    return wrong
