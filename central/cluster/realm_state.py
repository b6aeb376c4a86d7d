"""How each realm is doing, asked on a connection of its own: a realm that is down holds nobody up."""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import psycopg
from django.apps import apps
from django.db import connections
from psycopg.rows import namedtuple_row

from node.config import config
from node.postgres.base import follow
from node.reachable import without_password
from node.realms import CENTRAL_REALMS, EVERY, alias_of, realm_of

#: seconds for a realm to answer, and ms for each of its figures
PATIENCE_S = 3
STATEMENT_MS = 3000

_FIGURES = """
SELECT pg_database_size(current_database()) AS size,
       (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()) AS connections,
       current_setting('max_connections')::int AS max_connections,
       current_setting('server_version') AS version
"""
_TABLES = """
SELECT relname AS name, pg_total_relation_size(relid) AS size, n_live_tup AS rows
FROM pg_stat_user_tables ORDER BY size DESC, relname LIMIT %s
"""
_WORK = """
SELECT (SELECT max(head) FROM sync_central_synchead) AS head,
       (SELECT count(*) FROM sync_central_outbox) AS waiting,
       (SELECT count(*) FROM sync_central_quarantine WHERE resolved IS NULL) AS quarantined,
       (SELECT count(*) FROM jobs_job WHERE state = 'failed') AS failed,
       (SELECT count(*) FROM jobs_job WHERE state IN ('queued', 'running')) AS queued
"""


@dataclass(frozen=True)
class Table:
    name: str
    size: int
    rows: int


@dataclass(frozen=True)
class RealmState:
    """Figures of one realm; those of a realm that is down are None. Sizes in bytes, `latency_ms` of one question.

    `waiting`: entries in the outbox that the log has not numbered yet.
    """

    realm: str
    address: str
    is_embedded: bool
    trouble: str = ""
    latency_ms: float | None = None
    version: str = ""
    size: int | None = None
    connections: int | None = None
    max_connections: int | None = None
    head: int | None = None
    waiting: int | None = None
    quarantined: int | None = None
    failed: int | None = None
    queued: int | None = None
    tables: list[Table] = field(default_factory=list)

    @property
    def is_up(self) -> bool:
        return not self.trouble

    @property
    def needs_a_look(self) -> bool:
        """Up, and something in it waits for a person."""
        return bool(self.quarantined or self.failed)


def all_states(realms: Iterable[str] = CENTRAL_REALMS, *, tables: int = 0) -> list[RealmState]:
    """Every realm at once, so that two that are down cost no more than one."""
    with ThreadPoolExecutor(len(CENTRAL_REALMS), thread_name_prefix="realm-state") as pool:
        return list(pool.map(lambda realm: state_of(realm, tables=tables), realms))


def state_of(realm: str, *, tables: int = 0) -> RealmState:
    """`tables`: how many of the biggest to name."""
    follow()
    settings = config()
    known: dict[str, Any] = {
        "realm": realm,
        "address": without_password(settings.realms.get(realm, "")),
        "is_embedded": realm in settings.embedded_realms,
    }
    try:
        return RealmState(**known, **_ask(realm, tables))
    except psycopg.Error as error:
        # The first line names host and reason, never the password.
        return RealmState(**known, trouble=(str(error).strip() or type(error).__name__).splitlines()[0][:200])


def _ask(realm: str, tables: int) -> dict[str, Any]:
    where = connections[alias_of(realm)].settings_dict
    with psycopg.connect(
        dbname=where["NAME"],
        host=where["HOST"] or None,
        port=where["PORT"] or None,
        user=where["USER"] or None,
        password=where["PASSWORD"] or None,
        connect_timeout=PATIENCE_S,
        options=f"-c statement_timeout={STATEMENT_MS} -c default_transaction_read_only=on",
        autocommit=True,
        row_factory=namedtuple_row,
    ) as connection:
        began = time.perf_counter()
        connection.execute("SELECT 1")
        latency = (time.perf_counter() - began) * 1000
        found = connection.execute(_FIGURES).fetchone()._asdict()  # type: ignore[union-attr]
        found |= connection.execute(_WORK).fetchone()._asdict()  # type: ignore[union-attr]
        rows = connection.execute(_TABLES, [tables]).fetchall() if tables else []
    return {**found, "latency_ms": latency, "tables": [Table(**row._asdict()) for row in rows]}


def apps_in(realm: str) -> list[str]:
    """Labels of our apps whose tables live there."""
    return sorted(
        one.label
        for one in apps.get_app_configs()
        if getattr(one, "realm", None) in (realm, EVERY) and any(one.get_models()) and realm_of(one.label)
    )
