"""A new document makes stale exactly the pages that read the older one."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from edge.pages.cache import Page, PageCache, pages
from edge.pages.tests import make
from edge.pages.tests.conftest import GREEN, PEN, SENCHA, THYME
from sync.replica import run_after_apply

GREENS = ["/c/green", "/c/green/cheapest", "/c/green/by-name"]
ALL = ["/", "/about", *GREENS, "/c/herbs", "/p/longjing", "/p/sencha", "/p/thyme"]


@pytest.fixture
async def filled(visitor):
    """Every page of the shop is in memory."""
    for path in ALL:
        assert (await visitor.get(path)).status == 200
    assert kept() == set(ALL)
    return visitor


def kept() -> set[str]:
    return {path for path in ALL if pages.get(("tea", path))}


def gone() -> set[str]:
    return set(ALL) - kept()


async def test_a_new_text_touches_the_pages_that_show_the_product(filled):
    await make.arrive(replace(THYME, text="Новый сбор"), ver=2)

    # the home page and its shelf list it, the green shelf never heard of it
    assert gone() == {"/", "/c/herbs", "/p/thyme"}


async def test_a_new_price_touches_lists_sorted_by_price_and_leaves_the_others(filled):
    dearer = replace(GREEN, variants=[make.make_variant("LJ", 300000)])

    await run_after_apply(make.publish_goods(dearer, ver=2))

    # "/p/sencha" shows it among "on the same shelf"
    assert gone() == {"/", *GREENS, "/p/longjing", "/p/sencha"}
    assert "3\xa0000\xa0₽" in (await filled.get("/p/longjing")).text


async def test_a_card_of_another_shop_touches_the_pages_with_the_sister_strip(filled):
    await run_after_apply(make.publish_goods(replace(PEN, title="Heron Gold"), ver=2))

    assert gone() == {"/", "/p/longjing", "/p/sencha", "/p/thyme"}
    assert "Heron Gold" in (await filled.get("/p/thyme")).text


async def test_a_new_product_touches_the_lists_it_stands_on(filled):
    fresh = make.make_product("tea", "mint", title="Мята", position=9, categories=[make.hex_of("tea", "herbs")])

    await run_after_apply(make.publish_goods(fresh))

    # sister shops do not show it, and it is nobody's neighbour on the green shelf
    assert gone() == {"/", "/c/herbs", "/p/thyme"}
    assert "Мята" in (await filled.get("/c/herbs")).text


async def test_a_product_that_goes_takes_its_page_and_its_places_with_it(filled):
    await run_after_apply(make.retract(SENCHA))

    assert gone() >= {"/", "/c/green", "/p/sencha", "/p/longjing"}
    assert (await filled.get("/p/sencha")).status == 404
    assert "Сенча" not in (await filled.get("/c/green")).text


async def test_a_slug_that_was_nobodys_is_found_once_it_is_there(filled):
    assert (await filled.get("/p/mint")).status == 404

    await run_after_apply(make.publish_goods(make.make_product("tea", "mint", title="Мята")))

    assert (await filled.get("/p/mint")).status == 200


async def test_a_renamed_product_leaves_its_old_address(filled):
    await run_after_apply(make.publish_goods(replace(THYME, slug="wild-thyme"), ver=2))

    assert (await filled.get("/p/thyme")).status == 404
    assert (await filled.get("/p/wild-thyme")).status == 200
    assert 'href="/p/wild-thyme"' in (await filled.get("/c/herbs")).text


async def test_a_shelfs_text_touches_its_own_pages_and_its_title_all(filled):
    shelf = make.make_category("tea", "herbs", title="Травы", position=1, text="Сушим в тени")
    await make.arrive(shelf, ver=2)

    assert gone() == {"/", "/c/herbs"}

    await make.arrive(replace(shelf, title="Сборы"), ver=3)

    assert gone() == set(ALL)


async def test_news_of_the_site_touch_all_its_pages(filled):
    await make.arrive(make.make_site("tea", language="ru", currency="RUB", phone="+7 000 000-00-09"), ver=2)

    assert gone() == set(ALL)
    assert "+7 000 000-00-09" in (await filled.get("/about")).text


async def test_what_no_page_read_touches_none(filled):
    await make.arrive(make.make_category("ink", "pens"))
    await run_after_apply([("grant:a", "x"), ("order_state:a", "y"), ("product:ink", "z")])

    assert gone() == set()


async def test_equal_documents_give_equal_bytes(filled):
    before = await filled.get("/p/thyme")

    await run_after_apply(make.publish(THYME, ver=2))

    after = await filled.get("/p/thyme")
    assert gone() - {"/p/thyme"} == {"/", "/c/herbs"}
    assert (after.body, after.headers["etag"]) == (before.body, before.headers["etag"])


async def test_a_page_names_the_versions_it_was_made_of(filled):
    page = pages.get(("tea", "/p/thyme"))

    assert page is not None
    assert page.reads["product:tea", THYME.id] == 1
    assert page.reads["site:main", "tea"] == 1


# --- the memory itself -------------------------------------------------------------------------------------------


def page(size: int = 100, **reads: int) -> Page:
    return Page(200, b"x" * size, b"", "etag", {("t", key): ver for key, ver in reads.items()})


def test_a_render_that_read_the_older_version_is_not_kept():
    cache = PageCache()
    began = cache.now()

    cache.dirty([("t", "a")])

    assert not cache.keep(("s", "/old"), page(a=1), began)
    assert cache.keep(("s", "/other"), page(b=1), began)
    assert cache.keep(("s", "/new"), page(a=2), cache.now())


def test_a_clear_is_not_undone_by_a_render_under_way():
    cache = PageCache()
    began = cache.now()

    cache.clear()

    assert not cache.keep(("s", "/old"), page(a=1), began)


def test_the_least_lately_used_page_goes_first():
    cache = PageCache(max_bytes=1_000)
    for path in ("/1", "/2", "/3"):
        cache.keep(("s", path), page(200, a=1), cache.now())
    assert cache.get(("s", "/1"))

    cache.keep(("s", "/4"), page(200, a=1), cache.now())

    assert [path for path in ("/1", "/2", "/3", "/4") if cache.get(("s", path))] == ["/1", "/3", "/4"]
    assert cache.dirty([("t", "a")]) == [("s", "/1"), ("s", "/3"), ("s", "/4")]
    assert len(cache) == 0


def test_a_page_larger_than_the_memory_is_not_kept():
    cache = PageCache(max_bytes=100)

    assert not cache.keep(("s", "/"), page(200), cache.now())
    assert len(cache) == 0
