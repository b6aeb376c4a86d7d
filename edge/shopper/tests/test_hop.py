"""The hop: a cart goes to a sister shop by a token that is good once, there, now, and in nobody else's hands."""

from __future__ import annotations

import logging
import secrets
import time
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from django.utils.html import escape
from msgspec.structs import replace

from edge.cart.routes import flash_text
from edge.cart.tests.world import ASSAM, BOWL, PEN, Browser, count, outbox
from edge.pages.tests import make
from edge.replica.sites import forget_all, site
from edge.shopper import hop
from edge.shopper.models import Handle, UsedHop
from infra.crypto.keys import ensure_node_keys
from infra.crypto.signing import b64, sign, unb64
from sync.contracts.cart import CartAlias
from sync.contracts.codec import pack, unpack
from sync.contracts.documents import LanguageDoc

TEA, CLAY = "http://tea.localhost:8499", "http://clay.localhost:8499"
FROM_TEA = {"sec_fetch_mode": "navigate", "sec_fetch_site": "cross-site", "referer": f"{TEA}/"}


async def leave(browser: Browser, to: str = "clay", path: str = "/p/bowl", **fields: str) -> str:
    """Where a click on a sister's link sends the browser."""
    answer = await browser.form("/_r/hop", to=to, path=path, **fields)
    assert (answer.status_code, answer.headers["referrer-policy"]) == (303, "origin")
    assert answer.headers["cache-control"] == "no-store"
    return answer.headers["location"]


def path_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"


def token_of(address: str) -> str:
    return parse_qs(urlsplit(address).query)["t"][0]


def body_of(token: str) -> hop.Token:
    return unpack(unb64(token.partition(".")[0]), hop.Token)


@pytest.fixture
async def address(shopper, cluster) -> str:
    """A click in the tea shop, with 2 Assam in the cart, has led here; this process is the clay shop's edge now."""
    await shopper.put_in(ASSAM, 2)
    address = await leave(shopper)
    cluster.become("b")
    return address


@pytest.fixture
def there(address) -> Browser:
    return Browser("clay")


def told() -> str:
    """What the clay shop says to a shopper whose cart from the tea shop has joined the one he had."""
    clay = site("clay")
    assert clay is not None
    return escape(flash_text("joined:tea", clay))


def signed_by(cluster, node: str, token: hop.Token) -> str:
    body = pack(token)
    return f"{b64(body)}.{b64(sign(ensure_node_keys(cluster.home(node)).sign, body))}"


async def land(browser: Browser, token: str, to: str = "/p/bowl", **headers: str):
    return await browser.get(f"/_r/land?t={token}&to={to}", **{**FROM_TEA, **headers})


async def refusal(browser: Browser, token: str, **headers: str) -> str:
    """Why a token was refused; the shop has opened all the same, without it."""
    before = count(Handle)
    answer = await land(browser, token, **headers)
    assert (answer.status_code, answer.headers["location"]) == (303, "/p/bowl")
    assert "set-cookie" not in answer.headers
    assert count(Handle) == before
    return answer.headers["x-rialto-error"]


# --- the happy way


async def test_a_cart_goes_along_and_the_address_is_clean_again(address, there):
    assert address.startswith(f"{CLAY}/_r/land?t=")

    answer = await there.get(path_of(address), **FROM_TEA)

    assert (answer.status_code, answer.headers["location"]) == (303, "/p/bowl")
    assert (answer.headers["cache-control"], answer.headers["referrer-policy"]) == ("no-store", "origin")
    assert "x-rialto-error" not in answer.headers
    assert await there.units() == {"tea-assam": 2}
    assert count(Handle) == 1


@pytest.fixture
def arabic(cluster) -> str:
    """The tea shop speaks Arabic too, at a host of its own; here is the key of that edition."""
    tea = site("tea")
    assert tea is not None
    languages = [LanguageDoc(code="ar", name="العربية", origin="http://ar.localhost:8499")]
    make.publish(replace(tea, languages=[*languages, LanguageDoc(code="en", name="English", path="/en")]), ver=20)
    forget_all()
    return "tea~ar~"


async def test_a_cart_goes_along_to_another_language_of_the_shop_at_its_own_host(shopper, arabic):
    await shopper.put_in(ASSAM, 2)
    root = await shopper.root()

    address = await leave(shopper, to=arabic, path="/p/assam")
    there = Browser("ar")
    answer = await there.get(path_of(address), **FROM_TEA)

    assert address.startswith("http://ar.localhost:8499/_r/land?t=")
    assert (answer.status_code, answer.headers["location"]) == (303, "/p/assam")
    assert "x-rialto-error" not in answer.headers
    assert await there.units() == {"tea-assam": 2}
    there.shop = "tea"
    assert await there.root() == root


async def test_a_language_at_the_same_host_needs_no_hop_and_gets_no_token(shopper, arabic):
    await shopper.put_in(ASSAM)

    answer = await shopper.form("/_r/hop", to="tea~en~", path="/en")

    assert answer.status_code == 404


async def test_it_is_the_same_cart_and_central_hears_of_it(shopper, cluster):
    await shopper.put_in(ASSAM, 2)
    root, address = await shopper.root(), await leave(shopper)
    cluster.become("b")
    there = Browser("clay")

    await there.get(path_of(address), **FROM_TEA)

    assert await there.root() == root
    assert [row.kind for row in outbox()] == ["cart"]
    await there.put_in(BOWL)
    assert await there.units() == {"tea-assam": 2, "clay-bowl": 1}


async def test_the_token_shows_neither_the_cart_nor_its_id(shopper):
    await shopper.put_in(ASSAM, 2)
    token = body_of(token_of(await leave(shopper)))

    assert b"tea-assam" not in pack(token)
    assert (await shopper.root()).encode() not in pack(token)
    assert (token.src, token.node, token.dst) == ("tea", "a", "clay")


async def test_pending_ops_of_the_tab_go_along(shopper, cluster):
    ops = msgspec.json.encode([shopper.add(PEN), shopper.add(ASSAM, 3)]).decode()
    address = await leave(shopper, ops=ops)
    cluster.become("b")
    there = Browser("clay")

    await there.get(path_of(address), **FROM_TEA)

    assert await there.units() == {"ink-pen": 1, "tea-assam": 3}


@pytest.mark.parametrize(
    "ops", ["{", "[]", "[{}]", '[{"dot":["x",1],"kind":"add","key":["tea","no-such",""],"units":1}]']
)
async def test_ops_that_cannot_go_along_hold_no_hop_up(shopper, ops):
    await shopper.put_in()

    assert token_of(await leave(shopper, ops=ops))


async def test_a_browser_without_a_cart_gets_the_plain_address(cluster):
    assert await leave(Browser("tea")) == f"{CLAY}/p/bowl"
    assert count(Handle) == 0


async def test_a_shop_that_is_no_sister_is_refused(shopper):
    for other in ("tea", "nobody", ""):
        answer = await shopper.form("/_r/hop", to=other, path="/")
        assert (answer.status_code, answer.json()["error"]) == (404, "no_such_shop")


async def test_a_sister_that_has_not_joined_or_is_revoked_gets_no_token(shopper, cluster):
    await shopper.put_in()
    make.publish_entries([("node:main", "b", cluster.node_doc("b", seal_key="")), ("node:main", "c", None)], ver=2)
    assert await leave(shopper) == f"{CLAY}/p/bowl"
    assert await leave(shopper, to="ink", path="/") == "http://ink.localhost:8499/"

    make.publish_entries([("node:main", "b", cluster.node_doc("b", is_revoked=True))], ver=3)
    assert await leave(shopper) == f"{CLAY}/p/bowl"


# --- refused


async def test_a_token_is_good_once(address, there, caplog):
    await there.get(path_of(address), **FROM_TEA)

    with caplog.at_level(logging.WARNING):
        assert await refusal(Browser("clay"), token_of(address)) == "replayed"
        assert await refusal(there, token_of(address)) == "replayed"

    assert "replayed" in caplog.text
    assert await there.units() == {"tea-assam": 2}


async def test_no_altered_byte_passes(address, there, caplog):
    token = token_of(address)
    body, _, signature = token.partition(".")
    raw, signed = unb64(body), unb64(signature)
    altered = [b64(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]) + "." + signature for at in range(0, len(raw), 7)]
    altered += [body + "." + b64(signed[:at] + bytes([signed[at] ^ 1]) + signed[at + 1 :]) for at in range(0, 64, 9)]
    altered += [
        token[:-1],
        token + "A",
        body,
        "." + signature,
        "",
        "x",
        "%00",
        "é",
        b64(b"\xff" * 40) + "." + signature,
    ]

    with caplog.at_level(logging.WARNING):
        for text in altered:
            assert await refusal(there, text) in ("bad_token", "foreign"), text

    assert count(UsedHop) == 0
    assert (await there.get(path_of(address), **FROM_TEA)).headers.get("set-cookie")
    assert body[:30] not in caplog.text


async def test_an_expired_or_a_future_token(address, there, cluster):
    token = body_of(token_of(address))
    for iat in (int(time.time()) - hop.LIFE_S - 2, int(time.time()) + hop.SLACK_S + 5):
        changed = msgspec.structs.replace(token, iat=iat)
        assert await refusal(there, signed_by(cluster, "a", changed)) == "expired"
    assert count(UsedHop) == 0


async def test_a_token_signed_by_another_key(address, there, cluster):
    token = body_of(token_of(address))

    assert await refusal(there, signed_by(cluster, "c", token)) == "foreign"
    for changes in ({"src": "ink"}, {"src": "clay", "node": "b"}, {"src": "nobody"}, {"node": "c"}):
        changed = msgspec.structs.replace(token, **changes)
        assert await refusal(there, signed_by(cluster, "c", changed)) == "foreign"
        assert await refusal(there, signed_by(cluster, "a", changed)) == "foreign"


async def test_a_token_for_another_shop(shopper, cluster):
    await shopper.put_in()
    address = await leave(shopper, to="ink", path="/")
    cluster.become("b")

    assert await refusal(Browser("clay"), token_of(address)) == "wrong_shop"


async def test_a_token_of_an_unknown_version(address, there, cluster):
    changed = msgspec.structs.replace(body_of(token_of(address)), v=2)

    assert await refusal(there, signed_by(cluster, "a", changed)) == "wrong_shop"


async def test_a_state_sealed_for_somebody_else_or_moved_to_another_token(address, there, cluster):
    token = body_of(token_of(address))
    moved = msgspec.structs.replace(token, jti="0" * 32)
    broken = msgspec.structs.replace(token, state=token.state[:-1])

    for bad in (moved, broken, msgspec.structs.replace(token, state=b"")):
        assert await refusal(there, signed_by(cluster, "a", bad)) == "bad_token"


async def test_a_revoked_sister_is_believed_no_more(address, there, cluster):
    make.publish_entries([("node:main", "a", cluster.node_doc("a", is_revoked=True))], ver=2)
    assert await refusal(there, token_of(address)) == "foreign"

    make.publish_entries([("node:main", "a", None)], ver=3)
    assert await refusal(there, token_of(address)) == "foreign"


@pytest.mark.parametrize(
    "headers",
    [
        {"referer": "https://evil.example/"},
        {"referer": "http://["},
        {"referer": f"{TEA}.evil.example/"},
        {"referer": "about:blank"},
        {"referer": ""},
        {"sec_fetch_mode": "no-cors"},
        {"sec_fetch_mode": "cors"},
    ],
)
async def test_a_token_that_another_sites_page_pushes(address, there, headers):
    assert await refusal(there, token_of(address), **headers) == "foreign"
    assert count(UsedHop) == 0


async def test_a_refusal_is_logged_with_its_reason_and_without_the_token(address, there, caplog):
    with caplog.at_level(logging.DEBUG, logger="edge"):
        await refusal(there, token_of(address), referer="https://evil.example/secret?x=1")

    logged = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("edge"))
    assert "hop refused: foreign at clay from https://evil.example" in logged
    for part in (token_of(address)[:40], token_of(address)[-40:], "secret", "127.0.0.1"):
        assert part not in logged


# --- whose cart


async def test_two_carts_with_lines_become_one_and_the_shopper_is_told_once(address, there):
    await there.open()
    await there.put_in(BOWL, 3)
    mine = await there.root()
    handle = there.cookie

    answer = await land(there, token_of(address))

    assert "set-cookie" not in answer.headers
    assert there.cookie == handle
    assert await there.units() == {"tea-assam": 2, "clay-bowl": 3}
    [alias] = [unpack(bytes(row.body), CartAlias) for row in outbox() if row.kind == "cart_alias"]
    assert mine in (alias.source, alias.target) and alias.target < alias.source
    page = (await there.get("/cart")).text
    again = (await there.get("/cart")).text
    assert told() in page
    assert told() not in again


async def test_an_empty_cart_here_gives_way(address, there):
    await there.open()
    old, handle = await there.root(), there.cookie

    await land(there, token_of(address))

    assert there.cookie == handle
    assert await there.root() != old
    assert await there.units() == {"tea-assam": 2}
    assert [row.kind for row in outbox()] == ["cart"]


async def test_an_empty_cart_brought_along_is_united_without_a_word(shopper, cluster):
    address = await leave(shopper)
    cluster.become("b")
    there = await Browser("clay").open()
    await there.put_in(BOWL)

    await land(there, token_of(address))

    assert await there.units() == {"clay-bowl": 1}
    assert [row.kind for row in outbox()] == ["cart", "cart_alias"]
    assert told() not in (await there.get("/cart")).text


async def test_hopping_again_with_the_same_cart_changes_nothing(shopper, cluster):
    await shopper.put_in(ASSAM, 2)
    first, second = await leave(shopper), await leave(shopper)
    cluster.become("b")
    there = Browser("clay")
    await land(there, token_of(first))
    view, sent = await there.view(), len(outbox())

    await land(there, token_of(second))

    assert await there.view() == view
    assert len(outbox()) == sent


# --- size


async def test_of_a_big_cart_the_newest_come_along_in_three_kilobytes(shopper, cluster):
    for _ in range(14):
        assert (
            await shopper.send(*[shopper.add(BOWL, dot=[secrets.token_hex(8), 1]) for _ in range(20)])
        ).status_code == 200
    # Taken back, it needs no room
    [[dot, token, _], *_] = (await shopper.view())["lines"][0]["tokens"][-1:]
    await shopper.send({"dot": shopper.dot(), "kind": "dec", "key": BOWL, "takings": [[dot, token, 1]]})
    tabs = [Browser("tea") for _ in range(12)]
    for tab in tabs:
        tab.cookie = shopper.cookie
        await tab.put_in(ASSAM)
    address = await leave(shopper)

    token = body_of(token_of(address))
    assert len(token.state) <= hop.MAX_STATE
    cluster.become("b")
    there = Browser("clay")
    await land(there, token_of(address))

    units = await there.units()
    assert units["tea-assam"] == 12
    assert 0 < units["clay-bowl"] < 279


async def test_what_was_taken_back_needs_no_room_in_the_token(shopper, cluster):
    await shopper.put_in(ASSAM, 2)
    for _ in range(14):
        assert (
            await shopper.send(*[shopper.add(BOWL, dot=[secrets.token_hex(8), 1]) for _ in range(20)])
        ).status_code == 200
    bowls = (await shopper.view())["lines"][1]["tokens"]
    for start in range(0, 280, 140):
        taking = {"dot": shopper.dot(), "kind": "dec", "key": BOWL, "takings": bowls[start : start + 140]}
        assert (await shopper.send(taking)).status_code == 200
    address = await leave(shopper)
    cluster.become("b")
    there = Browser("clay")

    answer = await land(there, token_of(address))

    assert "x-rialto-error" not in answer.headers
    assert await there.units() == {"tea-assam": 2}


# --- where to


@pytest.mark.parametrize(
    "to",
    [
        "//evil.example",
        "https://evil.example",
        "/%5Cevil.example",
        "%5C%5Cevil",
        "javascript:x",
        "",
        "//[",
        "/%0d%0ax:y",
        "///x",
    ],
)
async def test_a_redirect_never_leaves_the_shop(address, there, to):
    answer = await there.get(f"/_r/land?t=x&to={to}", **FROM_TEA)

    assert (answer.status_code, answer.headers["location"]) == (303, "/")


@pytest.mark.parametrize(
    "path", ["//evil.example", "https://evil.example", "/\\evil.example", "@evil.example", ":1/", ".evil"]
)
async def test_a_hop_leads_to_the_sister_only(shopper, path):
    assert await leave(Browser("tea"), path=path) == f"{CLAY}/"


# --- "bring my cart from ..."


async def test_a_click_in_the_sister_shop_brings_the_cart(shopper, cluster):
    await shopper.put_in(ASSAM, 2)
    click = {"sec_fetch_mode": "navigate", "sec_fetch_user": "?1", "referer": f"{CLAY}/"}

    answer = await shopper.get("/_r/bring?to=clay&path=/cart", **click)

    assert answer.status_code == 303
    cluster.become("b")
    there = Browser("clay")
    await there.get(path_of(answer.headers["location"]), **FROM_TEA)
    assert await there.units() == {"tea-assam": 2}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec_fetch_mode": "navigate", "sec_fetch_user": "?1"},
        {"sec_fetch_mode": "navigate", "sec_fetch_user": "?1", "referer": "https://evil.example/"},
        {"sec_fetch_mode": "navigate", "sec_fetch_user": "?1", "referer": "http://ink.localhost:8499/"},
        {"sec_fetch_mode": "navigate", "referer": f"{CLAY}/"},
        {"sec_fetch_mode": "cors", "sec_fetch_user": "?1", "referer": f"{CLAY}/"},
    ],
)
async def test_what_is_no_click_of_the_sister_is_asked_for_again_here(shopper, headers):
    await shopper.put_in()

    answer = await shopper.get("/_r/bring?to=clay&path=/cart", **headers)

    assert answer.status_code == 200
    assert 'action="/_r/hop"' in answer.text and 'value="clay"' in answer.text
    assert "/_r/land" not in answer.text


async def test_bring_knows_sisters_only(shopper):
    assert (await shopper.get("/_r/bring?to=nobody")).status_code == 404
