"""The cart without JavaScript: forms, 303 and a whole page."""

from __future__ import annotations

import pytest

from edge.cart.tests.world import Browser, code, count
from edge.shopper.models import Handle

TEA = {"site": "tea", "sku": "tea-assam", "options": "", "price_ref": 1}


async def test_add_set_and_remove_by_forms(cluster):
    browser = Browser("tea")

    added = await browser.form(action="add", units=2, **TEA)
    assert (added.status_code, added.headers["location"]) == (303, "/cart")
    assert browser.cookie
    assert await browser.units() == {"tea-assam": 2}

    for wanted in (5, 3):
        answer = await browser.form(action="set", units=wanted, next="/p/assam", **TEA)
        assert (answer.status_code, answer.headers["location"]) == (303, "/p/assam")
        assert "set-cookie" not in answer.headers
        assert await browser.units() == {"tea-assam": wanted}

    assert (await browser.form(action="remove", **TEA)).status_code == 303
    assert await browser.units() == {}
    assert count(Handle) == 1


async def test_an_add_by_form_says_one_unit_when_it_says_none(cluster):
    browser = Browser("tea")

    await browser.form(**{**TEA, "price_ref": ""})

    assert await browser.units() == {"tea-assam": 1}


async def test_setting_what_is_already_so_changes_nothing(shopper):
    await shopper.form(action="add", units=2, **TEA)
    before = (await shopper.view())["version"]

    assert (await shopper.form(action="set", units=2, **TEA)).status_code == 303
    assert (await shopper.form(action="remove", **{**TEA, "sku": "tea-sencha"})).status_code == 303

    assert (await shopper.view())["version"] == before


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"units": 0}, (422, "bad_units")),
        ({"units": 10**6}, (422, "bad_units")),
        ({"units": 10**30}, (422, "bad_units")),
        ({"units": "two"}, (400, "bad_request")),
        ({"units": -1, "action": "set"}, (422, "bad_units")),
        ({"units": 10**30, "action": "set"}, (422, "bad_units")),
        ({"price_ref": "x"}, (400, "bad_request")),
        ({"price_ref": 2**60}, (422, "bad_op")),
        ({"action": "steal"}, (400, "bad_request")),
        ({"sku": "no-such"}, (422, "unknown_sku")),
        ({"sku": ""}, (422, "bad_op")),
    ],
)
async def test_a_form_that_no_page_made_is_refused(shopper, fields, refusal):
    assert code(await shopper.form(**{"action": "add", "units": 1, **TEA, **fields})) == refusal
    assert await shopper.units() == {}


async def test_a_body_that_is_no_form_is_refused(shopper):
    assert code(await shopper.post("/_r/cart/form", b"\xff\xfe=1")) == (400, "bad_request")
    assert code(await shopper.post("/_r/cart/form", b"&".join(b"a%d=1" % n for n in range(200)))) == (
        400,
        "bad_request",
    )


@pytest.mark.parametrize(
    "next_",
    ["//evil.example", "https://evil.example/", "/\\evil.example", "\\\\evil", "evil", "//[", "/a\r\nx: y", "/\tx"],
)
async def test_a_form_never_leads_out_of_the_shop(shopper, next_):
    answer = await shopper.form(action="add", next=next_, **TEA)

    assert (answer.status_code, answer.headers["location"]) == (303, "/cart")


async def test_the_cart_page_is_whole_without_a_script(shopper):
    await shopper.form(action="add", units=2, **TEA)

    answer = await shopper.get("/cart")

    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert "content-security-policy" in answer.headers
    assert "Ассам" in answer.text
    assert 'action="/_r/cart/form"' in answer.text
    assert 'value="2"' in answer.text


async def test_the_cart_page_of_a_browser_without_a_handle_makes_none(cluster):
    answer = await Browser("tea").get("/cart")

    assert answer.status_code == 200
    assert count(Handle) == 0


async def test_what_the_cart_holds_is_escaped_in_the_page(cluster, shopper):
    from edge.pages.tests import make

    bad = make.make_product("tea", "bad", title="<script>x</script>", variants=[make.make_variant('"><b>', 100)])
    make.publish_goods(bad)
    await shopper.put_in(["tea", '"><b>', ""])

    html = (await shopper.get("/cart")).text

    assert "<script>x" not in html and '"><b>' not in html
