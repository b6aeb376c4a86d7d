"""A browser's handle: made once, first-party, and nothing of the person in it."""

from __future__ import annotations

import asyncio

import msgspec

from edge.cart.tests.world import BOWL, Browser, count, on_disk, outbox
from edge.pages.tests import make
from edge.shopper import session
from edge.shopper.models import Handle


async def test_a_handle_is_made_once(cluster):
    browser = Browser("tea")

    first = await browser.post("/_r/session")
    handle = browser.cookie
    again = await browser.post("/_r/session")

    assert (first.status_code, again.status_code) == (204, 204)
    assert "set-cookie" not in again.headers
    assert (browser.cookie, count(Handle)) == (handle, 1)


async def test_the_cookie_is_first_party_lasting_and_out_of_scripts_reach(cluster):
    cookie = (await Browser("tea").post("/_r/session")).headers["set-cookie"]

    name, *parts = cookie.split("; ")
    assert name.startswith("rialto=") and len(name) > 40
    assert set(parts) == {"Path=/", "Max-Age=34560000", "HttpOnly", "SameSite=Lax"}


async def test_over_https_the_cookie_is_bound_to_the_host(cluster):
    site = make.make_site("tea", origin="https://tea.example")

    _, cookie = session.set_cookie(site, "x")

    assert cookie.startswith("__Host-rialto=x; ")
    assert "Secure" in cookie.split("; ")
    assert "Domain" not in cookie


async def test_tabs_that_start_together_under_the_lock_share_one_cart(cluster):
    """What `navigator.locks` does: each tab asks in its turn, with the cookie that the browser has by then."""
    browser, lock = Browser("tea"), asyncio.Lock()

    async def first_op_of_a_tab() -> None:
        async with lock:
            await browser.open()
        await browser.put_in()

    await asyncio.gather(*[first_op_of_a_tab() for _ in range(8)])

    assert count(Handle) == 1
    assert await browser.units() == {"tea-assam": 8}


async def test_posts_at_once_with_one_cookie_make_no_second_handle(shopper):
    answers = await asyncio.gather(*[shopper.post("/_r/session") for _ in range(8)])

    assert {answer.status_code for answer in answers} == {204}
    assert not any("set-cookie" in answer.headers for answer in answers)
    assert count(Handle) == 1


async def test_the_disk_gives_nobody_a_session(shopper):
    [row] = on_disk(lambda: list(Handle.objects.all()))

    assert bytes(row.hash) == session.hash_of(shopper.cookie)
    assert shopper.cookie.encode() not in bytes(row.hash)


async def test_a_handle_is_found_again_after_a_restart(shopper):
    await shopper.put_in()
    root = await shopper.root()

    session.forget_all()

    assert await shopper.root() == root
    assert await shopper.units() == {"tea-assam": 1}


async def test_cookies_of_others_do_no_harm(shopper):
    handle = shopper.cookie
    for text in (f"a=b; rialto={handle}; c", f'q="x,y"; rialto={handle}', f"rialto={handle}"):
        answer = await shopper.get("/_r/cart", cookie=text)
        assert answer.status_code == 200
    for text in ("\x7f=;;;", "rialto", "=", "rialto=" + "x" * 4_000):
        assert (await shopper.get("/_r/cart", cookie=text)).json()["lines"] == []


async def test_leaving_without_a_handle_but_with_ops_makes_one_and_takes_them_along(cluster):
    browser = Browser("tea")
    ops = msgspec.json.encode([browser.add(BOWL, 2)]).decode()

    answer = await browser.form("/_r/hop", to="clay", path="/p/bowl", ops=ops)

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("http://clay.localhost:8499/_r/land?t=")
    assert await browser.units() == {"clay-bowl": 2}
    assert len(outbox()) == 1
