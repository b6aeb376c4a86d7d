"""Central's end of the link: one WebSocket per edge, mounted at `/_link`."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

from asgiref.sync import async_to_sync
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import get_channel_layer

from sync.directory import Heartbeat, NodeDirectory, NodeIdentity, set_directory

__all__ = ["Heartbeat", "LinkConsumer", "NodeDirectory", "NodeIdentity", "set_directory", "tell"]

_sending: set[asyncio.Task[None]] = set()


def node_group(node_id: str) -> str:
    return f"node.{node_id}"


def log_group(realm: str) -> str:
    return f"log.{realm}"


def tell(node_id: str, kind: str, body: bytes) -> None:
    """Push a message to an edge, now or never: an edge that is cut off does not get it later. Never blocks a commit.

    Call it after the commit of what it speaks of, from a thread or from an event loop.
    """
    layer = get_channel_layer()
    message = {"type": "link.tell", "kind": kind, "body": base64.b64encode(body).decode()}
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        async_to_sync(layer.group_send)(node_group(node_id), message)
        return
    task = loop.create_task(layer.group_send(node_group(node_id), message))
    _sending.add(task)
    task.add_done_callback(_sending.discard)


class LinkConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """Speaks with one edge."""

    async def connect(self) -> None:
        await self.close()

    async def link_tell(self, event: dict[str, Any]) -> None: ...
