"""Whether a database is fit to hold a realm. It is only read: the connection cannot write.

Each check is a line for a person: what was looked at, how it is, and what to do when it is not right. No answer and no
log ever holds the password: the address is taken apart here, so not even a driver's complaint can quote it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import psycopg
from django.apps import apps
from django.utils.translation import gettext as _

from node import databases
from node.realms import CENTRAL_REALMS, EVERY, realm_of

PATIENCE_S = 5
VERSION = 15
#: four per process of central, and room for a second start beside the first
CONNECTIONS = 40


class State(StrEnum):
    FINE = "fine"
    WARNS = "warns"
    FAILS = "fails"


@dataclass(frozen=True)
class Check:
    """`what`: what was looked at; `said`: how it is; `todo`: what to do, "" when it is fine."""

    what: str
    state: State
    said: str
    todo: str = ""


Connection = psycopg.Connection[tuple[Any, ...]]


def check_url(realm: str, url: str) -> list[Check]:
    """Every check of a database for `realm`; the first that fails to let us in is the last."""
    try:
        where = databases.postgres(url, pooled=False)
    except ValueError:
        where = {}
    is_postgres = url.startswith(("postgresql://", "postgres://"))
    if not is_postgres or not where.get("NAME"):
        return [Check(_("Address"), State.FAILS, _("is not the address of a PostgreSQL database"), _address_todo())]
    try:
        connection = _connect(where)
    except (psycopg.Error, ValueError) as error:
        return [_unreachable(where, error)]
    with connection:
        checks = [Check(_("Connection"), State.FINE, _("answers and lets us in"))]
        for check in _CHECKS:
            checks += check(connection, realm)
    return checks


def _address_todo() -> str:
    return _(
        "Write it as postgresql://user:password@host:port/database. "
        "Signs such as @ / : in the password are percent-encoded."
    )


def _connect(where: dict[str, Any]) -> Connection:
    options = {name: value for name, value in where["OPTIONS"].items() if name in ("sslmode", "sslrootcert")}
    return psycopg.connect(
        dbname=where["NAME"],
        host=where["HOST"] or None,
        port=where["PORT"] or None,
        user=where["USER"] or None,
        password=where["PASSWORD"] or None,
        connect_timeout=PATIENCE_S,
        client_encoding="UTF8",
        options="-c statement_timeout=5000 -c default_transaction_read_only=on",
        **options,
    )


def _unreachable(where: dict[str, Any], error: Exception) -> Check:
    code, text = getattr(error, "sqlstate", None) or "", str(error)
    what = _("Connection")
    if code == "28P01" or "password authentication failed" in text or "no password supplied" in text:
        return Check(what, State.FAILS, _("the password is not accepted"), _("Correct the user or the password."))
    if code == "28000" or "pg_hba.conf" in text:
        todo = _("Let central's address in: a line of pg_hba.conf on that server, with TLS if it asks for it.")
        return Check(what, State.FAILS, _("the server refuses this user from here"), todo)
    if code == "3D000" or ("database" in text and "does not exist" in text):
        todo = _("Make it: CREATE DATABASE … OWNER … ENCODING 'UTF8' TEMPLATE template0.")
        return Check(what, State.FAILS, _("there is no such database"), todo)
    said = _("nothing answers at %(host)s") % {"host": where["HOST"] or "localhost"}
    todo = _("Look whether the server runs, whether it listens to this machine and whether a firewall lets us through.")
    return Check(what, State.FAILS, said, todo)


def _one(connection: Connection, question: str) -> Any:
    row = connection.execute(question).fetchone()
    return row[0] if row else None


def _version(connection: Connection, realm: str) -> Iterator[Check]:
    number = connection.info.server_version // 10_000
    is_fine = number >= VERSION
    todo = "" if is_fine else _("Use PostgreSQL %(version)s or newer.") % {"version": VERSION}
    yield Check(_("Version"), State.FINE if is_fine else State.FAILS, f"PostgreSQL {number}", todo)


def _writable(connection: Connection, realm: str) -> Iterator[Check]:
    if _one(connection, "SELECT pg_is_in_recovery()"):
        todo = _("Name the primary server.")
        yield Check(_("Writing"), State.FAILS, _("this is a standby, it cannot be written"), todo)
    if _one(connection, "SELECT has_schema_privilege(current_user, 'public', 'CREATE')"):
        yield Check(_("Rights"), State.FINE, _("this user may make tables"))
    else:
        todo = _("Make the user the database's owner, or GRANT CREATE ON SCHEMA public to it.")
        yield Check(_("Rights"), State.FAILS, _("this user may not make tables"), todo)


def _encoding(connection: Connection, realm: str) -> Iterator[Check]:
    found = str(_one(connection, "SHOW server_encoding"))
    is_fine = found == "UTF8"
    todo = "" if is_fine else _("Make the database anew with ENCODING 'UTF8' TEMPLATE template0.")
    yield Check(_("Encoding"), State.FINE if is_fine else State.FAILS, found, todo)


def _locale(connection: Connection, realm: str) -> Iterator[Check]:
    # As JSON: the column's name depends on the version, and with ICU or the built-in provider datctype says nothing.
    row = _one(connection, "SELECT to_jsonb(one) FROM pg_database one WHERE datname = current_database()")
    named = row.get("datlocale") or row.get("daticulocale")
    found = str(named if named and row["datlocprovider"] != "c" else row["datctype"])
    is_fine = found not in ("C", "POSIX")
    todo = "" if is_fine else _("It works; letters outside English compare by their bytes. Better: C.UTF-8.")
    yield Check(_("Locale"), State.FINE if is_fine else State.WARNS, found, todo)


def _wal(connection: Connection, realm: str) -> Iterator[Check]:
    found = str(_one(connection, "SHOW wal_level"))
    is_fine = found == "logical"
    todo = "" if is_fine else _("It works; to move the realm elsewhere later, set wal_level = logical.")
    yield Check("wal_level", State.FINE if is_fine else State.WARNS, found, todo)


def _room(connection: Connection, realm: str) -> Iterator[Check]:
    most = int(_one(connection, "SELECT current_setting('max_connections')::int") or 0)
    used = int(_one(connection, "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'") or 0)
    is_fine = most - used >= CONNECTIONS
    said = _("%(used)s of %(most)s in use") % {"used": used, "most": most}
    todo = "" if is_fine else _("Central may want %(want)s: raise max_connections.") % {"want": CONNECTIONS}
    yield Check(_("Connections"), State.FINE if is_fine else State.WARNS, said, todo)


def _tables(connection: Connection, realm: str) -> Iterator[Check]:
    rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    found = {str(row[0]) for row in rows}
    ours = {one: tables_of(one) & found for one in CENTRAL_REALMS}
    others = sorted(one for one in CENTRAL_REALMS if one != realm and ours[one])
    what = _("Tables")
    if others:
        said = _("it holds tables of: %(realms)s") % {"realms": ", ".join(others)}
        yield Check(what, State.FAILS, said, _("Give each realm a database of its own: make an empty one."))
    if ours[realm]:
        todo = _("Use it only to go on with what it holds; for a new start make an empty database.")
        yield Check(what, State.WARNS, _("it holds tables of this realm already"), todo)
    shared = tables_of(EVERY) | {"django_migrations", "django_content_type", "auth_permission"}
    foreign = sorted(found - shared - set().union(*ours.values()))
    left_over = [name for name in foreign if name.startswith(_prefixes())]
    if left_over:
        said = _("it holds tables with our names that this version does not know: %(names)s")
        names = ", ".join(left_over[:5])
        yield Check(what, State.FAILS, said % {"names": names}, _("Make an empty database for the realm."))
    elif foreign:
        said = _("it holds %(count)s tables that are not ours") % {"count": len(foreign)}
        yield Check(what, State.WARNS, said, _("It works; a database of its own is easier to back up and to move."))
    if not found:
        yield Check(what, State.FINE, _("it is empty"))
    elif not (others or ours[realm] or foreign):
        todo = _("Make an empty database for the realm.")
        yield Check(what, State.WARNS, _("it was used by a realm before"), todo)


def tables_of(realm: str) -> set[str]:
    """The names of all tables that live in a realm (or in every one)."""
    return {
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if realm_of(model._meta.app_label) == realm
    }


def _prefixes() -> tuple[str, ...]:
    return tuple(f"{one.label}_" for one in apps.get_app_configs() if hasattr(one, "realm"))


_CHECKS: tuple[Callable[[Connection, str], Iterator[Check]], ...] = (
    _version,
    _writable,
    _encoding,
    _locale,
    _wal,
    _room,
    _tables,
)
