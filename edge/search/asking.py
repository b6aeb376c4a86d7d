"""One question to the shop's engine: the edge's own index, or the server central has for this shop.

A shopper waits `SERVER_S` for central at most and is never told that it did not answer: the edge's own index does. It
is asked too when the server found nothing, for it forgives slips and knows what came in this minute.
"""

from __future__ import annotations

import logging
import time
from typing import Final

from edge.search import plain, tuning
from edge.search.indexer import indexer, searcher
from infra.search import Found, Hit, Query
from infra.search.errors import NoIndex, Unavailable
from sites.searching import index_of
from sync.contracts.codec import pack, unpack
from sync.contracts.documents import SiteDoc
from sync.contracts.search import SearchAsk, SearchReply
from sync.link import LinkDown, RequestFailed, link

logger = logging.getLogger(__name__)

#: seconds a shopper waits for central's engine
SERVER_S: Final = 0.3
#: seconds it is left alone after it did not answer
QUIET_S: Final = 5.0

_quiet_until: dict[str, float] = {}


async def ask(site: SiteDoc, language: str, query: Query) -> Found:
    """Never raises for an engine that is away."""
    if (await searcher.run(lambda: tuning.tuning_of(site.id))).engine != "embedded":
        found = await _by_server(site, language, query)
        if found is not None and found.total:
            return found
    return await searcher.run(lambda: own(site, language, query))


def own(site: SiteDoc, language: str, query: Query) -> Found:
    """By this edge alone. Off the event loop."""
    index = index_of(site.id, language)
    try:
        return indexer.engine.query(index, tuning.settings_of(site.id, language), query)
    except (NoIndex, Unavailable):
        return plain.find(site, language, query)


def words_like(site: SiteDoc, language: str, start: str, limit: int) -> list[str]:
    """Words of the shop that begin with the last word of `start`. Off the event loop."""
    try:
        settings = tuning.settings_of(site.id, language)
        return indexer.engine.suggest(index_of(site.id, language), settings, start, limit)
    except (NoIndex, Unavailable):
        return []


async def _by_server(site: SiteDoc, language: str, query: Query) -> Found | None:
    if time.monotonic() < _quiet_until.get(site.id, 0.0):
        return None
    question = SearchAsk(
        site=site.id,
        language=language,
        words=query.words,
        phrase=query.phrase,
        without=list(query.without),
        kinds=list(query.kinds),
        facets={name: list(values) for name, values in query.facets.items()},
        not_facets={name: list(values) for name, values in query.not_facets.items()},
        is_start=query.is_start,
        limit=query.limit,
        offset=query.offset,
    )
    try:
        reply = unpack(await link.request("search_ask", pack(question), timeout=SERVER_S), SearchReply)
    except (LinkDown, RequestFailed) as error:
        _quiet_until[site.id] = time.monotonic() + QUIET_S
        logger.info("search of %s: central's engine did not answer (%s); our own index does", site.id, error.code)
        return None
    hits = tuple(Hit(id_, kind) for id_, kind in reply.hits)
    return Found(hits, reply.total, reply.kinds, reply.facets, reply.corrected)


def forget_all() -> None:
    """Ask the servers again (tests)."""
    _quiet_until.clear()
