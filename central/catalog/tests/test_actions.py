from __future__ import annotations

import pytest

from central.catalog import actions
from central.catalog.actions import Goods, Unit, delist, keep_picture, relist, save_product, set_price, upsert_category
from central.catalog.errors import BadGoods, UnknownCategory, UnknownUnit
from central.catalog.models import Category, Listing, Offer, PriceChange, Product
from central.catalog.tests.make import DATABASES, forget_pointers, make_product, make_site, pointers, svg
from central.cluster.errors import UnknownSite
from sync.contracts.documents import card_key

pytestmark = pytest.mark.django_db(databases=DATABASES)


def test_a_new_product_points_at_its_page_and_a_card_for_each_unit():
    make_site()

    product = make_product(skus=("T1", "T2"))

    assert sorted(pointers()) == [
        ("card:main", card_key("tea", "T1"), 1),
        ("card:main", card_key("tea", "T2"), 1),
        ("product:tea", product.hex, 1),
    ]


def test_a_price_touches_exactly_one_product_and_one_card():
    make_site()
    product = make_product(skus=("T1", "T2"))
    forget_pointers()

    set_price("tea", "T1", "", 9_900, by="olga")

    assert sorted(pointers()) == [("card:main", card_key("tea", "T1"), 2), ("product:tea", product.hex, 2)]
    change = PriceChange.objects.get()
    assert (change.was, change.became, change.by) == (10_000, 9_900, "olga")


def test_the_same_price_again_changes_nothing():
    make_site()
    make_product()
    forget_pointers()

    set_price("tea", "T1", "", 10_000, by="olga")

    assert pointers() == []
    assert not PriceChange.objects.exists()


def test_a_title_changes_every_card_of_the_product_and_its_page():
    make_site()
    product = make_product(skus=("T1", "T2"))
    forget_pointers()

    save_product("tea", Goods([Unit("T1")], title="Gyokuro"), by="test")

    assert sorted(pointers()) == [
        ("card:main", card_key("tea", "T1"), 2),
        ("card:main", card_key("tea", "T2"), 2),
        ("product:tea", product.hex, 2),
    ]


def test_a_text_changes_the_page_and_no_card():
    make_site()
    product = make_product()
    forget_pointers()

    save_product("tea", Goods([Unit("T1")], text="Steamed."), by="test")

    assert pointers() == [("product:tea", product.hex, 2)]


def test_saving_the_same_goods_again_changes_nothing():
    make_site()
    category = upsert_category("tea", "Green")
    goods = Goods([Unit("T1", price=500)], title="Sencha", text="Steamed.", categories=[category.pk], brand="Uji")
    save_product("tea", goods, by="test")
    forget_pointers()

    save_product("tea", goods, by="test")

    assert pointers() == []


def test_versions_only_grow():
    make_site()
    product = make_product()
    seen = []

    for price in (1, 2, 1, 2):
        set_price("tea", "T1", "", price, by="x")
        seen.append((Listing.objects.get().ver, Offer.objects.get().ver))
    delist("tea", product, by="x")
    relist("tea", product, by="x")

    assert seen == [(2, 2), (3, 3), (4, 4), (5, 5)]
    assert (Listing.objects.get().ver, Offer.objects.get().ver) == (7, 7)


def test_a_product_taken_off_the_site_keeps_its_card():
    make_site()
    product = make_product()
    forget_pointers()

    delist("tea", product, by="x")
    delist("tea", product, by="x")

    assert pointers() == [("product:tea", product.hex, 2), ("card:main", card_key("tea", "T1"), 2)]


def test_two_sites_sell_one_product_and_share_its_picture():
    make_site("tea")
    make_site("clay", cart_group="other")
    first = make_product("tea")
    picture = keep_picture(svg())
    assert make_product("clay") == first
    forget_pointers()

    save_product("tea", Goods([Unit("T1")], pictures=[picture]), by="test")

    assert sorted(pointers()) == [
        ("card:main", card_key("tea", "T1"), 2),
        ("card:other", card_key("clay", "T1"), 2),
        ("product:clay", first.hex, 2),
        ("product:tea", first.hex, 2),
    ]


def test_units_that_are_not_named_are_left_alone():
    make_site()
    make_product(skus=("T1", "T2"))

    save_product("tea", Goods([Unit("T2", price=7)]), by="test")

    assert {offer.variant.sku: offer.price for offer in Offer.objects.all()} == {"T1": 10_000, "T2": 7}


def test_options_are_part_of_the_key():
    make_site()
    units = [Unit("T1", "weight=50 g", price=1), Unit("T1", "weight=100 g", price=2)]

    save_product("tea", Goods(units, title="Sencha"), by="test")
    set_price("tea", "T1", "weight=100 g", 5, by="x")

    assert {offer.variant.options: offer.price for offer in Offer.objects.all()} == {
        "weight=50 g": 1,
        "weight=100 g": 5,
    }


def test_equal_titles_get_slugs_of_their_own():
    make_site()

    make_product(title="Чёрный чай", skus=("A",))
    make_product(title="Чёрный чай", skus=("B",))
    make_product(title="Чёрный чай", skus=("b",))

    assert sorted(Listing.objects.values_list("slug", flat=True)) == [
        "chyorny-chay",
        "chyorny-chay-2",
        "chyorny-chay-b",
    ]


@pytest.mark.parametrize(
    "goods",
    [
        Goods([Unit("T9")], title="No price"),
        Goods([Unit("T9", price=1)]),
        Goods([Unit("T9", price=-1)], title="Below zero"),
        Goods([Unit("T9", price=10**13)], title="Too dear"),
        Goods([Unit(" ", price=1)], title="No sku"),
        Goods([Unit("T9", price=1)], title="x" * 301),
        Goods([Unit("T9", price=1)], title="No such picture", pictures=["0" * 64]),
        Goods([Unit("T9", price=1), Unit("T8", price=1, currency="EUR")], title="Two currencies"),
        Goods([Unit("T9", price=1), Unit("T8", price=-1)], title="One of two is wrong"),
    ],
)
def test_goods_that_cannot_be_kept_change_nothing(goods):
    make_site()

    with pytest.raises(BadGoods):
        save_product("tea", goods, by="test")

    assert not Product.objects.exists()
    assert pointers() == []


def test_a_sku_joins_the_product_that_has_it_already():
    make_site()
    first = save_product("tea", Goods([Unit("T1", "weight=50 g", price=1)], title="Sencha"), by="test")

    second = save_product("tea", Goods([Unit("T1", "weight=100 g", price=1)], title="Sencha"), by="test")

    assert first == second


def test_a_price_of_nothing_we_sell_is_refused():
    make_site()
    make_product()

    with pytest.raises(UnknownUnit):
        set_price("tea", "T1", "size=L", 1, by="x")
    with pytest.raises(UnknownSite):
        set_price("nowhere", "T1", "", 1, by="x")


def test_a_category_changes_only_when_it_differs():
    make_site()
    green = upsert_category("tea", "Green", position=1)
    forget_pointers()

    upsert_category("tea", "Green", position=1)
    upsert_category("tea", "Green", position=2)

    assert pointers() == [("category:tea", green.pk.hex, 2)]


def test_a_category_cannot_lie_inside_itself():
    make_site()
    top = upsert_category("tea", "Tea")
    below = upsert_category("tea", "Green", parent=top.pk)

    with pytest.raises(BadGoods):
        upsert_category("tea", "Tea", parent=below.pk)
    with pytest.raises(UnknownCategory):
        upsert_category("clay", "Cups", parent=top.pk) if make_site("clay") else None


def test_a_path_of_titles_is_made_once():
    make_site()
    where = actions.shop("tea")

    with actions.atomic(actions.CATALOG):
        first = actions.category_path(where.id, ["Tea", "New"])
        again = actions.category_path(where.id, ["tea ", "NEW"])
        other = actions.category_path(where.id, ["Herbs", "New"])

    assert first.pk == again.pk != other.pk
    assert sorted(Category.objects.values_list("slug", flat=True)) == ["herbs", "herbs-new", "new", "tea"]


def test_a_hidden_category_leaves_its_products():
    make_site()
    green = upsert_category("tea", "Green")
    product = make_product(categories=[green.pk])
    forget_pointers()

    actions.hide_category("tea", "green")

    assert pointers() == [("category:tea", green.pk.hex, 2), ("product:tea", product.hex, 2)]
