"""What an edge says of its pages when central asks."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from edge.pages import asked, files
from edge.pages.book import Book, Hits
from edge.pages.building import build
from edge.pages.figures import cache_figures
from edge.pages.making import Maker, allows
from edge.pages.tests import make
from edge.pages.tests.conftest import SENCHA
from edge.pages.tests.test_making import PATHS, _database, work
from edge.pages.worker import BOOK
from node.config import config
from node.errors import RialtoError
from sync.contracts.codec import pack, unpack
from sync.contracts.documents import PagesDoc
from sync.contracts.pages import PageAsk, PagesAsk, PagesTold, PageTold


@pytest.fixture
def book(tea):
    book = Book(config().pages_dir / BOOK)
    yield book
    book.close()


def maker(book, render=build) -> Maker:
    made = Maker(book, config().pages_dir, _database(), render=render)
    made.begin()
    work(made)
    return made


def ask(**wanted) -> PagesTold:
    return unpack(asked.pages(pack(PagesAsk(site="tea", **wanted))), PagesTold)


def paths(**wanted) -> list[str]:
    return [row.path for row in ask(**wanted).rows]


def one(path: str) -> PageTold:
    return unpack(asked.page(pack(PageAsk(site="tea", edition="tea", path=path))), PageTold)


def test_the_pages_of_a_shop_are_told_in_parts(book):
    maker(book)

    assert set(paths()) == PATHS
    assert paths(kind="product") == ["/p/longjing", "/p/sencha", "/p/thyme"]
    assert paths(words="SEN") == ["/p/sencha"]
    assert paths(sort="-path", start=1, count=2) == ["/p/sencha", "/p/longjing"]
    assert (ask(count=1).total, ask().states) == (len(PATHS), {"fresh": len(PATHS)})


def test_it_tells_what_the_audit_has_looked_at_and_what_was_stale(book):
    made = maker(book)
    assert ask().audit is None
    while ask().audit is None:  # any page of any shop here
        made.audit()
        book.save()
    assert (ask().audit.looked, ask().audit.wrong, ask().audit.latest) == (1, 0, [])

    files.place(config().pages_dir, "tea.localhost", "/about").write_bytes(b"of yesterday")
    while made.audit():
        book.save()

    told = ask().audit
    assert (told.wrong, [one.path for one in told.latest]) == (1, ["/about"])
    assert 1 < told.looked <= made.audited
    assert told.looked_at == told.latest[0].found_at > told.latest[0].made_at
    assert told.oldest_s == told.latest[0].found_at - told.latest[0].made_at


def test_a_row_says_how_the_page_lies_there(book):
    maker(book)

    row = one("/p/sencha").row

    assert (row.kind, row.state, row.reason) == ("product", "fresh", "")
    assert 0 < max(row.brotli, row.gzip) < row.size
    assert row.took_ms > 0
    assert row.made_at >= row.changed_at > 0


def test_what_is_asked_for_most_stands_first(book):
    maker(book)
    book.note_hits([Hits("tea", "/about", 3, 0), Hits("tea", "/p/thyme", 1, 8), Hits("tea", "/about", 2, 4)])
    book.save()

    rows = ask(sort="-asked", count=2).rows

    assert [(row.path, row.asked) for row in rows] == [("/p/thyme", 8), ("/about", 5)]


def test_a_document_leads_to_the_pages_made_of_it(book):
    maker(book)

    uses = one("/p/sencha").uses

    assert ("product", SENCHA.id, SENCHA.title) in [(use.topic, use.key, use.title) for use in uses]
    assert {"/p/sencha", "/c/green"} <= set(paths(uses=SENCHA.id))
    assert "/about" not in paths(uses=SENCHA.id)


def test_a_page_that_cannot_be_made_says_why_though_there_was_none_before(book):
    def failing(site, path):
        if path == "/p/sencha":
            raise ValueError("no such filter")
        return build(site, path)

    made = maker(book, failing)

    assert [(row.path, row.reason) for row in ask(states=["failed"]).rows] == [
        ("/p/sencha", "ValueError: no such filter")
    ]

    made._build = build
    made.remake("tea", [("tea", "/p/sencha")])
    work(made)

    assert ask(states=["failed"]).rows == []
    assert one("/p/sencha").row.state == "fresh"


def test_pages_that_the_rules_leave_out_are_told_too(book):
    made = maker(book)
    rules = PagesDoc(excluded=["/about"], excluded_sections=["herbs"])
    made.hear(make.publish(make.make_site("tea", pages=rules, language="ru", currency="RUB"), ver=2))
    work(made)

    assert set(paths(states=["excluded"])) == {"/about", "/c/herbs", "/p/thyme"}
    assert book.count_of_sites()["tea"]["excluded"] == 3

    made.hear(make.publish(make.make_site("tea", language="ru", currency="RUB"), ver=3))
    work(made)

    assert paths(states=["excluded"]) == []
    assert set(paths()) == PATHS


def test_the_home_page_can_be_left_out_alone():
    site = replace(make.make_site("tea"), pages=PagesDoc(excluded=["/", "/c/green", "/p/a[[]1]"]))

    assert [
        path for path in ("/", "/about", "/c/green", "/c/green/2", "/c/greener", "/p/a[1]") if allows(site, path)
    ] == [
        "/about",
        "/c/greener",
    ]


def test_another_nodes_shop_is_not_told_of(book):
    with pytest.raises(RialtoError) as refused:
        asked.pages(pack(PagesAsk(site="nowhere")))

    assert refused.value.code == "no_pages"


def test_central_has_the_cache_of_this_node_emptied_and_sees_how_it_does(tea):
    build(tea, "/")
    before = cache_figures()

    asked.empty_cache(b"")

    after = cache_figures()
    assert (before["backend"], before["entries"] > 0, after["entries"]) == ("memory", True, 0)
    assert {"name", "near", "far", "made"} == set(before["kinds"][0])
