"""Many new rows at once, by PostgreSQL's COPY: what `bulk_create` spends on building statements is saved.

The simulator has them in SQLite, which knows no COPY.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connections, models


def copy_rows(model: type[models.Model], rows: Sequence[Any], *, using: str) -> None:
    """Insert rows of one model into the database `using`, in the caller's transaction.

    Triggers and constraints hold as with INSERT; a key that the database gives is not read back. Raises Django's
    database errors.
    """
    if not rows:
        return
    connection = connections[using]
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]
    quote = connection.ops.quote_name
    names = ", ".join(quote(str(field.column)) for field in fields)
    values = ([field.get_db_prep_save(field.pre_save(row, True), connection) for field in fields] for row in rows)
    if connection.vendor == "postgresql":
        sql = f"COPY {quote(model._meta.db_table)} ({names}) FROM STDIN"
        with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(sql) as copy:
            for row_values in values:
                copy.write_row(row_values)
    else:
        marks = ", ".join(["%s"] * len(fields))
        with connection.cursor() as cursor:
            cursor.executemany(
                f"INSERT INTO {quote(model._meta.db_table)} ({names}) VALUES ({marks})",  # noqa: S608
                list(values),
            )
    for row in rows:
        row._state.adding, row._state.db = False, using
