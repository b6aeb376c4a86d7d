"""The little of HTTP that the edge's own plain-ASGI routes need: a request with a capped body, a response, errors.

Every answer of a shop carries the headers of `edge.pages.wire.security`. Nothing here logs what a shopper sends.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from http.cookies import CookieError, SimpleCookie
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

import msgspec

from edge.pages import wire
from edge.replica.sites import site_at
from node.errors import RialtoError
from sync.contracts.documents import SiteDoc
from sync.store.writer import waited

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
T = TypeVar("T")

#: 20 ops of a full cart with its tokens fit in it many times over
MAX_BODY = 64 * 1024


class TooLarge(RialtoError):
    """A body above what any page of ours sends."""

    code = "too_large"
    status = 413


class BadRequest(RialtoError):
    code = "bad_request"
    status = 400


class CrossSite(RialtoError):
    """A POST that did not come from a page of this shop."""

    code = "cross_site"
    status = 403


class NoShop(RialtoError):
    """The Host header names no shop that is open here."""

    code = "no_shop"
    status = 421


class Response:
    """`headers` are (name, value) in lower case; `no-store` unless they name another cache rule.

    `Server-Timing: writer;dur=` says how many ms of the request were waiting for the writer.
    """

    def __init__(
        self, status: int, body: bytes = b"", headers: Sequence[tuple[str, str]] = (), kind: str = "application/json"
    ) -> None:
        self.status, self.body = status, body
        self.headers = [*headers, ("content-type", kind)] if body else list(headers)

    async def send(self, send: Send, site: SiteDoc | None) -> None:
        given = {name for name, _ in self.headers}
        headers = [(name.encode(), value.encode("latin-1")) for name, value in self.headers]
        headers += [pair for pair in wire.security(site) if pair[0].decode() not in given]
        if "cache-control" not in given:
            headers.append((b"cache-control", b"no-store"))
        if seconds := waited():
            headers.append((b"server-timing", f"writer;dur={seconds * 1000:.2f}".encode()))
        headers.append((b"content-length", str(len(self.body)).encode()))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


def json_response(value: object, status: int = 200, headers: Sequence[tuple[str, str]] = ()) -> Response:
    return Response(status, msgspec.json.encode(value), headers)


def redirect(location: str, headers: Sequence[tuple[str, str]] = ()) -> Response:
    """303: whatever the method was, the next is a GET."""
    return Response(303, b"", [("location", location), *headers])


class Request:
    """One request to one shop."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.scope, self._receive = scope, receive
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        self._site: SiteDoc | None = None

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.scope["query_string"].decode("latin-1")))

    @property
    def cookies(self) -> dict[str, str]:
        return parse_cookies(self.headers.get("cookie", ""))

    @property
    def site(self) -> SiteDoc:
        """The edition of a shop that the address names. Raises `NoShop` when there is none, or it is switched off."""
        if self._site is None:
            found = site_at(self.scope)
            if found is None or not found.is_active:
                raise NoShop("no shop of ours answers to this name")
            self._site = found
        return self._site

    @property
    def declared_length(self) -> int:
        """What Content-Length says, 0 when it is absent. Raises `BadRequest` when it is no number."""
        declared = self.headers.get("content-length", "0")
        if not declared.isdecimal():
            raise BadRequest("content-length is a whole number")
        return int(declared)

    async def body(self, limit: int = MAX_BODY) -> bytes:
        """The whole body. Raises `TooLarge` as soon as it is known, without reading the rest."""
        if self.declared_length > limit:
            raise TooLarge(f"at most {limit} bytes", limit=limit)
        parts, size = [], 0
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise BadRequest("the request ended early")
            part = message.get("body", b"")
            size += len(part)
            if size > limit:
                raise TooLarge(f"at most {limit} bytes", limit=limit)
            parts.append(part)
            if not message.get("more_body"):
                return b"".join(parts)

    async def disconnected(self) -> None:
        """Returns when the browser has hung up; for streams, whose request has no body."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def json(self, kind: type[T]) -> T:
        """The body as a contract. Raises `BadRequest` or `TooLarge`."""
        try:
            return msgspec.json.decode(await self.body(), type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BadRequest(f"not what this address takes: {error}") from error

    async def form(self, limit: int = MAX_BODY) -> dict[str, str]:
        """The fields of a posted form; a repeated one keeps its last value. Raises `BadRequest` or `TooLarge`."""
        raw = await self.body(limit)
        try:
            return dict(parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=100))
        except (UnicodeDecodeError, ValueError) as error:
            raise BadRequest("not a form") from error

    def check_same_origin(self) -> None:
        """Refuse a write that another site's page started. Raises `CrossSite`."""
        check_same_origin(self.headers, self.site)


def check_same_origin(headers: dict[str, str], site: SiteDoc) -> None:
    """Sec-Fetch-Site must say same-origin; a browser too old to send it must name the shop as Origin."""
    fetched, host = headers.get("sec-fetch-site"), headers.get("host", "")
    origin = origin_of(headers.get("origin", "")).partition("//")[2]
    if fetched == "same-origin" or (fetched is None and host and origin == host):
        return
    raise CrossSite("this request did not come from a page of this shop", site=site.id)


def parse_cookies(text: str) -> dict[str, str]:
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(text).items()}
    except CookieError:
        return {}


def origin_of(url: str) -> str:
    """scheme://host[:port] of an address, "" when it has none or is none."""
    try:
        parts = urlsplit(url)
    except ValueError:  # "http://[": what comes in a header may be anything
        return ""
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme and parts.netloc else ""


def local_path(text: str, otherwise: str = "/") -> str:
    """`text` when it is a path of this shop, else `otherwise`: a redirect must never leave the shop."""
    is_local = text.startswith("/") and not text.startswith("//") and "\\" not in text
    return text if is_local and text.isprintable() and text.isascii() else otherwise
