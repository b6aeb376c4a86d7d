"""Nudges to open screens: "something of this topic changed, ask again".

A nudge carries ids only and may be lost; a screen asks the server for what it shows, so a lost nudge makes a list
late, never wrong. Call from `on_commit` of an action, in any process that reaches the channel layer.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

log = logging.getLogger(__name__)

ORDERS = "orders"
PRODUCTS = "products"
NODES = "nodes"
SITES = "sites"
TOPICS = frozenset({ORDERS, PRODUCTS, NODES, SITES})

#: the group of staff who see every site
EVERYWHERE = "all"


def group(topic: str, site: str) -> str:
    """The channel-layer group of one topic and one site (or `EVERYWHERE`)."""
    return f"ui.{topic}.{site}"


def nudge(topic: str, *, sites: Iterable[str] = (), kind: str = "changed", keys: Iterable[str] = ()) -> None:
    """Tell the screens of `topic` that rows `keys` (ids) of `sites` are new or changed.

    Staff limited to other sites are not told. Never raises: a screen that is late is no reason to fail an action.
    """
    layer = get_channel_layer()
    if layer is None:
        return
    message = {"type": "live.nudge", "topic": topic, "kind": kind, "keys": list(keys)}
    send = async_to_sync(layer.group_send)
    try:
        for site in {*sites, EVERYWHERE}:
            send(group(topic, site), {**message, "site": site})
    except Exception:
        log.warning("live nudge lost", exc_info=True)
