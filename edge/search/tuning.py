"""How each shop is searched, as central has published it."""

from __future__ import annotations

from edge.replica.reads import Shared
from infra.search import Settings
from sites import editions
from sync.contracts.codec import unpack
from sync.contracts.documents import SiteDoc
from sync.contracts.search import SearchDoc
from sync.store.edge import sql

_known: dict[str, Shared[SearchDoc]] = {}


def tuning_of(site_id: str) -> SearchDoc:
    """Off the event loop; from memory mostly."""
    return _known.setdefault(site_id, Shared(lambda: _load(site_id))).get()


def _load(site_id: str) -> SearchDoc:
    row = sql.fetch_one(
        "SELECT body FROM sync_edge_document WHERE topic = ? AND key = ? AND body IS NOT NULL",
        [f"search:{site_id}", site_id],
    )
    return unpack(row[0], SearchDoc) if row else SearchDoc(site=site_id)


def settings_of(site_id: str, language: str) -> Settings:
    groups = tuning_of(site_id).synonyms.get(language, [])
    return Settings(language, tuple(tuple(group) for group in groups))


def spoken(site: SiteDoc) -> list[SiteDoc]:
    """A published shop in each of its languages; each has an index of its own, for all regions."""
    return [each for each in editions.editions_of(site) if not each.region]


def forget(site_id: str) -> None:
    if site_id in _known:
        _known[site_id].forget()


def forget_all() -> None:
    """Another database stands behind this process now (tests)."""
    _known.clear()
