"""The proof: one live cart over three domains, an order that survives a cut, all seen by a browser."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from node.bench.cluster import Cluster

pytestmark = [pytest.mark.slow, pytest.mark.browser]

Shoot = Callable[[Page, str], None]
COUNT = "[data-cart-count]"


def put_in(page: Page) -> str:
    """Press the first add button of the page; returns the title of what went in."""
    form = page.locator("form[data-cart-add]").first
    title = form.locator("xpath=ancestor::article").locator(".good-title").inner_text()
    form.locator("button").click()
    return title


def hop(page: Page, cluster: Cluster, site: str) -> None:
    page.locator(f".sisters-bar a[data-hop={site}]").click()
    page.wait_for_url(f"{cluster.url(site)}/**")


def line(page: Page, title: str) -> Locator:
    """A line of the cart's page (the panel in the header has it too)."""
    return page.locator("main [data-line]", has_text=title)


def place_order(page: Page, cluster: Cluster, site: str, name: str) -> str:
    """Check out in cash; returns the order's number."""
    page.goto(cluster.url(site) + "/checkout")
    page.fill("#name", name)
    page.fill("#phone", "+7 000 000-00-99")
    page.fill("#email", "walker@example.com")
    page.locator("input[name=payment][value=cash]").check()
    page.locator("input[name=consent]").check()
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url(re.compile(r"/order/"))
    return page.locator("main h1").inner_text().split()[-1]


def sign_in(browser: BrowserContext, cluster: Cluster) -> Page:
    desk = browser.new_page()
    desk.goto(cluster.central + "/")
    desk.fill("#id_login", cluster.staff["login"])
    desk.fill("#id_password", cluster.staff["password"])
    desk.locator("#id_password").press("Enter")
    desk.wait_for_url(re.compile(r"^(?!.*login).*$"))
    return desk


def orders_named(desk: Page, cluster: Cluster, number: str) -> int:
    desk.goto(f"{cluster.central}/orders?q={number}")
    return desk.locator("tbody tr", has_text=number).count()


def wait_for(what: Callable[[], bool], seconds: float = 20) -> None:
    """Poll another process until it has come so far; fails after `seconds`."""
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.2)


def test_one_cart_over_three_shops_is_live_in_every_tab(
    browser: BrowserContext, cluster: Cluster, shoot: Shoot
) -> None:
    tea = browser.new_page()
    tea.goto(cluster.url("tea") + "/")
    title = put_in(tea)
    expect(tea.locator(COUNT).first).to_have_text("1")
    clay = browser.new_page()
    clay.goto(cluster.url("tea") + "/")
    hop(clay, cluster, "clay")
    expect(clay.locator(COUNT).first).to_have_text("1")
    assert "_r/land" not in clay.url

    clay.goto(cluster.url("clay") + "/cart")
    expect(line(clay, title)).to_be_visible()
    line(clay, title).locator("[data-step='1']").click()

    expect(tea.locator(COUNT).first).to_have_text("2")
    tea.goto(cluster.url("tea") + "/cart")
    expect(tea.locator("main [data-line] input[name=units]")).to_have_value("2")
    shoot(tea, "tea-cart")
    line(clay, title).locator("form[data-cart-remove] button").click()
    expect(tea.locator("main [data-cart-empty]")).to_be_visible()


def test_a_page_that_comes_back_from_the_cache_is_up_to_date(browser: BrowserContext, cluster: Cluster) -> None:
    first, second = browser.new_page(), browser.new_page()
    first.goto(cluster.url("ink") + "/")
    put_in(first)
    expect(first.locator(COUNT).first).to_have_text("1")
    first.evaluate("window.addEventListener('pageshow', (event) => { window.cameBack = event.persisted; })")
    first.goto(cluster.url("ink") + "/about")
    second.goto(cluster.url("ink") + "/")
    put_in(second)
    expect(second.locator(COUNT).first).to_have_text("2")

    # Playwright's go_back() waits for a load, which a page out of the cache does not have.
    first.evaluate("history.back()")

    expect(first.locator(COUNT).first).to_have_text("2")
    assert first.evaluate("window.cameBack") is True, "the page did not come from the back/forward cache"


def test_two_tabs_that_add_at_once_have_one_cart(browser: BrowserContext, cluster: Cluster) -> None:
    tabs = [browser.new_page() for _ in range(3)]
    for tab in tabs:
        tab.goto(cluster.url("clay") + "/")

    for tab in tabs:
        tab.evaluate("document.querySelector('form[data-cart-add] button').click()")

    for tab in tabs:
        expect(tab.locator(COUNT).first).to_have_text("3")


def test_a_cart_is_brought_by_one_click_and_links_in_new_tabs_stay_plain(
    browser: BrowserContext, cluster: Cluster
) -> None:
    page = browser.new_page()
    page.goto(cluster.url("tea") + "/")
    put_in(page)
    expect(page.locator(COUNT).first).to_have_text("1")
    with browser.expect_page() as opened:
        page.locator(".sisters-bar a[data-hop=ink]").click(modifiers=["Control"])
    other = opened.value
    other.wait_for_load_state()
    assert other.url == cluster.url("ink") + "/"
    other.goto(cluster.url("ink") + "/cart")
    expect(other.locator(COUNT).first).to_be_hidden()

    other.locator(f"a[href^='{cluster.url('tea')}/_r/bring']").click()

    other.wait_for_url(cluster.url("ink") + "/cart")
    expect(other.locator(COUNT).first).to_have_text("1")


def test_no_shop_sets_a_third_party_or_script_readable_cookie(browser: BrowserContext, cluster: Cluster) -> None:
    page = browser.new_page()
    page.goto(cluster.url("tea") + "/")
    put_in(page)
    expect(page.locator(COUNT).first).to_have_text("1")
    hop(page, cluster, "clay")
    expect(page.locator(COUNT).first).to_have_text("1")

    cookies = browser.cookies()

    assert {cookie["domain"] for cookie in cookies} == {"tea.localhost", "clay.localhost"}
    assert all(cookie["httpOnly"] and cookie["sameSite"] == "Lax" for cookie in cookies)
    assert page.locator("iframe").count() == 0


def test_without_javascript_add_change_and_remove_work(browser: BrowserContext, cluster: Cluster) -> None:
    page = browser.new_page()
    page.route("**/*.js*", lambda route: route.abort())
    page.goto(cluster.url("tea") + "/")
    put_in(page)
    page.wait_for_url("**/cart")
    expect(page.locator("main [data-line]")).to_have_count(1)

    page.fill("main [data-line] input[name=units]", "4")
    page.locator("main form[data-cart-set] button[type=submit]").click()

    expect(page.locator("main [data-line] input[name=units]")).to_have_value("4")
    page.locator("main form[data-cart-remove] button").click()
    expect(page.locator("main [data-line]")).to_have_count(0)


def test_a_shop_that_is_cut_off_sells_on_and_everything_arrives_once(
    browser: BrowserContext, cluster: Cluster, shoot: Shoot
) -> None:
    tea = browser.new_page()
    tea.goto(cluster.url("tea") + "/")
    from_tea = put_in(tea)
    expect(tea.locator(COUNT).first).to_have_text("1")
    shop = browser.new_page()
    shop.goto(cluster.url("tea") + "/")
    hop(shop, cluster, "clay")
    expect(shop.locator(COUNT).first).to_have_text("1")
    desk = sign_in(browser, cluster)

    cluster.cut("clay")
    try:
        from_clay = put_in(shop)
        expect(shop.locator(COUNT).first).to_have_text("2")
        shop.goto(cluster.url("clay") + "/cart")
        expect(line(shop, from_tea)).to_be_visible()
        expect(line(shop, from_clay)).to_be_visible()
        expect(shop.locator("main [data-link-cut]")).to_be_visible()
        number = place_order(shop, cluster, "clay", "Прохожий Пример")
        expect(shop.locator("[data-until-central]")).to_be_visible()
        shoot(shop, "order-cut-off")
        assert orders_named(desk, cluster, number) == 0
    finally:
        cluster.heal("clay")

    expect(shop.locator("[data-until-central]")).to_have_count(0, timeout=30_000)
    wait_for(lambda: orders_named(desk, cluster, number) == 1)
    shoot(desk, "desk")
    desk.locator("tbody tr", has_text=number).locator("a.row-link").click()
    expect(desk.locator("body")).to_contain_text(from_tea)
    expect(desk.locator("body")).to_contain_text(from_clay)
    shoot(desk, "order-card")
    expect(tea.locator(COUNT).first).to_be_hidden()
    wait_for(lambda: number in _mails(browser, cluster))


def _mails(browser: BrowserContext, cluster: Cluster) -> str:
    page = browser.new_page()
    page.goto(cluster.mailbox)
    text = page.inner_text("body")
    page.close()
    return text
