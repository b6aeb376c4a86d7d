"""Chromium as a shopper has it: third-party cookies blocked, back/forward cache on."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, sync_playwright

from node.bench.cluster import Cluster, running_demo
from node.places import ROOT

CHROMIUM = os.environ.get("RIALTO_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
#: A browser that looks for updates and accounts on a closed network only makes noise.
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running_demo(tmp_path_factory.mktemp("cluster") / "demo") as running:
        yield running


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


def open_browser(playwright: Playwright, profile: Path, *, block_third_party: bool = True) -> BrowserContext:
    """A persistent context; the cookie setting is the one of Chromium's own settings page."""
    (profile / "Default").mkdir(parents=True)
    mode = 1 if block_third_party else 0
    preferences = {"profile": {"cookie_controls_mode": mode, "block_third_party_cookies": block_third_party}}
    (profile / "Default" / "Preferences").write_text(json.dumps(preferences))
    context = playwright.chromium.launch_persistent_context(
        str(profile),
        executable_path=CHROMIUM,
        args=QUIET,
        # Playwright switches the back/forward cache off unless it is told not to.
        ignore_default_args=["--disable-back-forward-cache"],
        viewport={"width": 1280, "height": 900},
        locale="ru-RU",
    )
    context.set_default_timeout(15_000)
    return context


@pytest.fixture
def browser(playwright: Playwright, tmp_path: Path) -> Iterator[BrowserContext]:
    context = open_browser(playwright, tmp_path / "profile")
    yield context
    context.close()


@pytest.fixture
def page(browser: BrowserContext) -> Page:
    return browser.new_page()


@pytest.fixture
def shoot(request: pytest.FixtureRequest) -> object:
    """Save a screenshot as test output, named after the test."""
    folder = ROOT / "test-output" / "browser"
    folder.mkdir(parents=True, exist_ok=True)

    def save(page: Page, name: str) -> None:
        page.screenshot(path=folder / f"{request.node.name}-{name}.png")

    return save
