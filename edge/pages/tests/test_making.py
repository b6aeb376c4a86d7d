"""What the maker makes, of which news, and what it leaves as it is."""

from __future__ import annotations

import asyncio
import os
import queue
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connections
from msgspec.structs import replace

from edge.pages import files, making
from edge.pages.book import Book
from edge.pages.building import build
from edge.pages.foreman import Foreman
from edge.pages.links import Links
from edge.pages.making import Maker
from edge.pages.orders import Order
from edge.pages.tests import make
from edge.pages.tests.conftest import GREEN, SENCHA, THYME
from edge.pages.worker import MADE, Worker
from edge.replica import sites as shops
from edge.replica.changes import lists_version
from edge.replica.reads import LIST
from node.config import config
from node.places import ROOT
from sync.contracts.documents import PagesDoc
from sync.store.edge import sql
from sync.store.writer import writer

#: a maker -> the version of the last list it heard of
_heard: dict[Maker, int] = {}

PATHS = {"/", "/about", "/c/green", "/c/herbs", "/p/longjing", "/p/sencha", "/p/thyme"}


@pytest.fixture
def book(tea, tmp_path):
    book = Book(tmp_path / "book.sqlite3")
    yield book
    book.close()


@pytest.fixture
def maker(book):
    """It has made every page of both shops."""
    maker = made(book)
    work(maker)
    return maker


def made(book: Book, render=build) -> Maker:
    maker = Maker(book, config().pages_dir, _database(), render=render)
    maker.begin()
    _heard[maker] = writer.run_sync(lists_version)
    return maker


def _database():
    """Tests keep the edge's database elsewhere than a node does."""
    return Path(connections["edge"].settings_dict["NAME"])


def work(maker: Maker) -> None:
    while maker.renew() or maker.fill():
        pass


def hear(maker: Maker, entries) -> None:
    """The news of documents and of the lists they changed, as the edge tells them."""
    rows = writer.run_sync(lambda: sql.fetch("SELECT name, ver FROM edge_replica_listversion"))
    maker.hear([*entries, *((LIST, name) for name, ver in rows if ver > _heard.get(maker, 0))])
    _heard[maker] = max((ver for _, ver in rows), default=0)


def body(path: str, site: str = "tea") -> bytes | None:
    file = files.place(config().pages_dir, f"{site}.localhost", path)
    return files.read(file) if file else None


def told(book: Book) -> list[str]:
    """Pages of the tea shop whose change was noted since the last call."""
    changes = book.changes(0, 1000)
    if changes:
        book.told(changes[-1].id)
    return sorted(change.path for change in changes if change.site == "tea")


def test_every_page_of_a_shop_lies_as_a_file(maker, book):
    site = shops.site("tea")

    assert book.keys_of("tea") == PATHS
    assert {path: body(path) for path in PATHS} == {path: build(site, path).body for path in PATHS}


def test_a_new_price_rewrites_the_pages_that_show_it_and_no_other(maker, book):
    told(book)
    dearer = replace(GREEN, variants=[make.make_variant("LJ", 300000)])

    hear(maker, make.publish_goods(dearer, ver=2))
    work(maker)

    assert told(book) == ["/", "/c/green", "/p/longjing", "/p/sencha"]
    assert "3\xa0000\xa0₽".encode() in body("/p/longjing")


def test_news_that_change_no_byte_rewrite_nothing(maker, book):
    told(book)
    rendered = maker.rendered

    hear(maker, make.publish(replace(THYME, position=5), ver=2))
    work(maker)

    assert maker.rendered > rendered
    assert told(book) == []


def test_pages_that_show_another_part_of_a_list_are_not_made_again(maker, book):
    shelf = [make.hex_of("tea", "herbs")]
    herbs = [make.make_product("tea", f"herb-{n}", categories=shelf, position=n) for n in range(1, 60)]
    hear(maker, make.publish_goods(*herbs))
    work(maker)
    made_again: list[str] = []
    maker._build = lambda site, path: (made_again.append(path), build(site, path))[1]

    hear(maker, make.publish(replace(herbs[40], position=42), replace(herbs[41], position=41), ver=2))
    work(maker)

    assert {"/c/herbs/2"} == {path for path in made_again if path.startswith("/c/")}
    assert "/" not in made_again
    assert not book.stale(_database())


def test_a_product_that_goes_takes_its_file_with_it(maker, book):
    told(book)

    hear(maker, make.retract(SENCHA))
    work(maker)

    assert body("/p/sencha") is None
    assert "/p/sencha" in told(book)
    assert "Сенча".encode() not in body("/c/green")


def test_a_new_product_gets_its_file(maker, book):
    fresh = make.make_product("tea", "mint", title="Мята", categories=[make.hex_of("tea", "herbs")], currency="RUB")

    hear(maker, make.publish_goods(fresh))
    work(maker)

    assert "Мята".encode() in body("/p/mint")
    assert "Мята".encode() in body("/c/herbs")


def test_news_that_nobody_told_are_found_at_the_next_start(maker, book):
    make.publish_goods(replace(GREEN, title="Лунцзин новый"), ver=2)
    make.publish_goods(make.make_product("tea", "mint", title="Мята", categories=[make.hex_of("tea", "herbs")]))
    shops.forget_all()

    work(made(book))

    assert "Лунцзин новый".encode() in body("/c/green")
    assert "Мята".encode() in body("/c/herbs")
    assert body("/p/mint")


def test_a_start_with_nothing_new_makes_nothing(maker, book):
    again = made(book)

    work(again)

    assert again.rendered == 0


def test_a_page_that_cannot_be_made_keeps_its_last_good_version(maker, book, monkeypatch):
    def broken(site, path):
        if path == "/p/longjing":
            raise ValueError("a template that fails")
        return build(site, path)

    again = made(book, render=broken)
    before = body("/p/longjing")

    hear(again, make.publish_goods(replace(GREEN, title="Лунцзин новый"), ver=2))
    work(again)

    assert body("/p/longjing") == before
    assert book.entry(("tea", "/p/longjing")).error == "ValueError: a template that fails"
    assert "Лунцзин новый".encode() in body("/c/green")
    assert book.count()["failed"] == 1
    monkeypatch.setattr(making, "RETRY_S", -1.0)
    work(maker)
    assert "Лунцзин новый".encode() in body("/p/longjing")
    assert book.count()["failed"] == 0


def test_a_disk_that_is_full_keeps_the_last_good_version(maker, book, monkeypatch):
    def full(file, body, **_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "write", full)
    before = body("/p/longjing")

    hear(maker, make.publish_goods(replace(GREEN, title="Лунцзин новый"), ver=2))
    work(maker)

    assert body("/p/longjing") == before
    assert "No space left" in book.entry(("tea", "/p/longjing")).error


def rules(**changes) -> None:
    site = replace(shops.site("tea"), pages=PagesDoc(**changes))
    make.publish(site, ver=5)


def test_excluded_addresses_and_sections_lie_nowhere(maker, book):
    rules(excluded=["/about", "/p/sen*"], excluded_sections=["herbs"])

    hear(maker, [("site:main", "tea")])
    work(maker)

    assert book.keys_of("tea") == {"/", "/c/green", "/p/longjing"}
    assert body("/p/sencha") is body("/c/herbs") is body("/about") is None


def test_a_shop_may_do_without(maker, book):
    rules(is_on=False)

    hear(maker, [("site:main", "tea")])
    work(maker)

    assert book.keys_of("tea") == set()
    assert body("/") is None
    assert body("/", "ink") is not None


def test_a_shop_may_have_its_pages_unpacked_and_packed_again(maker, book, tmp_path):
    place = files.place(config().pages_dir, "tea.localhost", "/about")
    written = maker.written
    rules(packs_html=False)
    hear(maker, [("site:main", "tea")])
    work(maker)
    assert (place.exists(), files.is_packed(place), maker.written) == (True, False, written)

    make.publish(replace(shops.site("tea"), pages=PagesDoc()), ver=6)
    hear(maker, [("site:main", "tea")])
    work(maker)
    _age(tmp_path, minutes=2)
    while maker.pack():
        pass

    assert (files.is_packed(place), maker.written) == (True, written)


def test_another_theme_or_other_switches_make_every_page_of_the_shop_anew(maker, book):
    before = body("/about")

    rules(joins_css=False, minifies_css=False)
    hear(maker, [("site:main", "tea")])
    work(maker)

    assert b"/joined/tea.min.css" in before and b"/joined/tea" not in body("/about")
    assert body("/about").count(b'rel="stylesheet"') == 4
    assert b"/joined/shop.min.js" in body("/about")


def test_pages_are_made_when_somebody_asks_if_that_is_the_rule(tea, book):
    rules(making="asked", renewal="asked")
    maker = made(book)
    work(maker)
    assert book.keys_of("tea") == set()

    maker.want(("tea", "/p/sencha"))
    work(maker)

    assert book.keys_of("tea") == {"/p/sencha"}
    hear(maker, make.publish_goods(replace(SENCHA, title="Сенча Мидори"), ver=2))
    work(maker)
    assert body("/p/sencha") is None
    maker.want(("tea", "/p/sencha"))
    work(maker)
    assert "Сенча Мидори".encode() in body("/p/sencha")


def test_a_page_has_its_lifetime(maker, book, tmp_path):
    rules(lifetime_minutes=10)
    hear(maker, [("site:main", "tea")])
    work(maker)
    assert maker.expire() is False

    _age(tmp_path, minutes=11)
    rendered = maker.rendered
    while maker.expire():
        pass

    assert maker.rendered == rendered + len(PATHS)


def _age(folder, minutes: int) -> None:
    db = sqlite3.connect(folder / "book.sqlite3", timeout=10)
    with db:
        db.execute("UPDATE page SET made_at = made_at - ?", [minutes * 60])
    db.close()


def test_a_page_that_settled_is_packed_well(maker, book, tmp_path):
    _age(tmp_path, minutes=2)

    while maker.pack():
        pass

    assert all(book.entry(("tea", path)).is_packed for path in PATHS)


def test_a_file_that_somebody_changed_is_seen_and_mended(maker, book):
    place = files.place(config().pages_dir, "tea.localhost", "/about")
    place.write_bytes(b"defaced")

    for _ in range(500):
        maker.audit()
    work(maker)

    assert maker.wrong >= 1
    assert body("/about") == build(shops.site("tea"), "/about").body


def test_the_book_counts_what_was_made_whether_its_bytes_were_new_or_not(maker, book):
    tell(maker, book)
    assert book.fact(MADE) == str(maker.rendered)

    book.soil_all()
    again = made(book)
    work(again)
    tell(again, book)

    assert (again.rendered, again.written) == (maker.written, 0)  # each once, all equal
    assert book.fact(MADE) == str(maker.rendered + again.rendered)


def tell(maker: Maker, book: Book) -> None:
    """What a worker's process does that has come and finds its edge gone."""
    orders: queue.SimpleQueue[Order | None] = queue.SimpleQueue()
    orders.put(None)
    Worker(maker, book, Links(book, config().pages_dir), orders, lambda done: None).run()


def test_a_maker_ends_by_itself_though_its_edge_still_speaks(tmp_path):
    """The thread that reads holds stdin: Python's own end would abort the process over that, and leave a core."""
    (tmp_path / "rialto.toml").write_text(f'role = "edge"\nsecret_key = "{"k" * 40}"\n')
    env = {**os.environ, "RIALTO_HOME": str(tmp_path), "DJANGO_SETTINGS_MODULE": "node.settings.edge"}

    # Without a database there is nothing to make, and it ends at once.
    maker = subprocess.Popen(
        [sys.executable, "-m", "edge.pages.worker"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, cwd=ROOT,
    )  # fmt: skip
    try:
        assert maker.wait(30) == 1
        said = maker.stderr.read()
        assert b"the maker of pages failed" in said and b"Fatal Python error" not in said
    finally:
        maker.kill()
        for pipe in (maker.stdin, maker.stdout, maker.stderr):
            pipe.close()


async def test_a_foreman_that_stops_leaves_nothing_of_his_maker_to_a_loop_that_ends(node_home, tmp_path, monkeypatch):
    """Its pipe ends a moment after the maker itself: a child has it too."""
    maker = tmp_path / "maker"
    maker.write_text("#!/bin/sh\nsleep 0.5 &\nexec sleep 60\n")
    maker.chmod(0o755)
    started: asyncio.Future[asyncio.subprocess.Process] = asyncio.get_running_loop().create_future()
    start = asyncio.create_subprocess_exec

    async def noted(*args, **options):
        started.set_result(await start(*args, **options))
        return started.result()

    monkeypatch.setattr(sys, "executable", str(maker))
    monkeypatch.setattr(asyncio, "create_subprocess_exec", noted)
    foreman = Foreman()
    foreman.start()
    process = await started

    await foreman.stop()

    assert process.returncode is not None
    assert process._transport.is_closing()
