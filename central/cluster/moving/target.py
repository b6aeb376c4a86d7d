"""The database a realm moves to: may it, and bringing it to the state where rows can be poured in."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

import psycopg
from psycopg import sql

from central.cluster.moving.errors import Doubt, MoveRefused
from central.cluster.moving.tables import (
    Connection,
    Table,
    all_of,
    has_schema,
    mark_of,
    sequences_in,
    tables_in,
)
from central.cluster.realm_check import State, check_url
from node import supervise
from node.config import config
from node.realms import alias_of

#: of one database alone; any number that nobody else uses
_SAME = 7_215_304_002
_OURS = """
SELECT format('DROP TABLE IF EXISTS public.%I CASCADE', relname) FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
UNION ALL
SELECT format('DROP ROUTINE IF EXISTS %s CASCADE', p.oid::regprocedure) FROM pg_proc p
WHERE p.pronamespace = 'public'::regnamespace
  AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
"""
_FOREIGN_KEYS = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE contype = 'f' AND connamespace = 'public'::regnamespace ORDER BY conname
"""


def check(realm: str, url: str) -> None:
    """Refuse a database that cannot hold a realm. Raises `MoveRefused` with every reason."""
    wrong = [one for one in check_url(realm, url) if one.state is State.FAILS]
    if wrong:
        told = "\n".join(f"  - {one.what}: {one.said}. {one.todo}" for one in wrong)
        raise MoveRefused(f"the new database cannot hold the realm:\n{told}")


def check_both(source: Connection, target: Connection) -> None:
    """Refuse what only a look at both can tell. Raises `MoveRefused`."""
    if _are_one(source, target):
        raise MoveRefused("the realm is in that database already: name another one")
    for connection, which in ((source, "old"), (target, "new")):
        row = connection.execute("SELECT has_database_privilege(current_database(), 'CREATE')").fetchone()
        if not (row and row[0]):
            raise MoveRefused(f"this user may not make a schema in the {which} database: GRANT CREATE ON DATABASE")
    if tables_in(target) and not has_schema(target):
        raise MoveRefused("the new database is not empty: make an empty one for the realm")
    if has_schema(target) and mark_of(target)[1] == "moved":
        raise MoveRefused("that database was left by a move and refuses to be written: make an empty one")


def _are_one(source: Connection, target: Connection) -> bool:
    # A lock of this kind belongs to one database, by whatever address one came.
    source.execute("SELECT pg_advisory_lock(%s)", [_SAME])
    try:
        row = target.execute("SELECT pg_try_advisory_lock(%s)", [_SAME]).fetchone()
        return not (row and row[0])
    finally:
        source.execute("SELECT pg_advisory_unlock(%s)", [_SAME])
        target.execute("SELECT pg_advisory_unlock_all()")


def clean(target: Connection) -> None:
    """Take away what an unfinished move has put here; nothing where there was none."""
    if not has_schema(target):
        return
    with target.transaction():
        for (statement,) in target.execute(_OURS).fetchall():
            target.execute(statement)
        target.execute("DROP SCHEMA rialto_move CASCADE")


def begin(target: Connection, move_id: str) -> None:
    """Mark it as being made by a move, so that a broken one can be cleaned away."""
    with target.transaction():
        target.execute("CREATE SCHEMA rialto_move")
        target.execute("CREATE TABLE rialto_move.move (id text PRIMARY KEY, state text NOT NULL)")
        target.execute("INSERT INTO rialto_move.move (id, state) VALUES (%s, 'begun')", [move_id])


def migrate(realm: str, url: str) -> None:
    """Make the realm's tables there by our own migrations, in a process that knows no other address of it."""
    settings = config()
    env = supervise.environment(settings, **{f"RIALTO_REALMS__{realm.upper()}": url})
    arguments = ["migrate", "--database", alias_of(realm), "--no-input", "--skip-checks", "--verbosity", "0"]
    done = subprocess.run(  # noqa: S603 - our own command
        supervise.python("-m", "node.cli", "--home", settings.home, "manage", *arguments),
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        lines = [line for line in done.stderr.strip().splitlines() if line.strip()]
        raise MoveRefused(f"the tables could not be made in the new database: {' / '.join(lines[-2:])}")


def same_tables(source: Connection, target: Connection) -> list[Table]:
    """The tables that both have, of one shape. Raises `MoveRefused` naming what differs."""
    here, there = tables_in(source), tables_in(target)
    others = sorted({table.name for table in here} ^ {table.name for table in there})
    if others:
        raise MoveRefused(f"not the same tables in both: {', '.join(others[:8])}. Run `rialto migrate`, then move")
    known = {table.name: table for table in there}
    if wrong := [table.name for table in here if table.shape != known[table.name].shape]:
        raise MoveRefused(f"tables of another shape: {', '.join(wrong[:8])}. Run `rialto migrate`, then move")
    if wrong := [table.name for table in here if not table.key]:
        raise MoveRefused(f"tables without a primary key cannot be followed: {', '.join(wrong[:8])}")
    if sequences_in(source).keys() != sequences_in(target).keys():
        raise MoveRefused("not the same sequences in both. Run `rialto migrate`, then move")
    return here


def open_up(target: Connection, tables: Sequence[Table]) -> list[sql.Composed]:
    """Empty the tables and take foreign keys and triggers off. Returns what puts the foreign keys back."""
    keys = target.execute(_FOREIGN_KEYS).fetchall()
    with target.transaction():
        target.execute(sql.SQL("TRUNCATE {}").format(all_of(tables)))
        for table, name, _ in keys:
            drop = sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}")
            target.execute(drop.format(sql.SQL(table), sql.Identifier(name)))
        switch_triggers(target, tables, "DISABLE")
    add = sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}")
    return [add.format(sql.SQL(table), sql.Identifier(name), sql.SQL(rule)) for table, name, rule in keys]


def switch_triggers(target: Connection, tables: Sequence[Table], how: str) -> None:
    """Our own triggers, such as those of the history: what is poured in has been through them once."""
    one = sql.SQL(f"ALTER TABLE {{}} {how} TRIGGER USER")
    target.execute(sql.SQL(";").join(one.format(table.sql_name) for table in tables))


def put_back(target: Connection, foreign_keys: Sequence[sql.Composed]) -> None:
    """The foreign keys again; each looks at every row. Raises `Doubt`."""
    try:
        for statement in foreign_keys:
            target.execute(statement)
        target.execute("ANALYZE")
    except psycopg.errors.ForeignKeyViolation as error:
        raise Doubt(f"a row points at nothing in the new database: {str(error).splitlines()[0]}") from error


def carry_sequences(source: Connection, target: Connection) -> None:
    """Each counter goes on where it stood. Raises `Doubt` when it does not."""
    names, here = sequences_in(target), sequences_in(source)
    asked = sql.SQL(" UNION ALL ").join(
        sql.SQL("SELECT {}, last_value, is_called FROM {}").format(sql.Literal(owner), sql.Identifier("public", name))
        for owner, name in here.items()
    )
    if not here:
        return
    for owner, value, is_called in source.execute(asked).fetchall():
        name = sql.Identifier("public", names[owner]).as_string()
        row = target.execute("SELECT setval(%s::regclass, %s, %s)", [name, value, is_called]).fetchone()
        if row is None or row[0] != value:
            raise Doubt(f"the sequence of {owner} could not be carried over")
