"""Ops over HTTP: what a page sends, what it gets back, and what is refused with nothing half done."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from edge.cart import service
from edge.cart.models import SeenOp, StoredCart
from edge.cart.tests.world import ASSAM, BOWL, PEN, Browser, ack_all, code, count, dot_text, outbox
from edge.pages.tests import make
from edge.shopper.models import Handle
from sync.contracts.cart import CartDelta, LineKey
from sync.contracts.codec import unpack
from sync.core import cart as core
from sync.replica import run_acked, run_after_apply
from sync.store.edge.models import Outgoing
from sync.store.writer import writer

SENCHA = ["tea", "tea-sencha", ""]


# --- the happy way


async def test_an_op_is_on_disk_and_on_its_way_when_it_is_acknowledged(shopper):
    op = shopper.add(units=2)

    answer = await shopper.send(op)

    body = answer.json()
    assert body["acks"] == {dot_text(op): "edge"}
    assert body["version"] == body["view"]["version"]
    assert body["view"]["count"] == 2
    [row] = outbox()
    fact = unpack(bytes(row.body), CartDelta)
    assert (row.realm, row.kind, fact.cart) == ("orders", "cart", await shopper.root())
    assert row.ref == f"{fact.cart}|{dot_text(op)}"
    assert core.quantity(core.decode(fact.delta), LineKey(*ASSAM)) == 2
    assert list(fact.hashes) == [dot_text(op)]
    assert answer.headers["cache-control"] == "no-store"
    written, ms = answer.headers["server-timing"].split("=")
    assert (written, float(ms) > 0) == ("writer;dur", True)


async def test_a_line_of_a_sister_shop_is_whole_from_its_card(shopper):
    await shopper.send(shopper.add(BOWL, 3), shopper.add(PEN), shopper.add(ASSAM))

    view = await shopper.view()

    bowl, pen, tea = view["lines"]
    assert (bowl["title"], bowl["qty"], bowl["site"]["name"], bowl["hop"]) == ("Пиала", 3, "Глина", "clay")
    assert bowl["url"] == "http://clay.localhost:8499/p/bowl"
    assert bowl["sum"] == 3 * 1990
    assert (pen["currency"], pen["options_title"], tea["hop"], tea["url"]) == ("EUR", "F", "", "/p/assam")
    assert [(total["currency"], total["amount"]) for total in view["totals"]] == [("RUB", 4 * 1990), ("EUR", 4900)]
    assert (view["count"], view["link"]) == (5, "cut")


async def test_a_browser_without_a_handle_sees_an_empty_cart_and_asks_for_one_first(cluster):
    browser = Browser("tea")

    assert (await browser.view())["lines"] == []
    assert code(await browser.send(browser.add())) == (401, "no_handle")
    assert count(StoredCart) == 0

    await browser.open()
    await browser.put_in()
    assert await browser.units() == {"tea-assam": 1}


async def test_a_handle_of_another_shop_or_of_nobody_is_none(cluster, shopper):
    stranger = Browser("tea")
    stranger.cookie = "made-up"
    assert code(await stranger.send(stranger.add())) == (401, "no_handle")

    cluster.become("b")
    there = Browser("clay")
    there.cookie = shopper.cookie
    assert code(await there.send(there.add())) == (401, "no_handle")


async def test_what_a_shopper_takes_and_removes_by_the_tokens_shown(shopper):
    await shopper.put_in(ASSAM, 5)
    [line] = (await shopper.view())["lines"]
    [[dot, token, left]] = line["tokens"]
    assert left == 5

    taken = await shopper.send(
        {"dot": shopper.dot(), "kind": "dec", "key": ASSAM, "takings": [[dot, token, 2]]}, shopper.add(BOWL)
    )
    assert taken.json()["view"]["lines"][0]["qty"] == 3

    gone = await shopper.send({"dot": shopper.dot(), "kind": "remove", "key": ASSAM, "seen": [dot]})
    assert await shopper.units() == {"clay-bowl": 1}
    assert gone.json()["view"]["count"] == 1


# --- repeats


async def test_a_repeated_op_is_acknowledged_again_and_counted_once(shopper):
    op = shopper.add(units=2)
    first = await shopper.send(op)

    again, twice = await shopper.send(op), await shopper.send(op, shopper.add(BOWL), op)

    assert again.json() == first.json()
    assert set(twice.json()["acks"].values()) == {"edge"}
    assert await shopper.units() == {"tea-assam": 2, "clay-bowl": 1}
    assert len(outbox()) == 2


async def test_an_op_is_acknowledged_as_centrals_once_central_has_it(shopper):
    op, later = shopper.add(), shopper.add()
    await shopper.send(op)
    ack_all()
    await shopper.send(later)

    answer = await shopper.send(op, later)

    assert answer.json()["acks"] == {dot_text(op): "central", dot_text(later): "edge"}


async def test_a_tab_that_asks_between_the_ack_and_its_tidying_up_hears_central(shopper):
    op = shopper.add()
    await shopper.send(op)

    await run_acked("cart", [row.ref for row in outbox() if row.kind == "cart"])

    assert count(Outgoing) == 1
    assert (await shopper.send(op)).json()["acks"] == {dot_text(op): "central"}


async def test_hashes_of_old_ops_are_forgotten_once_central_has_them(shopper, monkeypatch):
    had, waiting = shopper.add(), shopper.add()
    await shopper.send(had)
    ack_all()
    await shopper.send(waiting)

    assert await service.forget_old_ops() == 0
    monkeypatch.setattr(service, "OPS_KEPT_MS", -1_000)
    assert await service.forget_old_ops() == 1

    assert count(SeenOp) == 1
    assert (await shopper.send(had, waiting)).status_code == 200
    assert await shopper.units() == {"tea-assam": 2}
    assert code(await shopper.send(had | {"units": 3})) == (409, "dot_conflict")


async def test_a_node_that_joins_anew_does_not_take_a_waiting_op_for_acknowledged(shopper):
    from sync.store.edge.highwater import adopt_epoch

    await shopper.put_in()
    ack_all()
    op = shopper.add()
    await shopper.send(op)
    await writer.run(lambda: adopt_epoch(7))
    assert [row.n for row in outbox()] == [1]

    assert (await shopper.send(op)).json()["acks"] == {dot_text(op): "edge"}


async def test_a_repeat_of_goods_that_are_gone_since_is_acknowledged_all_the_same(shopper):
    op = shopper.add()
    await shopper.send(op)
    await run_after_apply(make.retract(make.cards_of(make.make_product("tea", "assam"))[0]))

    assert (await shopper.send(op)).json()["acks"] == {dot_text(op): "edge"}
    assert code(await shopper.send(op, shopper.add())) == (422, "unknown_sku")


async def test_one_dot_with_another_payload_is_refused_and_nothing_applied(shopper):
    op = shopper.add(units=2)
    await shopper.send(op)

    answer = await shopper.send(shopper.add(BOWL), {**op, "units": 3})

    assert code(answer) == (409, "dot_conflict")
    assert answer.json()["dot"] == dot_text(op)
    assert await shopper.units() == {"tea-assam": 2}
    assert len(outbox()) == 1


async def test_two_payloads_in_one_call_are_refused(shopper):
    op = shopper.add()

    assert code(await shopper.send(op, {**op, "units": 2})) == (409, "dot_conflict")
    assert await shopper.units() == {}


# --- bad input


@pytest.mark.parametrize("units", [0, -1, 1000, 10**6, 10**30])
async def test_units_out_of_range(shopper, units):
    assert code(await shopper.send(shopper.add(BOWL), shopper.add(units=units))) == (422, "bad_units")
    assert await shopper.units() == {}
    assert count(SeenOp) == 0


async def test_an_unknown_sku_is_named_and_nothing_of_the_call_is_applied(shopper):
    answer = await shopper.send(shopper.add(), shopper.add(["tea", "no-such", ""]))

    assert code(answer) == (422, "unknown_sku")
    assert (answer.json()["sku"], answer.json()["site"]) == ("no-such", "tea")
    assert await shopper.units() == {}
    assert outbox() == []


async def test_twenty_one_ops_are_refused_and_twenty_taken(shopper):
    assert code(await shopper.send(*[shopper.add() for _ in range(21)])) == (422, "too_many_ops")
    assert await shopper.units() == {}

    assert (await shopper.send(*[shopper.add() for _ in range(20)])).status_code == 200
    assert await shopper.units() == {"tea-assam": 20}


BAD_BODIES = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"{}",
    b'{"ops": [{}]}',
    b'{"ops": [], "more": 1}',
    b"\xff\xfe",
    b"[" * 20_000,
    b'{"ops": [{"dot": ["%s", 1], "kind": "add", "key": ["tea", "\xff", ""], "units": 1}]}' % (b"a" * 16),
    b'{"ops": [{"dot": ["%s", 1], "kind": "add", "key": ["tea", "\\ud800", ""], "units": 1}]}' % (b"a" * 16),
    b'{"ops": [{"dot": ["%s", 1], "kind": "add", "key": ["tea", "\\ud800x", ""], "units": 1}]}' % (b"a" * 16),
    b'{"ops": [{"dot": ["%s", 1], "kind": "add", "key": ["tea", "x", ""], "units": 1.5}]}' % (b"a" * 16),
    b'{"ops": [{"dot": ["%s", 1], "kind": "add", "key": ["tea", "x", ""], "units": "1"}]}' % (b"a" * 16),
    b'{"ops": [{"dot": ["%s", 1], "kind": "steal", "key": ["tea", "x", ""]}]}' % (b"a" * 16),
]


@pytest.mark.parametrize("body", BAD_BODIES, ids=range(len(BAD_BODIES)))
async def test_a_body_that_is_not_ops_is_refused(shopper, body):
    assert code(await shopper.post("/_r/cart", body)) == (400, "bad_request")


async def test_a_content_length_that_is_no_number_is_refused(shopper):
    assert code(await shopper.post("/_r/cart", b"{}", content_length="many")) == (400, "bad_request")


async def test_a_body_of_a_megabyte_is_refused_before_it_is_read(shopper):
    assert code(await shopper.post("/_r/cart", b"x" * 1_000_000)) == (413, "too_large")


@pytest.mark.parametrize("path", ["/_r/cart", "/_r/cart/form", "/_r/hop"])
@pytest.mark.parametrize("declared", [True, False])
async def test_of_a_body_too_large_no_more_is_read_than_the_limit(shopper, path, declared):
    from edge.asgi import application
    from edge.http import MAX_BODY

    read, sent = 0, []

    async def receive():
        nonlocal read
        read += 8_192
        return {"type": "http.request", "body": b"x" * 8_192, "more_body": True}

    async def send(message):
        sent.append(message)

    headers = shopper.headers({"sec-fetch-site": "same-origin"} | ({"content-length": "1000000"} if declared else {}))
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    await application(
        {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": pairs}, receive, send
    )

    assert sent[0]["status"] == 413
    # What nobody said the size of could go on for ever
    assert ((b"connection", b"close") in sent[0]["headers"]) is not declared
    assert read <= (0 if declared else MAX_BODY + 8_192)


async def test_a_full_cart_says_so(shopper):
    for _ in range(15):
        assert (await shopper.send(*[shopper.add() for _ in range(20)])).status_code == 200

    assert code(await shopper.send(shopper.add(BOWL))) == (422, "cart_full")
    assert await shopper.units() == {"tea-assam": 300}


async def test_decs_of_invented_tokens_cannot_grow_a_cart_without_end(shopper):
    def invented(page: int):
        token = [ASSAM, 999, 0, 1]
        takings = [[["e" * 16, page * 200 + seq], token, 1] for seq in range(1, 201)]
        return {"dot": shopper.dot(), "kind": "dec", "key": ASSAM, "takings": takings}

    answers = [await shopper.send(invented(page)) for page in range(3)]

    assert [answer.status_code for answer in answers] == [200, 422, 422]
    assert code(answers[-1]) == (422, "cart_full")


# --- who may post


@pytest.mark.parametrize("path", ["/_r/cart", "/_r/cart/form", "/_r/session", "/_r/hop"])
@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "none"},
        {"sec_fetch_site": "cross-site", "origin": "http://tea.localhost:8499"},
        {"origin": "http://clay.localhost:8499"},
        {"origin": "http://tea.localhost"},
        {"origin": "null"},
        {"origin": "http://["},
        {},
    ],
)
async def test_a_post_that_no_page_of_the_shop_sent_is_refused(shopper, path, headers):
    body = msgspec.json.encode({"ops": [shopper.add()]})

    assert code(await shopper.ask("POST", path, body, **headers)) == (403, "cross_site")
    assert count(Handle) == 1
    assert await shopper.units() == {}


async def test_an_old_browser_is_known_by_its_origin(shopper):
    body = msgspec.json.encode({"ops": [shopper.add()]})

    answer = await shopper.ask("POST", "/_r/cart", body, origin="http://tea.localhost:8499")

    assert answer.status_code == 200


async def test_a_host_that_is_no_shop_of_this_edge(cluster):
    for name in ("clay", "nobody"):
        answer = await Browser(name).post("/_r/session")
        assert answer.status_code == 421
        assert "set-cookie" not in answer.headers


async def test_addresses_that_are_not_there(shopper):
    assert (await shopper.get("/_r/nothing")).status_code == 404
    assert (await shopper.get("/_r/session")).status_code == 405
    assert (await shopper.get("/_r/health")).json() == {"ok": True, "link": False}


# --- many at once


async def test_ops_that_commit_together_stand_and_fall_alone(cluster):
    browsers = [await Browser("tea").open() for _ in range(12)]
    for browser in browsers:
        await browser.put_in()
    bad = [{**browser.add(), "dot": [browser.client_id, 1], "units": 9} for browser in browsers]

    answers = await asyncio.gather(
        *[browser.send(bad[n] if n % 3 == 0 else browser.add(BOWL, n)) for n, browser in enumerate(browsers)]
    )

    assert [answer.status_code for answer in answers] == [409 if n % 3 == 0 else 200 for n in range(12)]
    for n, browser in enumerate(browsers):
        assert await browser.units() == {"tea-assam": 1} | ({} if n % 3 == 0 else {"clay-bowl": n})
    assert len(outbox()) == 12 + 8


async def test_tabs_of_one_cart_that_post_at_once_lose_nothing(shopper):
    tabs = [Browser("tea") for _ in range(20)]
    for tab in tabs:
        tab.cookie = shopper.cookie

    answers = await asyncio.gather(*[tab.send(tab.add(units=2), tab.add(BOWL)) for tab in tabs])

    assert {answer.status_code for answer in answers} == {200}
    assert await shopper.units() == {"tea-assam": 40, "clay-bowl": 20}
    versions = {int(answer.json()["version"].partition(".")[2]) for answer in answers}
    assert max(versions) == 20
