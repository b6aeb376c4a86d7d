"""A shop in several languages and cities, as a visitor meets it: offered once, chosen by him, one cart over all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Playwright, expect

from node.bench.cluster import Cluster
from tests.browser.conftest import CHROMIUM, QUIET
from tests.browser.test_walk import Shoot, put_in

pytestmark = [pytest.mark.slow, pytest.mark.browser]


@pytest.fixture
def english(playwright: Playwright, tmp_path: Path):
    """A visitor whose browser speaks English."""
    context = playwright.chromium.launch_persistent_context(
        str(tmp_path / "english"), executable_path=CHROMIUM, args=QUIET, locale="en-GB"
    )
    yield context
    context.close()


def test_a_language_is_offered_once_and_the_visitors_own_choice_wins(english: BrowserContext, cluster: Cluster) -> None:
    page = english.new_page()
    page.goto(cluster.url("tea") + "/about")
    offer = page.locator(".place-offer")
    expect(offer).to_contain_text("Continue in this language?")

    offer.get_by_role("link", name="English").click()

    page.wait_for_url(re.compile(r"/en/about$"))
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("footer")).to_contain_text("Contacts")

    page.locator(".switcher-menu summary").last.click()
    page.get_by_role("link", name="Русский").click()

    page.wait_for_url(re.compile(r"(?<!en)/about$"))
    with page.expect_response(re.compile(r"/_r/cart$|/_r/who$")):
        page.reload()
    expect(page.locator(".place-offer")).to_have_count(0)


def test_no_stays_no(english: BrowserContext, cluster: Cluster) -> None:
    page = english.new_page()
    page.goto(cluster.url("tea") + "/")

    page.get_by_role("button", name="No, stay here").click()

    expect(page.locator(".place-offer")).to_have_count(0)
    with page.expect_response(re.compile(r"/_r/who$")):
        page.goto(cluster.url("tea") + "/about")
    expect(page.locator(".place-offer")).to_have_count(0)


def test_one_cart_in_every_language_and_city_at_its_own_price(
    browser: BrowserContext, cluster: Cluster, shoot: Shoot
) -> None:
    page = browser.new_page()
    page.goto(cluster.url("tea") + "/")
    put_in(page)
    expect(page.locator("[data-cart-count]").first).to_have_text("1")

    page.goto(cluster.url("tea") + "/en/msk/cart")

    expect(page.locator("[data-cart-count]").first).to_have_text("1")
    expect(page.locator("main [data-line]")).to_have_count(1)
    expect(page.locator("main")).to_contain_text("Checkout")
    page.locator("main [data-line] [data-step='1']").click()
    page.goto(cluster.url("tea") + "/cart")
    expect(page.locator("main [data-line] input[name=units]")).to_have_value("2")


def test_a_language_from_right_to_left_fits_a_phone(browser: BrowserContext, cluster: Cluster, shoot: Shoot) -> None:
    page = browser.new_page()
    for width in (360, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        for path in ("/ar", "/ar/cart", "/ar/checkout", "/ar/search"):
            page.goto(cluster.url("clay") + path)
            expect(page.locator("html")).to_have_attribute("dir", "rtl")
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        shoot(page, f"rtl-{width}")
