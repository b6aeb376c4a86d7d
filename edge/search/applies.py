"""News of documents change what can be found."""

from __future__ import annotations

from edge.search import tuning
from edge.search.indexer import indexer
from sync.contracts.codec import unpack
from sync.contracts.search import SearchDoc
from sync.replica import after_apply, applies


@applies("search")
def apply_search(topic: str, key: str, ver: int, body: bytes | None) -> None:
    if body is not None:
        unpack(body, SearchDoc)  # one that cannot be read is parked here


@after_apply
def documents_changed(entries: list[tuple[str, str]]) -> None:
    for topic, key in entries:
        if topic.startswith("search:"):
            tuning.forget(key)
    indexer.hear(entries)
