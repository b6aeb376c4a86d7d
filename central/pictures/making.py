"""Makes what waits, one original after another, for a slice of time; then the next slice is another job.

So a catalogue of a hundred thousand pictures holds up no mail: a worker does other jobs between the slices. A worker
that is killed in the middle has lost nothing: each output is a row as soon as it is made, and the next run makes what
is missing. What shops show changes in one transaction, when all outputs of a picture are there.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from typing import Any, Final

from django.db.models import F
from django.utils import timezone

from central.catalog.models import Category, Listing, Media
from central.catalog.shown import write_shown
from central.pictures.models import Maker, Output, SitePicture
from central.pictures.planning import paused_sites, wake_maker
from central.pictures.profiles import Profile, Wanted, wanted_of
from central.pictures.queries import mark_of, standing_of
from infra.images.errors import MakerDied, UnfitPicture
from infra.images.spec import CONTENT_TYPES, Made
from infra.images.workshop import PLAIN, Limits, make_all
from infra.storage.media import media_store
from node.realms import CATALOG, atomic

State = SitePicture.State
SLICE_S: Final = 20.0
#: a picture that ended its maker so often is left alone
TRIES: Final = 3

Alive = Callable[[], bool]


def make_waiting(alive: Alive, *, seconds: float = SLICE_S) -> int:
    """One slice: returns how many pictures were looked at. `alive`: tells that the run goes on, False: it is over."""
    ends, count = time.monotonic() + seconds, 0
    while time.monotonic() < ends and alive():
        picture = _next()
        if picture is None:
            if _rest():
                return count
            continue
        make_one(picture, alive)
        count += 1
    if alive():
        _go_on()
    return count


def _next() -> SitePicture | None:
    waiting = SitePicture.objects.filter(state=State.WAITING).exclude(site__in=paused_sites())
    picture = waiting.select_related("original").order_by("turn", "id").first()
    if picture is not None:
        # Counted before: what kills the worker outright is found by it, and left alone.
        SitePicture.objects.filter(pk=picture.pk).update(attempts=F("attempts") + 1)
        picture.attempts += 1
    return picture


def _rest() -> bool:
    """Nothing waits: sleep until `wake_maker`. False when something came in the same moment."""
    with atomic(CATALOG):
        maker = Maker.objects.select_for_update().filter(pk=1).first()
        if SitePicture.objects.filter(state=State.WAITING).exclude(site__in=paused_sites()).exists():
            return False
        if maker is not None:
            maker.is_awake = False
            maker.save()
    return True


def _go_on() -> None:
    with atomic(CATALOG):
        Maker.objects.filter(pk=1).update(is_awake=False)
        wake_maker()


def make_one(picture: SitePicture, alive: Alive = lambda: True) -> None:
    """Make what is missing of one picture, then let its site show it; or write why it cannot be made."""
    profile = standing_of(picture.site).profile
    if profile.key != picture.wanted:
        SitePicture.objects.filter(pk=picture.pk).update(wanted=profile.key)
        picture.wanted = profile.key
    if picture.attempts > TRIES:
        return _fail(picture, MakerDied("the process that makes pictures ended each time"))
    try:
        wanted = wanted_of(profile, picture.original.width, mark_of(profile))
        made = outputs_of(picture.original, wanted, folder=folder_for(picture, profile), alive=alive)
    except FileNotFoundError:
        return _fail(picture, OriginalLost(f"the bytes of {picture.original.name} are not in the media store"))
    except MakerDied as error:
        return _fail(picture, error) if picture.attempts >= TRIES else None
    except UnfitPicture as error:
        return _fail(picture, error)
    if made is not None:
        _show(picture, body_of(wanted, made), served_bytes(profile, wanted, made))
    return None


class OriginalLost(UnfitPicture):
    code = "picture_original_lost"


def outputs_of(
    original: Media, wanted: list[Wanted], *, folder: str = "", alive: Alive = lambda: True, limits: Limits = PLAIN
) -> dict[str, Output] | None:
    """Spec's key -> output, made where it is missing. None: the run was over. Raises an `UnfitPicture`."""
    keys = [one.spec.key for one in wanted]
    there = {row.spec: row for row in Output.objects.filter(original=original, spec__in=keys)}
    Output.objects.filter(pk__in=[row.pk for row in there.values()]).update(used_at=timezone.now())
    missing = {one.spec.key: one.spec for one in wanted if one.spec.key not in there}
    if missing:
        data = media_store().read(original.name)
        with closing(make_all(data, list(missing.values()), limits=limits)) as outputs:
            for key, made in zip(missing, outputs, strict=False):
                there[key] = _keep(original, key, made, folder)
                if not alive():
                    return None
    return there


def _keep(original: Media, key: str, made: Made, folder: str) -> Output:
    sha256 = media_store().put(made.data, made.ext, folder=folder)
    facts = {"ext": made.ext, "width": made.width, "height": made.height, "size": len(made.data)}
    row, _is_new = Output.objects.update_or_create(
        original=original, spec=key, defaults={**facts, "sha256": sha256, "folder": folder, "used_at": timezone.now()}
    )
    return row


def folder_for(picture: SitePicture, profile: Profile) -> str:
    """The category of the first product that shows it, as a path of slugs; "" when files are not to be parted."""
    if not profile.by_category:
        return ""
    shown = Listing.objects.filter(site=picture.site, product__picture_rows__media=picture.original_id)
    shelf = Category.objects.filter(listings__in=shown).order_by("position", "pk").first()
    shelf = shelf or Category.objects.filter(site=picture.site, picture=picture.original_id).first()
    slugs: list[str] = []
    while shelf is not None and len(slugs) < 5:
        slugs.insert(0, shelf.slug[:40])
        shelf = shelf.parent
    return "/".join([picture.site, *slugs])


def body_of(wanted: list[Wanted], made: dict[str, Output]) -> dict[str, Any]:
    """What the site shows of a picture, as `catalog.ShownPicture` keeps it; of two outputs of one width the first."""
    found: dict[str, dict[tuple[str, int], dict[str, Any]]] = {"source": {}, "kept": {}, "thumb": {}}
    for one in wanted:
        row = made[one.spec.key]
        file = {"hash": row.sha256, "ext": row.ext, "width": row.width, "height": row.height}
        found[one.role].setdefault((row.ext, row.width), {**file, "type": CONTENT_TYPES[row.ext]})
    kept = list(found["kept"].values())
    return {
        "main": kept[-1],
        "sources": [*found["source"].values(), *kept],
        "thumb": next(iter(found["thumb"].values())),
    }


def served_bytes(profile: Profile, wanted: list[Wanted], made: dict[str, Output]) -> int:
    """What a browser of today loads on a plain screen: the first format, at the widest width of CSS pixels."""
    rows = [made[one.spec.key] for one in wanted if one.role != "thumb"]
    first = [row for row in rows if row.ext == rows[0].ext]
    plain = [row for row in first if row.width >= max(profile.widths)]
    return (plain[0] if plain else first[-1]).size


def _show(picture: SitePicture, body: dict[str, Any], served: int) -> None:
    with atomic(CATALOG):
        # Fenced: planned again meanwhile, it waits for the next turn.
        done = SitePicture.objects.filter(pk=picture.pk, wanted=picture.wanted).update(
            state=State.DONE, error="", error_data={}, attempts=0, served_bytes=served, changed_at=timezone.now()
        )
        if done:
            write_shown(picture.site, {picture.original_id: body})


def _fail(picture: SitePicture, error: UnfitPicture) -> None:
    data = {name: value for name, value in error.data.items() if isinstance(value, int)}
    SitePicture.objects.filter(pk=picture.pk, wanted=picture.wanted).update(
        state=State.FAILED, error=error.code, error_data=data, changed_at=timezone.now()
    )
