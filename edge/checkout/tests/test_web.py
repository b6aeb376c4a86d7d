from __future__ import annotations

import json

import pytest

from edge.checkout.web import Capped


class App:
    """Reads its whole body, as Django does, then answers."""

    def __init__(self) -> None:
        self.body: bytes | None = None

    async def __call__(self, scope, receive, send):
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message["body"]
            if not message["more_body"]:
                break
        self.body = body
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})


async def post(app, chunks, headers=()):
    sent, waiting = [], list(chunks)

    async def receive():
        body = waiting.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(waiting)}

    async def send(message):
        sent.append(message)

    await Capped(app, 10)({"type": "http", "headers": list(headers)}, receive, send)
    return sent


async def test_a_body_up_to_the_limit_passes():
    app = App()

    sent = await post(app, [b"12345", b"67890"])

    assert (app.body, sent[0]["status"]) == (b"1234567890", 200)


@pytest.mark.parametrize(
    ("chunks", "headers"),
    [([b"12345", b"67890", b"1"], ()), ([b""], [(b"content-length", b"11")]), ([b""], [(b"content-length", b"-1")])],
)
async def test_a_larger_body_is_answered_and_never_handed_on(chunks, headers):
    app = App()

    sent = await post(app, chunks, headers)

    assert app.body is None
    assert (sent[0]["status"], json.loads(sent[1]["body"])["error"]) == (413, "too_large")
