"""One way to turn a contract into bytes and back."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

_encoder = msgspec.msgpack.Encoder(order="deterministic")


def pack(value: Any) -> bytes:
    """The canonical MessagePack bytes of a contract: equal values give equal bytes."""
    return _encoder.encode(value)


def unpack(body: bytes, kind: type[T]) -> T:
    """The contract in `body`. Raises `msgspec.ValidationError` when it is not one."""
    return msgspec.msgpack.decode(body, type=kind)
