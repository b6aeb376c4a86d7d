"""`GET /_r/where?path=`: whether another edition of the shop suits the visitor better. `no-store`; nothing is kept."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

from django.utils import translation

from edge.api.contracts import Where
from edge.http import Request, Response, json_response, local_path
from edge.places.suiting import suited
from edge.replica import sites as shops
from infra.geo import PlaceDatabase
from infra.http.address import address_of
from node.config import config
from sites import editions, switching, urls
from sites.rendering import language_of
from sync.contracts.documents import SiteDoc
from sync.store.writer import reader


async def where(request: Request) -> Response:
    """`url` "" when the visitor is where he should be, or the shop leaves it to him."""
    site = request.site
    every = shops.all_editions(site)
    if site.detection == "off" or len(every) < 2:
        return json_response(Where())
    places = await reader.run(lambda: _places(address_of(request.scope)))
    best = suited(every, site, request.headers.get("accept-language", ""), places)
    if best is site:
        return json_response(Where())
    return json_response(_offer(site, best, local_path(request.query.get("path", "/"))))


def _offer(site: SiteDoc, best: SiteDoc, path: str) -> Where:
    is_near = best.origin == site.origin
    inner = editions.inside(site, path) or urls.home()
    with translation.override(language_of(best)):
        words = switching.offer(site, best)
    return Where(
        url=urls.at(best, inner) if is_near else urls.absolute(best, inner),
        edition=editions.key_of(best),
        hop="" if is_near else editions.key_of(best),
        moves=site.detection == "move",
        language=best.language,
        is_rtl=editions.is_rtl(best.language),
        text=words.text,
        yes=words.yes,
        no=words.no,
    )


def _places(address: str) -> list[str]:
    file = config().places_file
    return _database(file).look_up(address) if file and address else []


@lru_cache(maxsize=1)
def _database(file: Path) -> PlaceDatabase:
    return PlaceDatabase(file)


ROUTES: Final = {("GET", "/_r/where"): where}
