"""Old addresses: where they lead, from this edge's own database, cut off or not. Pages that exist go first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from edge.pages import hits, wire
from edge.replica.reads import read_many
from edge.replica.sites import name_of
from infra.http.address import scheme_named
from sites import editions, urls
from sync.contracts.documents import RedirectDoc, SiteDoc
from sync.store.writer import reader


@dataclass(frozen=True)
class Found:
    status: int
    location: str


async def find(site: SiteDoc, scope: dict[str, Any]) -> Found | None:
    """Where the address of a request leads, None when nobody said so. Counts the hit."""
    path, query = scope["path"], scope["query_string"].decode("latin-1")
    return await reader.run(lambda: _find(site, path, query))


def _find(site: SiteDoc, path: str, query: str) -> Found | None:
    tries = dict(_tries(path, query))
    held = read_many(f"redirect:{site.id}", list(tries), RedirectDoc)
    for source, rest in tries.items():
        if source in held:
            found = held[source].doc
            hits.count(site.id, source)
            location = _join(found.target, rest, query if "?" not in source else "")
            return Found(found.status, urls.at(site, location) if location.startswith("/") else location)
    return None


def leads(site: SiteDoc, path: str, query: str) -> bool:
    """Whether an old address leads somewhere; nothing is counted. Off the event loop."""
    return bool(read_many(f"redirect:{site.id}", list(dict(_tries(path, query))), RedirectDoc))


def _tries(path: str, query: str) -> Iterator[tuple[str, str]]:
    """Sources an address may be kept under, the most exact first, and what stands behind them in the address.

    Nobody remembers whether the old shop ended its addresses with a slash. The sorted and the later pages of a
    renamed category follow the category.
    """
    other = path.rstrip("/") if path.endswith("/") else f"{path}/"
    for each in (path, other):
        if query and each:
            yield f"{each}?{query}", ""
    for each in (path, other):
        if each:
            yield each, ""
    address = urls.parse(path)
    if address and address.kind == "category" and (first := f"/c/{address.slug}") != path:
        yield first, address.path.removeprefix(urls.category(address.slug))


def _join(target: str, rest: str, query: str) -> str:
    # What stands behind a category's address means nothing behind another kind of page
    path = f"{target}{rest}" if target.startswith("/c/") else target
    return f"{path}?{query}" if query and "?" not in path and "#" not in path else path


def own_address(scope: dict[str, Any], site: SiteDoc) -> str:
    """Where a GET should have gone, "" when it came right: each page has one address.

    It may have come by another host name of the shop, or in the clear to a secure one. What pages fetch answers by
    every name: a cart, a file must not be lost on the way.
    """
    if scope["method"] not in ("GET", "HEAD") or scope["path"].startswith("/_r/"):
        return ""
    is_elsewhere = name_of(wire.header(scope, b"host")) != editions.host_of(site)
    # Without the word of a proxy of ours nobody knows how it came
    is_plain = site.origin.startswith("https://") and scheme_named(scope) == "http"
    if not is_elsewhere and not is_plain:
        return ""
    query = scope["query_string"].decode("latin-1")
    return f"{urls.absolute(site, quote(scope['path']))}{f'?{query}' if query else ''}"
