"""Staff look at a shop live: central's word to the shop's edge, carried by the browser that clicked at the desk."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

#: seconds from the click at the desk until the shop has to have seen the token
LIFE_S: Final = 60
_PURPOSE: Final = b"rialto-preview-1\n"


class PreviewToken(Struct, frozen=True, kw_only=True):
    """Signed by central's key, good once, for one shop. It names nobody.

    `desk`: kind of page -> its address at the desk, "{id}" for the id of the product; "" for every other page.
    `language`: the one that the person reads.
    """

    v: int
    jti: str
    site: str
    iat: int
    language: str
    desk: dict[str, str]


def signed_part(body: bytes) -> bytes:
    """What central signs of a packed token: no other signature of its key can stand for one."""
    return _PURPOSE + body
