"""All goods of a site one after another, for files that tell of all of them, and a tag of what they are made of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Final

from edge.replica import windows
from sites import editions
from sync.contracts.codec import unpack
from sync.contracts.documents import ProductDoc, SiteDoc
from sync.store.edge import sql

#: documents read at once: what stands between two batches lets shoppers' reads pass
_BATCH: Final = 200


def version_of(site: SiteDoc, topics: Sequence[str]) -> str:
    """A tag that changes with any document of these topics, without reading one of them."""
    whole = hashlib.sha256(site.origin.encode())
    for topic in topics:
        row = sql.fetch_one(
            "SELECT count(*), coalesce(max(ver), 0), coalesce(sum(ver), 0) FROM sync_edge_document WHERE topic = ?",
            [topic],
        )
        whole.update(repr((topic, row)).encode())
    return whole.hexdigest()[:24]


def products_from(site: SiteDoc, start: int = 0) -> Iterator[ProductDoc]:
    """The goods an edition shows, by their ids, read a batch at a time; between two batches others may read."""
    after = ""
    if start:
        is_here, here = windows.shown_in(editions.scopes_of(site))
        row = sql.fetch_one(
            f"SELECT product FROM edge_replica_shelfproduct WHERE site = ? AND {is_here} "  # noqa: S608
            "ORDER BY product LIMIT 1 OFFSET ?",
            [site.id, *here, start - 1],
        )
        if row is None:
            return
        after = row[0]
    while True:
        rows = sql.fetch(
            "SELECT key, body FROM sync_edge_document WHERE topic = ? AND key > ? AND body IS NOT NULL "
            "ORDER BY key LIMIT ?",
            [f"product:{site.id}", after, _BATCH],
        )
        found = (unpack(bytes(body), ProductDoc) for _, body in rows)
        yield from (editions.product_in(site, each) for each in found if editions.is_shown(site, each))
        if len(rows) < _BATCH:
            return
        after = rows[-1][0]
