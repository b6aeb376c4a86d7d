"""A tab's stream over a real server: what is told, when, and how it ends."""

from __future__ import annotations

import asyncio
import socket
import time
from types import SimpleNamespace

import pytest

from edge.cart import service
from edge.cart.tests.world import ASSAM, BOWL, Browser, ack_all, count, dot_text, from_central
from edge.live import carts as live
from edge.live.tests.server import Server, listening
from edge.pages.tests import make
from edge.shopper.models import Handle
from sync.contracts.cart import CartAlias, CartDelta, Dot, LineKey
from sync.contracts.codec import pack
from sync.core import cart as core
from sync.link import link
from sync.replica import run_acked

pytestmark = pytest.mark.slow


@pytest.fixture
def server(cluster):
    server = Server().start()
    yield server
    server.stop()


@pytest.fixture
async def tea(server) -> Browser:
    return await Browser("tea", server.url).open()


def tab_of(browser: Browser) -> Browser:
    tab = Browser(browser.shop, browser._url)
    tab.cookie = browser.cookie
    return tab


async def test_the_first_event_is_the_cart_as_it_is(tea):
    await tea.put_in(ASSAM, 2)

    async with listening(tea) as stream:
        first = await stream.next()

    assert stream.answer.headers["content-type"] == "text/event-stream"
    assert stream.answer.headers["cache-control"] == "no-store"
    assert (first.name, first.units) == ("cart", {"tea-assam": 2})
    assert first.id == first.data["version"] == (await tea.view())["version"]


async def test_a_change_in_one_tab_arrives_in_every_other(tea):
    tabs = [tab_of(tea) for _ in range(3)]
    async with listening(tabs[0]) as one, listening(tabs[1]) as two:
        for stream in (one, two):
            assert (await stream.next()).units == {}

        await tabs[2].put_in(BOWL, 3)

        for stream in (one, two):
            assert (await stream.until(lambda event: event.name == "cart")).units == {"clay-bowl": 3}


async def test_a_change_from_a_sister_shop_arrives(server, tea):
    async with listening(tea) as stream:
        await stream.next()
        change = core.add(Dot("f" * 16, 1), LineKey(*BOWL), 2, hlc=1)
        fact = pack(CartDelta(cart=await tea.root(), delta=core.encode(change)))

        await server.run(from_central(await tea.root(), fact))

        assert (await stream.next()).units == {"clay-bowl": 2}


async def test_nobody_else_hears_of_it(server, tea):
    other = await Browser("tea", server.url).open()
    async with listening(other) as stream:
        await stream.next()
        await tea.put_in()
        await other.put_in(BOWL)

        assert (await stream.next()).units == {"clay-bowl": 1}


@pytest.mark.parametrize("way", ["header", "query", "unknown"])
async def test_a_tab_that_comes_back_gets_what_it_missed(tea, way):
    async with listening(tea) as stream:
        last = (await stream.next()).id
    await tea.put_in(ASSAM, 4)

    ways = {"header": ("", {"last_event_id": last}), "query": (f"?v={last}", {}), "unknown": ("?v=gone.9", {})}
    query, headers = ways[way]
    async with listening(tea, query, **headers) as stream:
        event = await stream.next()

    assert event.units == {"tea-assam": 4}
    assert event.id != last


async def test_acknowledged_ops_are_told_so_that_the_tab_may_forget_them(server, tea):
    ops = [tea.add(), tea.add(BOWL)]
    async with listening(tea) as stream:
        await stream.next()
        await tea.send(*ops)
        await stream.until(lambda event: event.name == "cart")

        await server.run(run_acked("cart", ack_all()))

        event = await stream.until(lambda event: event.name == "acks")
    assert event.data == {"dots": sorted(map(dot_text, ops))}
    assert event.id == ""
    assert set((await tea.send(*ops)).json()["acks"].values()) == {"central"}


async def test_acks_reach_a_tab_whose_cart_was_linked_meanwhile(server, tea):
    other = await Browser("tea", server.url).open()
    greater, lesser = sorted([tea, other], key=lambda one: one.cookie), None
    roots = {await one.root(): one for one in greater}
    tab, lesser = roots[max(roots)], min(roots)
    op = tab.add()
    async with listening(tab) as stream:
        await stream.next()
        await tab.send(op)
        source = max(roots)
        alias = CartAlias(source=source, target=lesser, hlc=1, link_id="x")
        await server.run(from_central(source, pack(alias)))

        await server.run(run_acked("cart", ack_all()))

        assert (await stream.until(lambda event: event.name == "acks")).data == {"dots": [dot_text(op)]}


async def test_tabs_of_two_carts_that_become_one_see_each_other(server, tea):
    other = await Browser("tea", server.url).open()
    await tea.put_in(ASSAM, 2)
    async with listening(tea) as one, listening(other) as two:
        await one.next()
        await two.next()

        await server.run(service.unite(await tea.root(), await other.root()))
        for stream in (one, two):
            await stream.until(lambda event: event.name == "cart" and event.units == {"tea-assam": 2})

        await other.put_in(BOWL)
        for stream in (one, two):
            await stream.until(lambda event: event.units == {"tea-assam": 2, "clay-bowl": 1})


async def test_a_tab_open_while_its_browser_gets_another_cart_follows_it(server, tea):
    from edge.replica.sites import site
    from edge.shopper import session

    other = await Browser("tea", server.url).open()
    await other.put_in(BOWL, 2)
    root, shop = await other.root(), site("tea")
    assert shop is not None
    async with listening(tea) as stream:
        assert (await stream.next()).units == {}

        await server.run(session.bind({"rialto": tea.cookie}, shop, root))

        assert (await stream.next()).units == {"clay-bowl": 2}
        await other.put_in(ASSAM)
        assert (await stream.until(lambda event: "tea-assam" in event.units)).units == {"clay-bowl": 2, "tea-assam": 1}


async def test_the_cut_and_the_healed_link_are_told(server, tea, monkeypatch):
    async with listening(tea) as stream:
        assert (await stream.next()).data["link"] == "cut"

        for is_up, said in ((True, "up"), (False, "cut")):
            monkeypatch.setattr(
                link, "_session", SimpleNamespace(is_up=True, feed=lambda event: None) if is_up else None
            )
            await server.call(lambda is_up=is_up: link._changed(is_up))
            assert (await stream.until(lambda event: event.name == "cart")).data["link"] == said


async def test_a_new_price_is_told_though_the_cart_has_not_changed(server, tea):
    await tea.put_in(ASSAM, 2)
    product = make.make_product("tea", "assam", variants=[make.make_variant("tea-assam", 500)])
    async with listening(tea) as stream:
        first = await stream.next()

        await server.run(make.arrive(*make.cards_of(product, currency="RUB"), ver=2))

        event = await stream.next()
    assert (event.data["lines"][0]["price"], event.id) == (500, first.id)


async def test_what_is_to_be_said_once_is_said_in_the_stream(server, tea):
    from sync.store.writer import writer

    await writer.run(lambda: Handle.objects.update(flash="joined:clay"))

    async with listening(tea) as stream:
        flash = await stream.next()
    assert flash.name == "flash"
    assert "Глина" in flash.data["text"]
    async with listening(tea) as stream:
        assert (await stream.next()).name == "cart"


async def test_a_browser_without_a_handle_is_told_so_and_let_go(server):
    browser = Browser("tea", server.url)

    async with listening(browser) as stream:
        event = await stream.next()
        assert (event.data["version"], event.data["lines"]) == ("", [])
        assert await stream.is_over()
    assert count(Handle) == 0


async def test_a_stream_that_is_left_is_forgotten_and_its_cart_after_half_an_hour(server, tea):
    root = await tea.root()
    async with listening(tea) as stream:
        await stream.next()
        assert root in live._watchers
        assert root in link.followed()["cart"]
        assert await server.call(lambda: live.leave_idle(time.monotonic() + live.IDLE_S + 1)) == []
    await gone(lambda: root not in live._watchers)

    assert await server.call(lambda: live.leave_idle(time.monotonic() + 60)) == []
    assert await server.call(lambda: live.leave_idle(time.monotonic() + live.IDLE_S + 1)) == [root]
    assert root not in link.followed().get("cart", frozenset())


async def test_streams_end_when_the_node_stops(server, tea):
    async with listening(tea) as stream:
        await stream.next()

        await asyncio.to_thread(server.stop)

        assert await stream.is_over()
    assert not live._watchers


async def test_a_stream_ends_whole_when_there_is_no_more_to_tell(server, tea):
    async with listening(tea) as stream:
        await stream.next()

        await server.call(live.stop)

        assert await stream.is_over()
        await stream.answer.aread() if not stream.answer.is_stream_consumed else None


async def test_a_megabyte_is_answered_while_the_browser_still_sends(server, tea):
    head = (
        f"POST /_r/cart HTTP/1.1\r\nHost: {tea.host}\r\nCookie: rialto={tea.cookie}\r\n"
        "Sec-Fetch-Site: same-origin\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n"
    )

    def post() -> bytes:
        with socket.create_connection(("127.0.0.1", int(tea._url.rpartition(":")[2])), timeout=10) as line:
            line.sendall(head.encode() + b"x" * 1_000)
            answer = b""
            while part := line.recv(65_536):
                answer += part
            return answer

    answer = await asyncio.to_thread(post)

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"too_large" in answer
    assert await tea.units() == {}


async def gone(is_gone) -> None:
    """Wait for the server to notice."""
    for _ in range(1_000):
        if is_gone():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("still there")
