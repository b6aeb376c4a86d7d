"""The cart's rows in plain SQL: every op of every shopper passes here, and building the queries was most of its time.

All of it runs on alias `edge`; what writes belongs inside a job of the writer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db import connections

from node.realms import EDGE


def parent_of(cart: str) -> str | None:
    """The cart a linked cart was joined into."""
    found = _one("SELECT target FROM edge_cart_alias WHERE source = %s", [cart])
    return found[0] if found else None


def stored(root: str) -> tuple[int, bytes] | None:
    """(version, state) of a cart, None when nothing is held of it."""
    found = _one("SELECT version, state FROM edge_cart_storedcart WHERE id = %s", [root])
    return (found[0], bytes(found[1])) if found else None


def store(root: str, version: int, state: bytes, now: int) -> None:
    _run(
        "INSERT INTO edge_cart_storedcart (id, state, version, updated) VALUES (%s, %s, %s, %s) "
        "ON CONFLICT (id) DO UPDATE SET state = excluded.state, version = excluded.version, updated = excluded.updated",
        [root, state, version, now],
    )


def seen_ops(dots: Collection[str]) -> dict[str, tuple[str, int]]:
    """Dot -> (hash, outbox row) of those that were taken in here."""
    return {dot: (mark, row) for dot, mark, row in _all("dot, hash, row", "edge_cart_seenop", "dot", dots)}


def remember_ops(hashes: Mapping[str, str], row: int, now: int) -> None:
    with connections[EDGE].cursor() as cursor:
        cursor.executemany(
            "INSERT INTO edge_cart_seenop (dot, hash, row, created) VALUES (%s, %s, %s, %s)",
            [(dot, mark, row, now) for dot, mark in hashes.items()],
        )


def forget_ops(before: int, most: int) -> int:
    """Forget up to `most` ops taken in before `before` (ms since 1970) that central has; how many they were."""
    with connections[EDGE].cursor() as cursor:
        cursor.execute(
            "DELETE FROM edge_cart_seenop WHERE dot IN (SELECT dot FROM edge_cart_seenop WHERE created < %s "
            "AND row NOT IN (SELECT id FROM sync_edge_outgoing) LIMIT %s)",
            [before, most],
        )
        return int(cursor.rowcount)


def outbox_row(realm: str, n: int) -> int:
    """The outbox row of a delta. Its number may change (a node that joins anew counts from 1), the row does not."""
    found = _one("SELECT id FROM sync_edge_outgoing WHERE realm = %s AND n = %s", [realm, n])
    if found is None:
        raise LookupError(f"op {n} of realm {realm} is not in the outbox")
    return int(found[0])


def waiting(rows: Collection[int]) -> set[int]:
    """Those outbox rows that central has not acknowledged."""
    return {row for (row,) in _all("id", "sync_edge_outgoing", "id", rows)}


def known_keys(topic: str, keys: Collection[str]) -> set[str]:
    """Those keys of a topic of which this edge holds a document."""
    if not keys:
        return set()
    marks = ", ".join(["%s"] * len(keys))
    with connections[EDGE].cursor() as cursor:
        cursor.execute(
            f"SELECT key FROM sync_edge_document WHERE topic = %s AND body IS NOT NULL AND key IN ({marks})",  # noqa: S608
            [topic, *keys],
        )
        return {key for (key,) in cursor.fetchall()}


def _one(sql: str, values: Iterable[Any]) -> tuple[Any, ...] | None:
    with connections[EDGE].cursor() as cursor:
        cursor.execute(sql, list(values))
        found: tuple[Any, ...] | None = cursor.fetchone()
        return found


def _all(columns: str, table: str, key: str, values: Collection[Any]) -> list[tuple[Any, ...]]:
    if not values:
        return []
    marks = ", ".join(["%s"] * len(values))
    with connections[EDGE].cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM {table} WHERE {key} IN ({marks})", list(values))  # noqa: S608
        return list(cursor.fetchall())


def _run(sql: str, values: list[Any]) -> None:
    with connections[EDGE].cursor() as cursor:
        cursor.execute(sql, values)
