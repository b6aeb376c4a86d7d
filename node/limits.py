"""How often one browser, key or address may ask, before it is told 429. Each is a setting under `[limits]`.

And how big one message of the link may be, which is none.
"""

from __future__ import annotations

from collections.abc import Mapping

OFF = "off"

#: bytes a frame of the link may have: a document of 1 MiB fits. The web server in front of it must let as much through.
LINK_FRAME = 8 * 1024 * 1024

#: name -> the shipped limit
RATE_LIMITS: Mapping[str, str] = {
    # --- an edge; counted in the memory of its one process
    "cart_handle": "1200/minute",
    "cart_address": "12000/minute",
    "search_address": "1200/minute",
    "seen_address": "240/minute",
    "session_address": "240/minute",
    "hop_address": "600/minute",
    "checkout_handle": "60/minute",
    "checkout_address": "600/minute",
    "order_address": "1200/minute",
    # --- central's API; counted in Redis
    "api_key": "1200/minute",
    "api_address": "6000/minute",
    "api_refused": "60/minute",
    # --- central's doors for nodes; counted in Redis
    "join_address": "20/minute",
    "link_address": "120/minute",
}
