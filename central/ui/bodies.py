"""A limit on what anybody may send to central, told before it is read."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

#: a little more than the largest file an import takes
MAX_BODY = 520_000_000
_TOO_LARGE = b"The file is too large: 500 MB at most. Split it, or pack it as a zip.\n"


_TOO_LARGE_HTTP = (
    b"HTTP/1.1 413 Content Too Large\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n"
    b"Content-Length: " + str(len(_TOO_LARGE)).encode() + b"\r\n\r\n" + _TOO_LARGE
)


def bounded(app: App) -> App:
    """`app` behind the limit: a body that says it is larger is answered 413 unread, one that says nothing is cut."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if _declared(scope) > MAX_BODY:
            await _refuse(send)
            return
        left = MAX_BODY

        async def counted() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            # Django takes a client that is gone for the end of the request, and keeps nothing of it.
            return {"type": "http.disconnect"} if left < 0 else message

        await app(scope, counted, send)

    return guarded


def _declared(scope: Scope) -> int:
    for name, value in scope.get("headers", ()):
        if name == b"content-length" and value.isdigit():
            return int(value[:20])
    return 0


async def _refuse(send: Send) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": _TOO_LARGE})


def bound_daphne() -> None:
    """Daphne reads a body whole before an application hears of the request, so the limit is told to it as well.

    Nothing happens in a process that another server runs.
    """
    if "daphne.http_protocol" not in sys.modules:
        return
    request: Any = sys.modules["daphne.http_protocol"].WebRequest
    got_length, handle_chunk = request.gotLength, request.handleContentChunk

    def refuse(self: Any) -> None:
        self.received = MAX_BODY + 1
        self.channel.transport.write(_TOO_LARGE_HTTP)
        self.channel.loseConnection()

    def bounded_length(self: Any, length: int | None) -> None:
        self.received = 0
        if length is not None and length > MAX_BODY:
            got_length(self, 0)
            refuse(self)
        else:
            got_length(self, length)

    def bounded_chunk(self: Any, data: bytes) -> None:
        if self.received > MAX_BODY:
            return  # refused: what is still on its way falls to the ground
        self.received += len(data)
        if self.received > MAX_BODY:
            refuse(self)
        else:
            handle_chunk(self, data)

    request.gotLength, request.handleContentChunk = bounded_length, bounded_chunk


class BodyLimitMiddleware:
    """The same for a request that came by another way than ASGI: nothing of it is read."""

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if str(length).isdigit() and int(length) > MAX_BODY:
            from django.http import HttpResponse

            return HttpResponse(_TOO_LARGE, status=413, content_type="text/plain; charset=utf-8")
        return self.get_response(request)
