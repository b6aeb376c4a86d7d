"""What search publishes: `search:<site>`."""

from __future__ import annotations

from collections.abc import Sequence

from central.search.models import SiteSearch
from central.search.queries import search_doc
from node.realms import CATALOG
from sync.contracts.codec import pack
from sync.topics import Row, StateTopic, register_topic


def _read(full: str, keys: Sequence[str]) -> dict[str, tuple[int, bytes | None]]:
    site = full.partition(":")[2]
    rows = SiteSearch.objects.filter(site=site, ver__gt=0) if site in keys else SiteSearch.objects.none()
    return {row.site: (row.ver, pack(search_doc(row))) for row in rows}


def _page(full: str, after: str, limit: int) -> list[Row]:
    site = full.partition(":")[2]
    return [(key, ver, body) for key, (ver, body) in _read(full, [site]).items() if key > after and body is not None]


register_topic(
    StateTopic(
        name="search",
        realm=CATALOG,
        schema=1,
        audience=lambda scope: {f"search:{site}" for site in scope.sites},
        read=_read,
        page=_page,
    )
)
