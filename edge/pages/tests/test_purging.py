"""What an edge tells central of its pages: once in a transaction, in ops that central takes."""

from __future__ import annotations

import pytest

from edge.pages.book import Change
from edge.pages.building import build
from edge.pages.purging import Changed, announce, queue_changes
from edge.pages.tests import make
from edge.pages.tests.client import Browser
from sync.contracts.codec import unpack
from sync.contracts.pages import MOST_CHANGES, PagesChanged
from sync.store.edge.models import Outgoing
from sync.store.writer import reader, writer

pytestmark = [pytest.mark.django_db(databases=["edge"], transaction=True), pytest.mark.usefixtures("edge")]


def told() -> list[PagesChanged]:
    rows = Outgoing.objects.filter(realm="cluster", kind="pages_changed").order_by("n")
    return [unpack(bytes(row.body), PagesChanged) for row in rows]


def test_a_replaced_page_is_told_with_its_tags() -> None:
    writer.run_sync(lambda: announce("tea", [Changed("/p/a", ["s1", "p1"], is_urgent=True)]))

    [op] = told()
    assert (op.site, op.changes[0].path, op.changes[0].tags, op.changes[0].is_urgent) == (
        "tea",
        "/p/a",
        ["s1", "p1"],
        True,
    )


def test_thousands_of_pages_are_few_ops() -> None:
    pages = [Changed(f"/p/{n}") for n in range(2 * MOST_CHANGES + 1)]

    assert writer.run_sync(lambda: announce("tea", pages)) == 3
    assert [len(op.changes) for op in told()] == [MOST_CHANGES, MOST_CHANGES, 1]


def test_nothing_is_told_of_a_transaction_that_fails() -> None:
    def fails() -> None:
        announce("tea", [Changed("/p/a")])
        raise RuntimeError

    with pytest.raises(RuntimeError):
        writer.run_sync(fails)
    assert not told()


def test_what_the_maker_of_pages_replaced_is_told_site_by_site_and_quoted() -> None:
    changes = [
        Change(1, "tea", "/p/зелёный чай", ["s1"], 1.0),
        Change(2, "ink", "/about", [], 2.0),
        Change(3, "tea", "/", [], 3.0),
    ]

    writer.run_sync(lambda: queue_changes(changes))

    assert [(op.site, [one.path for one in op.changes]) for op in told()] == [
        ("ink", ["/about"]),
        ("tea", ["/p/%D0%B7%D0%B5%D0%BB%D1%91%D0%BD%D1%8B%D0%B9%20%D1%87%D0%B0%D0%B9", "/"]),
    ]
    assert [one.is_urgent for op in told() for one in op.changes] == [False, True, True]


@pytest.mark.parametrize(
    ("path", "letters"), [("/", "sk"), ("/about", "sk"), ("/c/green", "skc"), ("/p/longjing", "skp")]
)
async def test_a_page_says_the_tags_it_is_announced_with(visitor: Browser, path: str, letters: str) -> None:
    said = (await visitor.get(path)).headers["cache-tag"].split(",")

    assert "".join(tag[0] for tag in said) == letters
    assert tuple(said) == (await reader.run(lambda: build(make.make_site("tea"), path))).tags


async def test_a_page_that_is_not_there_says_none(visitor: Browser) -> None:
    assert "cache-tag" not in (await visitor.get("/p/nothing")).headers
