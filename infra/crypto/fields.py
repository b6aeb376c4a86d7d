"""Columns that a stolen database does not show: AES-256-GCM with a key id, and keyed blind indexes.

A stored value is `1 | length of key id | key id | nonce (12) | ciphertext and tag`. The column's name is the
additional authenticated data: a value moved to another column does not open. A blind index (HMAC-SHA256 under a key
of the column's own) finds an equal value without saying what it is; it is no use for ranges or parts.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import FieldError
from django.db import models

from infra.crypto.errors import FieldBroken, KeyMissing
from infra.crypto.keys import keys_dir, numbered_keys, read_key

_FORMAT = 1
_NONCE = 12


@dataclass(frozen=True, repr=False)
class Keyring:
    """Keys of encrypted columns: `fields` by id (the greatest number encrypts, all decrypt) and the index key."""

    fields: Mapping[str, bytes]
    index: bytes
    current: str = field(default="")

    def __post_init__(self) -> None:
        if not self.fields:
            raise KeyMissing("there is no key for encrypted columns")
        object.__setattr__(self, "current", self.current or max(self.fields, key=int))

    @classmethod
    def load(cls, folder: Path) -> Keyring:
        """Read `fields-<id>` and `index` of a folder of keys. Raises `KeyMissing`."""
        return cls(fields=numbered_keys(folder, "fields"), index=read_key(folder / "index"))

    @classmethod
    def ephemeral(cls) -> Keyring:
        """A ring that dies with the process: for tests."""
        return cls(fields={"1": os.urandom(32)}, index=os.urandom(32))

    def encrypt(self, column: str, value: str) -> bytes:
        name, nonce = self.current.encode(), os.urandom(_NONCE)
        header = bytes((_FORMAT, len(name))) + name
        sealed = AESGCM(self.fields[self.current]).encrypt(nonce, value.encode(), _bound_to(column, header))
        return header + nonce + sealed

    def decrypt(self, column: str, stored: bytes) -> str:
        """Raises `FieldBroken` (altered, or another column's) or `KeyMissing` (a key that was taken away)."""
        name, header, rest = _split(stored)
        if name not in self.fields:
            raise KeyMissing("a column is encrypted with a key that is not here", key=name)
        try:
            opened = AESGCM(self.fields[name]).decrypt(rest[:_NONCE], rest[_NONCE:], _bound_to(column, header))
        except (InvalidTag, ValueError) as error:
            raise FieldBroken(f"a value of {column} does not open", column=column) from error
        return opened.decode()

    def blind_index(self, column: str, value: str) -> bytes:
        """32 bytes, equal for equal values of one column, unrelated between columns."""
        column_key = hmac.digest(self.index, b"rialto-index\0" + column.encode(), hashlib.sha256)
        return hmac.digest(column_key, value.encode(), hashlib.sha256)


def keyring() -> Keyring:
    """The ring of this process: of `home/keys/`, or an ephemeral one where the settings say so (tests)."""
    if getattr(settings, "RIALTO_EPHEMERAL_KEYS", False):
        return _ephemeral()
    from node.config import config

    return _loaded(keys_dir(config().home))


@lru_cache(maxsize=1)
def _ephemeral() -> Keyring:
    return Keyring.ephemeral()


@lru_cache(maxsize=4)
def _loaded(folder: Path) -> Keyring:
    return Keyring.load(folder)


def blind_index(column: str, value: str) -> bytes:
    """The blind index of an already normalised value, under this process's ring."""
    return keyring().blind_index(column, value)


if TYPE_CHECKING:
    _TextField = models.TextField[str, str]
else:
    _TextField = models.TextField  # generic for the type checker only


class EncryptedTextField(_TextField):
    """Text that is a string in Python and ciphertext in the database. `column` names it for ever: "people.phone"."""

    def __init__(self, *args: Any, column: str = "", **kwargs: Any) -> None:
        self.column_name = column
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "column": self.column_name}

    def get_internal_type(self) -> str:
        return "BinaryField"

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is None:
            return None
        return connection.Database.Binary(keyring().encrypt(self.column_name, str(value)))

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> str | None:
        return None if value is None else keyring().decrypt(self.column_name, bytes(value))

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            raise FieldError(f"{self.name} is encrypted: look it up by its blind index")
        return super().get_lookup(lookup_name)


class EncryptedJSONField(EncryptedTextField):
    """JSON in Python, ciphertext of its text in the database: for values of any shape that may name a person."""

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return super().get_db_prep_value(None if value is None else json.dumps(value), connection, prepared)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        text = super().from_db_value(value, expression, connection)
        return None if text is None else json.loads(text)

    def to_python(self, value: Any) -> Any:
        return value


def _split(stored: bytes) -> tuple[str, bytes, bytes]:
    if len(stored) < 2 or stored[0] != _FORMAT or len(stored) < 2 + stored[1] + _NONCE:
        raise FieldBroken("a value of an encrypted column has no known format")
    end = 2 + stored[1]
    return stored[2:end].decode("ascii", "replace"), stored[:end], stored[end:]


def _bound_to(column: str, header: bytes) -> bytes:
    return header + b"\0" + column.encode()
