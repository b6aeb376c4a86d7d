"""Cutting and healing the demo's links: JSON lines over a unix socket between the demo's supervisor and anyone else.

`cut("b")`, `heal("b")` and `state()` are for central's Nodes screen and for `rialto demo cut`; only a node that runs
inside a demo has the socket (`config().demo_control`).
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from pathlib import Path
from typing import Any

from node.errors import RialtoError
from node.proxy import CuttableProxy

UP, CUT = "up", "cut"


class DemoControlFailed(RialtoError):
    """The demo does not run, or knows no such node."""

    code = "demo_control_failed"
    status = 409


def cut(node: str, *, control: Path | str | None = None) -> dict[str, str]:
    """Cut the link of a demo node; returns the state of all. Raises `DemoControlFailed`."""
    return _ask({"do": "cut", "node": node}, control)


def heal(node: str, *, control: Path | str | None = None) -> dict[str, str]:
    """Join the link of a demo node again; returns the state of all. Raises `DemoControlFailed`."""
    return _ask({"do": "heal", "node": node}, control)


def state(*, control: Path | str | None = None) -> dict[str, str]:
    """Node id -> "up" or "cut". Raises `DemoControlFailed`."""
    return _ask({"do": "state"}, control)


def _ask(question: dict[str, str], control: Path | str | None) -> dict[str, str]:
    if control is None:
        from node.config import config

        control = config().demo_control
    if not control:
        raise DemoControlFailed("this node is not part of a demo: there is no link to cut here")
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(5)
            line.connect(str(control))
            line.sendall(json.dumps(question).encode() + b"\n")
            answer: dict[str, Any] = json.loads(line.makefile("rb").readline())
    except (OSError, ValueError) as error:
        raise DemoControlFailed("the demo does not answer: is it running? Start it with `rialto demo`") from error
    if "error" in answer:
        raise DemoControlFailed(str(answer["error"]))
    return {str(node): str(what) for node, what in answer["state"].items()}


async def serve(path: Path, proxies: dict[str, CuttableProxy]) -> asyncio.Server:
    """Answer on a unix socket until the server is closed."""
    path.unlink(missing_ok=True)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write(json.dumps(await _answer(line, proxies)).encode() + b"\n")
                await writer.drain()
        except (OSError, ValueError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_unix_server(talk, path)
    os.chmod(path, 0o600)
    return server


async def _answer(line: bytes, proxies: dict[str, CuttableProxy]) -> dict[str, Any]:
    try:
        asked = json.loads(line)
        what, node = str(asked.get("do")), str(asked.get("node", ""))
    except (ValueError, AttributeError):
        return {"error": "not a JSON object"}
    if what in ("cut", "heal"):
        if node not in proxies:
            return {"error": f"there is no node '{node}' in this demo; it has {', '.join(proxies)}"}
        proxy = proxies[node]
        await (proxy.cut() if what == "cut" else proxy.heal())
    elif what != "state":
        return {"error": "say cut, heal or state"}
    return {"state": {name: CUT if proxy.is_cut else UP for name, proxy in proxies.items()}}
