"""Goods are found through the index made for it: a shop of 100,000 goods is asked a dozen times for each page."""

from __future__ import annotations

import pytest

from edge.pages.building import ALSO_GOODS, build
from edge.pages.tests import make
from edge.pages.tests.conftest import *  # noqa: F403 - its fixtures
from edge.replica import shelves, windows
from edge.replica import sites as shops
from sync.store.edge import sql


@pytest.fixture
def plans(monkeypatch):
    """The plan of each statement that is run."""
    seen: list[str] = []
    real = sql.fetch

    def noting(statement, values=()):
        if statement.startswith("SELECT") and "shelfproduct" in statement:
            seen.append("; ".join(row[3] for row in real(f"EXPLAIN QUERY PLAN {statement}", values)))
        return real(statement, values)

    monkeypatch.setattr(sql, "fetch", noting)
    monkeypatch.setattr(sql, "fetch_one", lambda statement, values=(): next(iter(noting(statement, values)), None))
    return seen


def test_a_good_is_found_by_its_slug_and_not_among_all_goods(tea, plans):
    assert shelves.product_by_slug(shops.site("tea"), "sencha").slug == "sencha"

    [plan] = plans
    assert "(site=? AND slug=?)" in plan


@pytest.mark.parametrize("kind", ["size", "shelf"])
def test_a_shelf_is_read_from_its_own_goods(tea, plans, kind):
    rest = () if kind == "size" else (0, 24)

    assert windows.again((kind, ("tea", (make.hex_of("tea", "green"),), "position", *rest)))

    [plan] = plans
    searches = [part for part in plan.split("; ") if part.startswith("SEARCH")]
    assert "edge_replica_placing" in searches[0] and "category=?" in searches[0]


def test_a_page_depends_on_the_goods_beside_it_that_it_shows_and_on_no_more(tea):
    shelf = [make.hex_of("tea", "green")]
    goods = [make.make_product("tea", f"row-{n}", categories=shelf, position=n + 10) for n in range(8)]
    make.publish_goods(*goods, ver=2)

    page = build(shops.site("tea"), "/p/row-7")

    # the shelf begins with the two goods that stood there before
    shown = {f"/p/row-{n}" for n in range(8) if f'"/p/row-{n}"'.encode() in page.body}
    read = {key for topic, key in page.reads if topic == "product:tea"}
    assert shown - {"/p/row-7"} == {f"/p/row-{n}" for n in range(ALSO_GOODS - 2)}
    assert {each.id for each in goods if each.id in read} == {
        goods[7].id,
        *(each.id for each in goods[: ALSO_GOODS - 2]),
    }
