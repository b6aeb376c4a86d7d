"""Typed reads of the documents an edge holds. A tombstone and a missing row are the same: None."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from sync.contracts.codec import unpack
from sync.store.edge import sql
from sync.store.edge.models import Document

T = TypeVar("T")

#: SQLite takes 32,766 parameters a statement; stay far below
_CHUNK = 500


def get(topic: str, key: str, kind: type[T]) -> T | None:
    """The document at (full topic, key), decoded; None when there is none."""
    row = sql.fetch_one("SELECT body FROM sync_edge_document WHERE topic = ? AND key = ?", [topic, key])
    return None if row is None or row[0] is None else unpack(row[0], kind)


def get_many(topic: str, keys: Sequence[str], kind: type[T]) -> dict[str, T]:
    """The documents among `keys` that exist, by key."""
    found: dict[str, T] = {}
    for start in range(0, len(keys), _CHUNK):
        rows = Document.objects.filter(topic=topic, key__in=keys[start : start + _CHUNK], body__isnull=False)
        found |= {key: unpack(bytes(body), kind) for key, body in rows.values_list("key", "body") if body is not None}
    return found


def all_of(topic: str, kind: type[T]) -> dict[str, T]:
    """Every document of a full topic, by key, in key order."""
    rows = sql.fetch(
        "SELECT key, body FROM sync_edge_document WHERE topic = ? AND body IS NOT NULL ORDER BY key", [topic]
    )
    return {key: unpack(body, kind) for key, body in rows}


def version(topic: str, key: str) -> int:
    """The version held, of a tombstone too; 0 when the key was never heard of."""
    return Document.objects.filter(topic=topic, key=key).values_list("ver", flat=True).first() or 0


def topics_like(name: str) -> list[str]:
    """The full names held of a topic: `product` -> ["product:clay", "product:tea"]."""
    rows = Document.objects.filter(topic__startswith=f"{name}:", body__isnull=False)
    return list(rows.order_by("topic").values_list("topic", flat=True).distinct())
