"""The master keys of this process and what is derived from them: a key for each column, each index, each wrapping.

Derivation is HKDF-Expand (RFC 5869, SHA-256, one block): the master keys are uniform, so there is nothing to extract.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from infra.crypto.errors import FieldBroken, KeyMissing, KeySourceAway
from infra.crypto.keys import of_kind
from infra.crypto.sources import Source, source_of

logger = logging.getLogger(__name__)

NONCE = 12
#: what a stored value begins with: see `infra.crypto.fields`
PLAIN, COLUMN, PERSON = 1, 2, 3
_WRAPPING = b"rialto-person-key\0"


@dataclass(frozen=True, repr=False)
class Keyring:
    """Master keys by id, of encrypted columns and of blind indexes; of both the greatest number is the current one."""

    fields: Mapping[str, bytes]
    indexes: Mapping[str, bytes]
    current: str = field(default="")

    def __post_init__(self) -> None:
        if lacking := [name for name, there in (("fields-1", self.fields), ("index", self.indexes)) if not there]:
            raise KeyMissing(f"there is no key of the kind of {' or '.join(lacking)}: put it back from your copy")
        object.__setattr__(self, "current", self.current or max(self.fields, key=int))

    @classmethod
    def load(cls, source: Source) -> Keyring:
        """Raises `KeyMissing`."""
        found = source.read()
        return cls(fields=of_kind(found, "fields"), indexes=of_kind(found, "index"))

    @classmethod
    def ephemeral(cls) -> Keyring:
        """A ring that dies with the process: for tests."""
        return cls(fields={"1": os.urandom(32)}, indexes={"1": os.urandom(32)})

    @property
    def current_index(self) -> str:
        return max(self.indexes, key=int)

    def master(self, name: str) -> bytes:
        """Raises `KeyMissing`."""
        if name not in self.fields:
            raise KeyMissing(f"something is encrypted with the key fields-{name}, which is not here", key=name)
        return self.fields[name]

    @property
    def header(self) -> bytes:
        """What every value begins with that is under the current master key."""
        return bytes((COLUMN, len(self.current))) + self.current.encode()

    def encrypt(self, column: str, text: str) -> bytes:
        """Header and ciphertext, under the column's key of the current master key."""
        return self.header + encrypt(self.fields[self.current], column, self.header, text)

    def decrypt(self, column: str, stored: bytes) -> str:
        """Raises `FieldBroken` (altered, or another column's) or `KeyMissing` (a key that was taken away)."""
        if len(stored) < 2 or stored[0] not in (PLAIN, COLUMN) or len(stored) < 2 + stored[1] + NONCE:
            raise FieldBroken("a value of an encrypted column has no known format")
        end = 2 + stored[1]
        master = self.master(stored[2:end].decode("ascii", "replace"))
        opened_with = decrypt_under if stored[0] == PLAIN else decrypt
        return opened_with(master, column, stored[:end], stored[end:])

    def blind_index(self, column: str, value: str) -> bytes:
        """32 bytes, equal for equal values of one column, unrelated between columns; under the current key."""
        return _index(self.indexes[self.current_index], column, value)

    def blind_indexes(self, column: str, value: str) -> list[bytes]:
        """The same under every key there is, the current one first: what to look for while an index is written anew."""
        names = sorted(self.indexes, key=int, reverse=True)
        return [_index(self.indexes[name], column, value) for name in names]

    # --- keys of persons ---------------------------------------------------------------------------------------------

    def wrap(self, subject: bytes, data_key: bytes) -> bytes:
        """Under the current master key."""
        nonce = os.urandom(NONCE)
        return nonce + _cipher(derived(self.fields[self.current], _WRAPPING)).encrypt(nonce, data_key, subject)

    def unwrap(self, subject: bytes, master: str, wrapped: bytes) -> bytes:
        """Raises `KeyMissing`, `FieldBroken`."""
        cipher = _cipher(derived(self.master(master), _WRAPPING))
        try:
            return cipher.decrypt(wrapped[:NONCE], wrapped[NONCE:], subject)
        except (InvalidTag, ValueError) as error:
            raise FieldBroken("the key of a person does not open") from error

    # --- marks that tell a wrong key ----------------------------------------------------------------------------------

    def marks(self) -> dict[tuple[str, str], bytes]:
        """(kind, id) -> 8 bytes that depend on the key: enough to tell another key, nothing to find it by."""
        every = {("fields", name): raw for name, raw in self.fields.items()}
        every |= {("index", name): raw for name, raw in self.indexes.items()}
        return {key: mark_of(raw) for key, raw in every.items()}

    @cached_property
    def fingerprint(self) -> frozenset[tuple[tuple[str, str], bytes]]:
        """All marks: equal for rings of the same keys."""
        return frozenset(self.marks().items())


def mark_of(raw: bytes) -> bytes:
    return hmac.digest(raw, b"rialto-key-check", hashlib.sha256)[:8]


def derived(key: bytes, info: bytes) -> bytes:
    """HKDF-Expand of one block: 32 bytes."""
    return hmac.digest(key, info + b"\x01", hashlib.sha256)


@lru_cache(maxsize=2048)
def _cipher(key: bytes) -> AESGCM:
    return AESGCM(key)


def _column_key(master: bytes, column: str) -> bytes:
    return derived(master, b"rialto-column\0" + column.encode())


def encrypt(key: bytes, column: str, header: bytes, text: str) -> bytes:
    """AES-256-GCM under the column's own key, bound to header and column. `key`: a master key or a person's."""
    nonce = os.urandom(NONCE)
    return nonce + AESGCM(_column_key(key, column)).encrypt(nonce, text.encode(), bound_to(column, header))


def decrypt(key: bytes, column: str, header: bytes, rest: bytes) -> str:
    """Raises `FieldBroken`."""
    return decrypt_under(_column_key(key, column), column, header, rest)


def decrypt_under(key: bytes, column: str, header: bytes, rest: bytes) -> str:
    """Raises `FieldBroken`: altered, or another column's."""
    try:
        opened = AESGCM(key).decrypt(rest[:NONCE], rest[NONCE:], bound_to(column, header))
    except (InvalidTag, ValueError) as error:
        raise FieldBroken(f"a value of {column} does not open", column=column) from error
    return opened.decode()


def bound_to(column: str, header: bytes) -> bytes:
    return header + b"\0" + column.encode()


def keyring() -> Keyring:
    """The ring of this process, read anew when its source may have other keys; in tests an ephemeral one."""
    if getattr(settings, "RIALTO_EPHEMERAL_KEYS", False):
        return _ephemeral()
    from node.config import config

    return _loaded(*_source_now(config().home))


def _source_now(home: Path) -> tuple[Source, int]:
    source = source_of(home)
    return source, source.stamp()


@lru_cache(maxsize=1)
def _ephemeral() -> Keyring:
    return Keyring.ephemeral()


@lru_cache(maxsize=4)
def _loaded(source: Source, stamp: int) -> Keyring:
    """While a vault is away the ring it gave last stands, until it is asked again at the next stamp."""
    try:
        ring = Keyring.load(source)
    except KeySourceAway as error:
        if source not in _last:
            raise
        logger.warning("%s; going on with the keys that it gave before", error)
        return _last[source]
    _last[source] = ring
    return ring


_last: dict[Source, Keyring] = {}


def blind_index(column: str, value: str) -> bytes:
    """The blind index of an already normalised value, under this process's ring."""
    return keyring().blind_index(column, value)


def blind_indexes(column: str, value: str) -> list[bytes]:
    """The same under every index key there is, the current one first."""
    return keyring().blind_indexes(column, value)


def _index(key: bytes, column: str, value: str) -> bytes:
    column_key = hmac.digest(key, b"rialto-index\0" + column.encode(), hashlib.sha256)
    return hmac.digest(column_key, value.encode(), hashlib.sha256)
