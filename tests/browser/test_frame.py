"""The frame in a browser: what staff of some sites see of it, while it repaints, and written from right to left."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, expect

from node.bench.cluster import Cluster
from tests.browser.conftest import open_browser
from tests.browser.test_keyboard import barriers
from tests.browser.test_walk import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]

#: the demo's manager of the group of tea and clay, and the shop that is not of the group
GROUP_MANAGER, FOREIGN = "galina", "Inkwell"
RTL = "document.documentElement.dir = 'rtl'"
ACROSS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@contextmanager
def as_group_manager(playwright: Playwright, admin: Page, cluster: Cluster, tmp_path: Path) -> Iterator[Page]:
    """A second browser, signed in with the password the administrator has just made for her."""
    admin.goto(f"{cluster.central}/staff?q={GROUP_MANAGER}")
    admin.locator("[data-list] a.row-link").first.click()
    admin.wait_for_url(re.compile(r"/staff/\d+$"))
    admin.locator("form[action$='/password'] button").click()
    admin.click("#confirm-yes")
    password = admin.locator(".secret code").last.inner_text()
    context = open_browser(playwright, tmp_path / "galina")
    page = context.new_page()
    page.goto(cluster.central + "/sign-in")
    page.fill("#id_login", GROUP_MANAGER)
    page.fill("#id_password", password)
    page.press("#id_password", "Enter")
    page.wait_for_selector(".frame")
    yield page
    context.close()


def test_staff_of_a_group_of_sites_see_that_group_everywhere_and_nothing_else(
    playwright: Playwright, browser: BrowserContext, cluster: Cluster, tmp_path: Path
) -> None:
    admin = sign_in(browser, cluster)
    with as_group_manager(playwright, admin, cluster, tmp_path) as page:
        screens = page.locator(".side-link").evaluate_all("links => links.map((link) => new URL(link.href).pathname)")
        assert {"/orders", "/products", "/nodes", "/sites"} <= set(screens)
        assert not {"/realms", "/keys", "/failed-jobs"} & set(screens)

        for screen in screens:
            page.goto(cluster.central + screen)
            # An order or a cart that touches her shops may hold a line of the other shop, and bears its label then.
            if screen not in ("/", "/orders", "/carts"):
                assert FOREIGN not in page.locator("body").inner_text(), screen
        page.goto(cluster.central + "/orders?site=ink")
        expect(page.locator(".chip")).to_have_count(0)  # a filter that is not hers does not count
        rows = page.locator("[data-list] tr")
        assert rows.count() == rows.filter(has=page.locator(".site-tea, .site-clay")).count() > 0
        page.click(".scope-button")
        assert FOREIGN not in page.locator(".scope").inner_text()

        page.goto(cluster.central + "/orders")
        page.keyboard.press("Control+k")
        for text, is_hers in (("Brick Lane", False), (FOREIGN, False), ("I-0306", False), ("Чабрец", True)):
            with page.expect_response(lambda answer: "/palette?q=" in answer.url and "q=&" not in answer.url):
                page.fill("#palette-text", text)
            expect(page.locator("#palette-hits > *").first).to_be_visible()
            # An order of hers with such a line may be found, the goods and the shop themselves not.
            records = page.locator(", ".join(f"#palette-hits a[href^='/{kind}/']" for kind in ("products", "sites")))
            assert (records.count() > 0) is is_hers, text


def test_the_nodes_bar_nobody_while_they_are_repainted(browser: BrowserContext, cluster: Cluster) -> None:
    page = sign_in(browser, cluster)
    page.goto(cluster.central + "/nodes")
    page.wait_for_selector("[data-live-state=up]", state="attached")
    page.evaluate(
        """() => {
          window.drawn = 0;
          document.addEventListener("htmx:afterSettle", () => { window.drawn += 1; });
          const repaint = (one) => htmx.trigger(one, "live");
          setInterval(() => document.querySelectorAll("[data-live-tick]").forEach(repaint), 150);
        }"""
    )
    page.wait_for_function("() => window.drawn > 2")
    before = page.evaluate("window.drawn")

    found = barriers(page)

    page.wait_for_function(f"() => window.drawn > {before}")
    assert found == []


@pytest.mark.parametrize("width", [1440, 390])
def test_list_form_and_card_hold_from_right_to_left(browser: BrowserContext, cluster: Cluster, width: int) -> None:
    page = sign_in(browser, cluster)
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(cluster.central + "/orders")
    card = page.locator("[data-list] a.row-link").first.get_attribute("href")
    found: dict[str, object] = {}

    for address in ("/orders", "/sites/new", str(card)):
        page.goto(cluster.central + address)
        page.evaluate(RTL)
        assert page.evaluate(ACROSS) == 0, address
        if wrong := barriers(page):
            found[address] = wrong
        clipped = page.locator("#main").evaluate(CLIPPED)
        assert clipped == [], address

    assert found == {}


#: what stands beyond an edge of the window, where nobody can scroll to
CLIPPED = """(main) => [...main.querySelectorAll("a, button, input:not([type=hidden]), h1, h2, td")]
  .filter((one) => one.checkVisibility() && !one.closest(".visually-hidden, .views"))
  .filter((one) => {
    const box = one.getBoundingClientRect();
    return box.width && (box.left < -1 || box.right > innerWidth + 1);
  })
  .map((one) => one.outerHTML.slice(0, 120))"""
