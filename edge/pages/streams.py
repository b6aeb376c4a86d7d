"""robots.txt, the map of the site and its feeds, made of this edge's documents while they are sent.

Nothing of them is kept: a map of a million goods needs the memory of one page of it.
"""

from __future__ import annotations

import hashlib
import itertools
import zlib
from collections.abc import Iterator, Sequence
from typing import Any, Final

from edge.pages import documents, feeds, heads, wire
from edge.replica import sites as shops
from edge.replica import windows
from sites import editions, urls
from sites.seo import head, robots, sitemap
from sites.seo.rules import ROBOTS
from sync.contracts.documents import SiteDoc
from sync.store.edge import sql
from sync.store.writer import reader

ROBOTS_PATH: Final = "/robots.txt"
#: a robot asks again when it likes; the CDN keeps it for an hour or until it is purged
CACHE: Final = (b"cache-control", b"public, max-age=0, s-maxage=3600, stale-if-error=604800")
_CHUNK: Final = 64 * 1024


def is_file(site: SiteDoc, path: str) -> bool:
    if path == ROBOTS_PATH and site.base:
        return False  # of a host there is one
    return path in (ROBOTS_PATH, robots.SITEMAP) or sitemap.part_of(path) is not None or feeds.name_of(path) is not None


async def serve(scope: dict[str, Any], send: Any, site: SiteDoc) -> None:
    path: str = scope["path"]
    if path == ROBOTS_PATH:
        here = [each for each in shops.all_editions(site) if each.origin == site.origin]
        body = await reader.run(lambda: robots.robots_txt(here, _rules_of_robots(site)))
        etag = hashlib.sha256(body.encode()).hexdigest()[:24]
        await wire.content(scope, send, 200, body.encode(), None, etag, "text/plain; charset=utf-8", [CACHE])
        return
    tag, pieces = await reader.run(lambda: _open(site, path))
    if pieces is None:
        await wire.answer(scope, send, 404, b"no such file\n", [(b"content-type", b"text/plain"), *wire.NO_STORE])
        return
    await _stream(scope, send, tag, pieces)


def _rules_of_robots(site: SiteDoc) -> dict[str, str]:
    return heads.rules(site, [ROBOTS]).get(ROBOTS, {})


def _open(site: SiteDoc, path: str) -> tuple[str, Iterator[str] | None]:
    """The ETag of a file and the pieces it is made of, None when there is no such file."""
    if name := feeds.name_of(path):
        return feeds.open_feed(site, name)
    tag = documents.version_of(site, [f"product:{site.id}", f"category:{site.id}", f"site:{site.group}"])
    size = sitemap.part_size(len(editions.alternates(shops.all_editions(site), site)))
    first = _fixed(site)
    count = sitemap.part_count(len(first) + _products(site), size)
    number = sitemap.part_of(path)
    if number is None:
        pieces = sitemap.write_urlset(_places(site, 0, size)) if count == 1 else sitemap.write_index(site, count)
        return tag, pieces
    if count == 1 or number > count:
        return tag, None
    return tag, sitemap.write_urlset(_places(site, (number - 1) * size, size))


def _products(site: SiteDoc) -> int:
    is_here, here = windows.shown_in(editions.scopes_of(site))
    rows = f"SELECT count(*) FROM edge_replica_shelfproduct WHERE site = ? AND {is_here}"  # noqa: S608
    [(count,)] = sql.fetch(rows, [site.id, *here])
    return int(count)


def _fixed(site: SiteDoc) -> list[str]:
    shelves = sorted(shops.categories_of(site), key=lambda each: each.slug)
    return [urls.home(), urls.about(), *(urls.category(each.slug) for each in shelves)]


def _places(site: SiteDoc, start: int, count: int) -> Iterator[sitemap.Place]:
    """`count` addresses from the `start`th on: pages and shelves first, then the goods by their ids."""
    first, languages = _fixed(site), editions.alternates(shops.all_editions(site), site)
    for path in first[start : start + count]:
        yield _place(site, languages, path)
    count -= len(first[start : start + count])
    for goods in itertools.islice(documents.products_from(site, max(0, start - len(first))), count):
        yield _place(site, languages, urls.product(goods.slug), goods.changed)


def _place(site: SiteDoc, languages: Sequence[SiteDoc], path: str, changed: str = "") -> sitemap.Place:
    others = list(head.hreflangs(languages, path)) if languages else []
    return sitemap.Place(urls.absolute(site, path), changed, others)


async def _stream(scope: dict[str, Any], send: Any, tag: str, pieces: Iterator[str]) -> None:
    """The pieces as they are made, in a reader's thread, one chunk at a time; packed when the client takes it."""
    is_zipped = wire.takes(wire.header(scope, b"accept-encoding"), "gzip")
    etag = f'"{tag}-gz"' if is_zipped else f'"{tag}"'
    headers = [CACHE, (b"etag", etag.encode()), (b"vary", b"Accept-Encoding"), (b"x-content-type-options", b"nosniff")]
    if wire.has_tag(wire.header(scope, b"if-none-match"), tag):
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
        return
    headers.append((b"content-type", b"application/xml; charset=utf-8"))
    if is_zipped:
        headers.append((b"content-encoding", b"gzip"))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    if scope["method"] != "HEAD":
        chunks = _chunks(pieces, zlib.compressobj(6, zlib.DEFLATED, 31) if is_zipped else None)
        while chunk := await reader.run(lambda: next(chunks, b"")):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def _chunks(pieces: Iterator[str], packer: Any) -> Iterator[bytes]:
    waiting: list[bytes] = []
    size = 0
    for piece in pieces:
        raw = piece.encode()
        waiting.append(raw)
        size += len(raw)
        if size >= _CHUNK:
            whole, waiting, size = b"".join(waiting), [], 0
            if packed := packer.compress(whole) if packer else whole:
                yield packed
    whole = b"".join(waiting)
    if packer:
        whole = packer.compress(whole) + packer.flush()
    if whole:
        yield whole
