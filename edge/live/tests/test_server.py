"""What only a real server shows: connections, stopping, and what is logged."""

from __future__ import annotations

import asyncio
import http.client
import logging

import pytest

from edge.cart.tests.world import Browser
from edge.live import carts as live
from edge.live.tests.server import Server, listening

pytestmark = pytest.mark.slow


@pytest.fixture
def server(cluster):
    server = Server().start()
    yield server
    server.stop()


@pytest.fixture
async def tea(server) -> Browser:
    return await Browser("tea", server.url).open()


@pytest.mark.parametrize("size", [70_000, 1_000_000, 10_000_000])
async def test_who_sends_a_whole_body_before_he_listens_still_hears_why_it_was_refused(tea, size):
    headers = {"Host": tea.host, "Cookie": f"rialto={tea.cookie}", "Sec-Fetch-Site": "same-origin"}

    def post() -> tuple[int, bytes]:
        line = http.client.HTTPConnection(tea._url.partition("//")[2], timeout=10)
        line.request("POST", "/_r/cart", b"x" * size, headers)
        answer = line.getresponse()
        return answer.status, answer.read()

    for _ in range(10):
        status, body = await asyncio.to_thread(post)

        assert status == 413
        assert b'"too_large"' in body


async def test_streams_end_when_the_node_is_told_to_stop_and_ops_under_way_finish(server, tea):
    async with listening(tea) as stream:
        await stream.next()

        await server.call(live.end_streams)

        assert await stream.is_over()
    assert (await tea.put_in())["view"]["count"] == 1
    async with listening(tea) as late:
        assert await late.is_over()


async def test_the_access_log_says_what_kind_of_page_and_nothing_of_the_person(tea, caplog):
    with caplog.at_level(logging.DEBUG, logger="edge.access"):
        await tea.get("/order/0123456789abcdef-secret")
        await tea.get("/_r/land?t=TOKEN&to=/p/assam")
        await tea.get("/cart?name=Anna")

    said = "\n".join(record.getMessage() for record in caplog.records if record.name == "edge.access")
    assert [line.split(" ")[1:3] for line in said.splitlines()] == [
        ["/order/*", "404"],
        ["/_r/land", "303"],
        ["/cart", "200"],
    ]
    for part in ("secret", "TOKEN", "Anna", "127.0.0.1", tea.cookie):
        assert part not in said


async def test_a_head_of_the_cart_page_is_its_head(tea):
    answer = await tea.ask("HEAD", "/cart")

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["cache-control"] == "no-store"


async def test_a_stream_says_which_ops_of_its_document_are_in_what_it_shows(tea):
    op = tea.add()
    await tea.send(op)
    later = tea.add()

    async with listening(tea, f"?c={tea.client_id}") as stream, listening(tea) as nameless:
        assert (await stream.next()).data["has"] == [1]
        assert "has" not in (await nameless.next()).data
        await tea.send(later | {"dot": [tea.client_id, 5]})
        assert (await stream.until(lambda event: event.name == "cart")).data["has"] == [1, 5]
