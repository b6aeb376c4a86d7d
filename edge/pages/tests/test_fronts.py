"""A shop behind nginx and behind Caddy: what lies as a file never touches Python, the rest comes from the edge."""

from __future__ import annotations

import gzip
import http.client
import socket
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import get_args, get_type_hints
from urllib.parse import quote

import brotli
import pytest
from msgspec.structs import replace

from edge.pages import files, static
from edge.pages.fronts import PREVIEW_COOKIE, front
from edge.pages.tests import front as running
from edge.pages.tests import make
from infra.deploy import caddy, nginx
from node.config import config
from node.errors import Refused
from sites import assets, tags, urls
from sync.contracts.documents import LanguageDoc

pytestmark = [pytest.mark.slow, pytest.mark.front]

LANGUAGES = [
    LanguageDoc(code="en", name="English", path="/en"),
    LanguageDoc(code="ar", name="العربية", origin="http://ar.tea.localhost"),
]
ENGLISH, ARABIC = b"<p>English</p>", "<p>عربي</p>".encode()
HOME, GREEN = b"<!doctype html><p>home</p>" * 40, "<!doctype html><p>зелёный чай</p>".encode() * 40
PICTURE = "ab" + "0" * 62
SERVERS = {"nginx": (nginx.write, running.nginx), "caddy": (caddy.write, running.caddy)}


class _Edge(BaseHTTPRequestHandler):
    """Stands where the edge listens, and notes what came through to it."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.asked.append((self.command, self.path, self.headers["Host"], dict(self.headers)))
        body = b"from the edge"
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.send_header("cache-control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_POST = do_HEAD = do_GET

    def log_message(self, *_: object) -> None:
        """Quiet."""


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Front:
    port: int
    tls_port: int
    asked: list = field(default_factory=list)

    def get(self, path: str, host: str = "tea.localhost", *, method: str = "GET", tls=False, **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.tls_port if tls else self.port, timeout=10)
        if tls:
            connection.connect()
            connection.sock = running.trusting_nobody().wrap_socket(connection.sock, server_hostname=host)
        named = {"Host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
        connection.request(method, path, headers=named)
        got = connection.getresponse()
        answer = Answer(got.status, {name.lower(): value for name, value in got.getheaders()}, got.read())
        connection.close()
        return answer


@pytest.fixture
def edge_behind():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Edge)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def shops_here(tea):
    """`tea` over http with a second host name, `clay` over https; two pages and a picture of tea lie as files."""
    make.publish(
        replace(tea, origin="http://tea.localhost", hosts=["tea.localhost", "chai.localhost"], languages=LANGUAGES),
        make.make_site("clay", origin="https://clay.localhost", hosts=["clay.localhost"]),
        ver=3,
    )
    pages, media = config().pages_dir, config().media_dir
    for host, path, body in (
        ("tea.localhost", "/", HOME),
        ("tea.localhost", "/c/зелёный", GREEN),
        ("clay.localhost", "/", HOME),
        ("tea.localhost", "/en", ENGLISH),
        ("ar.tea.localhost", "/", ARABIC),
    ):
        files.write(files.place(pages, host, path), body)
    (media / PICTURE[:2]).mkdir(parents=True)
    (media / PICTURE[:2] / f"{PICTURE}.webp").write_bytes(b"RIFF picture")


@pytest.fixture(params=sorted(SERVERS))
def web(request, shops_here, edge_behind, tmp_path):
    write, run = SERVERS[request.param]
    folder = tmp_path / "front"
    folder.mkdir()
    running.make_certificate(folder, "clay.localhost")
    port, tls_port = running.free_port(), running.free_port()
    made = front(f"127.0.0.1:{edge_behind.server_port}", folder, port, tls_port, needs_certificates=True)
    with run(folder, write(made), port):
        yield Front(port, tls_port, edge_behind.asked)


def test_a_page_that_lies_as_a_file_never_touches_the_edge(web):
    for path, body in (("/", HOME), ("/c/%D0%B7%D0%B5%D0%BB%D1%91%D0%BD%D1%8B%D0%B9?utm=1", GREEN)):
        answer = web.get(path)

        assert (answer.status, answer.body) == (200, body)
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["cache-control"].startswith("public, max-age=0, s-maxage=")
        assert "script-src 'self'" in answer.headers["content-security-policy"]
        assert "set-cookie" not in answer.headers
    assert web.asked == []


@pytest.mark.parametrize(
    ("host", "path", "body"), [("tea.localhost", "/en", ENGLISH), ("ar.tea.localhost", "/", ARABIC)]
)
def test_a_language_at_a_path_and_one_at_a_host_of_its_own_never_touch_the_edge(web, host, path, body):
    answer = web.get(path, host)

    assert (answer.status, answer.body) == (200, body)
    assert web.asked == []


def test_it_goes_out_packed_as_the_browser_can_take_it(web):
    packed = {coding: web.get("/", accept_encoding=coding) for coding in ("br", "gzip", "identity")}

    assert brotli.decompress(packed["br"].body) == gzip.decompress(packed["gzip"].body) == HOME
    assert packed["identity"].body == HOME
    assert {answer.headers.get("content-encoding") for answer in packed.values()} == {"br", "gzip", None}
    assert packed["br"].headers["vary"].lower() == "accept-encoding"
    assert web.asked == []


def test_a_browser_that_has_it_gets_304_until_it_changes(web):
    tag = web.get("/").headers["etag"]
    assert not tag.startswith("W/")
    assert web.get("/", if_none_match=tag).status == 304

    files.write(files.place(config().pages_dir, "tea.localhost", "/"), HOME.swapcase())

    again = web.get("/", if_none_match=tag)
    assert (again.status, again.body) == (200, HOME.swapcase())


def test_head_and_a_range_of_a_page(web):
    head = web.get("/", method="HEAD")
    assert (head.status, head.headers["content-length"], head.body) == (200, str(len(HOME)), b"")

    part = web.get("/", range="bytes=0-8")
    assert (part.status, part.body) == (206, HOME[:9])
    assert web.asked == []


@pytest.mark.parametrize(
    "path", ["/p/none", "/cart", "/_r/cart", "/index", "/c/%D0%B7%D0%B5%D0%BB%D1%91%D0%BD%D1%8B%D0%B9.html"]
)
def test_what_lies_nowhere_comes_from_the_edge(web, path):
    answer = web.get(path)

    assert (answer.status, answer.body) == (200, b"from the edge")
    assert answer.headers["cache-control"] == "no-store"
    [(_, asked, host, headers)] = web.asked
    assert (asked, host.partition(":")[0]) == (path, "tea.localhost")
    assert headers["X-Forwarded-For"] == "127.0.0.1"
    assert headers["X-Forwarded-Proto"] == "http"


def test_a_post_comes_to_the_edge(web):
    assert web.get("/_r/cart", method="POST", content_length="0").body == b"from the edge"


def test_the_book_of_pages_is_nobodys(web):
    (config().pages_dir / "tea.localhost" / ".secret.html").write_text("x")

    assert web.get("/.secret").body == b"from the edge"


def test_staff_get_each_page_from_the_edge(web):
    answer = web.get("/", cookie=f"rialto=abc; {PREVIEW_COOKIE}=token")

    assert answer.body == b"from the edge"


def test_another_cookie_makes_no_difference(web):
    assert web.get("/", cookie="rialto=abc").body == HOME


#: one of each kind of page, and a later page of a shelf
ADDRESSES = [
    urls.Address("home"),
    urls.Address("about"),
    urls.Address("category", "зелёный"),
    urls.Address("category", "зелёный", "-price", 2),
    urls.Address("product", "лунцзин"),
]


def test_a_page_names_all_that_central_purges_by(web):
    """A purge by tag reaches a page whoever has handed it out: a web server says no less than central asks for."""
    assert {each.kind for each in ADDRESSES} == set(get_args(get_type_hints(urls.Address)["kind"]))
    places = [("tea.localhost", ""), ("tea.localhost", "/en"), ("ar.tea.localhost", ""), ("clay.localhost", "")]
    for host, base in places:
        for each in ADDRESSES:
            path = base if base and each.kind == "home" else f"{base}{each.unquoted}"
            files.write(files.place(config().pages_dir, host, path), HOME)
            answer = web.get(quote(path), host, tls=host == "clay.localhost")

            announced = tags.of_address(host.split(".")[-2], each)
            assert answer.body == HOME
            assert answer.headers["cache-tag"].split(",") == [tag for tag in announced if tag[0] in tags.PURGED]
    assert "cache-tag" not in web.get("/p/none").headers


def test_a_page_of_a_shop_that_packs_none_goes_out_as_it_is(web):
    file = files.place(config().pages_dir, "tea.localhost", "/")
    files.unpack(file)

    answer = web.get("/", accept_encoding="gzip, br")

    assert (answer.body, answer.headers.get("content-encoding")) == (HOME, None)


def test_a_static_file_comes_from_the_disk_for_ever_packed_and_for_every_origin(web):
    static.lay(config().pages_dir)
    drawing, [style] = assets.url("themes/tea/favicon.svg"), assets.styles("tea", is_minified=True, is_joined=True)

    for address in (style, drawing):
        answer = web.get(address, accept_encoding="br")
        assert answer.status == 200
        assert brotli.decompress(answer.body) == assets.find(address.removeprefix("/static/"))[0].read()
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["access-control-allow-origin"] == "*"
        assert ("sandbox" in answer.headers.get("content-security-policy", "")) is (address is drawing)
    assert web.get(style).headers["content-type"].startswith("text/css")
    assert web.asked == []
    assert web.get("/static/0000000000/shop/css/shop.css").body == b"from the edge"


def test_a_picture_comes_from_the_disk_for_ever(web):
    answer = web.get(f"/_m/{PICTURE}.webp")

    assert (answer.status, answer.body, answer.headers["content-type"]) == (200, b"RIFF picture", "image/webp")
    assert "immutable" in answer.headers["cache-control"]
    assert web.asked == []
    assert web.get(f"/_m/{PICTURE[:-1]}1.webp").body == b"from the edge"


def test_a_second_host_name_leads_to_the_first(web):
    answer = web.get("/c/green?page=2", host="chai.localhost")

    assert (answer.status, answer.headers["location"]) == (308, "http://tea.localhost/c/green?page=2")


def test_a_shop_with_https_has_its_pages_there_only(web):
    secure = web.get("/", host="clay.localhost", tls=True)

    assert (secure.status, secure.body) == (200, HOME)


def test_http2_is_spoken(web):
    context = running.trusting_nobody()
    context.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection(("127.0.0.1", web.tls_port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="clay.localhost") as secure,
    ):
        assert secure.selected_alpn_protocol() == "h2"


def test_a_shop_with_https_needs_its_certificate(shops_here, tmp_path):
    with pytest.raises(Refused, match=r"clay\.localhost"):
        front("127.0.0.1:1", None, 80, 443, needs_certificates=True)
    with pytest.raises(Refused, match=r"lacks clay\.localhost\.crt, clay\.localhost\.key"):
        front("127.0.0.1:1", Path(tmp_path), 80, 443, needs_certificates=True)
