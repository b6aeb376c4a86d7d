"""The desk with the mouse forbidden: palette, list, filter, ticks, a bulk run and its undo, a file, a card."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import BrowserContext, Page, expect

from node.bench.cluster import Cluster

pytestmark = [pytest.mark.slow, pytest.mark.browser]

ROW = "[data-list] tr"


def typed_sign_in(page: Page, cluster: Cluster) -> None:
    page.goto(cluster.central + "/sign-in")
    page.focus("#id_login")
    page.keyboard.type(cluster.staff["login"])
    page.keyboard.press("Tab")
    page.keyboard.type(cluster.staff["password"])
    page.keyboard.press("Enter")
    # The scripts are there; on a phone the word itself is in the menu.
    page.wait_for_selector("[data-live-state=up]", state="attached", timeout=60_000)


def forbid_the_mouse(page: Page) -> None:
    """A pointer's event fails the test; a click that a key makes has no place on the screen and is let through."""
    page.add_init_script(
        """for (const kind of ["pointerdown", "mousedown", "touchstart"])
             addEventListener(kind, () => { throw new Error("the mouse was used"); }, true);"""
    )


def palette(page: Page, text: str) -> None:
    """Find something and take the first answer."""
    page.keyboard.press("Control+k")
    page.keyboard.type(text)
    first = page.locator(".palette-hit[aria-selected=true]")
    expect(first).to_contain_text(re.compile(text, re.IGNORECASE))
    page.keyboard.press("Enter")


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_a_days_work_without_a_mouse(browser: BrowserContext, cluster: Cluster, width: int, height: int) -> None:
    page = browser.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    forbid_the_mouse(page)
    page.set_viewport_size({"width": width, "height": height})
    browser.add_cookies([{"name": "rialto_desk_language", "value": "en", "url": cluster.central}])
    typed_sign_in(page, cluster)

    # By the palette to the list, by its search to a filter.
    palette(page, "Orders")
    page.wait_for_url(re.compile(r"/orders$"))
    page.keyboard.press("/")
    page.keyboard.type("TEA-")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"q=TEA-"))
    expect(page.locator(".chip")).to_have_count(1)

    # Two rows that can be confirmed, by keys alone.
    page.goto(f"{cluster.central}/orders?status=new")
    expect(page.locator(ROW).nth(1)).to_be_visible()
    keys = [page.locator(ROW).nth(at).get_attribute("data-key") for at in (0, 1)]
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("Shift+X")
    expect(page.locator("[data-ticked]")).to_have_text("2")
    page.keyboard.press("e")
    # By arrows: a busy machine types a word so slowly that the browser takes each letter for a new one.
    to = page.locator("#id_to")
    expect(to).to_be_focused()
    for _ in range(to.locator("option").count()):
        if to.input_value() != "confirmed":
            page.keyboard.press("ArrowDown")
    expect(to).to_have_value("confirmed")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    # Progress, then undo.
    expect(page.locator(".run-text").first).to_have_text("2 rows done", timeout=30_000)
    page.keyboard.press("z")
    expect(page.locator(".run").first).to_contain_text("Taking back")
    expect(page.locator(".run-text").first).to_have_text("2 rows done", timeout=30_000)
    page.goto(f"{cluster.central}/orders?status=new")
    again = [row.get_attribute("data-key") for row in page.locator(ROW).all()]
    assert set(keys) <= set(again)

    # The file, by the palette; then the card of a row.
    with page.expect_download() as download:
        palette(page, "csv")
    assert download.value.suggested_filename.endswith(".csv")
    # The answer that becomes a file ends a navigation; one that begins before that may be ended with it.
    assert download.value.path().stat().st_size > 0
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/orders/[0-9a-f-]{36}$"))

    across = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert across == 0
    assert errors == []


def test_filters_are_one_row_on_a_phone_and_open_by_keys(browser: BrowserContext, cluster: Cluster) -> None:
    page = browser.new_page()
    typed_sign_in(page, cluster)
    page.goto(f"{cluster.central}/orders")
    fold, first = page.locator(".filters-fold > summary"), page.locator(".filters-fields > *").first
    page.set_viewport_size({"width": 1440, "height": 900})
    expect(fold).to_be_hidden()
    expect(first).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    expect(first).to_be_hidden()
    assert page.locator(".filters").bounding_box()["height"] < 60  # type: ignore[index]

    page.keyboard.press("/")
    page.keyboard.press("Tab")
    expect(fold).to_be_focused()
    page.keyboard.press("Enter")
    for key in ("Tab", "Enter", "Tab", "Space"):
        page.keyboard.press(key)

    page.wait_for_url(re.compile(r"/orders\?.*=[a-z]"))
    expect(fold.locator(".pick-count")).to_have_text("1")
    expect(page.locator(".chip")).to_have_count(1)
    page.keyboard.press("/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(first).to_be_visible()
    page.keyboard.press("Escape")
    expect(first).to_be_hidden()
    expect(fold).to_be_focused()


def test_the_row_one_stands_on_stays_while_all_rows_are_drawn_anew(browser: BrowserContext, cluster: Cluster) -> None:
    page = browser.new_page()
    typed_sign_in(page, cluster)
    page.goto(f"{cluster.central}/orders?status=new")
    page.keyboard.press("j")
    page.keyboard.press("j")
    stood = page.locator(f"{ROW}.at").get_attribute("data-key")

    # All at once, as after a bulk action. The focus is nowhere, as after a dialog.
    page.evaluate(
        """() => {
          document.activeElement.blur();
          for (const row of document.querySelectorAll("[data-list] tr")) {
            row.old = true;
            htmx.trigger(row, "live");
          }
        }"""
    )
    page.wait_for_function("() => [...document.querySelectorAll('[data-list] tr')].every((row) => !row.old)")

    expect(page.locator(f"{ROW}.at")).to_have_attribute("data-key", str(stood))
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(rf"/orders/{stood}$"))


def test_the_frame_bars_nobody(browser: BrowserContext, cluster: Cluster) -> None:
    """Axe finds nothing serious on a list with rows ticked, on the question of a bulk action and on live carts."""
    page = browser.new_page()
    typed_sign_in(page, cluster)
    found: list[str] = []

    page.goto(f"{cluster.central}/orders?status=new")
    for key in ("j", "x"):
        page.keyboard.press(key)
    found += barriers(page)
    page.keyboard.press("e")
    page.wait_for_selector("#id_to")
    found += barriers(page)
    page.goto(f"{cluster.central}/carts")
    found += barriers(page)

    assert found == []


def barriers(page: Page) -> list[str]:
    violations = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in violations if one["impact"] in _SERIOUS]


_SERIOUS = ("serious", "critical")
