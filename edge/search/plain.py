"""Search while there is no index yet: titles that contain all the words, from the database itself."""

from __future__ import annotations

from edge.replica import windows
from infra.search import Found, Hit, Query
from infra.search.words import asked_words
from sites import editions
from sites.searching import CATEGORY, PRODUCT
from sync.contracts.documents import SiteDoc
from sync.store.edge import sql


def find(site: SiteDoc, language: str, query: Query) -> Found:
    """Goods alone; phrases and facets are no condition here."""
    words = [each.stem for each in asked_words(query.words, language)]
    if not words or CATEGORY in query.kinds:
        return Found()
    # Stems have letters and digits alone: no % and no _ to escape
    like = " AND ".join(["title_key LIKE ?"] * len(words))
    is_here, here = windows.shown_in(editions.scopes_of(site))
    rows = sql.fetch(
        f"SELECT product FROM edge_replica_shelfproduct WHERE site = ? AND {like} AND {is_here} "  # noqa: S608
        "ORDER BY position, product",
        [site.id, *(f"%{word}%" for word in words), *here],
    )
    hits = [Hit(f"{PRODUCT}-{key}", PRODUCT) for (key,) in rows]
    return Found(
        tuple(hits[query.offset : query.offset + query.limit]), len(hits), {PRODUCT: len(hits)} if hits else {}
    )
