"""Nodes of protocol 1, in raw JSON: they know nothing of this code, only what `protocol_1.json` says is on the wire.

They do as little as a node must: an edge that fetches, follows the tail, sends ops and asks; a central that welcomes,
serves one log and acknowledges.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import websockets

from infra.crypto.signing import sign, verify
from sync.link import LinkSettings

Json = dict[str, Any]


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def unb64(text: str) -> bytes:
    return base64.b64decode(text)


def canonical(frame: Json) -> bytes:
    """As version 1 signs a frame: without its signature, fields as they stand in it, other keys in order, no spaces."""
    unsigned = {key: _sorted(value) for key, value in frame.items() if key != "signature"}
    return json.dumps(unsigned, separators=(",", ":"), ensure_ascii=False).encode()


def _sorted(value: Any) -> Any:
    return {key: _sorted(value[key]) for key in sorted(value)} if isinstance(value, dict) else value


@dataclass
class OldEdge:
    """An edge of protocol 1. `documents`: (topic, key) -> body; `facts`: bodies as they came."""

    settings: LinkSettings
    documents: dict[tuple[str, str], bytes] = field(default_factory=dict)
    facts: list[bytes] = field(default_factory=list)
    acked: int = 0
    replies: dict[int, Json] = field(default_factory=dict)
    welcome: Json = field(default_factory=dict)
    sent: int = 0

    @asynccontextmanager
    async def linked(self) -> AsyncIterator[OldEdge]:
        address = self.settings.url.replace("http", "ws", 1) + "/_link"
        async with websockets.connect(address) as self.socket:
            await self._shake_hands()
            reading = asyncio.create_task(self._read())
            try:
                yield self
            finally:
                reading.cancel()
                with contextlib.suppress(asyncio.CancelledError, websockets.ConnectionClosed):
                    await reading

    async def _shake_hands(self) -> None:
        challenge = json.loads(await self.socket.recv())
        assert challenge["t"] == "challenge"
        assert challenge["proto"][0] <= 1 <= challenge["proto"][1]
        nonce = unb64(challenge["nonce"])
        hello: Json = {"t": "hello", "node": self.settings.node, "epoch": self.settings.epoch, "nonce": b64(b"e" * 32)}
        signed = b"rialto-hello-1\n" + nonce + b"\n" + canonical(hello)
        await self.say({**hello, "signature": b64(sign(self.settings.sign_key, signed))})
        self.welcome = json.loads(await self.socket.recv())
        assert self.welcome["t"] == "welcome", self.welcome
        part = b"rialto-welcome-1\n" + nonce + b"\n" + b"e" * 32 + b"\n" + canonical(self.welcome)
        assert verify(self.settings.central_key, unb64(self.welcome["signature"]), part)

    async def say(self, frame: Json) -> None:
        await self.socket.send(json.dumps(frame))

    async def fetch(self, realm: str) -> None:
        """A snapshot of all that is ours of a realm, then the tail."""
        await self.say({"t": "snapask", "realm": realm})

    async def follow(self, topic: str, *keys: str) -> None:
        await self.say({"t": "follow", "topic": topic, "keys": list(keys)})

    async def send_ops(self, realm: str, *ops: tuple[str, bytes]) -> None:
        first, self.sent = self.sent + 1, self.sent + len(ops)
        await self.say(
            {"t": "ops", "realm": realm, "first": first, "ops": [{"kind": k, "body": b64(b)} for k, b in ops]}
        )

    async def ask(self, number: int, kind: str, body: bytes) -> None:
        await self.say({"t": "request", "id": number, "kind": kind, "body": b64(body), "ms": 5000})

    async def ping(self) -> None:
        await self.say({"t": "ping", "version": "0.1.0", "backlog": {"orders": 3}})

    async def _read(self) -> None:
        async for data in self.socket:
            await self._take(json.loads(data))

    async def _take(self, frame: Json) -> None:
        match frame["t"]:
            case "snaphead":
                for topic in frame["topics"]:
                    await self.say({"t": "pageask", "realm": frame["realm"], "topic": topic, "after": ""})
                await self.say({"t": "resume", "realm": frame["realm"], "cursor": frame["cursor"]})
            case "page":
                for key, _ver, body in frame["rows"]:
                    self.documents[frame["topic"], key] = unb64(body)
            case "batch":
                for entry in frame.get("entries", []):
                    if entry.get("op", "s") == "f":
                        self.facts.append(unb64(entry["body"]))
                    else:
                        self.documents[entry["topic"], entry["key"]] = unb64(entry["body"])
                await self.say({"t": "ack", "realm": frame["realm"], "seq": frame["to"], "entries": 1, "size": 1})
            case "fact":
                self.facts.append(unb64(frame["body"]))
            case "opsack":
                self.acked = frame["n"]
            case "reply":
                self.replies[frame["id"]] = frame


@dataclass
class OldCentral:
    """A central of protocol 1 with one document in the log of one realm."""

    key: bytes
    node: str
    realm: str
    topic: str
    taken: list[Json] = field(default_factory=list)
    pings: list[Json] = field(default_factory=list)
    port: int = 0

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[OldCentral]:
        async with websockets.serve(self._serve, "127.0.0.1", 0) as server:
            self.port = next(iter(server.sockets)).getsockname()[1]
            yield self

    async def _serve(self, socket: websockets.ServerConnection) -> None:
        nonce = b"c" * 32
        await socket.send(json.dumps({"t": "challenge", "nonce": b64(nonce)}))
        with contextlib.suppress(websockets.ConnectionClosed):
            async for data in socket:
                for answer in self._answers(json.loads(data), nonce):
                    await socket.send(json.dumps(answer))

    @property
    def _place(self) -> Json:
        return {"epoch": "e1", "seq": 1, "chain": b64(hashlib.blake2b(b"1", digest_size=16).digest())}

    def _answers(self, frame: Json, nonce: bytes) -> list[Json]:
        match frame["t"]:
            case "hello":
                welcome: Json = {"t": "welcome", "node": self.node, "proto": 1, "audience": {self.realm: [self.topic]}}
                part = b"rialto-welcome-1\n" + nonce + b"\n" + unb64(frame["nonce"]) + b"\n" + canonical(welcome)
                return [{**welcome, "signature": b64(sign(self.key, part))}]
            case "snapask":
                return [{"t": "snaphead", "realm": self.realm, "cursor": self._place, "topics": [self.topic]}]
            case "pageask":
                page = {"t": "page", "realm": self.realm, "epoch": "e1", "topic": frame["topic"], "after": ""}
                return [{**page, "rows": [["k", 1, b64(b"old")]], "is_last": True}]
            case "pull":
                return [{"t": "head", "realm": frame["realm"], "seq": 1}]
            case "ops":
                self.taken += frame["ops"]
                return [{"t": "opsack", "realm": frame["realm"], "n": frame["first"] + len(frame["ops"]) - 1}]
            case "request":
                return [{"t": "reply", "id": frame["id"], "body": frame["body"]}]
            case "ping":
                self.pings.append(frame)
                return [{"t": "pong"}]
        return []
