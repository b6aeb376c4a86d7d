"""Goods and shelves that are shown in some regions only: what visitors of each region find."""

from __future__ import annotations

import re

import pytest
from msgspec.structs import replace

from edge.asgi import application
from edge.pages.addresses import addresses_of
from edge.pages.making import Maker
from edge.pages.tests import make
from edge.pages.tests.client import Browser
from edge.pages.tests.conftest import GREEN, SENCHA, THYME, make_all
from edge.pages.tests.test_seo import FEED
from edge.replica import changes
from edge.replica import sites as shops
from node.config import config
from sites import editions
from sync.contracts.documents import CardDoc, RegionDoc, SiteDoc
from sync.store.writer import reader

ONLY_MSK = {"": False, "msk": True}
GREEN_SHELF = make.make_category("tea", "green", title="Зелёный чай")


def shop() -> SiteDoc:
    return make.make_site(
        "tea", name="Чабрец", language="ru", currency="RUB",
        regions=[
            RegionDoc(id="msk", title="Москва", path="/msk"),
            RegionDoc(id="khimki", title="Химки", parent="msk", path="/khimki"),
            RegionDoc(id="spb", title="Питер", path="/spb"),
        ],
    )  # fmt: skip


def cards(product, **changes) -> list[CardDoc]:
    return [replace(each, **changes) for each in make.cards_of(product)]


def hide(product, shown: dict[str, bool], ver: int = 2) -> list:
    return make.publish(replace(product, shown=shown), *cards(product, shown=shown), ver=ver)


@pytest.fixture
def tea(edge):
    make.publish(shop(), make.make_site("ink", language="ru"), GREEN_SHELF, make.make_category("tea", "herbs"))
    make.publish_goods(GREEN, SENCHA, THYME)


@pytest.fixture
def visitor(tea) -> Browser:
    return Browser("tea.localhost", application)


async def goods_of(visitor: Browser, path: str) -> set[str]:
    answer = await visitor.get(path)
    assert answer.status == 200
    return set(re.findall(r'/p/([a-z]+)"', answer.text))


@pytest.mark.parametrize(
    ("shown", "places"),
    [
        (ONLY_MSK, {"/msk", "/khimki"}),
        ({"": False, "msk": True, "khimki": False}, {"/msk"}),
        ({"msk": False}, {"", "/spb"}),
        ({"msk": False, "khimki": True}, {"", "/spb", "/khimki"}),
        ({"": False}, set()),
    ],
)
async def test_a_product_is_where_its_rule_says_and_nowhere_else(visitor, shown, places):
    hide(SENCHA, shown)

    for base in ("", "/msk", "/khimki", "/spb"):
        is_here = base in places
        assert (await visitor.get(f"{base}/p/sencha")).status == (200 if is_here else 404), base
        wanted = {"sencha", "longjing"} if is_here else {"longjing"}
        for page in ("c/green", "c/green/cheapest", "c/green/by-name"):
            assert await goods_of(visitor, f"{base}/{page}") == wanted, (base, page)
        assert ("sencha" in await goods_of(visitor, base or "/")) == is_here
        assert ("sencha" in await goods_of(visitor, f"{base}/p/longjing")) == is_here  # among "also"
        assert ("/p/sencha<" in (await visitor.get(f"{base}/sitemap.xml")).text) == is_here
    assert await reader.run(lambda: _made("sencha")) == places


def _made(slug: str) -> set[str]:
    return {each.base for each in editions.editions_of(shop()) if f"/p/{slug}" in set(addresses_of(each))}


async def test_the_size_and_the_pages_of_a_shelf_are_those_of_the_region(visitor):
    many = [make.make_product("tea", f"g{n}", categories=GREEN.categories, currency="RUB") for n in range(25)]
    make.publish_goods(*many)
    for product in many[5:]:
        hide(product, ONLY_MSK)

    assert (await visitor.get("/msk/c/green/2")).status == 200
    assert (await visitor.get("/c/green/2")).status == 404
    assert "27" in (await visitor.get("/msk/c/green")).text


async def test_a_shelf_is_in_the_navigation_of_its_regions_alone(visitor):
    make.publish(replace(GREEN_SHELF, shown=ONLY_MSK), ver=2)
    for product in (GREEN, SENCHA):  # central says it of the goods too
        hide(product, ONLY_MSK)

    for base, is_here in (("", False), ("/spb", False), ("/msk", True), ("/khimki", True)):
        page = await visitor.get(base or "/")
        assert (f'href="{base}/c/green"' in page.text) == is_here
        assert (await visitor.get(f"{base}/c/green")).status == (200 if is_here else 404)
        assert ("/c/green<" in (await visitor.get(f"{base}/sitemap.xml")).text) == is_here


async def test_a_feed_has_what_the_shop_shows(visitor):
    make.publish(FEED)
    hide(SENCHA, ONLY_MSK)

    text = (await visitor.get("/feeds/market.xml")).text
    assert "LJ" in text and "SE" not in re.findall(r'<offer id="([A-Z]+)', text)


async def test_the_switcher_leads_home_where_the_page_is_not_shown(visitor):
    hide(SENCHA, ONLY_MSK)

    page = (await visitor.get("/msk/p/sencha")).text
    assert 'href="/khimki/p/sencha"' in page
    assert 'href="/spb"' in page and 'href="/spb/p/sencha"' not in page


async def test_sister_shops_do_not_show_it_either(visitor):
    make.publish(make.make_site("ink", language="ru", regions=shop().regions), ver=2)
    make.publish_goods(make.make_product("ink", "pen"), make.make_product("ink", "nib"))
    hide(make.make_product("ink", "pen"), ONLY_MSK)

    assert await _sister_goods(visitor, "/msk/p/sencha") == {"pen", "nib"}
    assert await _sister_goods(visitor, "/spb/p/sencha") == {"nib"}


async def _sister_goods(visitor: Browser, path: str) -> set[str]:
    return await goods_of(visitor, path) & {"pen", "nib"}


# --- static pages ----------------------------------------------------------------------------------------------------


@pytest.fixture
def announced(monkeypatch):
    """The lists that are told to have changed."""
    deps = []
    monkeypatch.setattr(changes, "_listeners", [*changes._listeners, deps.extend])
    return deps


def _hear(maker: Maker, news, announced) -> None:
    maker.hear([*news, *announced])
    announced.clear()
    make_all(maker)


def test_files_come_and_go_with_the_rule(maker, announced):
    make_all(maker)
    folder = config().pages_dir / "tea.localhost"
    assert (folder / "spb/p/sencha.html").exists()

    _hear(maker, hide(SENCHA, ONLY_MSK), announced)
    assert not (folder / "spb/p/sencha.html").exists() and not (folder / "p/sencha.html").exists()
    assert (folder / "khimki/p/sencha.html").exists()
    assert "sencha" not in (folder / "spb/c/green.html").read_text()
    assert "sencha" in (folder / "msk/c/green.html").read_text()

    _hear(maker, hide(SENCHA, {}, ver=3), announced)
    assert (folder / "spb/p/sencha.html").exists()
    assert "sencha" in (folder / "spb/c/green.html").read_text()


def test_a_rule_that_changes_elsewhere_rewrites_no_page_of_a_region(maker, announced):
    hide(SENCHA, {"": False, "msk": True})
    make_all(maker)
    folder = config().pages_dir / "tea.localhost"
    before = (folder / "msk/c/green.html").stat().st_mtime_ns

    _hear(maker, hide(SENCHA, {"": False, "msk": True, "khimki": False}, ver=3), announced)

    assert (folder / "msk/c/green.html").stat().st_mtime_ns == before
    assert not (folder / "khimki/p/sencha.html").exists()
    assert shops.site("tea") is not None
