"""One shopper over two shops with an account, in a browser that blocks third-party cookies; then a second person."""

from __future__ import annotations

import re
import secrets
import time

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from node.bench.cluster import Cluster
from tests.browser.test_walk import COUNT, Shoot, hop, place_order, put_in

pytestmark = [pytest.mark.slow, pytest.mark.browser]

PASSWORD = "purple kettle 47"


def code_from_mailbox(cluster: Cluster, email: str) -> str:
    """The six digits of the newest mail to an address."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        for mail in httpx.get(f"{cluster.mailbox}/mails.json", trust_env=False).json():
            if email in mail["to"] and (found := re.search(r"\b\d{6}\b", mail["subject"])):
                return found[0]
        time.sleep(0.3)
    raise AssertionError("no code came")


def sign_up(page: Page, cluster: Cluster, email: str, name: str) -> None:
    """From a shop's page, over the id domain, back to it."""
    page.locator("[data-account]").click()
    page.locator("[data-sign-in]").click()
    page.wait_for_url(re.compile(r"//id\.localhost"))
    page.get_by_role("link", name=re.compile("Зарегистрироваться|Make an account")).click()
    page.fill("#id_name", name)
    page.fill("#id_email", email)
    page.fill("#id_password", PASSWORD)
    page.locator("main form button").click()
    page.wait_for_url(re.compile(r"/code\?"))
    page.fill("#id_digits", code_from_mailbox(cluster, email))
    page.locator("main form button").click()


def test_one_account_over_two_shops_and_nothing_of_it_for_the_next_person(
    browser: BrowserContext, cluster: Cluster, shoot: Shoot
) -> None:
    email = f"walk-{secrets.token_hex(4)}@example.com"
    page = browser.new_page()
    page.goto(cluster.url("tea") + "/")
    title = put_in(page)
    expect(page.locator(COUNT).first).to_have_text("1")

    sign_up(page, cluster, email, "Прохор Примеров")
    page.wait_for_url(cluster.url("tea") + "/account")
    expect(page.locator("[data-account-text]")).to_have_text("Прохор")
    expect(page.locator(COUNT).first).to_have_text("1")
    shoot(page, "account-empty")
    first = place_order(page, cluster, "tea", "Прохор Примеров")

    page.goto(cluster.url("tea") + "/")
    put_in(page)
    expect(page.locator(COUNT).first).to_have_text("1")
    hop(page, cluster, "clay")
    expect(page.locator(COUNT).first).to_have_text("1")
    expect(page.locator("[data-account-text]")).to_have_text("Продолжить как Прохор")
    shoot(page, "offer")
    page.locator("[data-account]").click()
    page.wait_for_url(f"{cluster.url('clay')}/**")
    expect(page.locator("[data-account-text]")).to_have_text("Прохор")
    second = place_order(page, cluster, "clay", "Прохор Примеров")

    until = time.monotonic() + 30
    while time.monotonic() < until:
        page.goto(cluster.url("clay") + "/account")
        if first in page.inner_text("main") and second in page.inner_text("main"):
            break
        time.sleep(1)
    expect(page.locator("main")).to_contain_text(first)
    expect(page.locator("main")).to_contain_text(second)
    shoot(page, "orders")
    page.get_by_role("link", name=first).click()
    expect(page.locator("main")).to_contain_text(title)

    page.goto(cluster.url("tea") + "/")
    put_in(page)
    expect(page.locator(COUNT).first).to_have_text("1")
    page.goto(cluster.url("clay") + "/account")
    page.locator("input[name=everywhere] + button").click()
    expect(page.locator("[data-account-text]")).to_have_text("Войти")
    expect(page.locator(COUNT).first).to_be_hidden()

    until = time.monotonic() + 15
    while time.monotonic() < until:
        page.goto(cluster.url("tea") + "/cart")
        if page.locator("main [data-line]").count() == 0:
            break
        time.sleep(0.5)
    expect(page.locator("main [data-line]")).to_have_count(0)
    page.goto(cluster.url("tea") + "/account")
    page.locator("[data-sign-in]").click()
    page.wait_for_url(re.compile(r"//id\.localhost.*/sign-in"))
    assert "Прохор" not in page.inner_text("body") and email not in page.content()
    page.fill("#id_email", "shopper1@example.com")
    page.fill("#id_password", "tea-and-clay")
    page.locator("main form button").first.click()
    page.wait_for_url(cluster.url("tea") + "/account")
    expect(page.locator("main")).not_to_contain_text(first)
    expect(page.locator(COUNT).first).to_be_hidden()
    assert {cookie["domain"] for cookie in browser.cookies()} <= {
        "tea.localhost",
        "clay.localhost",
        "id.localhost",
        "localhost",
    }
    assert page.locator("iframe").count() == 0
