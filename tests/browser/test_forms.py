"""A form that is not saved is not left by mistake: by a link, by back, by htmx; Ctrl+Enter saves, nothing is lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from node.bench.cluster import Cluster
from tests.browser.test_walk import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]

#: what htmx does when something outside the form would put another page in its place
TAKE_AWAY = """() => {
  const button = document.createElement("button");
  button.setAttribute("hx-get", "/staff");
  button.setAttribute("hx-target", "#main");
  document.body.append(button);
  htmx.process(button);
  button.click();
}"""


@pytest.fixture
def form(browser: BrowserContext, cluster: Cluster) -> Page:
    """The form of a new member of staff, with a login typed into it."""
    page = sign_in(browser, cluster)
    page.goto(cluster.central + "/staff/new")
    page.fill("[name=login]", "x")
    return page


def expect_asked(page: Page) -> None:
    """It asks, staying is the first choice, and then everything is still there."""
    expect(page.locator("#leave")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#leave")).to_be_hidden()
    expect(page.locator("[name=login]")).to_have_value("x")


def test_leaving_asks_first_and_leaves_when_told(form: Page, cluster: Cluster) -> None:
    form.click(".side-link[href='/orders']")
    expect_asked(form)
    form.evaluate(TAKE_AWAY)
    expect_asked(form)
    asked: list[str] = []
    form.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    form.evaluate("history.back()")
    expect(form.locator("[name=login]")).to_have_value("x")

    form.click(".side-link[href='/orders']")
    form.click("#leave button[value=yes]")

    expect(form).to_have_url(cluster.central + "/orders")
    assert asked == ["beforeunload"]


def test_ctrl_enter_saves_and_what_is_wrong_takes_the_focus(form: Page) -> None:
    form.keyboard.press("Control+Enter")

    expect(form.locator(".form-summary")).to_be_focused()
    expect(form.locator("[name=login]")).to_have_value("x")


def test_a_chosen_file_stays_chosen_when_the_form_comes_back(
    browser: BrowserContext, cluster: Cluster, tmp_path: Path
) -> None:
    page = sign_in(browser, cluster)
    file = tmp_path / "prices.csv"
    file.write_text("sku,title,price\nA-1,Cup,100\n")
    page.goto(cluster.central + "/imports/new")
    page.set_input_files("[name=file]", file)
    page.select_option("[name=source]", "")
    page.click("main form button.btn-primary")

    expect(page.locator("[name=title]")).to_have_attribute("aria-invalid", "true")
    assert page.evaluate("document.querySelector('[name=file]').files[0].name") == "prices.csv"
    page.fill("[name=title]", "Prices of a test")
    page.check("[name=sites][value=tea]")
    page.click("main form button.btn-primary")

    page.wait_for_url(re.compile(r"/imports/[0-9a-f-]{36}$"))
    expect(page.locator("main")).to_contain_text("prices.csv")
