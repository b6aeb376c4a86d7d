"""Links that lead nowhere: found without HTTP where they are our own, told once, taken back when mended."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator

import pytest

from edge.pages import links as finder
from edge.pages.book import Book
from edge.pages.broken import queue_links
from edge.pages.building import build, page_of
from edge.pages.links import Holds, Links
from edge.pages.making import Maker
from edge.pages.tests import make
from edge.pages.tests.conftest import SENCHA
from edge.pages.tests.test_making import _database, work
from node import config as node_config
from node.config import config
from sync.contracts.codec import unpack
from sync.contracts.documents import RedirectDoc
from sync.contracts.links import BrokenLinks
from sync.store.edge.models import Outgoing
from sync.store.writer import writer

TEA = "http://tea.localhost:8499"


@pytest.fixture
def book(tea, tmp_path) -> Iterator[Book]:
    book = Book(tmp_path / "book.sqlite3")
    yield book
    book.close()


class World:
    """A maker whose /about holds `body`, and the robot that looks at the links of its pages."""

    def __init__(self, book: Book, body: str, ask: Callable[[str], str | None] = lambda url: "") -> None:
        self.book, self.body, self.asked = book, body, []
        self._answer = ask
        self.maker = Maker(book, config().pages_dir, _database(), render=self._build)
        self.maker.begin()
        work(self.maker)
        self.links = Links(book, config().pages_dir, ask=self._ask)

    def _build(self, site, path):
        page = build(site, path)
        if path == "/about" and site.id == "tea":
            return replace_body(page, self.body)
        return page

    def _ask(self, url: str) -> str | None:
        self.asked.append(url)
        return self._answer(url)

    def walk(self) -> None:
        while self.links.step() or self._is_asking():
            self.links._next_at = 0.0

    def _is_asking(self) -> bool:
        if self.links._asked is None:
            return False
        self.links._asked[1].exception(timeout=10)
        return True

    def again(self, after_s: float) -> None:
        """As long as that later."""
        self.book.db.execute("UPDATE link SET checked_at = checked_at - ?", [after_s])
        self.walk()

    def broken(self) -> dict[str, str]:
        return {link.url: link.status for link in self.links.book.news(set(), 100) if link.status}

    def tell(self) -> list[tuple[str, str]]:
        news = self.links.book.news(set(), 100)
        self.links.book.told([(link.id, link.digest) for link in news])
        return [(link.url, link.status) for link in news if link.shop == "tea"]  # a sister may show its goods too


def replace_body(page, body: str):
    made = page_of(200, f"<html><body>{body}</body></html>")
    return type(page)(
        made.status, made.body, made.zipped, made.etag, page.reads, page.windows, page.sections, page.tags
    )


def test_every_link_of_a_shops_own_pages_leads_somewhere(book):
    world = World(book, '<a href="/">Home</a>')

    world.walk()

    assert world.broken() == {}


def test_links_that_lead_nowhere_are_found_with_the_pages_that_hold_them(book):
    body = """<a href="/p/gone?from=mail#top">old</a> <a href="c/green/99">beyond</a> <img src="/_m/none.webp">
        <img srcset="/static/shop/none.svg 1x, /static/shop/css/shop.css 2x"> <a href="/p/sencha/">with a slash</a>
        <a href="/cart">cart</a> <a href="/about">here</a> <a href="mailto:a@b.example">mail</a>
        <a href="/moved">x</a>"""
    make.publish(RedirectDoc(site="tea", source="/moved", target="/p/sencha", status=301))
    world = World(book, body)

    world.walk()

    assert world.broken() == dict.fromkeys(
        (f"{TEA}{path}" for path in ("/p/gone?from=mail", "/c/green/99", "/_m/none.webp", "/static/shop/none.svg")),
        "404",
    )
    assert {(*link.pages, link.count) for link in world.links.book.news(set(), 100)} == {(("tea", "/about"), 1)}
    assert world.asked == []


def test_a_sister_shop_of_another_node_is_left_to_that_node(book, monkeypatch):
    monkeypatch.setattr(Links, "_is_own", lambda self, url: "ink.localhost" not in url)
    gone = "http://ink.localhost:8499/p/gone"
    world = World(book, f'<a href="{gone}">elsewhere</a>')

    world.walk()

    assert gone not in world.asked
    assert gone not in world.broken()


def test_one_state_is_told_once_and_its_end_too(book):
    world = World(book, f'<a href="/p/{SENCHA.slug}">tea</a>')
    world.walk()
    assert world.tell() == []

    world.maker.hear(make.retract(SENCHA))
    work(world.maker)
    world.again(finder.OWN_S)
    assert world.tell() == [(f"{TEA}/p/sencha", "404")]
    world.again(finder.OWN_S)
    assert world.tell() == []

    world.maker.hear(make.publish_goods(SENCHA, ver=20))
    work(world.maker)
    world.again(finder.OWN_S)
    assert world.tell() == [(f"{TEA}/p/sencha", "")]
    world.again(finder.OWN_S)
    assert world.tell() == []


def test_a_link_that_no_page_holds_any_more_is_taken_back(book):
    world = World(book, '<a href="/p/gone">old</a>')
    world.walk()
    world.tell()

    world.body = "nothing"
    world.maker.remake("tea", [])
    work(world.maker)
    world.walk()

    assert world.tell() == [(f"{TEA}/p/gone", "")]
    world.walk()
    assert book.db.execute("SELECT count(*) FROM link WHERE url LIKE '%gone'").fetchone() == (0,)


def test_others_are_asked_once_a_day_and_believed_at_once_only_of_what_is_no_mishap(book):
    answers = {"https://gone.example/": "404", "https://slow.example/": "timeout", "https://private.example/": None}
    world = World(book, "".join(f'<a href="{url}">x</a>' for url in answers), answers.get)

    world.walk()
    world.again(finder.OUTER_S / 2)

    assert sorted(world.asked) == sorted(answers)
    assert world.broken() == {"https://gone.example/": "404"}

    world.again(finder.OUTER_S)

    assert world.broken() == {"https://gone.example/": "404", "https://slow.example/": "timeout"}


def test_what_is_told_goes_up_by_shop_and_names_the_book(book, edge):
    world = World(book, '<a href="/p/gone">old</a>')
    world.walk()

    news = world.links.book.news(set(), 100)
    writer.run_sync(lambda: queue_links("b1", news, ["tea", "ink"]))

    told = [unpack(bytes(row.body), BrokenLinks) for row in Outgoing.objects.filter(kind="broken_links").order_by("n")]
    assert [(one.site, one.book, [link.url for link in one.links]) for one in told] == [
        ("tea", "b1", [f"{TEA}/p/gone"]),
        ("ink", "b1", []),
    ]


def test_what_a_page_holds():
    text = """<a HREF=" /a ">x</a><area href="/b"><link rel="stylesheet" href="/c"><link rel="next" href="/no">
        <meta property="og:image" content="/m"><a href="#x">y</a>
        <picture><source srcset="/d 1x, /e 2x"><img src="/f"></picture><script src="/g"></script>"""

    assert Holds(text).links == ["/a", "/b", "/c", "/m", "/d", "/e", "/f", "/g"]


# --- the question to another host ---------------------------------------------------------------------------------


class Elsewhere(http.server.BaseHTTPRequestHandler):
    asked: list[tuple[str, str]] = []

    def answer(self) -> None:
        self.asked.append((self.command, self.path))
        status = {"/no-head": 200 if self.command == "GET" else 405, "/closed": 403, "/gone": 410, "/on": 302}
        self.send_response(status.get(self.path, 200))
        if self.path in ("/on", "/round"):
            self.send_response(302)
            self.send_header("Location", "/gone" if self.path == "/on" else "/round")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_HEAD = answer

    def log_message(self, *arguments) -> None:
        pass


@pytest.fixture
def elsewhere() -> Iterator[str]:
    Elsewhere.asked = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_another_host_is_asked_for_the_head_and_then_for_the_page(elsewhere, tmp_path):
    with node_config.overridden(home=tmp_path, fetch_private=True):
        assert finder.look_at(f"{elsewhere}/fine") == ""
        assert Elsewhere.asked == [("HEAD", "/fine")]
        assert finder.look_at(f"{elsewhere}/no-head") == ""
        assert finder.look_at(f"{elsewhere}/closed") == ""
        assert finder.look_at(f"{elsewhere}/gone") == "410"


def test_a_private_address_is_never_asked(elsewhere, tmp_path):
    with node_config.overridden(home=tmp_path):
        assert finder.look_at(f"{elsewhere}/fine") is None
        assert finder.look_at("http://[::1]/") is None
        assert finder.look_at("http://nowhere.invalid/") in ("unknown_host", None)  # None: nobody to look it up at
    assert Elsewhere.asked == []
