"""How an encrypted value stands in a change: "\\x…" as it was written, "#hash" forgotten, "#hash:\\x…" encrypted anew.

Chains are made of the hash of what was written, which stays whatever becomes of the value. One that was encrypted anew
is bound to that hash by its encryption: it opens in no other place.
"""

from __future__ import annotations

import hashlib

_MARK, _THEN = "#", ":"
_HEX = "\\x"


def is_ciphertext(value: object) -> bool:
    """Whether a value of a change is an encrypted one that can be opened."""
    return isinstance(value, str) and (value.startswith(_HEX) or (value.startswith(_MARK) and _HEX in value[:70]))


def is_forgotten(value: str) -> bool:
    return value.startswith(_MARK) and not is_ciphertext(value)


def ciphertext(column: str, value: str) -> tuple[str, bytes]:
    """The column it is encrypted under and the stored bytes. Raises `ValueError`."""
    mark, _, anew = value.partition(_THEN)
    if value.startswith(_MARK):
        return f"{column}{mark}", bytes.fromhex(anew.removeprefix(_HEX))
    return column, bytes.fromhex(value.removeprefix(_HEX))


def hash_of(value: str) -> str:
    """What the chain knows a value by, with its mark."""
    if value.startswith(_MARK):
        return value.partition(_THEN)[0]
    return _MARK + hashlib.sha256(value.encode()).hexdigest()


def anew(mark: str, stored: bytes) -> str:
    """A value that was encrypted anew under `column + mark`."""
    return f"{mark}{_THEN}{_HEX}{stored.hex()}"
