"""`POST /_r/seen`: what a browser tells of one page it showed, of one visit in `EVERY`.

Three figures and the page's address, nothing about who it was: no cookie is set, and none is read.
"""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import unquote

import msgspec
from msgspec import Meta, Struct

from edge.http import BadRequest, Request, Response
from edge.pages import serving
from edge.pages.foreman import foreman
from edge.pages.speed import speed
from sites import editions, urls

#: one visit in so many is told of: `sites/static/shop/js/seen.js` has the same number
EVERY: Final = 4
MAX_BODY: Final = 2_000

Ms = Annotated[float, Meta(ge=0, le=120_000)]


class Seen(Struct, frozen=True):
    """`path`: as in the address, with the edition's base. What the browser does not measure is left out."""

    path: Annotated[str, Meta(max_length=1_000)]
    ttfb: Ms | None = None
    lcp: Ms | None = None
    cls: Annotated[float, Meta(ge=0, le=100)] | None = None


async def seen(request: Request) -> Response:
    """Only pages that there are count."""
    request.check_same_origin()
    try:
        told = msgspec.json.decode(await request.body(MAX_BODY), type=Seen)
    except msgspec.MsgspecError as error:
        raise BadRequest("not what a page tells of itself") from error
    site, path = request.site, unquote(told.path)
    inner = editions.inside(site, path)
    address = urls.parse(inner) if inner else None
    if address is not None and inner is not None and serving.stands(site, inner):
        _note(site.id, address.kind, told)
        foreman.viewed(editions.key_of(site), path, EVERY)
    return Response(204)


def _note(site: str, kind: str, told: Seen) -> None:
    if told.ttfb is not None:
        speed.note(site, kind, "ttfb", told.ttfb)
    if told.lcp is not None:
        speed.note(site, kind, "lcp", told.lcp)
    if told.cls is not None:
        speed.note(site, kind, "cls", told.cls * 1000)


ROUTES: Final = {("POST", "/_r/seen"): seen}
