"""Static files: pinned by their hash, zipped, and nothing outside the folders of the apps."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator

from central.ui import assets


async def ask(path: str, *, method: str = "GET", query: bytes = b"", headers: Any = ()) -> tuple[Any, bytes]:
    async def beyond(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 299, "headers": []})
        await send({"type": "http.response.body", "body": b"django"})

    scope = {"type": "http", "path": path, "method": method, "query_string": query, "headers": list(headers)}
    talk = ApplicationCommunicator(assets.serve_static(beyond), scope)
    await talk.send_input({"type": "http.request"})
    start, body = await talk.receive_output(), await talk.receive_output()
    return start, body["body"]


async def test_an_address_with_the_hash_is_kept_for_a_year() -> None:
    address = assets.address("ui/desk.css")
    path, _, query = address.partition("?")

    start, body = await ask(path, query=query.encode(), headers=[(b"accept-encoding", b"gzip, br")])

    headers = dict(start["headers"])
    assert start["status"] == 200
    assert b"immutable" in headers[b"cache-control"]
    assert headers[b"content-type"] == b"text/css"
    assert b".frame" in gzip.decompress(body)


async def test_an_old_hash_is_asked_for_again() -> None:
    start, _body = await ask("/static/ui/desk.css", query=b"v=old")

    assert b"immutable" not in dict(start["headers"])[b"cache-control"]


async def test_an_unchanged_file_is_not_sent_twice() -> None:
    first, _body = await ask("/static/ui/desk.js")
    tag = dict(first["headers"])[b"etag"]

    start, body = await ask("/static/ui/desk.js", headers=[(b"if-none-match", tag)])

    assert (start["status"], body) == (304, b"")


@pytest.mark.parametrize(
    "path", ["/static/../apps.py", "/static/%2e%2e/apps.py", "/static//etc/passwd", "/static/", "/static/ui"]
)
async def test_nothing_else_is_served(path: str) -> None:
    start, body = await ask(path)

    assert (start["status"], body) == (404, b"not found")


async def test_only_reading_is_allowed() -> None:
    start, _body = await ask("/static/ui/desk.css", method="POST")

    assert start["status"] == 405


async def test_everything_else_goes_to_django() -> None:
    start, _body = await ask("/staticky")

    assert start["status"] == 299
