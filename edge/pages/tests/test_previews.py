"""Staff see a shop live, everybody else sees what he saw before; what opens it is central's word, good once."""

from __future__ import annotations

import time

import pytest
from msgspec.structs import replace

from edge.cart.tests.fixtures import cluster, joined_nodes  # noqa: F401
from edge.cart.tests.world import Browser, forget
from edge.pages import files
from edge.pages.models import Preview
from edge.pages.tests import make
from edge.replica import sites
from infra.crypto.keys import ensure_central_keys
from infra.crypto.signing import b64, new_signing_key, sign
from node import config as node_config
from node.config import config
from sync.contracts.codec import pack
from sync.contracts.preview import PreviewToken, signed_part
from sync.store.writer import writer

PAGES = ("/", "/p/assam", "/about", "/no-such-page")


@pytest.fixture
def central_key(cluster, joined_nodes, tmp_path):  # noqa: F811
    with node_config.overridden(pages_dir=tmp_path):
        writer.run_sync(lambda: Preview.objects.all().delete())
        yield ensure_central_keys(joined_nodes / "central").sign


def token(key: bytes, **changes: object) -> str:
    values = {"v": 1, "jti": "a" * 32, "site": "tea", "iat": int(time.time()), "language": "en"}
    desk = {"": "http://desk.test/sites/tea", "product": "http://desk.test/products/{id}"}
    body = pack(PreviewToken(**{**values, "desk": desk, **changes}))
    return f"{b64(body)}.{b64(sign(key, signed_part(body)))}"


async def opened(text: str, shop: str = "tea") -> tuple[object, str]:
    """The answer to a token, and the cookie that it sets, "" for none."""
    visitor = Browser(shop)
    async with visitor.client() as client:
        answer = await client.get("/_r/preview", params={"t": text}, headers={"host": visitor.host})
    return answer, answer.headers.get("set-cookie", "").partition(";")[0].partition("=")[2]


async def seen(cookie: str, path: str = "/p/assam", shop: str = "tea"):
    visitor = Browser(shop)
    async with visitor.client() as client:
        return await client.get(path, headers={"host": visitor.host, "cookie": f"rialto_preview={cookie}"})


async def test_staff_see_each_page_live_with_a_bar_and_no_cache_keeps_it(central_key):
    answer, cookie = await opened(token(central_key))

    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    for attribute in ("Path=/", "Max-Age=28800", "HttpOnly", "SameSite=Lax"):
        assert attribute in answer.headers["set-cookie"]
    assert "Secure" not in answer.headers["set-cookie"]
    for path in PAGES:
        page = await seen(cookie, path)
        assert page.headers["cache-control"] == "no-store"
        assert "etag" not in page.headers and "set-cookie" not in page.headers
        assert "staff-bar" in page.text
    product = await seen(cookie)
    assert f'href="http://desk.test/products/{_dashed(make.make_product("tea", "assam").id)}"' in product.text
    assert 'href="http://desk.test/sites/tea"' in (await seen(cookie, "/")).text


def _dashed(hex_: str) -> str:
    return "-".join((hex_[:8], hex_[8:12], hex_[12:16], hex_[16:20], hex_[20:]))


async def test_a_file_is_never_what_staff_see_and_the_bar_tells_of_it(central_key):
    live = (await Browser("tea").get("/about")).content
    place = files.place(config().pages_dir, "tea.localhost", "/about")
    files.write(place, b"<p>old</p>")
    _, cookie = await opened(token(central_key))

    assert (await Browser("tea").get("/about")).content == b"<p>old</p>"
    differs = (await seen(cookie, "/about")).text
    files.write(place, live)
    same = (await seen(cookie, "/about")).text
    files.remove(place)

    assert "not yet the same as this page" in differs and "old" not in differs.partition("staff-bar")[0][-200:]
    assert ", the same as this page" in same
    assert "Visitors have no copy of this page as a file." in (await seen(cookie, "/about")).text


async def test_visitors_get_the_same_bytes_whatever_cookie_they_bring(central_key):
    _, cookie = await opened(token(central_key))
    for path in PAGES:
        plain = await Browser("tea").get(path)
        await seen(cookie, path)
        for other in ("", "forged", f"{cookie}x", cookie[:-1]):
            answer = await seen(other, path)
            assert (answer.content, answer.headers) == (plain.content, plain.headers)


async def test_the_cookie_of_one_shop_does_nothing_at_another(central_key, cluster):  # noqa: F811
    _, cookie = await opened(token(central_key))
    writer.run_sync(lambda: Preview.objects.update(site="clay"))

    assert "staff-bar" not in (await seen(cookie)).text


async def test_a_token_works_once(central_key):
    text = token(central_key)
    _, cookie = await opened(text)

    again, second = await opened(text)

    assert (second, again.headers["x-rialto-error"]) == ("", "used")
    assert "staff-bar" in (await seen(cookie)).text


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"site": "clay"}, "wrong_shop"),
        ({"v": 2}, "wrong_shop"),
        ({"iat": int(time.time()) - 3600}, "expired"),
        ({"iat": int(time.time()) + 3600}, "expired"),
    ],
)
async def test_a_token_for_another_shop_or_time_opens_nothing(central_key, changes, code):
    answer, cookie = await opened(token(central_key, **changes))

    assert (cookie, answer.headers["x-rialto-error"]) == ("", code)
    assert answer.headers["location"] == "/"


async def test_a_token_that_central_did_not_sign_for_this_opens_nothing(central_key):
    good = token(central_key)
    body = pack(PreviewToken(v=1, jti="b" * 32, site="tea", iat=int(time.time()), language="en", desk={}))
    other_purpose = f"{b64(body)}.{b64(sign(central_key, body))}"

    for text in ("", "x", ".", good[:-4], f"A{good}", token(new_signing_key()), other_purpose):
        answer, cookie = await opened(text)
        assert (cookie, answer.headers["x-rialto-error"]) == ("", "bad_token")


async def test_a_preview_ends_by_itself_when_left_and_when_central_says_so(central_key):
    _, cookie = await opened(token(central_key))
    visitor = Browser("tea")

    async with visitor.client() as client:
        foreign = await client.post("/_r/preview/leave", headers={"host": visitor.host, "sec-fetch-site": "cross-site"})
        assert foreign.status_code == 403
        left = await client.post(
            "/_r/preview/leave",
            content="to=/about",
            headers={
                "host": visitor.host,
                "sec-fetch-site": "same-origin",
                "cookie": f"rialto_preview={cookie}",
                "content-type": "application/x-www-form-urlencoded",
            },
        )
    assert (left.status_code, left.headers["location"]) == (303, "/about")
    assert "Max-Age=0" in left.headers["set-cookie"]
    assert "staff-bar" not in (await seen(cookie)).text

    _, cookie = await opened(token(central_key, jti="b" * 32))
    writer.run_sync(lambda: Preview.objects.update(expires=int(time.time()) - 1))
    assert "staff-bar" not in (await seen(cookie)).text

    _, cookie = await opened(token(central_key, jti="c" * 32))
    assert "staff-bar" in (await seen(cookie)).text
    make.publish(replace(sites.site_of("tea.localhost"), previews_from=int(time.time()) + 1), ver=5)
    forget()
    assert "staff-bar" not in (await seen(cookie)).text
    answer, cookie = await opened(token(central_key, jti="d" * 32))
    assert (cookie, answer.headers["x-rialto-error"]) == ("", "expired")


async def test_a_secure_shop_has_a_secure_cookie(central_key):
    make.publish(make.make_site("tea", origin="https://tea.localhost"), ver=5)
    forget()

    answer, _ = await opened(token(central_key))

    assert "; Secure" in answer.headers["set-cookie"]
