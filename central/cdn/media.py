"""Hosts that pictures and static files of shops come from: chosen, looked at, and named to the edges. Realm `cluster`.

An origin that fails two looks in a row is dead, and alive again after two that succeed: pages name another one, or the
shop itself. Each such change makes the pages of the shop anew, so one failed look is not enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
from django.utils import timezone
from django.utils.translation import gettext as _

from central.cdn.errors import BadCdn
from central.cdn.models import MediaHost, MediaOrigin
from central.cluster.actions import set_media
from infra.http.outgoing import trouble_of
from node.realms import CLUSTER, atomic
from sites import assets
from sync.contracts.documents import MediaDoc

JOB: Final = "cdn.look_at_origins"
#: looks that agree before an origin counts as dead, or as alive again
LOOKS: Final = 2
PATIENCE_S: Final = 5.0

#: what is wrong with an origin, "" nothing
Look = Callable[[str], str]


@dataclass(frozen=True)
class Origin:
    region: str
    url: str


def set_host(site: str, *, origins: Iterable[Origin], types: Iterable[str], sections: Iterable[str]) -> None:
    """Where a site's files come from; no origins: from the site itself. Raises `BadCdn`."""
    wanted = list(dict.fromkeys(origins))
    for one in wanted:
        _check(one)
    with atomic(CLUSTER):
        MediaHost.objects.update_or_create(
            pk=site, defaults={"types": sorted(set(types)), "sections": sorted(set(sections))}
        )
        known = {(one.region, one.url): one for one in MediaOrigin.objects.filter(site=site)}
        for position, one in enumerate(wanted):
            row = known.pop((one.region, one.url), None) or MediaOrigin(site=site, region=one.region, url=one.url)
            row.position = position
            row.save()
        MediaOrigin.objects.filter(pk__in=[row.pk for row in known.values()]).delete()
    publish(site)


def _check(origin: Origin) -> None:
    parts = urlsplit(origin.url)
    is_bare = not (parts.path or parts.query or parts.fragment or parts.username)
    if parts.scheme not in ("http", "https") or not parts.hostname or not is_bare or not origin.url.isprintable():
        raise BadCdn(_("Not the address of a host, as https://cdn.tea.example: %(url)s") % {"url": origin.url[:100]})
    if any(sign in origin.url for sign in " ;,'\"<>\\"):  # it stands in the policy of every page
        raise BadCdn(_("Not the address of a host, as https://cdn.tea.example: %(url)s") % {"url": origin.url[:100]})


def publish(site: str) -> bool:
    """Tell the edges the first living origin of each region. Whether that is news."""
    host = MediaHost.objects.filter(pk=site).first()
    if host is None:
        return False
    chosen: dict[str, str] = {}
    for one in MediaOrigin.objects.filter(site=site, is_up=True).order_by("position"):
        chosen.setdefault(one.region, one.url)
    return set_media(site, MediaDoc(origins=chosen, types=host.types, sections=host.sections))


def look_at_all(look: Look | None = None) -> list[str]:
    """Look at every origin; returns the sites whose files come from elsewhere now."""
    look = look or ask
    touched = set()
    for one in MediaOrigin.objects.all():
        error = look(one.url)
        if _note(one, error):
            touched.add(one.site)
    return [site for site in sorted(touched) if publish(site)]


def _note(origin: MediaOrigin, error: str) -> bool:
    """Whether the origin counts as dead or alive now, and did not before."""
    is_other = origin.is_up == bool(error)
    doubts = origin.doubts + 1 if is_other else 0
    is_turned = doubts >= LOOKS
    with atomic(CLUSTER):
        MediaOrigin.objects.filter(pk=origin.pk).update(
            is_up=not origin.is_up if is_turned else origin.is_up,
            doubts=0 if is_turned else doubts,
            checked_at=timezone.now(),
            error=error[:200],
        )
    return is_turned


def ask(url: str) -> str:
    """Whether a host hands out a file every shop has, past what it may have stored.

    Returns what is wrong, as `MediaOrigin.error` keeps it: a status, or what `trouble_of` says; "" for nothing.
    """
    try:
        address = f"{url}{assets.url('shop/css/shop.css')}?look={uuid4().hex}"
        answer = httpx.head(address, timeout=PATIENCE_S, follow_redirects=False)
    except (httpx.HTTPError, ValueError) as error:
        return trouble_of(error)
    return "" if answer.status_code == 200 else str(answer.status_code)
