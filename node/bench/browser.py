"""What a page weighs, and how soon a slow phone shows it.

Chromium with the numbers of Lighthouse's slow 4G: 1.6 Mbit/s down, 750 kbit/s up, 150 ms for each round, a processor
a quarter as fast, a window of 412 by 823 at 1.75. Each load begins with an empty cache.
"""

from __future__ import annotations

import asyncio
import gzip
import re
import statistics
from typing import Any
from urllib.parse import urljoin, urlsplit

from node.bench.http import Connection
from node.bench.shopper import Failed
from node.testing.runner import chromium

DOWN, UP = 1_600_000 / 8, 750_000 / 8
LATENCY_MS = 150
SLOWER = 4
WINDOW = {"width": 412, "height": 823}
#: after the page has loaded: shifts and larger paints that come late
LATER_S = 2.0

_SCRIPT = re.compile(r"<script[^>]*\bsrc=\"([^\"]+)\"")
_IMPORT = re.compile(r"\b(?:import|from)\s*\(?\s*[\"']([^\"']+\.js)[\"']")
_WATCH = """
window.__seen = {lcp: 0, what: "", cls: 0};
new PerformanceObserver(list => { for (const one of list.getEntries())
  Object.assign(window.__seen, {lcp: one.startTime, what: one.element ? one.element.tagName : ""}); })
  .observe({type: "largest-contentful-paint", buffered: true});
new PerformanceObserver(list => { for (const one of list.getEntries())
  if (!one.hadRecentInput) window.__seen.cls += one.value; })
  .observe({type: "layout-shift", buffered: true});
"""


def missing() -> str:
    """Why no browser can be asked here, "" when it can."""
    return "" if chromium() else "no Chromium on PATH (Debian: apt-get install chromium)"


async def weights(origin: str, paths: list[str]) -> dict[str, float]:
    """Kilobytes of 1,000 bytes as gzip -5 packs them: the heaviest HTML, and the heaviest JavaScript of one page.

    JavaScript: every module that a page names, and all that these import, at once or later.
    """
    line = Connection(origin)
    pages = [await _page(line, path) for path in paths]
    scripts = [sum([_packed(body) for body in await _modules(line, page)]) for page in pages]
    await line.close()
    return {
        "html_gzip_kb": round(max(map(_packed, pages)) / 1000, 1),
        "js_gzip_kb": round(max(scripts) / 1000, 1),
    }


async def _page(line: Connection, path: str) -> bytes:
    answer = await line.request("GET", path)
    if answer.status != 200:
        raise Failed(f"{path} answered {answer.status}")
    return answer.body


async def _modules(line: Connection, page: bytes) -> list[bytes]:
    waiting, bodies = _SCRIPT.findall(page.decode()), {}
    while waiting:
        path = waiting.pop()
        if path not in bodies:
            bodies[path] = await _page(line, path)
            waiting += [urlsplit(urljoin(path, each)).path for each in _IMPORT.findall(bodies[path].decode())]
    return list(bodies.values())


def _packed(body: bytes) -> int:
    return len(gzip.compress(body, 5))


async def paints(address: str, loads: int) -> dict[str, Any]:
    """The medians of `loads` loads: `lcp_ms`, `cls`, and the element the first was of."""
    from playwright.async_api import async_playwright

    async with async_playwright() as started:
        browser = await started.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
        try:
            seen = [await _load(browser, address) for _ in range(loads)]
        finally:
            await browser.close()
    return {
        "lcp_ms": round(statistics.median(one["lcp"] for one in seen)),
        "cls": round(statistics.median(one["cls"] for one in seen), 3),
        "lcp_of": seen[0]["what"].lower(),
    }


async def _load(browser: Any, address: str) -> dict[str, Any]:
    context = await browser.new_context(viewport=WINDOW, device_scale_factor=1.75, is_mobile=True, has_touch=True)
    try:
        page = await context.new_page()
        await page.add_init_script(_WATCH)
        devtools = await context.new_cdp_session(page)
        await devtools.send("Network.enable")
        slow = {"offline": False, "latency": LATENCY_MS, "downloadThroughput": DOWN, "uploadThroughput": UP}
        await devtools.send("Network.emulateNetworkConditions", slow)
        await devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        await page.goto(address, wait_until="load", timeout=60_000)
        await asyncio.sleep(LATER_S)
        found = dict(await page.evaluate("window.__seen"))
    finally:
        await context.close()
    if not found["lcp"]:
        raise Failed(f"Chromium painted nothing of {address}")
    return found
