"""Pages over plain ASGI: host -> site -> page -> bytes, the same for everybody.

`serve` answers GET and HEAD of every path: a page, or the shop's own 404.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from edge.pages import files, previews, redirects, streams, wire
from edge.pages.building import build, etag_of
from edge.pages.cache import Page, PageKey, pages
from edge.pages.foreman import foreman
from edge.pages.plain import closed_page, failed_page, unknown_host_page
from edge.pages.speed import speed
from edge.replica import sites as shops
from node.config import config
from sites import editions, tags, urls
from sync.contracts.documents import SiteDoc
from sync.store.writer import reader

#: browsers ask again each time, the CDN for a day or until it is purged, and it may serve the old page when we are gone
PUBLIC: Final = b"public, max-age=0, s-maxage=86400, stale-if-error=604800"
#: a page that does not exist may exist in a minute
MISSING: Final = b"public, max-age=0, s-maxage=60"

_NOT_FOUND: Final = "404"
_under_way: dict[PageKey, asyncio.Future[Page]] = {}


async def serve(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["method"] not in ("GET", "HEAD"):
        await wire.answer(scope, send, 405, b"", [(b"allow", b"GET, HEAD"), *wire.NO_STORE])
        return
    site = shops.site_at(scope)
    if site is None:
        await wire.page(scope, send, unknown_host_page(), wire.NO_STORE)
    elif not site.is_active:
        headers = [*wire.NO_STORE, (b"retry-after", b"3600"), *wire.security(site)]
        await wire.page(scope, send, await reader.run(lambda: closed_page(site)), headers)
    else:
        await _serve_site(scope, send, site)


async def _serve_site(scope: dict[str, Any], send: Any, site: SiteDoc) -> None:
    path: str = scope["path"]
    if address := redirects.own_address(scope, site):
        await wire.redirect(scope, send, 308, address)
        return
    if streams.is_file(site, path):
        await streams.serve(scope, send, site)
        return
    if path == "/favicon.ico":
        await wire.redirect(scope, send, 302, wire.favicon(site))
        return
    if moved := _other_spelling(site, scope.get(shops.ADDRESS, path), path):
        await wire.redirect(scope, send, 308, moved)
        return
    if len(path) > 1 and path.endswith("/") and urls.parse(path.rstrip("/")):
        if found := await redirects.find(site, scope):  # at once to where it leads, not by way of its other spelling
            await wire.redirect(scope, send, found.status, found.location)
            return
        await wire.redirect(scope, send, 308, quote(urls.at(site, path.rstrip("/"))))
        return
    began = time.perf_counter()
    try:
        preview = await previews.preview_of(scope, site)
        if preview is not None:
            page = await reader.run(lambda: previews.live_page(site, path, preview))
        else:
            page = _filed(site, path) or await page_at(site, path)
    except Exception:
        wire.logger.exception("page %s of %s failed", path, site.id)
        await wire.page(scope, send, failed_page(site), [*wire.NO_STORE, *wire.security(site)])
        return
    if page.status == 404 and (found := await redirects.find(site, scope)):
        await wire.redirect(scope, send, found.status, found.location)
        return
    if preview is not None:  # staff: neither a file nor a visit
        kind = (b"content-type", b"text/html; charset=utf-8")
        await wire.answer(scope, send, page.status, page.body, [kind, *wire.NO_STORE, *wire.security(site)])
        return
    if page.status == 200:
        foreman.served(editions.key_of(site), urls.at(site, path))
        speed.note(site.id, _kind(path), "answer", (time.perf_counter() - began) * 1000)
    cache = PUBLIC if page.status == 200 else MISSING
    if not site.pages.packs_html:
        page = replace(page, zipped=None, brotli=None)
    await wire.page(scope, send, page, [(b"cache-control", cache), *_tags(site, page, path), *wire.security(site)])


def _other_spelling(site: SiteDoc, address: str, path: str) -> str:
    """Where an address leads that only repeats another: "/en/" to "/en", and "/ru/..." to a Russian shop's own."""
    if path == "/" and address != urls.at(site, path):
        return quote(urls.at(site, path))
    for base in editions.mirrors(site) if not site.base else ():
        if path == base or path.startswith(f"{base}/"):
            return quote(path.removeprefix(base)) or "/"
    return ""


def _kind(path: str) -> str:
    address = urls.parse(path)
    return address.kind if address else "other"


def stands(site: SiteDoc, path: str) -> bool:
    """Whether a page lies as a file or in memory. Safe on the event loop."""
    return _filed(site, path) is not None or pages.get((editions.key_of(site), path)) is not None


def _tags(site: SiteDoc, page: Page, path: str) -> list[tuple[bytes, bytes]]:
    """What a CDN may purge it by."""
    address = urls.parse(path)
    if page.status != 200 or address is None:
        return []
    return [(b"cache-tag", tags.header(tags.of_address(site.id, address)))]


def _filed(site: SiteDoc, path: str) -> Page | None:
    """The page that lies as a file, as a web server in front of this edge would serve it."""
    file = files.place(config().pages_dir, editions.host_of(site), urls.at(site, path)) if site.pages.is_on else None
    if file is None:
        return None
    try:
        state = file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return _read(file, state.st_mtime_ns, state.st_size, files.is_packed(file))


@lru_cache(maxsize=500)
def _read(file: Path, time: int, size: int, is_packed: bool) -> Page | None:
    """As it lies, packed too. What is not used here makes it another call when the file is another one."""
    forms = files.read_forms(file)
    if forms is None:
        return None
    body, zipped, brotli = forms
    return Page(200, body, zipped, etag_of(body), brotli=brotli)


async def page_at(site: SiteDoc, path: str) -> Page:
    """The page, rendered now unless it is in memory. Many who ask at once wait for one render."""
    key = (editions.key_of(site), path if urls.parse(path) else _NOT_FOUND)
    page = pages.get(key)
    if page is not None:
        return page
    running = _under_way.get(key)
    if running is None:
        running = _under_way[key] = asyncio.ensure_future(_render(site, path, key))
        running.add_done_callback(lambda done: _under_way.pop(key, None))
    # Shielded: one shopper who leaves must not take the page from the others
    return await asyncio.shield(running)


async def _render(site: SiteDoc, path: str, key: PageKey) -> Page:
    began = pages.now()
    started = time.perf_counter()
    page = await reader.run(lambda: build(site, path))
    if page.status == 200:
        speed.note(site.id, _kind(path), "render", (time.perf_counter() - started) * 1000)
    # Only what exists is kept by its own name: made-up slugs would push real pages out
    if page.status == 200 or key[1] == _NOT_FOUND:
        pages.keep(key, page, began)
    # Told of pages alone, once a render: made-up addresses must not keep the maker from its work
    if page.status == 200:
        foreman.want(editions.key_of(site), urls.at(site, path))
    return page


async def not_found(site: SiteDoc) -> Page:
    """The shop's 404 page, for others that answer in its name."""
    return await page_at(site, "/404")
