from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connections
from django.test import RequestFactory

from central.accounts.actions import make_staff
from central.accounts.scope import ALL
from central.catalog import queries
from central.catalog.actions import Goods, Unit, delist, keep_picture, save_product, set_price, upsert_category
from central.catalog.errors import UnknownUnit
from central.catalog.queries import (
    categories_visible_to,
    count_of,
    goods_row,
    listings_found_by,
    price_changes_visible_to,
    products_visible_to,
)
from central.catalog.tests.make import DATABASES, make_product, make_site, svg
from central.pictures.views import media
from node.realms import CATALOG

pytestmark = pytest.mark.django_db(databases=DATABASES)


@pytest.fixture
def boss(db):
    return make_staff("boss", "x", role="admin", sites=ALL)


@pytest.fixture
def shops():
    make_site("tea")
    make_site("clay")
    for title, sku in (("Ёлочный сбор", "T1"), ("Ассам", "T2"), ("Билочунь", "T3")):
        make_product("tea", title=title, skus=(sku,), brand="Лавка" if sku == "T2" else None)
    make_product("clay", title="Чашка", skus=("C1", "C2"))


def titles(page) -> list[str]:
    return [f"{row.title}/{row.sku}" for row in page.rows]


def test_units_are_listed_by_title_with_yo_as_ye(shops, boss):
    page = products_visible_to(boss)

    assert titles(page) == ["Ассам/T2", "Билочунь/T3", "Ёлочный сбор/T1", "Чашка/C1", "Чашка/C2"] or titles(page) == [
        "Ассам/T2", "Билочунь/T3", "Ёлочный сбор/T1", "Чашка/C2", "Чашка/C1",
    ]  # fmt: skip
    assert page.next == ""


def test_pages_together_are_the_whole_list_without_repeats(shops, boss):
    seen, after = [], ""
    while True:
        page = products_visible_to(boss, after=after, limit=2)
        seen += titles(page)
        if not (after := page.next):
            break

    assert seen == titles(products_visible_to(boss))
    assert len(set(seen)) == 5


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("елочный", ["Ёлочный сбор/T1"]),
        ("ЁЛОЧНЫЙ сбор", ["Ёлочный сбор/T1"]),
        ("t3", ["Билочунь/T3"]),
        ("лавка", ["Ассам/T2"]),
        ("100%", []),
        ("чашка t1", []),
        ("елоч сб", ["Ёлочный сбор/T1"]),
        ("очный", []),
        ("«сбор», ", ["Ёлочный сбор/T1"]),
        ("it's \\ :* & | (", []),
    ],
)
def test_search_knows_titles_brands_and_skus(shops, boss, search, found):
    assert titles(products_visible_to(boss, search=search)) == found


@pytest.mark.parametrize(
    ("typed", "is_found"),
    [("T-100", True), ("t-100/5", True), ("100", True), ("5", True), ("100/5", True), ("00", False), ("T-1005", False),
     ("l'or", True), ("oreal", True), ("real", False), ("4006381333931", True), ("381333", False)],
)  # fmt: skip
def test_parts_of_a_sku_and_the_whole_of_it_begin_words(shops, boss, typed, is_found):
    make_product("clay", title="Крем L'Oreal (новый)", skus=("T-100/5", "4006381333931"))

    assert [row.title for row in products_visible_to(boss, search=typed).rows] == [
        "Крем L'Oreal (новый)"
    ] * 2 * is_found


def test_more_than_a_few_are_found_as_well(shops, boss, monkeypatch):
    monkeypatch.setattr(queries, "FEW", 1)

    assert len(products_visible_to(boss, search="т").rows) == 0
    assert titles(products_visible_to(boss, search="ча", limit=1)) in (["Чашка/C1"], ["Чашка/C2"])
    assert len(products_visible_to(boss, search="").rows) == 5


def test_words_are_looked_up_in_an_index(shops, boss):
    with connections[CATALOG].cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = listings_found_by("елоч t1").explain()

    assert "listing_by_word" in plan


def test_a_row_says_what_a_list_shows(shops, boss):
    picture = keep_picture(svg())
    save_product("tea", Goods([Unit("T2", old_price=12_000)], pictures=[picture]), by="test")

    row = goods_row(boss, "tea", "T2")

    assert (row.price, row.old_price, row.currency, row.site) == (10_000, 12_000, "RUB", "tea")
    assert row.picture == f"/_media/{picture}.svg"
    assert row.is_active


def test_staff_see_the_goods_of_their_sites_alone(shops):
    clerk = make_staff("clerk", "x", role="operator", sites=["clay"])
    upsert_category("tea", "Green")

    assert titles(products_visible_to(clerk, site="tea")) == []
    assert {row.site for row in products_visible_to(clerk).rows} == {"clay"}
    assert not categories_visible_to(clerk).exists()
    with pytest.raises(UnknownUnit):
        goods_row(clerk, "tea", "T1")


def test_a_stranger_sees_nothing(shops):
    nobody = AnonymousUser()

    assert products_visible_to(nobody).rows == []
    assert not categories_visible_to(nobody).exists()


def test_price_changes_are_seen_with_their_goods(shops, boss):
    offer = set_price("tea", "T1", "", 1, by="boss")
    clerk = make_staff("clerk", "x", role="operator", sites=["clay"])

    assert [change.became for change in price_changes_visible_to(boss, offer.pk)] == [1]
    assert not price_changes_visible_to(clerk, offer.pk).exists()


def test_what_was_taken_off_is_listed_as_such(shops, boss):
    row = goods_row(boss, "tea", "T1")

    delist("tea", row.product, by="boss")

    assert not goods_row(boss, "tea", "T1").is_active
    assert count_of("tea") == {"products": 2, "units": 2, "categories": 0}


def test_a_list_costs_the_same_queries_however_long(shops, boss, django_assert_num_queries):
    with django_assert_num_queries(2, using="catalog"):
        products_visible_to(boss, limit=1)
    with django_assert_num_queries(2, using="catalog"):
        products_visible_to(boss, limit=50)


def test_a_picture_is_served_to_anybody_and_is_the_same_for_ever(node_home):
    sha = keep_picture(svg())

    answer = media(RequestFactory().get("/"), f"{sha}.svg")

    assert answer.content == svg()
    assert answer["Content-Type"] == "image/svg+xml"
    assert "immutable" in answer["Cache-Control"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    again = media(RequestFactory().get("/", headers={"If-None-Match": answer["ETag"]}), f"{sha}.svg")
    assert again.status_code == 304


@pytest.mark.parametrize("name", ["x", "../../rialto.toml", "0" * 64 + ".svg", "0" * 64 + ".php"])
def test_a_picture_that_is_none_is_not_found(node_home, name):
    from django.http import Http404

    with pytest.raises(Http404):
        media(RequestFactory().get("/"), name)
    assert media(RequestFactory().post("/"), name).status_code == 405
