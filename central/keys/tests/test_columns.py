"""Every column that could hold what a shopper typed is either encrypted or was looked at by somebody: `columns.txt`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Field, Model
from django.test.utils import isolate_apps

from infra.crypto.fields import EncryptedTextField
from node.realms import CENTRAL_REALMS, EVERY, realm_of

LIST = Path(__file__).with_name("columns.txt")
HOLDS_ANYTHING = (models.CharField, models.TextField, models.JSONField, models.BinaryField, ArrayField)


def in_clear(every: list[type[Model]]) -> Iterator[str]:
    """ "orders.order number": columns of text, JSON, bytes and arrays that are not encrypted, at central."""
    for model in every:
        if realm_of(model._meta.app_label) in (*CENTRAL_REALMS, EVERY):
            yield from (
                f"{model._meta.label_lower} {one.name}" for one in model._meta.local_concrete_fields if open_(one)
            )


def open_(field: Field[object, object]) -> bool:
    return isinstance(field, HOLDS_ANYTHING) and not isinstance(field, EncryptedTextField)


def accounted_for() -> set[str]:
    lines = [line for line in LIST.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    pairs = [line.split(": ") for line in lines]
    return {f"{table} {column}" for table, columns in pairs for column in columns.split()}


def test_a_column_of_text_is_encrypted_or_accounted_for() -> None:
    there, told = set(in_clear(apps.get_models(include_auto_created=True))), accounted_for()

    assert there - told == set(), f"can it hold what a shopper typed? Encrypt it, or put it into {LIST.name}"
    assert told - there == set(), f"gone: take it out of {LIST.name}"


@isolate_apps("node")
@pytest.mark.parametrize(
    ("field", "is_found"),
    [
        (models.CharField(max_length=9), True),
        (models.EmailField(), True),
        (models.TextField(), True),
        (models.JSONField(), True),
        (models.BinaryField(), True),
        (ArrayField(models.TextField()), True),
        (EncryptedTextField(column="a.b"), False),
        (models.IntegerField(), False),
        (models.UUIDField(), False),
    ],
)
def test_each_kind_that_can_hold_a_text_is_looked_at(field: Field[object, object], is_found: bool) -> None:
    assert open_(field) == is_found
