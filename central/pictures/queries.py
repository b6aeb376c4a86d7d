"""Reads of the pipeline: what stands for a site, how far it has come, where a file lies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from django.db.models import Count, Q, QuerySet, Sum

from central.catalog.models import Media
from central.cluster.models import Site
from central.cluster.queries import sites_visible_to
from central.cluster.trees import line_above
from central.pictures.errors import UnknownSitePicture
from central.pictures.models import Output, SitePicture, SiteProfile
from central.pictures.profiles import Profile
from central.ui.scope import limit
from infra.storage.media import media_store

State = SitePicture.State


@dataclass(frozen=True)
class Standing:
    """The profile that stands for a site. `source`: the site whose own it is, "" for what Rialto does by itself."""

    site: str
    profile: Profile
    source: str


@dataclass(frozen=True)
class Progress:
    """How far a site's pictures have come. Bytes: of those done, as they were taken in and as a browser loads them."""

    site: str
    done: int = 0
    waiting: int = 0
    failed: int = 0
    was: int = 0
    served: int = 0

    @property
    def total(self) -> int:
        return self.done + self.waiting + self.failed

    @property
    def percent(self) -> int:
        return 100 * (self.done + self.failed) // self.total if self.total else 100

    @property
    def saved(self) -> int:
        return max(0, self.was - self.served)


def profile_of(row: SiteProfile) -> Profile:
    return msgspec.convert(row.body, Profile)


def standing_of(site: str) -> Standing:
    """What stands for a site: its own profile, or that of the next site above that has one."""
    return standings().get(site, Standing(site, Profile(), ""))


def standings() -> dict[str, Standing]:
    """Site -> what stands for it, of every site."""
    rows = {row.site: row for row in SiteProfile.objects.filter(inherits=False)}
    parents: Mapping[str, str | None] = dict(Site.objects.values_list("id", "parent_id"))
    found = {}
    for site in parents:
        source = next((one for one in (site, *line_above(site, parents)) if one in rows), "")
        found[site] = Standing(site, profile_of(rows[source]) if source else Profile(), source)
    return found


def mark_of(profile: Profile) -> bytes:
    """The bytes of a profile's watermark; none where it is no picture, or one that is not kept any more."""
    media = Media.objects.filter(pk=profile.mark_picture).first() if profile.mark == "picture" else None
    if media is None or media.ext == "svg":
        return b""
    return media_store().read(media.name)


def progress_of(sites: list[str]) -> dict[str, Progress]:
    """Site -> how far it is, in one query."""
    rows = (
        SitePicture.objects.filter(site__in=sites)
        .values("site")
        .annotate(
            done=Count("pk", Q(state=State.DONE)),
            waiting=Count("pk", Q(state=State.WAITING)),
            failed=Count("pk", Q(state=State.FAILED)),
            was=Sum("original__size", filter=Q(state=State.DONE), default=0),
            served=Sum("served_bytes", filter=Q(state=State.DONE), default=0),
        )
    )
    found = {row["site"]: Progress(**row) for row in rows}
    return {site: found.get(site, Progress(site)) for site in sites}


def pictures_visible_to(user: Any) -> QuerySet[SitePicture]:
    """The pictures of the sites a member of staff may see; none for a stranger."""
    return limit(SitePicture.objects.select_related("original"), user)


def visible_picture(user: Any, picture: int) -> SitePicture:
    """Raises `UnknownSitePicture`, also for one of a site the user may not see."""
    found = pictures_visible_to(user).filter(pk=picture).first()
    if found is None:
        raise UnknownSitePicture(f"there is no picture {picture}", picture=picture)
    return found


def visible_site(user: Any, site: str) -> Site | None:
    return sites_visible_to(user).filter(pk=site).first()


def one_to_show(site: str) -> Media | None:
    """A picture of the shop to try a profile on: the largest of those it shows."""
    row = SitePicture.objects.filter(site=site).select_related("original").order_by("-original__width", "pk").first()
    return row.original if row else None


def folder_of(name: str) -> str:
    """Where a file of this name lies in the media store; "" for originals."""
    return Output.objects.filter(sha256=name[:64]).values_list("folder", flat=True).first() or ""
