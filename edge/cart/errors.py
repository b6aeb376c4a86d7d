"""What a cart op is refused for at an edge, beside what `sync.core.cart` refuses.

RialtoError
├── UnknownSku   422 unknown_sku
└── NoHandle     401 no_handle: the page must ask for one first
"""

from __future__ import annotations

from node.errors import RialtoError


class UnknownSku(RialtoError):
    """No shop of the group sells this."""

    code = "unknown_sku"
    status = 422


class NoHandle(RialtoError):
    """An op without a handle: the page asks for one by POST /_r/session and sends the op again."""

    code = "no_handle"
    status = 401
