"""The parts of `bench pages`: its load, its look at files, its stand-in for a CDN. The whole takes minutes."""

from __future__ import annotations

import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from node.bench import browser
from node.bench.filed import Filed, differences
from node.bench.hammer import hammer
from node.bench.shopper import Failed

BODIES = {
    "/page": b'<script type="module" src="/js/main.js"></script>',
    "/js/main.js": b'import "./a.js"; const later = () => import("./deep/b.js");',
    "/js/a.js": b'export * from "./deep/b.js";',
    "/js/deep/b.js": b'import "../a.js";' + os.urandom(1500).hex().encode(),
}


class _Site(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    asked: list[str]

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        body = BODIES.get(self.path, b"")
        self.send_response(200 if body else 404)
        if self.path != "/page" or not self.server.is_mute:
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def site():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    server.asked, server.is_mute = [], False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.slow
def test_the_load_counts_whole_answers_and_asks_in_turns(site):
    done = hammer(site.server_port, "tea.localhost", ["/page", "/js/a.js"], 0.2, 3)

    assert 0 <= len(site.asked) - done["requests"] <= 3
    assert abs(site.asked.count("/page") - site.asked.count("/js/a.js")) <= 1
    assert done["requests"] > 10 and done["bytes"] > 100 * done["requests"]


@pytest.mark.slow
@pytest.mark.parametrize(("path", "is_mute", "why"), [("/none", False, "404"), ("/page", True, "no length")])
def test_the_load_ends_at_an_answer_that_does_not_count(site, path, is_mute, why):
    site.is_mute = is_mute

    with pytest.raises(Failed, match=why):
        hammer(site.server_port, "tea.localhost", [path], 0.2, 1)


async def test_every_module_of_a_page_weighs_once(site):
    found = await browser.weights(f"http://tea.localhost:{site.server_port}", ["/page"])

    assert found["html_gzip_kb"] == 0.1
    assert 1.6 <= found["js_gzip_kb"] <= 2.4  # three modules; the bytes of one can be packed to a half, no more


@pytest.fixture
def filed(tmp_path):
    (tmp_path / ".book.sqlite3").touch()
    root = tmp_path / "tea.localhost"
    (root / "p").mkdir(parents=True)
    for name in ("index", "p/green", "p/black"):
        (root / f"{name}.html").write_text(name)
    found = Filed(tmp_path, "tea.localhost")
    yield found
    found.close()


def test_a_page_that_was_replaced_by_its_own_bytes_is_rewritten_and_not_changed(filed):
    before = filed.scan()
    _replace(filed.file("/p/green"), "other")
    _replace(filed.file("/"), "index")
    filed.file("/p/black").unlink()

    assert differences(before, filed.scan()) == (2, 3)
    assert differences(before, before) == (0, 0)


async def test_a_price_is_seen_when_the_file_holds_it(filed):
    _replace(filed.file("/p/green"), "price 12.00")

    assert await filed.until_shown("/p/green", b"12.00", 1) > 0
    with pytest.raises(Failed, match=r"does not show 13\.00"):
        await filed.until_shown("/p/green", b"13.00", 0.02)


def _replace(file: Path, text: str) -> None:
    fresh = file.with_name(".fresh")
    fresh.write_text(text)
    fresh.replace(file)
