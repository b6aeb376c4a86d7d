"""Names and bodies as a store holds them.

A name is a hash of the key and of the code that made the value, so an upgrade finds nothing of the version before. A
body is packed data, never a pickle, and carries a seal made with the node's secret: a store that somebody else can
write to (a Redis of many) cannot put words into a page.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from functools import lru_cache
from typing import Final

import django
import msgspec

from node.config import config
from node.places import ROOT
from node.schema import OUR_FOLDERS

_SEAL: Final = 16
_UNTIL: Final = struct.Struct(">d")
_KINDS: Final = {".py", ".html", ".mo", ".css", ".js", ".svg", ".toml"}


def name_of(kind: str, key: object) -> str:
    """`kind`: the name of a `Cacheable`; it stays readable, for whoever looks into the store."""
    packed = pack((code_version(), key))
    return f"{kind}:{hashlib.blake2b(packed, key=_secret(config().secret_key), digest_size=20).hexdigest()}"


def pack(value: object) -> bytes:
    return msgspec.msgpack.encode(value, enc_hook=_plain)


def _plain(value: object) -> str:
    """Text that is marked safe for HTML is text; whoever kept it knows what it was."""
    if isinstance(value, str):
        return "".join((value,))
    raise TypeError(f"a {type(value).__name__} cannot be kept")


def seal(name: str, body: bytes, until: float) -> bytes:
    dated = _UNTIL.pack(until) + body
    return _mac(name, dated) + dated


def unseal(name: str, sealed: bytes) -> tuple[bytes, float] | None:
    """(body, until when it may be used); None when it is not what this node has put there under this name."""
    mac, dated = sealed[:_SEAL], sealed[_SEAL:]
    if len(dated) < _UNTIL.size or not hmac.compare_digest(mac, _mac(name, dated)):
        return None
    (until,) = _UNTIL.unpack_from(dated)
    return dated[_UNTIL.size :], until


def _mac(name: str, dated: bytes) -> bytes:
    return hashlib.blake2b(name.encode() + b"\0" + dated, key=_secret(config().secret_key), digest_size=_SEAL).digest()


@lru_cache(maxsize=4)
def _secret(secret_key: str) -> bytes:
    return hashlib.blake2b(secret_key.encode(), person=b"rialto cache", digest_size=32).digest()


@lru_cache(maxsize=1)
def code_version() -> str:
    """A hash of what the files of our code are, by size and time: what is made by other code has other names."""
    whole = hashlib.blake2b(django.get_version().encode(), digest_size=16)
    for folder in OUR_FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in _KINDS:
                found = path.stat()
                whole.update(f"{path.relative_to(ROOT)}\0{found.st_size}\0{found.st_mtime_ns}\n".encode())
    return whole.hexdigest()
