from __future__ import annotations

import pytest

from central.catalog import topics  # noqa: F401 - registers them
from central.catalog.actions import (
    Goods,
    Unit,
    delist,
    hide_category,
    keep_picture,
    save_product,
    set_price,
    upsert_category,
)
from central.catalog.tests.make import DATABASES, make_product, make_site, svg
from sync.contracts.codec import unpack
from sync.contracts.documents import CardDoc, CategoryDoc, ProductDoc, card_key
from sync.topics import EdgeScope, StateTopic, topic_of

pytestmark = pytest.mark.django_db(databases=DATABASES)

SCOPE = EdgeScope("a", 1, frozenset({"tea"}), frozenset({"main"}))


def topic(full: str) -> StateTopic:
    found = topic_of(full)
    assert isinstance(found, StateTopic)
    return found


def whole(full: str, limit: int = 2) -> dict[str, tuple[int, bytes]]:
    """A snapshot, page by page."""
    rows, after = {}, ""
    while page := topic(full).page(full, after, limit):
        assert [key for key, _, _ in page] == sorted(key for key, _, _ in page)
        assert all(key > after for key, _, _ in page)
        rows |= {key: (ver, body) for key, ver, body in page}
        after = page[-1][0]
    return rows


def fill() -> None:
    make_site("tea")
    make_site("clay")
    make_site("far", cart_group="other")
    top = upsert_category("tea", "Tea")
    green = upsert_category("tea", "Green", parent=top.pk, text="Steamed or fried.")
    picture = keep_picture(svg())
    for number in range(5):
        units = [
            Unit(f"Т{number}", "weight=50 г", "50 г", 100 + number),
            Unit(f"t{number}", price=900, old_price=1_000),
        ]
        goods = Goods(
            units, title=f"Чай {number}", text="Хорош.", brand="Uji", categories=[top.pk, green.pk],
            pictures=[picture], attributes=[("Урожай", "2025")],
        )  # fmt: skip
        save_product("tea", goods, by="test")
    make_product("clay", skus=("~", "A", "a b"))
    make_product("far", skus=("F1",))


@pytest.mark.parametrize("full", ["category:tea", "product:tea", "card:main", "product:clay"])
def test_a_snapshot_and_a_tail_give_equal_bytes(full):
    fill()

    paged = whole(full)

    assert paged
    assert topic(full).read(full, list(paged)) == paged


def test_documents_say_what_the_rows_say():
    fill()

    products = [unpack(body, ProductDoc) for _, body in whole("product:tea").values()]
    categories = {
        unpack(body, CategoryDoc).title: unpack(body, CategoryDoc) for _, body in whole("category:tea").values()
    }

    tea = next(doc for doc in products if doc.title == "Чай 3")
    assert tea.variants[0].price == 103
    assert (tea.variants[0].sku, tea.variants[0].options, tea.variants[0].options_title) == (
        "Т3",
        "weight=50 г",
        "50 г",
    )
    assert (tea.variants[1].price, tea.variants[1].old_price) == (900, 1_000)
    assert (tea.currency, tea.brand, tea.attributes) == ("RUB", "Uji", [("Урожай", "2025")])
    assert (tea.pictures[0].ext, tea.pictures[0].width, tea.pictures[0].height) == ("svg", 40, 30)
    assert tea.categories == sorted([categories["Tea"].id, categories["Green"].id])
    assert categories["Green"].parent == categories["Tea"].id


def test_a_group_s_cards_are_those_of_its_sites():
    fill()

    cards = whole("card:main", limit=3)

    assert len(cards) == 13
    card = unpack(cards[card_key("tea", "t0")][1], CardDoc)
    assert (card.price, card.title, card.slug, card.is_on_sale) == (900, "Чай 0", "chay-0", True)
    assert set(whole("card:other")) == {card_key("far", "F1")}


def test_what_was_taken_off_is_deleted_for_the_page_and_not_sold_for_the_card():
    fill()
    product = make_product("clay", title="Cup", skus=("C9",))
    hide_category("tea", "green")

    delist("clay", product, by="x")

    assert product.hex not in whole("product:clay")
    assert topic("product:clay").read("product:clay", [product.hex]) == {product.hex: (2, None)}
    key = card_key("clay", "C9")
    ver, body = topic("card:main").read("card:main", [key])[key]
    assert (ver, unpack(body, CardDoc).is_on_sale) == (2, False)
    assert len(whole("category:tea")) == 1
    assert all(len(unpack(body, ProductDoc).categories) == 1 for _, body in whole("product:tea").values())


def test_a_price_reaches_the_page_and_the_card():
    fill()

    set_price("clay", "A", "", 77, by="x")

    key = card_key("clay", "A")
    assert unpack(whole("card:main")[key][1], CardDoc).price == 77
    (doc,) = (unpack(body, ProductDoc) for _, body in whole("product:clay").values())
    assert {one.sku: one.price for one in doc.variants} == {"A": 77, "a b": 10_000, "~": 10_000}


def test_an_edge_reads_its_own_sites_and_its_groups():
    assert set(topic("product:x").audience(SCOPE)) == {"product:tea"}
    assert set(topic("category:x").audience(SCOPE)) == {"category:tea"}
    assert set(topic("card:x").audience(SCOPE)) == {"card:main"}


def test_keys_that_were_never_published_are_absent():
    fill()

    assert topic("product:tea").read("product:tea", ["nonsense", "0" * 32]) == {}
    assert topic("card:main").read("card:main", ["tea\x1fno\x1f"]) == {}


def test_a_page_costs_the_same_queries_however_long(django_assert_num_queries):
    fill()

    with django_assert_num_queries(9, using="catalog"):
        topic("product:tea").page("product:tea", "", 2)
    with django_assert_num_queries(9, using="catalog"):
        topic("product:tea").page("product:tea", "", 100)
