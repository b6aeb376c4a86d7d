"""Sealing: anybody with the public key may write, only the private key reads (HPKE, RFC 9180).

Suite: DHKEM(X25519), HKDF-SHA256, ChaCha20-Poly1305 (an edge may be a small ARM machine without AES instructions).
`info` names the purpose and whatever the message must not be moved away from, such as the order's id.

Two formats, told apart by their first byte:

    1   HPKE message to one recipient                             49 bytes longer than the message
    2   MessagePack [[[key id, sealed content key], …], body]     one body, a content key sealed to each recipient

The second exists for the recovery recipient: central's key may be lost, the orders sealed to it must not be.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from infra.crypto.errors import KeyMissing, SealBroken

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
_ONE, _MANY = b"\x01", b"\x02"
_NONCE = b"\0" * 12  # a content key is drawn for one message only, so its nonce need not vary

_Wrapped = tuple[list[tuple[str, bytes]], bytes]


def new_sealing_key() -> bytes:
    """A fresh private key, 32 bytes."""
    return X25519PrivateKey.generate().private_bytes_raw()


def sealing_public_of(private: bytes) -> bytes:
    """The public half to give away, 32 bytes."""
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def seal(public: bytes, message: bytes, *, info: bytes) -> bytes:
    """Seal to one recipient. Raises `ValueError` when `public` is no key."""
    return _ONE + _SUITE.encrypt(message, X25519PublicKey.from_public_bytes(public), info=info)


def open_sealed(private: bytes, sealed: bytes, *, info: bytes) -> bytes:
    """What `seal` or `seal_to_all` sealed. Raises `SealBroken`: wrong key, wrong `info`, altered bytes."""
    if sealed[:1] == _ONE:
        return _decrypt(private, sealed[1:], info)
    if sealed[:1] == _MANY:
        return _open_as_any(private, sealed[1:], info)
    raise SealBroken("not a sealed message")


def seal_to_all(recipients: Mapping[str, bytes], message: bytes, *, info: bytes) -> bytes:
    """Seal once for several recipients, key id -> public key; each of them alone can open it."""
    if not recipients:
        raise KeyMissing("there is no key to seal to")
    content_key = os.urandom(32)
    names = sorted(recipients)
    wrapped = [
        (name, _SUITE.encrypt(content_key, X25519PublicKey.from_public_bytes(recipients[name]), info=_for_key(info)))
        for name in names
    ]
    body = ChaCha20Poly1305(content_key).encrypt(_NONCE, message, _bound_to(info, names))
    return _MANY + msgspec.msgpack.encode((wrapped, body))


def recipients_of(sealed: bytes) -> list[str]:
    """The ids of the keys that open `sealed`; empty for a message to one unnamed recipient."""
    return [name for name, _ in _unwrap(sealed[1:])[0]] if sealed[:1] == _MANY else []


def _open_as_any(private: bytes, packed: bytes, info: bytes) -> bytes:
    wrapped, body = _unwrap(packed)
    names = [name for name, _ in wrapped]
    for _, sealed_key in wrapped:
        try:
            content_key = _decrypt(private, sealed_key, _for_key(info))
        except SealBroken:
            continue  # that one is another recipient's
        try:
            return ChaCha20Poly1305(content_key).decrypt(_NONCE, body, _bound_to(info, names))
        except (InvalidTag, ValueError) as error:
            raise SealBroken("the sealed message does not open") from error
    raise SealBroken("the sealed message does not open")


def _decrypt(private: bytes, sealed: bytes, info: bytes) -> bytes:
    try:
        return _SUITE.decrypt(sealed, X25519PrivateKey.from_private_bytes(private), info=info)
    except (InvalidTag, ValueError) as error:
        raise SealBroken("the sealed message does not open") from error


def _unwrap(packed: bytes) -> _Wrapped:
    try:
        found: _Wrapped = msgspec.msgpack.decode(packed, type=_Wrapped)
    except msgspec.DecodeError as error:
        raise SealBroken("not a sealed message") from error
    return found


def _for_key(info: bytes) -> bytes:
    # Another purpose than the message's own, or a content key could pass for a message.
    return b"rialto-content-key\0" + info


def _bound_to(info: bytes, names: list[str]) -> bytes:
    # The list of recipients is part of what is authenticated: nobody may be struck off on the way.
    return msgspec.msgpack.encode((info, names))
