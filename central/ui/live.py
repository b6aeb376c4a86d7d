"""Nudges to open screens: "something of this topic changed, ask again".

A nudge carries ids only and may be lost; a screen asks the server for what it shows, so a lost nudge makes a list
late, never wrong. Call from `on_commit` of an action, in any process that reaches the channel layer.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import connections

from node.realms import alias_of, on_commit

log = logging.getLogger(__name__)

ORDERS = "orders"
PRODUCTS = "products"
NODES = "nodes"
SITES = "sites"
CARTS = "carts"
JOBS = "jobs"
REALMS = "realms"
STOCK = "stock"
REGIONS = "regions"
#: topic -> the right without which nobody is told
TOPICS = {
    ORDERS: "see_orders",
    PRODUCTS: "see_products",
    NODES: "see_nodes",
    SITES: "see_sites",
    CARTS: "see_carts",
    JOBS: "mend_jobs",
    REALMS: "see_realms",
    STOCK: "see_stock",
    REGIONS: "see_sites",
}

#: topic -> which of the keys of its rows a person may see; of topics whose rows do not say their site
_seen_by: dict[str, Callable[[Any, Sequence[str]], list[str]]] = {}

#: what changes many times a second is told twice a second
SOON_S = 0.5

#: the group of staff who see every site
EVERYWHERE = "all"


def seen_by(topic: str, read: Callable[[Any, Sequence[str]], list[str]]) -> None:
    """Who nudges `topic` knows no sites: staff limited to some are told of the keys that `read(user, keys)` returns.

    Asked where a screen is open, so that whoever changes something asks nothing.
    """
    _seen_by[topic] = read


def has_no_sites(topic: str) -> bool:
    return topic in _seen_by


def keys_seen_by(user: Any, topic: str, keys: Sequence[str]) -> list[str]:
    return _seen_by[topic](user, keys)


def group(topic: str, site: str) -> str:
    """The channel-layer group of one topic and one site (or `EVERYWHERE`)."""
    return f"ui.{topic}.{site}"


def nudge(topic: str, *, sites: Iterable[str] = (), kind: str = "changed", keys: Iterable[str] = ()) -> None:
    """Tell the screens of `topic` that rows `keys` (ids) of `sites` are new or changed.

    Staff limited to other sites are not told. Never raises: a screen that is late is no reason to fail an action.
    """
    _send([_message(topic, site, kind, keys) for site in {*sites, EVERYWHERE}])


def nudge_after_commit(
    topic: str, *, realm: str, sites: Iterable[str] = (), kind: str = "changed", keys: Iterable[str] = ()
) -> None:
    """`nudge` once the realm's transaction has committed; those of one transaction go out together."""
    connection = connections[alias_of(realm)]
    messages = [_message(topic, site, kind, keys) for site in {*sites, EVERYWHERE}]
    gathered = getattr(connection, "_rialto_nudges", None)
    if gathered is not None and any(hook[1] is gathered[0] for hook in connection.run_on_commit):
        gathered[1].extend(messages)
        return
    on_commit(lambda: _send(messages), realm=realm)
    if connection.run_on_commit:
        connection._rialto_nudges = (connection.run_on_commit[-1][1], messages)  # type: ignore[attr-defined]


_soon: dict[tuple[str, str], set[str]] = {}
_soon_lock = threading.Lock()


def nudge_soon(topic: str, *, sites: Iterable[str] = (), keys: Iterable[str] = ()) -> None:
    """`nudge` within half a second, together with all that changes until then; from any thread."""
    if get_channel_layer() is None:
        return
    with _soon_lock:
        is_first = not _soon
        for site in {*sites, EVERYWHERE}:
            _soon.setdefault((topic, site), set()).update(keys)
    if is_first:
        timer = threading.Timer(SOON_S, _send_soon)
        timer.daemon = True
        timer.start()


def _send_soon() -> None:
    with _soon_lock:
        gathered = dict(_soon)
        _soon.clear()
    _send([_message(topic, site, "changed", keys) for (topic, site), keys in gathered.items()])


def _message(topic: str, site: str, kind: str, keys: Iterable[str]) -> dict[str, Any]:
    return {"type": "live.nudge", "topic": topic, "kind": kind, "keys": list(keys), "site": site}


def _send(messages: Sequence[dict[str, Any]]) -> None:
    layer = get_channel_layer()
    if layer is None:
        return
    try:
        async_to_sync(_send_all)(layer, messages)
    except Exception:
        log.warning("live nudge lost", exc_info=True)


async def _send_all(layer: Any, messages: Sequence[dict[str, Any]]) -> None:
    for message in messages:
        await layer.group_send(group(message["topic"], message["site"]), message)
