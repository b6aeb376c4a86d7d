"""Test databases that are copied rather than migrated, and put back in a tenth of the time Django's own way takes.

After a test that commits Django truncates every table, then does all that follows a migration: content types,
permissions, roles, statuses. Here the rows that a fresh database has are kept in it, in a schema of their own. What a
test has left is found and replaced by them, in one statement.
"""

from __future__ import annotations

import functools
import os
import shutil
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connections
from django.db.backends.base.creation import BaseDatabaseCreation
from django.db.models.signals import post_migrate
from django.test import TransactionTestCase

from node.realms import atomic, realm_of_alias

#: the databases of `node.templates` that this run copies, "" when each worker migrates its own
TEMPLATES = os.environ.get("RIALTO_TEST_TEMPLATES", "")
#: apps that put something into their own tables after a migration: their code may be newer than the templates
FILL_THEMSELVES = ("history", "accounts", "orders", "stock")

#: content types and permissions are of the code, not of a test
_TABLES = """
    SELECT tablename FROM pg_tables WHERE schemaname = 'public'
    AND tablename NOT IN ('django_migrations', 'django_content_type', 'auth_permission')
"""
_KEEP = f"""
DO $$
DECLARE
    one text;
    is_used boolean;
BEGIN
    DROP SCHEMA IF EXISTS fresh CASCADE;
    CREATE SCHEMA fresh;
    FOR one IN {_TABLES} LOOP
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM public.%I)', one) INTO is_used;
        IF is_used THEN EXECUTE format('CREATE TABLE fresh.%I AS TABLE public.%I', one, one); END IF;
    END LOOP;
END $$
"""  # noqa: S608 - of constants
_PUT_BACK = f"""
DO $$
DECLARE
    one text;
    is_used boolean;
    used text[] := '{{}}';
    kept text[] := ARRAY(SELECT tablename::text FROM pg_tables WHERE schemaname = 'fresh');
BEGIN
    FOR one IN {_TABLES} LOOP
        IF one = ANY(kept) THEN
            EXECUTE format(
                'SELECT (SELECT array_agg(row::text ORDER BY row::text) FROM public.%I AS row)
                 IS DISTINCT FROM (SELECT array_agg(row::text ORDER BY row::text) FROM fresh.%I AS row)', one, one
            ) INTO is_used;
        ELSE
            EXECUTE format('SELECT EXISTS (SELECT 1 FROM public.%I)', one) INTO is_used;
        END IF;
        IF is_used THEN used := used || quote_ident(one); END IF;
    END LOOP;
    IF used = '{{}}' THEN RETURN; END IF;
    EXECUTE 'TRUNCATE ' || array_to_string(used, ', ') || ' CASCADE';
    -- no history of what is put back, and no order in which it must come
    PERFORM set_config('session_replication_role', 'replica', true);
    FOREACH one IN ARRAY kept LOOP
        EXECUTE format(
            'INSERT INTO public.%I OVERRIDING SYSTEM VALUE
             SELECT * FROM fresh.%I WHERE NOT EXISTS (SELECT 1 FROM public.%I)', one, one, one
        );
    END LOOP;
END $$
"""  # noqa: S608 - of constants


def make_and_empty_quickly() -> None:
    """Make it the way of every database, and of every test that commits. Called once, before the first."""
    migrated = BaseDatabaseCreation.create_test_db

    def create(creation: Any, *args: Any, **kwargs: Any) -> str:
        name = (_copy if TEMPLATES else migrated)(creation, *args, **kwargs)
        if creation.connection.vendor == "postgresql":
            _run(creation.connection, _KEEP)
        return name

    BaseDatabaseCreation.create_test_db = create  # type: ignore[assignment,method-assign]
    TransactionTestCase._fixture_teardown = _empty_all  # type: ignore[attr-defined]


def _copy(creation: Any, verbosity: int = 1, autoclobber: bool = False, keepdb: bool = False, **kwargs: Any) -> str:
    """What `create_test_db` does, without a migration that would find nothing to do for three seconds."""
    connection = creation.connection
    name = str(creation._get_test_db_name())
    creation._create_test_db(verbosity, autoclobber, keepdb)
    connection.close()
    settings.DATABASES[connection.alias]["NAME"] = connection.settings_dict["NAME"] = name
    if connection.vendor == "sqlite":
        shutil.copyfile(Path(TEMPLATES) / "edge.sqlite3", name)
    else:
        for label in FILL_THEMSELVES:
            _fill(apps.get_app_config(label), connection.alias)
    return name


def _fill(app: Any, alias: str) -> None:
    own = [one for one in post_migrate._live_receivers(app)[0] if one.__module__.startswith(f"{app.name}.")]
    for receiver in own:
        receiver(sender=app, using=alias, signal=post_migrate)


def _empty_all(test: Any) -> None:
    for alias in test._databases_names(include_mirrors=False):
        if connections[alias].vendor == "postgresql":
            _run(connections[alias], _PUT_BACK)
        else:
            _empty_sqlite(alias)


def _empty_sqlite(alias: str) -> None:
    """A fresh edge has no rows. Without a condition SQLite writes also where there is nothing to delete."""
    with atomic(realm_of_alias(alias)), connections[alias].cursor() as cursor:
        for one in _of_models(alias):
            cursor.execute(f"DELETE FROM {one} WHERE true")  # noqa: S608 - a table of a model
        cursor.execute("UPDATE sqlite_sequence SET seq = 0 WHERE seq > 0")


@functools.cache
def _of_models(alias: str) -> list[str]:
    return [
        one
        for one in connections[alias].introspection.django_table_names(only_existing=True)
        if one != "django_migrations"
    ]


def _run(connection: Any, statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
