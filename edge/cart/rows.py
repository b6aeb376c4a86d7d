"""The cart's rows in plain SQL: every op of every shopper passes here.

All of it runs on alias `edge`; what writes belongs inside a job of the writer.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sync.store.edge import sql


def parent_of(cart: str) -> str | None:
    """The cart a linked cart was joined into."""
    found = sql.fetch_one("SELECT target FROM edge_cart_alias WHERE source = ?", [cart])
    return found[0] if found else None


def version_of(root: str) -> int:
    """The version of a cart, 0 when nothing is held of it."""
    found = sql.fetch_one("SELECT version FROM edge_cart_storedcart WHERE id = ?", [root])
    return found[0] if found else 0


def stored(root: str) -> tuple[int, bytes] | None:
    """(version, state) of a cart, None when nothing is held of it."""
    return sql.fetch_one("SELECT version, state FROM edge_cart_storedcart WHERE id = ?", [root])


def store(root: str, version: int, state: bytes, now: int) -> None:
    sql.execute(
        "INSERT INTO edge_cart_storedcart (id, state, version, updated) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (id) DO UPDATE SET state = excluded.state, version = excluded.version, updated = excluded.updated",
        [root, state, version, now],
    )


def seen_ops(dots: Collection[str]) -> dict[str, tuple[str, int]]:
    """Dot -> (hash, outbox row) of those that were taken in here."""
    if not dots:
        return {}
    asked = list(dots)
    found = sql.fetch(f"SELECT dot, hash, row FROM edge_cart_seenop WHERE dot IN ({sql.marks(asked)})", asked)  # noqa: S608
    return {dot: (mark, row) for dot, mark, row in found}


def remember_ops(hashes: Mapping[str, str], row: int, now: int) -> None:
    sql.execute_many(
        "INSERT INTO edge_cart_seenop (dot, hash, row, created) VALUES (?, ?, ?, ?)",
        [(dot, mark, row, now) for dot, mark in hashes.items()],
    )


def forget_ops(before: int, most: int) -> int:
    """Forget up to `most` ops taken in before `before` (ms since 1970) that central has; how many they were."""
    return sql.execute(
        "DELETE FROM edge_cart_seenop WHERE dot IN (SELECT dot FROM edge_cart_seenop WHERE created < ? "
        "AND row NOT IN (SELECT id FROM sync_edge_outgoing) LIMIT ?)",
        [before, most],
    )


def waiting(rows: Collection[int]) -> set[int]:
    """Those outbox rows that central has not acknowledged."""
    if not rows:
        return set()
    asked = list(rows)
    found = sql.fetch(f"SELECT id FROM sync_edge_outgoing WHERE id IN ({sql.marks(asked)})", asked)  # noqa: S608
    return {row for (row,) in found}


def known_keys(topic: str, keys: Collection[str]) -> set[str]:
    """Those keys of a topic of which this edge holds a document."""
    if not keys:
        return set()
    asked = list(keys)
    found = sql.fetch(
        f"SELECT key FROM sync_edge_document WHERE topic = ? AND body IS NOT NULL AND key IN ({sql.marks(asked)})",  # noqa: S608
        [topic, *asked],
    )
    return {key for (key,) in found}
