"""What a shopper, a visitor cache and a CDN get from the address of a page."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from edge.pages import files
from edge.pages.cache import pages
from edge.pages.tests import make
from edge.pages.tests.client import Browser, Fragment, Page
from edge.pages.tests.conftest import GREEN, THYME
from edge.replica import sites
from node.config import config
from sync.contracts.documents import PagesDoc


def add_forms(page: Page) -> list[dict[str, str]]:
    return [each for each in page.all("form") if "data-cart-add" in each]


def add_inputs(html: str, name: str = "") -> list[dict[str, str]]:
    """The inputs of the add forms of the product itself."""
    forms = re.findall(r"<form class=\"buy-form\" data-cart-add.*?</form>", html, re.S)
    inputs = [each for form in forms for each in Fragment(form).all("input")]
    return [each for each in inputs if not name or each["name"] == name]


def add_fields(html: str) -> dict[str, str]:
    return {each["name"]: each["value"] for each in add_inputs(html)}


ALL = ["/", "/about", "/c/green", "/c/green/cheapest", "/p/longjing", "/p/sencha", "/no-such-page"]


@pytest.mark.parametrize("path", ALL)
async def test_every_page_is_sound_html_in_the_language_of_the_shop(visitor, path):
    answer = await visitor.get(path)

    page = Page(answer.text)
    assert page.problems == []
    assert page.all("html")[0]["lang"] == "ru"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


async def test_a_product_shows_its_title_price_and_what_its_add_button_sends(visitor):
    make.publish_goods(GREEN, ver=7)

    answer = await visitor.get("/p/longjing")

    page = Page(answer.text)
    assert "<h1>Лунцзин</h1>" in answer.text
    assert "1\xa0990\xa0₽" in answer.text
    assert add_fields(answer.text) == {
        "action": "add",
        "site": "tea",
        "sku": "LJ",
        "options": "",
        "price_ref": "7",
        "next": "/cart",
        "units": "1",
    }
    assert {"method": "post", "action": "/_r/cart/form"}.items() <= add_forms(page)[0].items()


async def test_a_product_with_a_choice_has_a_form_for_each_unit(visitor):
    answer = await visitor.get("/p/sencha")

    assert [form.get("value") for form in add_inputs(answer.text, "options")] == ["size=50 г", "size=100 г"]
    assert "500\xa0₽" in answer.text and "900\xa0₽" in answer.text


async def test_the_home_page_shows_shelves_goods_and_the_sister_shop(visitor):
    answer = await visitor.get("/")

    hops = [each for each in Page(answer.text).all("a") if "data-hop" in each]
    assert {each["href"] for each in hops} == {"http://ink.localhost:8499/", "http://ink.localhost:8499/p/heron"}
    assert {each["data-hop"] for each in hops} == {"ink"}
    assert "Heron Steel" in answer.text and "€49.00" in answer.text
    assert "Зелёный чай" in answer.text and "Чабрец сушёный" in answer.text
    assert "320,50\xa0₽" in answer.text and "400\xa0₽" in answer.text


async def test_a_category_is_sorted_by_its_address(visitor):
    async def order(path: str) -> list[str]:
        return re.findall(r'<h3 class="good-title"><a href="(/p/[^"]+)"', (await visitor.get(path)).text)

    assert await order("/c/green") == ["/p/longjing", "/p/sencha"]
    assert await order("/c/green/cheapest") == ["/p/sencha", "/p/longjing"]
    assert await order("/c/green/dearest") == ["/p/longjing", "/p/sencha"]
    assert await order("/c/green/by-name") == ["/p/longjing", "/p/sencha"]


async def test_a_long_category_has_pages_of_24(visitor):
    shelf = [make.hex_of("tea", "herbs")]
    goods = [make.make_product("tea", f"herb-{n:02}", categories=shelf, position=n) for n in range(1, 30)]
    await make.arrive(*goods)

    first, second = await visitor.get("/c/herbs"), await visitor.get("/c/herbs/2")

    assert first.text.count('<article class="good">') == 24
    assert second.text.count('<article class="good">') == 6
    assert 'href="/c/herbs/2"' in first.text and 'rel="prev"' in second.text
    assert (await visitor.get("/c/herbs/3")).status == 404


async def test_a_shelf_shows_the_goods_of_the_shelves_below_it(visitor):
    await make.arrive(make.make_category("tea", "japan", title="Япония", parent=make.hex_of("tea", "green")))
    await make.arrive(make.make_product("tea", "gyokuro", title="Гёкуро", categories=[make.hex_of("tea", "japan")]))

    answer = await visitor.get("/c/green")

    assert "/p/gyokuro" in answer.text and 'href="/c/japan"' in answer.text
    crumbs = re.findall(r'<li><a href="([^"]+)">', (await visitor.get("/p/gyokuro")).text)
    assert crumbs[-1] == "/c/japan" or "/c/japan" in crumbs


async def test_everybody_gets_the_same_bytes_and_no_cookie(visitor):
    plain = await visitor.get("/p/longjing")
    other = await visitor.get("/p/longjing?utm_source=x", cookie="rialto=abc", accept_language="de", user_agent="x")

    assert plain.body == other.body
    assert plain.headers == other.headers
    assert "set-cookie" not in plain.headers
    assert plain.headers["vary"] == "Accept-Encoding"
    assert plain.headers["cache-control"] == "public, max-age=0, s-maxage=86400, stale-if-error=604800"


async def test_a_known_etag_is_answered_by_304(visitor):
    first = await visitor.get("/c/green")

    again = await visitor.get("/c/green", if_none_match=f'"other", {first.headers["etag"]}')
    weak = await visitor.get("/c/green", if_none_match=f"W/{first.headers['etag']}")
    changed = await visitor.get("/c/green", if_none_match='"other"')

    assert (again.status, again.body, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert (weak.status, changed.status) == (304, 200)
    assert "content-type" not in again.headers


async def test_gzip_is_given_to_whoever_takes_it(visitor):
    plain = await visitor.get("/")
    zipped = await visitor.get("/", accept_encoding="br;q=1, gzip;q=0.8")
    refused = await visitor.get("/", accept_encoding="gzip;q=0")

    assert zipped.headers["content-encoding"] == "gzip"
    assert zipped.text == plain.text and len(zipped.body) < len(plain.body) / 2
    assert zipped.headers["etag"] != plain.headers["etag"]
    assert "content-encoding" not in refused.headers


async def test_head_has_the_headers_of_get_and_no_body(visitor):
    get, head = await visitor.get("/"), await visitor.get("/", method="HEAD")

    assert head.body == b""
    assert head.headers == get.headers


async def test_pages_take_no_post(visitor):
    answer = await visitor.get("/", method="POST")

    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "path", ["/nope", "/p/none", "/c/none", "/c/green/2", "/c/green/1", "/c/green/02", "/p/", "/c/"]
)
async def test_what_is_not_there_is_404_with_a_way_on(visitor, path):
    answer = await visitor.get(path)

    assert answer.status == 404
    assert 'href="/c/green"' in answer.text and "Такой страницы нет" in answer.text
    assert "s-maxage=60" in answer.headers["cache-control"]


async def test_made_up_addresses_do_not_fill_the_memory(visitor):
    for n in range(30):
        await visitor.get(f"/p/none-{n}")
        await visitor.get(f"/none-{n}")

    assert len(pages) == 1


async def test_a_slash_too_many_is_sent_to_the_right_address(visitor):
    answer = await visitor.get("/c/green/")

    assert (answer.status, answer.headers["location"]) == (308, "/c/green")


async def test_an_unknown_host_is_421(tea):
    answer = await Browser("other.example").get("/")

    assert answer.status == 421
    assert answer.headers["cache-control"] == "no-store"
    assert Page(answer.text).problems == []


async def test_a_shop_that_is_switched_off_says_so(visitor):
    await visitor.get("/")

    await make.arrive(make.make_site("tea", language="ru", is_active=False), ver=2)

    answer = await visitor.get("/")
    assert (answer.status, answer.headers["cache-control"]) == (503, "no-store")
    assert "Магазин закрыт" in answer.text
    assert 'href="http://ink.localhost:8499/"' in answer.text


async def test_a_page_that_cannot_be_made_is_500_and_kept_by_nobody(visitor, settings, monkeypatch):
    monkeypatch.setattr("edge.pages.building.render_page", lambda *args: 1 / 0)

    answer = await visitor.get("/")

    assert (answer.status, answer.headers["cache-control"]) == (500, "no-store")
    assert Page(answer.text).problems == [] and "Что-то пошло не так" in answer.text
    monkeypatch.undo()
    assert (await visitor.get("/")).status == 200


async def test_the_policy_lets_forms_go_to_sister_shops_only(visitor):
    policy = (await visitor.get("/")).headers["content-security-policy"]

    assert "form-action 'self' http://ink.localhost:8499" in policy
    assert "unsafe" not in policy and "default-src 'none'" in policy


async def test_a_document_cannot_put_markup_into_a_page(visitor):
    await make.arrive(make.make_product("tea", "evil", title='<script>alert("x")</script>', text="<b>bold</b>"))

    answer = await visitor.get("/p/evil")

    assert Page(answer.text).problems == []
    assert "<script>alert" not in answer.text and "<b>" not in answer.text


async def test_a_product_without_a_card_yet_is_shown_and_not_sold(visitor):
    await make.arrive(make.make_product("tea", "fresh", title="Свежий"))

    answer = await visitor.get("/p/fresh")

    assert "Сейчас не продаётся" in answer.text
    assert add_forms(Page(answer.text)) == []


async def test_a_card_off_sale_takes_the_button_away(visitor):
    await make.arrive(*make.cards_of(THYME, is_on_sale=False), ver=2)

    assert add_forms(Page((await visitor.get("/p/thyme")).text)) == []


async def test_robots_are_kept_from_the_cart_and_the_icon_is_the_themes(visitor):
    assert "Disallow: /cart" in (await visitor.get("/robots.txt")).text
    assert (await visitor.get("/favicon.ico")).headers["location"].endswith("/themes/tea/favicon.svg")


async def test_many_who_ask_at_once_wait_for_one_render(visitor, monkeypatch):
    import asyncio

    from edge.pages import serving

    built: list[str] = []
    build = serving.build
    monkeypatch.setattr(serving, "build", lambda site, path: (built.append(path), build(site, path))[1])

    answers = await asyncio.gather(*(visitor.get("/c/green") for _ in range(20)))

    assert {answer.status for answer in answers} == {200}
    assert built == ["/c/green"]


async def test_the_maker_is_asked_for_pages_and_for_no_made_up_address(visitor, monkeypatch):
    from edge.pages.foreman import foreman

    asked: list[str] = []
    monkeypatch.setattr(foreman, "_say", lambda order: asked.append(order.path))

    for path in ("/p/nothing-of-ours", "/p/sencha", "/c/none"):
        await visitor.get(path)

    assert asked == ["/p/sencha"]


async def test_a_page_that_lies_as_a_file_goes_out_as_it_lies(visitor):
    file = files.place(config().pages_dir, "tea.localhost", "/about")
    files.write(file, b"<p>as it lies</p>" * 50, "best")
    lies = {"br": Path(f"{file}.br").read_bytes(), "gzip": Path(f"{file}.gz").read_bytes(), "": file.read_bytes()}

    for coding, body in lies.items():
        assert (await visitor.get("/about", accept_encoding=coding)).body == body
    head = await visitor.get("/about", method="HEAD")
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(lies[""])))
    part = await visitor.get("/about", range="bytes=0-2")
    assert (part.status, part.body) == (206, b"<p>")
    tag = (await visitor.get("/about", accept_encoding="br")).headers["etag"]
    assert (await visitor.get("/about", accept_encoding="br", if_none_match=tag)).status == 304


async def test_packed_forms_of_another_version_are_not_used(visitor):
    file = files.place(config().pages_dir, "tea.localhost", "/about")
    files.write(file, b"<p>new</p>" * 50)
    os.utime(f"{file}.br", (1, 1))

    answer = await visitor.get("/about", accept_encoding="br, gzip;q=0.5")

    assert answer.headers["content-encoding"] == "gzip"


async def test_a_shop_may_have_its_pages_unpacked(visitor):
    make.publish(replace(sites.site_of("tea.localhost"), pages=PagesDoc(packs_html=False)), ver=5)

    assert "content-encoding" not in (await visitor.get("/about", accept_encoding="gzip, br")).headers
