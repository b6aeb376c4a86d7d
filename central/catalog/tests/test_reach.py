"""In which regions goods and shelves are shown: what staff say, and what documents say of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from central.catalog import reach
from central.catalog.actions import Goods, Unit, hide_category, save_product, upsert_category
from central.catalog.errors import BadGoods, StaleProduct, UnknownCategory, UnknownProduct
from central.catalog.following import JOB
from central.catalog.handlers import note_regions
from central.catalog.models import Category, Listing, RegionTree
from central.catalog.tests.make import forget_pointers, make_product, make_site, pointers
from central.catalog.tests.test_editions import be_in
from central.catalog.tests.test_topics import whole
from central.cluster import locales
from central.cluster.events import RegionsChanged
from central.ui.tests import cast
from node.realms import CATALOG, alias_of
from sync.contracts.codec import unpack
from sync.contracts.documents import CardDoc, CategoryDoc, ProductDoc, card_key
from sync.store.jobs.models import Job

pytestmark = pytest.mark.django_db(databases="__all__")


def product_doc(product: UUID) -> ProductDoc:
    return unpack(whole("product:tea")[product.hex][1], ProductDoc)


def card_doc(sku: str = "T1") -> CardDoc:
    return unpack(whole("card:main")[card_key("tea", sku)][1], CardDoc)


def shelf_doc(shelf: Category) -> CategoryDoc:
    return unpack(whole("category:tea")[shelf.pk.hex][1], CategoryDoc)


def settle_if_asked() -> None:
    jobs = Job.objects.using(alias_of(CATALOG)).filter(handler=JOB)
    if jobs.exists():
        jobs.delete()
        reach.settle("tea")


@pytest.fixture
def tea() -> None:
    make_site("tea")
    be_in("msk", "spb")


@pytest.fixture
def sencha(tea: None) -> UUID:
    return make_product("tea", "Сенча")


# --- goods -----------------------------------------------------------------------------------------------------------


def test_a_rule_of_a_product_is_published(sencha: UUID) -> None:
    before = Listing.objects.get()
    forget_pointers()

    reach.show_product("tea", sencha, {"": False, "msk": True}, by="ann", seen_ver=before.ver)

    assert product_doc(sencha).shown == card_doc().shown == {"": False, "msk": True}
    assert [row[:2] for row in pointers()] == [("product:tea", sencha.hex), ("card:main", card_key("tea", "T1"))]
    assert Listing.objects.get().ver == before.ver + 1


def test_what_goes_without_saying_writes_nothing(sencha: UUID) -> None:
    forget_pointers()
    reach.show_product("tea", sencha, {"": True, "msk": True}, by="ann")
    assert pointers() == [] and Listing.objects.get().shown_in == {}

    reach.show_product("tea", sencha, {"spb": False}, by="ann")
    forget_pointers()
    reach.show_product("tea", sencha, {"spb": False, "msk": True}, by="ann")
    assert pointers() == []


def test_a_rule_that_changes_nothing_to_be_seen_is_a_new_version_all_the_same(shelves: dict[str, Category]) -> None:
    goods = stand("Сенча", shelves["green"])
    reach.show_category("tea", shelves["green"].pk, {"": False}, by="ann")
    settle_if_asked()
    seen = Listing.objects.get().ver

    reach.show_product("tea", goods, {"msk": False}, by="ann", seen_ver=seen)

    with pytest.raises(StaleProduct):
        reach.show_product("tea", goods, {"spb": False}, by="olga", seen_ver=seen)
    assert product_doc(goods).shown == {"": False}


def test_what_cannot_be_is_refused(sencha: UUID) -> None:
    with pytest.raises(BadGoods, match="not in 'far'"):
        reach.show_product("tea", sencha, {"far": False}, by="ann")
    with pytest.raises(UnknownProduct):
        reach.show_product("tea", UUID(int=7), {"msk": False}, by="ann")
    with pytest.raises(StaleProduct):
        reach.show_product("tea", sencha, {"msk": False}, by="ann", seen_ver=99)
    with pytest.raises(UnknownCategory):
        reach.show_category("tea", UUID(int=7), {"msk": False}, by="ann")
    with pytest.raises(BadGoods, match="not in 'far'"):
        reach.show_category("tea", upsert_category("tea", "Чай").pk, {"far": False}, by="ann")
    assert product_doc(sencha).shown == {}


# --- shelves ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def shelves(tea: None) -> dict[str, Category]:
    top = upsert_category("tea", "Чай")
    return {
        "top": top, "green": upsert_category("tea", "Зелёный", parent=top.pk), "gifts": upsert_category("tea", "Дары")
    }  # fmt: skip


def stand(title: str, *on: Category) -> UUID:
    return make_product("tea", title, (title,), categories=[shelf.pk for shelf in on])


def test_a_shelf_takes_what_is_below_and_on_it_along(shelves: dict[str, Category]) -> None:
    goods = stand("Сенча", shelves["green"])
    both = stand("Набор", shelves["green"], shelves["gifts"])

    reach.show_category("tea", shelves["top"].pk, {"": False, "msk": True}, by="ann")
    settle_if_asked()

    only = {"": False, "msk": True}
    assert shelf_doc(shelves["top"]).shown == shelf_doc(shelves["green"]).shown == only
    assert product_doc(goods).shown == card_doc("Сенча").shown == only
    assert shelf_doc(shelves["gifts"]).shown == product_doc(both).shown == {}

    reach.show_category("tea", shelves["top"].pk, {}, by="ann")
    settle_if_asked()
    assert shelf_doc(shelves["green"]).shown == product_doc(goods).shown == card_doc("Сенча").shown == {}


def test_a_shelf_shows_no_more_than_the_shelf_above_it(shelves: dict[str, Category]) -> None:
    reach.show_category("tea", shelves["green"].pk, {"": True, "spb": False}, by="ann")
    reach.show_category("tea", shelves["top"].pk, {"": False, "msk": True, "spb": True}, by="ann")

    assert shelf_doc(shelves["green"]).shown == {"": False, "msk": True}


def test_goods_that_move_follow_their_new_shelf(shelves: dict[str, Category]) -> None:
    goods = stand("Сенча", shelves["gifts"])
    reach.show_category("tea", shelves["green"].pk, {"msk": False}, by="ann")
    settle_if_asked()
    assert product_doc(goods).shown == {}

    save_product("tea", Goods([Unit("Сенча")], categories=[shelves["green"].pk]), by="test")
    settle_if_asked()
    assert product_doc(goods).shown == card_doc("Сенча").shown == {"msk": False}

    new = stand("Улун", shelves["green"])
    settle_if_asked()
    assert product_doc(new).shown == {"msk": False}

    # A shelf that is off is none: nothing stands on it
    hide_category("tea", shelves["green"].slug)
    settle_if_asked()
    assert product_doc(goods).shown == {}


def test_a_shelf_that_is_switched_on_again_has_its_goods(shelves: dict[str, Category]) -> None:
    goods = stand("Сенча", shelves["gifts"])
    hide_category("tea", shelves["gifts"].slug)
    assert product_doc(goods).categories == []
    forget_pointers()

    upsert_category("tea", "Дары")

    assert product_doc(goods).categories == [shelves["gifts"].pk.hex]
    assert ("product:tea", goods.hex) in [row[:2] for row in pointers()]


def test_a_shelf_that_moves_shows_what_its_new_place_shows(shelves: dict[str, Category]) -> None:
    reach.show_category("tea", shelves["top"].pk, {"spb": False}, by="ann")
    settle_if_asked()

    upsert_category("tea", "Дары", parent=shelves["top"].pk)
    settle_if_asked()
    assert shelf_doc(shelves["gifts"]).shown == {"spb": False}


def test_without_rules_nobody_is_asked_to_settle(shelves: dict[str, Category]) -> None:
    stand("Сенча", shelves["green"])
    upsert_category("tea", "Дары", parent=shelves["top"].pk)

    assert not Job.objects.using(alias_of(CATALOG)).filter(handler=JOB).exists()


def test_settling_again_writes_nothing(shelves: dict[str, Category]) -> None:
    stand("Сенча", shelves["green"])
    reach.show_category("tea", shelves["top"].pk, {"msk": False}, by="ann")
    assert reach.settle("tea") == 1
    forget_pointers()

    assert reach.settle("tea") == 0
    assert pointers() == []


def test_regions_that_move_change_what_two_rules_make(shelves: dict[str, Category]) -> None:
    """One shelf says "not in the Centre", the other "only in Moscow": whether Moscow lies in it decides."""
    locales.make_region("centre", title="Centre", by="test")
    locales.put_site_region("tea", "centre", path="/centre", by="test")
    goods = stand("Сенча", shelves["green"], shelves["gifts"])
    reach.show_category("tea", shelves["green"].pk, {"": False, "centre": True}, by="ann")
    reach.show_category("tea", shelves["gifts"].pk, {"": False, "msk": False}, by="ann")
    settle_if_asked()
    assert product_doc(goods).shown == {"": False, "centre": True}
    reach.show_product("tea", goods, {"msk": False}, by="ann")
    assert product_doc(goods).shown == {"": False, "centre": True}

    locales.edit_region("msk", parent="centre", by="test")
    note_regions(RegionsChanged(sites=["tea"]), None)  # type: ignore[arg-type]
    settle_if_asked()

    assert RegionTree.objects.get().parents["msk"] == "centre"
    assert product_doc(goods).shown == {"": False, "centre": True, "msk": False}


# --- screens ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def ada(sencha: UUID, node_home: Any) -> Client:
    return cast.signed_in(cast.staff("ada", "admin"))


def test_a_product_s_regions_are_chosen_on_its_card(ada: Client, sencha: UUID) -> None:
    page = ada.get(f"/products/{sencha}").content.decode()
    assert f"/products/{sencha}/shown/tea" in page

    ada.post(f"/products/{sencha}/shown/tea", {"elsewhere": "no", "region_msk": "yes", "region_spb": ""})

    assert product_doc(sencha).shown == {"": False, "msk": True}
    assert "only in Msk" in ada.get(f"/products/{sencha}").content.decode()
    form = ada.get(f"/products/{sencha}/shown/tea").content.decode()
    assert '<option value="no" selected>' in form and '<option value="yes" selected>' in form


def test_a_shelf_s_regions_are_chosen_and_listed(ada: Client) -> None:
    shelf = upsert_category("tea", "Чай")
    assert f"/categories/{shelf.pk}/shown" in ada.get(f"/categories/{shelf.pk}").content.decode()

    ada.post(f"/categories/{shelf.pk}/shown", {"elsewhere": "yes", "region_msk": "no", "region_spb": ""})

    assert shelf_doc(shelf).shown == {"msk": False}
    assert "everywhere but in Msk" in ada.get("/categories").content.decode()
    assert "Чай" in ada.get("/categories?hidden=msk").content.decode()
    assert "Чай" not in ada.get("/categories?hidden=spb").content.decode()


def test_products_are_found_by_where_they_are_not_shown(ada: Client, sencha: UUID) -> None:
    make_product("tea", "Улун", ("T2",))
    reach.show_product("tea", sencha, {"": False, "msk": True}, by="ann")

    hidden = ada.get("/products?hidden=spb").content.decode()
    assert "Сенча" in hidden and "Улун" not in hidden
    assert "Сенча" not in ada.get("/products?hidden=msk").content.decode()


def test_who_may_not_edit_may_not_choose(ada: Client, sencha: UUID) -> None:
    shelf = upsert_category("tea", "Чай")
    eve = cast.signed_in(cast.staff("eve", "operator", ["tea"]))

    assert eve.post(f"/products/{sencha}/shown/tea", {"elsewhere": "no"}).status_code == 403
    assert eve.post(f"/categories/{shelf.pk}/shown", {"elsewhere": "no"}).status_code == 403
    assert shelf_doc(shelf).shown == product_doc(sencha).shown == {}


def test_a_site_without_regions_has_no_such_screen(ada: Client) -> None:
    make_site("ink")
    other = make_product("ink", "Ink", ("I1",))
    assert ada.get(f"/products/{other}/shown/ink").status_code == 404
