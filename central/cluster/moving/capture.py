"""Triggers in the database that is left: first they note what changes, in the end they refuse every write.

A note is a pointer, (table, key), not the row: what is carried over is the row as it is when it is read. So a note may
be read twice, and it does not matter in which order two notes are.
"""

from __future__ import annotations

from collections.abc import Sequence

import psycopg
from psycopg import sql

from central.cluster.moving.tables import SCHEMA, Connection, Table, patiently

_BEGIN = """
CREATE SCHEMA rialto_move;
CREATE TABLE rialto_move.move (id text PRIMARY KEY, state text NOT NULL);
CREATE TABLE rialto_move.changes (tab text NOT NULL, key text[]);
CREATE FUNCTION rialto_move.emptied() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO rialto_move.changes (tab, key) VALUES (TG_TABLE_NAME, NULL);
    RETURN NULL;
END $$;
CREATE FUNCTION rialto_move.fenced() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'this realm has moved to another database' USING ERRCODE = '57P03';
END $$
"""
_CAPTURE = """
CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO rialto_move.changes (tab, key) VALUES ({name}, ARRAY[{old}]);
    END IF;
    IF TG_OP = 'INSERT' OR (TG_OP = 'UPDATE' AND ARRAY[{new}] IS DISTINCT FROM ARRAY[{old}]) THEN
        INSERT INTO rialto_move.changes (tab, key) VALUES ({name}, ARRAY[{new}]);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER rialto_move_capture AFTER INSERT OR UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION {function}();
CREATE TRIGGER rialto_move_emptied BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION rialto_move.emptied()
"""


def begin(connection: Connection, move_id: str) -> None:
    """Make the place for the notes. Raises `psycopg.Error`, as when another move has been here."""
    with connection.transaction():
        connection.execute(_BEGIN)
        connection.execute("INSERT INTO rialto_move.move (id, state) VALUES (%s, 'begun')", [move_id])


def capture(connection: Connection, table: Table) -> None:
    """Note every change of a table from now on. Waits for the transactions that write into it."""

    def columns(row: str) -> sql.Composed:
        return sql.SQL(", ").join(sql.SQL(f"{row}.{{}}::text").format(sql.Identifier(name)) for name, _ in table.key)

    patiently(
        connection,
        sql.SQL(_CAPTURE).format(
            function=sql.Identifier(SCHEMA, f"capture_{table.name}"[:63]),
            name=sql.Literal(table.name),
            table=table.sql_name,
            old=columns("OLD"),
            new=columns("NEW"),
        ),
    )


def fence(connection: Connection, tables: Sequence[Table]) -> None:
    """Refuse every write from the end of this transaction on; the caller holds the locks of all tables."""
    one = sql.SQL(
        "DROP TRIGGER rialto_move_capture ON {table};"
        "CREATE TRIGGER rialto_move_fence BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION rialto_move.fenced()"
    )
    connection.execute(sql.SQL(";").join(one.format(table=table.sql_name) for table in tables))
    connection.execute("UPDATE rialto_move.move SET state = 'moved'")


def end(connection: Connection) -> None:
    """Take everything of ours away; harmless where there is nothing. Its triggers go with the functions.

    Raises `LockNotAvailable` while a transaction that does not end holds one of the tables.
    """
    for _ in range(3):
        try:
            patiently(connection, "DROP SCHEMA IF EXISTS rialto_move CASCADE", tries=8)
        except psycopg.errors.InternalError:  # two at once; the other one did it
            continue
        return
