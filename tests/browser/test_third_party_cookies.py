"""The proof's own proof: in these browsers a foreign iframe really gets no cookie, and without the block it does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Playwright

from tests.browser.conftest import open_browser

pytestmark = [pytest.mark.slow, pytest.mark.browser]

_COOKIE = "probe=1; Path=/; Secure; SameSite=None"


class _Probe(BaseHTTPRequestHandler):
    """/outer holds an iframe of another site; /set gives it a cookie and leads to /seen, which says what came back."""

    def do_GET(self) -> None:
        port = self.server.server_address[1]
        if self.path == "/outer":
            self._answer(f"<iframe src='http://probe-b.localhost:{port}/set'></iframe>")
        elif self.path == "/set":
            self.send_response(302)
            self.send_header("Set-Cookie", _COOKIE)
            self.send_header("Location", "/seen")
            self.end_headers()
        else:
            self._answer(f"<p id='seen'>{self.headers.get('Cookie', 'none')}</p>")

    def _answer(self, html: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(html.encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def probe() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Probe) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.mark.parametrize(("blocked", "seen"), [(True, "none"), (False, "probe=1")])
def test_a_foreign_iframe_gets_a_cookie_only_where_third_parties_are_let_in(
    playwright: Playwright, tmp_path: Path, probe: int, blocked: bool, seen: str
) -> None:
    context = open_browser(playwright, tmp_path / "profile", block_third_party=blocked)
    page = context.new_page()

    page.goto(f"http://probe-a.localhost:{probe}/outer")

    assert page.frame_locator("iframe").locator("#seen").inner_text() == seen
    context.close()
