"""The socket of an open screen: it says which topics the screen shows and is nudged when they change."""

from __future__ import annotations

import asyncio
import contextlib
from importlib import import_module
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.conf import settings
from django.contrib.auth import get_user

from central.ui import live
from central.ui.scope import ALL, visible_sites
from central.ui.screens import may

#: a session that ended, a right or a site that was taken away: noticed within this, and before every push
RECHECK_SECONDS = 5.0
SIGNED_OUT = 4401


class LiveConsumer(AsyncJsonWebsocketConsumer):  # type: ignore[misc]
    """From the screen: `{"topics": ["orders"]}`. To it: `{"topic", "kind", "keys", "site"}`.

    It is closed with 4401 when the person has to sign in again. What is pushed is ids of rows;
    the screen asks for the rows themselves, and is answered within its rights.
    """

    topics: frozenset[str] = frozenset()
    groups_joined: frozenset[str] = frozenset()
    sees_all = False
    watch: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        if await self._allowed_groups(frozenset(live.TOPICS)) is None:
            await self.close(code=SIGNED_OUT)
            return
        await self.accept()
        self.watch = asyncio.create_task(self._watch())

    async def disconnect(self, code: int) -> None:
        if self.watch is not None:
            self.watch.cancel()
        await self._leave(self.groups_joined)

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        asked = content.get("topics") if isinstance(content, dict) else None
        if not isinstance(asked, list):
            return
        self.topics = frozenset(live.TOPICS).intersection(topic for topic in asked if isinstance(topic, str))
        await self._follow()
        await self.send_json({"following": sorted(self.topics)})

    async def live_nudge(self, message: dict[str, Any]) -> None:
        """From the channel layer: passed on only if the person may still see it now."""
        if not await self._follow():
            return
        if live.group(message["topic"], message["site"]) in self.groups_joined:
            if message["site"] == live.EVERYWHERE and not self.sees_all:
                keys = await database_sync_to_async(self._read_seen)(message["topic"], message["keys"])
                if not keys:
                    return
                message = {**message, "keys": keys}
            await self.send_json({name: message[name] for name in ("topic", "kind", "keys", "site")})

    async def _watch(self) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            while await self._follow():  # noqa: ASYNC110  a clock, not a condition somebody could set
                await asyncio.sleep(RECHECK_SECONDS)

    async def _follow(self) -> bool:
        """Be in exactly the groups the person may be in now. False: he is nobody any more, the socket is closed."""
        allowed = await self._allowed_groups(self.topics)
        if allowed is None:
            await self.close(code=SIGNED_OUT)
            return False
        await self._leave(self.groups_joined - allowed)
        for name in allowed - self.groups_joined:
            await self.channel_layer.group_add(name, self.channel_name)
        self.groups_joined = allowed
        return True

    async def _leave(self, names: frozenset[str]) -> None:
        for name in names:
            await self.channel_layer.group_discard(name, self.channel_name)

    async def _allowed_groups(self, topics: frozenset[str]) -> frozenset[str] | None:
        read: frozenset[str] | None = await database_sync_to_async(self._read_allowed_groups)(topics)
        return read

    def _read_allowed_groups(self, topics: frozenset[str]) -> frozenset[str] | None:
        """The groups of `topics` within the person's rights and sites, read anew; None: not signed in."""
        user = self._read_user()
        if user is None:
            return None
        seen = visible_sites(user)
        self.sees_all = seen is ALL
        return frozenset(
            live.group(topic, site)
            for topic in topics
            if may(user, live.TOPICS[topic])
            for site in ([live.EVERYWHERE] if seen is ALL else [*sorted(seen), *_unsited(topic)])
        )

    def _read_seen(self, topic: str, keys: list[str]) -> list[str]:
        user = self._read_user()
        return live.keys_seen_by(user, topic, keys) if user else []

    def _read_user(self) -> Any:
        # A fresh session object: the one of the handshake remembers what it was then.
        session_key = self.scope["session"].session_key
        if not session_key:
            return None
        session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
        user = get_user(_Request(session))  # type: ignore[arg-type]
        return user if user.is_authenticated and user.is_active else None


def _unsited(topic: str) -> list[str]:
    return [live.EVERYWHERE] if live.has_no_sites(topic) else []


class _Request:
    """What `get_user` needs of a request: it checks the session's password hash as well."""

    def __init__(self, session: Any) -> None:
        self.session = session
        self.META: dict[str, str] = {}
