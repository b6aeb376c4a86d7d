"""Questions of edges to the search server of their shop."""

from __future__ import annotations

from central.search.errors import NoServerEngine
from central.search.models import Engine
from central.search.queries import search_of, settings_of
from infra.search import Query
from infra.search.servers import server
from sites.searching import index_of
from sync.contracts.codec import pack, unpack
from sync.contracts.search import SearchAsk, SearchReply
from sync.topics import EdgeScope
from sync.upstream import answers

_MOST = 100


@answers("search_ask")
def search(edge: EdgeScope, body: bytes) -> bytes:
    """Of an edge's own shops alone. Raises `NoServerEngine`, and what engines raise."""
    ask = unpack(body, SearchAsk)
    row = search_of(ask.site)
    if ask.site not in edge.sites or row.engine == Engine.EMBEDDED:
        raise NoServerEngine("no search server answers for this shop", site=ask.site)
    query = Query(
        words=ask.words[:200],
        phrase=ask.phrase[:200],
        without=tuple(ask.without[:10]),
        kinds=tuple(ask.kinds),
        facets=ask.facets,
        not_facets=ask.not_facets,
        is_start=ask.is_start,
        limit=min(ask.limit, _MOST),
        offset=max(0, ask.offset),
    )
    found = server(row.engine).query(index_of(ask.site, ask.language), settings_of(ask.site, ask.language), query)
    return pack(
        SearchReply(
            hits=[(hit.id, hit.kind) for hit in found.hits],
            total=found.total,
            kinds=dict(found.kinds),
            facets={name: dict(counts) for name, counts in found.facets.items()},
            corrected=found.corrected,
        )
    )
