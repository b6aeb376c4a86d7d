"""A tab keeps what central has not acknowledged, over page loads and the back/forward cache, and shows the newest."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from node.bench.cluster import Cluster
from tests.browser.test_walk import COUNT, put_in, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.browser]


#: the answer of a page's next op waits in the page until it is let go; every figure the page shows is written down
HELD_UP = """() => {
  const place = document.querySelector("[data-cart-count]");
  window.shown = [];
  new MutationObserver(() => window.shown.push(Number(place.textContent))).observe(place, { childList: true });
  const real = window.fetch;
  window.fetch = async (address, options) => {
    const answer = await real(address, options);
    if (address !== "/_r/cart" || window.letGo) return answer;
    await new Promise((go) => { window.letGo = go; });
    setTimeout(() => { window.isAnswered = true; }, 100);
    return answer;
  };
}"""


def kept(page: Page) -> int:
    """Ops in the tab's own storage."""
    return len(json.loads(page.evaluate("sessionStorage.getItem('rialto.cart.ops') || '[]'")))


def test_a_page_that_comes_back_wipes_out_nothing_that_later_pages_kept(
    browser: BrowserContext, cluster: Cluster
) -> None:
    page = browser.new_page()
    cluster.cut("ink")
    try:
        page.goto(cluster.url("ink") + "/")
        put_in(page)
        expect(page.locator(COUNT).first).to_have_text("1")
        page.evaluate("window.addEventListener('pageshow', (event) => { window.cameBack = event.persisted; })")
        page.goto(cluster.url("ink") + "/about")
        page.goto(page.url.replace("/about", page.evaluate("document.querySelector('.site-nav a').pathname")))
        put_in(page)
        expect(page.locator(COUNT).first).to_have_text("2")
        assert kept(page) == 2

        page.evaluate("history.go(-2)")
        expect(page).to_have_url(cluster.url("ink") + "/")
        wait_for(lambda: page.evaluate("window.cameBack"))
        put_in(page)

        expect(page.locator(COUNT).first).to_have_text("3")
        assert kept(page) == 3
    finally:
        cluster.heal("ink")

    wait_for(lambda: kept(page) == 0)
    expect(page.locator(COUNT).first).to_have_text("3")


def test_ops_that_could_not_be_sent_are_sent_by_the_next_page(browser: BrowserContext, cluster: Cluster) -> None:
    page = browser.new_page()
    page.goto(cluster.url("ink") + "/")
    page.route("**/_r/cart", lambda route: route.abort())
    put_in(page)
    expect(page.locator("[data-cart-toast]").first).to_be_visible()
    assert kept(page) == 1
    page.unroute("**/_r/cart")

    page.goto(cluster.url("ink") + "/about")

    expect(page.locator(COUNT).first).to_have_text("1")
    wait_for(lambda: kept(page) == 0)


def test_an_answer_that_comes_late_does_not_paint_over_what_the_stream_told(
    browser: BrowserContext, cluster: Cluster
) -> None:
    first, second = browser.new_page(), browser.new_page()
    for page in (first, second):
        page.goto(cluster.url("ink") + "/")
    put_in(first)
    for page in (first, second):
        expect(page.locator(COUNT).first).to_have_text("1")

    first.evaluate(HELD_UP)
    put_in(first)
    expect(second.locator(COUNT).first).to_have_text("2")
    wait_for(lambda: len(first.evaluate("window.shown")) > 1)
    assert set(first.evaluate("window.shown")) == {2}
    put_in(second)
    for page in (second, first):  # its own op among them, though nobody has answered it
        expect(page.locator(COUNT).first).to_have_text("3")
    first.evaluate("window.letGo()")

    wait_for(lambda: first.evaluate("window.isAnswered"))
    expect(first.locator(COUNT).first).to_have_text("3")
    wait_for(lambda: kept(first) == 0)
    shown = first.evaluate("window.shown")
    assert shown == sorted(shown) and set(shown) == {2, 3}
