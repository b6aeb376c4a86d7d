"""Columns of PostgreSQL's own, for models whose tables also stand in the simulator's SQLite."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.postgres import fields, functions


class ArrayField(fields.ArrayField):  # type: ignore[type-arg]
    """An array in PostgreSQL, JSON text in SQLite. To migrations it is Django's own: the tables are the same."""

    def deconstruct(self) -> Any:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.contrib.postgres.fields.ArrayField", args, kwargs

    def db_type(self, connection: Any) -> str:
        return str(super().db_type(connection)) if connection.vendor == "postgresql" else "text"

    def cast_db_type(self, connection: Any) -> str:
        return str(super().cast_db_type(connection)) if connection.vendor == "postgresql" else "text"

    def get_placeholder(self, value: Any, compiler: Any, connection: Any) -> str:
        return "%s" if connection.vendor != "postgresql" else f"%s::{self.db_type(connection)}"

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        listed = super().get_db_prep_value(value, connection, prepared)
        return json.dumps(listed) if connection.vendor != "postgresql" and isinstance(listed, list) else listed

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return json.loads(value) if isinstance(value, str) else value


class RandomUUID(functions.RandomUUID):
    """A UUID that the database draws itself. To migrations it is Django's own."""

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        return "lower(hex(randomblob(16)))", []

    def deconstruct(self) -> Any:
        return "django.contrib.postgres.functions.RandomUUID", [], {}
