"""A realm whose database is really away, for tests that commit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.db import connections
from psycopg import sql

from node.postgres import base
from node.realms import alias_of


@contextmanager
def away(realm: str) -> Iterator[None]:
    """The server lets nobody into the realm's database, and has thrown out who was inside."""
    where = connections[alias_of(realm)].settings_dict
    name = sql.Identifier(where["NAME"])
    server = {"host": where["HOST"], "port": where["PORT"] or None, "user": where["USER"]}
    with psycopg.connect(dbname="postgres", password=where["PASSWORD"] or None, autocommit=True, **server) as admin:
        admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [where["NAME"]])
        try:
            yield
        finally:
            admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))
            connections[alias_of(realm)].close()
            base._realms[alias_of(realm)].reach = base._Reach()
