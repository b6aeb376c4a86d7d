"""Columns that a stolen database does not show: AES-256-GCM under a key of the column's own, and keyed blind indexes.

A stored value is one of

    1 | length of key id | key id | nonce (12) | ciphertext and tag     under the master key itself: of old
    2 | length of key id | key id | nonce (12) | ciphertext and tag     under the column's key of the master key
    3 | subject (16)              | nonce (12) | ciphertext and tag     under the column's key of the person's key
    nothing at all                                                      an empty text

and all of them open. Header and column name are authenticated: a value moved to another column, or to another person,
does not open. A field with `person=` writes the third kind: what it said of somebody whose key was destroyed is gone,
in the history, in copies and in backups too, and reads as an empty text.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.core.exceptions import FieldError
from django.db import models
from django.db.models.query_utils import DeferredAttribute

from infra.crypto import persons, rings
from infra.crypto.checks import verify
from infra.crypto.errors import FieldBroken
from infra.crypto.rings import PERSON, Keyring, blind_index, blind_indexes, keyring

__all__ = ["EncryptedJSONField", "EncryptedTextField", "Keyring", "blind_index", "blind_indexes", "keyring"]


def seal_value(column: str, text: str, *, alias: str, subject: UUID | None = None) -> bytes:
    """What is stored for a text. Raises `PersonForgotten`."""
    if not text:
        return b""
    if subject is not None:
        header = bytes((PERSON,)) + subject.bytes
        return header + rings.encrypt(persons.key_for_writing(alias, subject), column, header, text)
    verify(alias)
    return keyring().encrypt(column, text)


def open_value(column: str, stored: bytes, *, alias: str) -> str | None:
    """The text; None when its person was forgotten. Raises `FieldBroken`, `KeyMissing`."""
    if not stored:
        return ""
    if stored[0] == PERSON:
        subject, header = subject_of(stored), stored[:17]
        key = persons.key_for_reading(alias, subject)
        return None if key is None else rings.decrypt(key, column, header, stored[17:])
    return keyring().decrypt(column, stored)


def subject_of(stored: bytes) -> UUID:
    """Whose a value of the third kind is. Raises `FieldBroken`."""
    if len(stored) < 17 + rings.NONCE or stored[0] != PERSON:
        raise FieldBroken("a value of an encrypted column has no known format")
    return UUID(bytes=stored[1:17])


def is_of_person(stored: bytes) -> bool:
    return stored[:1] == bytes((PERSON,))


def is_current(stored: bytes, *, for_person: bool) -> bool:
    """Whether a value is as it would be written today: needs no other master key than the current one.

    `for_person`: whether there is somebody it should be under the key of.
    """
    if not stored:
        return True
    return is_of_person(stored) if for_person else stored.startswith(keyring().header)


class Sealed:
    """A value as it came out of the database, opened when somebody looks: then the keys of its neighbours come along.

    `str()` opens it too, for a template that was handed the value itself (`values_list`).
    """

    __slots__ = ("alias", "field", "stored")

    def __init__(self, field: EncryptedTextField, stored: bytes, alias: str) -> None:
        self.field, self.stored, self.alias = field, stored, alias
        if is_of_person(stored):
            persons.expect(alias, stored[1:17])

    def open(self) -> Any:
        return self.field.opened(self.stored, self.alias)

    def __str__(self) -> str:
        return str(self.open())

    def __repr__(self) -> str:
        return "<sealed>"


class _Unsealed:
    """A value on its way to the database, with whose it is."""

    __slots__ = ("subject", "value")

    def __init__(self, value: Any, subject: UUID | None) -> None:
        self.value, self.subject = value, subject


class OpenedOnUse(DeferredAttribute):
    """The attribute of a field with `person=`."""

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        if instance is None:
            return self
        value = super().__get__(instance, cls)
        if isinstance(value, Sealed):
            value = instance.__dict__[self.field.attname] = value.open()
        return value

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


if TYPE_CHECKING:
    _TextField = models.TextField[str, str]
else:
    _TextField = models.TextField  # generic for the type checker only


class EncryptedTextField(_TextField):
    """Text that is a string in Python and ciphertext in the database. `column` names it for ever: "people.phone".

    `person`: the attribute of the row that says whose the value is ("id", "customer_id", "account.customer_id"): a UUID
    or None. Such a value is written by `save` and `bulk_create` only, which know the row. It is opened when it is
    first used; what nobody touched is written back as it was.
    """

    def __init__(self, *args: Any, column: str = "", person: str = "", **kwargs: Any) -> None:
        self.column_name, self.person = column, person
        if person:
            self.descriptor_class = OpenedOnUse
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "column": self.column_name}  # whose it is means nothing to the database

    def get_internal_type(self) -> str:
        return "BinaryField"

    def whose(self, row: Any) -> UUID | None:
        """The subject of a row's value."""
        found = row
        for name in self.person.split(".") if self.person else ():
            found = getattr(found, name)
        return found if isinstance(found, UUID) else None

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        if not self.person:
            return super().pre_save(model_instance, add)
        value, subject = model_instance.__dict__.get(self.attname), self.whose(model_instance)
        if isinstance(value, Sealed):
            if not add and is_of_person(value.stored) and subject_of(value.stored) == subject:
                return value
            value = value.open()
        return _Unsealed(value, subject)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        subject = None
        if isinstance(value, Sealed):
            return connection.Database.Binary(value.stored)
        if isinstance(value, _Unsealed):
            value, subject = value.value, value.subject
        elif self.person and value:
            raise FieldError(f"{self.name} is somebody's: write it by save() or bulk_create(), which know whose")
        if value is None:
            return None
        sealed = seal_value(self.column_name, self.as_text(value), alias=connection.alias, subject=subject)
        return connection.Database.Binary(sealed)

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        if isinstance(value, Sealed | _Unsealed):
            return self.get_db_prep_value(value, connection)
        return super().get_db_prep_save(value, connection)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        if value is None:
            return None
        stored = bytes(value)
        return Sealed(self, stored, connection.alias) if self.person else self.opened(stored, connection.alias)

    def opened(self, stored: bytes, alias: str) -> Any:
        """The value for Python; of a forgotten person an empty one."""
        return self.from_text(open_value(self.column_name, stored, alias=alias) or "")

    def as_text(self, value: Any) -> str:
        return str(value)

    def from_text(self, text: str) -> Any:
        return text

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            raise FieldError(f"{self.name} is encrypted: look it up by its blind index")
        return super().get_lookup(lookup_name)


class EncryptedJSONField(EncryptedTextField):
    """JSON in Python, ciphertext of its text in the database: for values of any shape that may name a person."""

    def as_text(self, value: Any) -> str:
        return json.dumps(value)

    def from_text(self, text: str) -> Any:
        return json.loads(text) if text else None

    def to_python(self, value: Any) -> Any:
        return value
