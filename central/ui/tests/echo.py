"""An application that says how much it was sent, behind the limit: run by a server of its own in a test."""

from __future__ import annotations

from typing import Any

from central.ui import bodies

bodies.bound_daphne()


async def _echo(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(str(size)))]})
    await send({"type": "http.response.body", "body": str(size).encode()})


app = bodies.bounded(_echo)
