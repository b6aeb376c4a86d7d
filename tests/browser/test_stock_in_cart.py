"""A cart that is looked at hears of stock: corrected, sold out and back, in open tabs of two shops, without a press."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from node.bench.cluster import Cluster, run
from tests.browser.test_walk import Shoot, hop, put_in

pytestmark = [pytest.mark.slow, pytest.mark.browser]

#: a question each ten seconds, and a busy machine
SOON_MS = 45_000


def set_unsold(cluster: Cluster, variant: str, units: int) -> None:
    """An operator has counted: so many are left in all."""
    names = "from uuid import UUID; from central.stock.receipts import set_stock"
    code = f"{names}; set_stock(UUID('{variant}'), {units}, who='tests')"
    run("--home", str(Path(str(cluster.facts["dir"])) / "central"), "manage", "shell", "-c", code)


def test_what_is_left_is_said_and_corrected_in_every_open_cart(
    browser: BrowserContext, cluster: Cluster, shoot: Shoot
) -> None:
    page = browser.new_page()
    page.goto(cluster.url("tea") + "/")
    title = put_in(page)
    expect(page.locator("[data-cart-count]").first).to_have_text("1")
    page.goto(cluster.url("tea") + "/cart")
    units = only_line(page).locator("input[name=units]")
    units.fill("5")
    units.press("Enter")
    units.blur()
    sister = browser.new_page()
    sister.goto(cluster.url("tea") + "/")
    hop(sister, cluster, "ink")
    sister.goto(cluster.url("ink") + "/cart")
    expect(only_line(sister).locator("input[name=units]")).to_have_value("5")
    variant = page.evaluate("fetch('/_r/cart').then((answer) => answer.json()).then((view) => view.lines[0].variant)")

    set_unsold(cluster, variant, 2)

    for shop in (page, sister):
        expect(only_line(shop).locator("input[name=units]")).to_have_value("2", timeout=SOON_MS)
        expect(only_line(shop).locator("[data-f=notes]")).not_to_be_empty()
    expect(page.locator("[data-cart-toast]").first).to_contain_text(title)
    look(page, shoot, "few")

    only_line(page).locator("[data-step='1']").click()  # no more than there are

    expect(units).to_have_value("2", timeout=SOON_MS)

    set_unsold(cluster, variant, 0)

    for shop in (page, sister):
        expect(only_line(shop)).to_have_class(re.compile("is-not-sold"), timeout=SOON_MS)
        expect(shop.locator("main [data-cart-totals]")).to_be_empty()
    look(page, shoot, "sold-out")
    look(sister, shoot, "sold-out-en")
    page.goto(cluster.url("tea") + "/checkout")
    expect(page.locator("main [data-unsold]")).to_contain_text(title)
    look(page, shoot, "checkout")
    page.goto(cluster.url("tea") + "/cart")

    set_unsold(cluster, variant, 30)

    for shop in (page, sister):
        expect(only_line(shop)).not_to_have_class(re.compile("is-not-sold"), timeout=SOON_MS)
        expect(only_line(shop).locator("input[name=units]")).to_have_value("2")


def only_line(shop: Page) -> Locator:
    """The one line of the cart's page; each shop calls the goods by their name in its own language."""
    return shop.locator("main [data-line]")


def look(page: Page, shoot: Shoot, name: str) -> None:
    """A picture on a desk and on a phone; neither scrolls sideways."""
    for width in (390, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        shoot(page, f"{name}-{width}")
