"""No page of a shop scrolls sideways on the narrowest phone people have (DESIGN-2); staff see a shop live."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from node.bench.cluster import Cluster
from tests.browser.test_walk import COUNT, Shoot, place_order, put_in, sign_in

pytestmark = [pytest.mark.slow, pytest.mark.browser]

WIDTH = 360


def sideways(page: Page) -> int:
    """By how many pixels the page is wider than the screen."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def first(page: Page, begin: str) -> str:
    return str(page.locator(f"main a[href^='{begin}']").first.get_attribute("href"))


@pytest.mark.parametrize("site", ["tea", "ink", "clay"])
def test_no_page_scrolls_sideways_on_a_phone(browser: BrowserContext, cluster: Cluster, site: str) -> None:
    page = browser.new_page()
    page.set_viewport_size({"width": WIDTH, "height": 740})
    home = cluster.url(site)
    page.goto(home + "/")
    goods, shelf = first(page, "/p/"), first(page, "/c/")
    put_in(page)
    expect(page.locator(COUNT).first).to_have_text("1")

    wide = {}
    for path in ("/", shelf, goods, "/about", "/search?q=a", "/cart", "/checkout", "/account", "/no-such-page"):
        page.goto(home + path)
        page.wait_for_load_state("load")
        if over := sideways(page):
            wide[path] = over
    place_order(page, cluster, site, "Anna-Maria von Hohenlohe-Langenburg-Schillingsfürst")
    if over := sideways(page):
        wide["/order/"] = over
    assert wide == {}


def test_staff_open_a_shop_live_and_leave_again(browser: BrowserContext, cluster: Cluster, shoot: Shoot) -> None:
    desk = sign_in(browser, cluster)
    desk.goto(cluster.central + "/sites/tea")
    shoot(desk, "site-form")
    with browser.expect_page() as opened:
        desk.locator("form[action$='/preview'] button").click()
    shop = opened.value
    shop.wait_for_url(cluster.url("tea") + "/")
    bar = shop.locator(".staff-bar")
    expect(bar).to_be_visible()
    shop.goto(cluster.url("tea") + first(shop, "/p/"))
    expect(bar).to_be_visible()
    expect(bar.locator("a")).to_have_attribute("href", re.compile(r"/products/[0-9a-f-]{36}$"))
    shoot(shop, "staff-bar")
    shop.set_viewport_size({"width": WIDTH, "height": 740})
    assert sideways(shop) == 0
    shoot(shop, "staff-bar-phone")

    bar.locator("button").click()

    expect(bar).to_have_count(0)
