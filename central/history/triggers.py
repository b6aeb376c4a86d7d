"""Puts the triggers of history on the watched tables of a realm, and takes them off those no longer watched."""

from __future__ import annotations

import hashlib
from typing import Any

from django.db import connections

from central.ui.watching import Watch, kind_of, watches
from node.realms import realm_of, realm_of_alias

_PREFIX = "history_of_"

_THERE_ARE = """
SELECT tgname, tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE 'history\\_of\\_%' AND NOT tgisinternal
"""


def set_triggers(using: str, **kwargs: Any) -> None:
    """After every migrate of a realm. What is right already is left alone: one question, and nothing is locked."""
    connection = connections[using]
    if connection.vendor != "postgresql":
        return
    realm = realm_of_alias(using)
    wanted: dict[tuple[str, str], str] = {}
    for watch in watches().values():
        if realm_of(watch.model._meta.app_label) == realm:
            wanted |= _triggers(watch)
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        cursor.execute(_THERE_ARE)
        there = {(name, table.strip('"')) for name, table in cursor.fetchall()}
        for name, table in there - set(wanted):
            cursor.execute(f'DROP TRIGGER "{name}" ON "{table}"')
        for (name, table), sql in wanted.items():
            if table in tables and (name, table) not in there:
                cursor.execute(sql)


def _triggers(watch: Watch) -> dict[tuple[str, str], str]:
    """(name, table) -> the SQL that makes it. The name holds what it does: another wish, another name."""
    table = watch.model._meta.db_table
    columns = [watch.column(name) for name in watch.fields]
    call = f"EXECUTE FUNCTION history_record({', '.join(_literal(one) for one in _arguments(watch, columns))})"
    # Asked by PostgreSQL before it calls: a row of which nothing watched changed costs next to nothing.
    differs = " OR ".join(f'OLD."{column}" IS DISTINCT FROM NEW."{column}"' for column in columns)
    told = "WHEN (history_is_told()) " if watch.keeps_new else ""
    digest = hashlib.sha256(f"{told}{call} {differs}".encode()).hexdigest()[:12]
    on = f'ON "{table}" FOR EACH ROW'
    name, moment = ("rows", "INSERT OR DELETE") if watch.keeps_new else ("gone", "DELETE")
    made = {
        f"{_PREFIX}{name}_{digest}": f"AFTER {moment} {on} {told}{call}",
        f"{_PREFIX}change_{digest}": f"AFTER UPDATE {on} WHEN ({differs}) {call}",
    }
    return {(name, table): f'CREATE TRIGGER "{name}" {rest}' for name, rest in made.items()}


def _arguments(watch: Watch, columns: list[str]) -> list[str]:
    key = str(watch.model._meta.pk.column)
    record, record_key = (kind_of(watch.of[0]), watch.column(watch.of[1])) if watch.of else (watch.label, key)
    site = watch.column(watch.site) if watch.site else ""
    personal = [watch.column(name) for name in watch.personal]
    return [watch.label, key, record, record_key, site, ",".join(columns), ",".join(personal)]


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
