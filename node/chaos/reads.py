"""What central and every edge hold, read beside them: plain SQL, none of the code that is on trial."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from node.config import load


@dataclass(frozen=True)
class Head:
    """Of a realm's log: `end` is where it will be once everything published is numbered."""

    epoch: str
    end: int


class Central:
    """Central's databases; opened anew after one was down."""

    def __init__(self, home: Path) -> None:
        self._urls = dict(load(home).realms)

    def heads(self) -> dict[str, Head]:
        """Realm -> head. Raises `psycopg.Error` while a database is down."""
        found = {}
        for realm, url in self._urls.items():
            with psycopg.connect(url, connect_timeout=5) as connection:
                row = connection.execute(
                    "SELECT epoch, head, (SELECT count(*) FROM sync_central_outbox) FROM sync_central_synchead"
                ).fetchone()
                if row:
                    found[realm] = Head(row[0], row[1] + row[2])
        return found

    def quarantine(self) -> list[str]:
        """Ops that were set aside and wait for a person."""
        found = []
        for realm, url in self._urls.items():
            with psycopg.connect(url, connect_timeout=5) as connection:
                rows = connection.execute(
                    "SELECT edge, n, kind, reason FROM sync_central_quarantine WHERE resolved IS NULL ORDER BY id"
                )
                found += [
                    f"{realm}: op {n} ({kind}) of edge {edge} is in quarantine: {why}" for edge, n, kind, why in rows
                ]
        return found


class Edge:
    """One edge's SQLite file."""

    def __init__(self, home: Path) -> None:
        self._database = sqlite3.connect(
            f"file:{home / 'data' / 'edge.sqlite3'}?mode=ro", uri=True, check_same_thread=False
        )

    def behind(self, heads: Mapping[str, Head]) -> list[str]:
        """The realms this edge reads of which it has not all up to `heads`, each with how far it is."""
        rows = self._database.execute("SELECT realm, epoch, seq FROM sync_edge_cursor ORDER BY realm")
        return [
            f"realm {realm} at {seq} of {heads[realm].end}"
            for realm, epoch, seq in rows
            if realm in heads and (epoch != heads[realm].epoch or seq < heads[realm].end)
        ]

    def last_outgoing(self) -> int:
        """The newest op that central has not acknowledged, 0 when there is none."""
        return int(self._one("SELECT coalesce(max(id), 0) FROM sync_edge_outgoing"))

    def waiting(self, up_to: int) -> int:
        """How many ops not newer than `up_to` central has not acknowledged."""
        return int(self._one("SELECT count(*) FROM sync_edge_outgoing WHERE id <= ?", up_to))

    def parked(self) -> list[str]:
        """Documents that could not be applied."""
        rows = self._database.execute("SELECT topic, key, reason FROM sync_edge_parked ORDER BY id")
        return [f"{topic} {key} is parked: {reason}" for topic, key, reason in rows]

    def carts(self) -> dict[str, bytes]:
        return dict(self._database.execute("SELECT id, state FROM edge_cart_storedcart"))

    def aliases(self) -> dict[str, str]:
        return dict(self._database.execute("SELECT source, target FROM edge_cart_alias"))

    def card_keys(self) -> set[str]:
        """Goods this edge can sell."""
        rows = self._database.execute("SELECT key FROM sync_edge_document WHERE topic LIKE 'card:%'")
        return {key for (key,) in rows}

    def rights(self) -> dict[str, int]:
        """Variant -> units it may still sell."""
        rows = self._database.execute(
            "SELECT variant, sum(units - held - sold - returned) FROM edge_rights_right WHERE NOT is_closed GROUP BY 1"
        )
        return dict(rows)

    def is_whole(self) -> bool:
        """Whether SQLite finds its file in order."""
        return bool(self._one("PRAGMA integrity_check") == "ok")

    def close(self) -> None:
        self._database.close()

    def _one(self, sql: str, *values: int) -> Any:
        return next(self._database.execute(sql, values))[0]
