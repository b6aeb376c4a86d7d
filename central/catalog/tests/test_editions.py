"""Words of goods in the further languages of a site, and prices in its regions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from central.catalog.actions import keep_picture, set_regional_prices, upsert_category
from central.catalog.editing import (
    Words,
    edit_words,
    set_picture_alts,
    set_pictures,
    translate_category,
    translate_goods,
)
from central.catalog.errors import BadGoods
from central.catalog.models import Listing, Offer, PriceChange, Translation
from central.catalog.spoken import note_languages
from central.catalog.tests.make import forget_pointers, make_product, make_site, pointers, svg
from central.catalog.tests.test_topics import topic, whole
from central.cluster import locales
from central.ui.tests import cast
from sync.contracts.codec import unpack
from sync.contracts.documents import CardDoc, CategoryDoc, CategoryWords, ProductDoc, ProductWords, card_key

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def sencha() -> UUID:
    make_site("tea")
    return make_product("tea", "Сенча")


def product_doc(product: UUID) -> ProductDoc:
    return unpack(whole("product:tea")[product.hex][1], ProductDoc)


def card_doc() -> CardDoc:
    return unpack(whole("card:main")[card_key("tea", "T1")][1], CardDoc)


def say(product: UUID, language: str, words: Words) -> None:
    translate_goods("tea", {product: {language: words}}, by="test")


# --- words -----------------------------------------------------------------------------------------------------------


def test_words_are_published_in_the_languages_of_the_site(sencha: UUID) -> None:
    offer = Offer.objects.get()
    say(sencha, "ar", Words("سنشا", "شاي", {offer.pk: "صغير"}, [("الوزن", "100")]))
    say(sencha, "de", Words("Sencha"))
    assert product_doc(sencha).translations == {}

    note_languages("tea", ["ar"])

    words = ProductWords(
        title="سنشا", text="شاي", options={offer.variant_id.hex: "صغير"}, attributes=[("الوزن", "100")]
    )
    assert product_doc(sencha).translations == {"ar": words}
    assert card_doc().titles == {"ar": ("سنشا", "صغير")}


def test_what_is_seen_in_a_picture_is_published_in_each_language(sencha: UUID) -> None:
    note_languages("tea", ["ar"])
    set_pictures(sencha, [keep_picture(svg("111111")), keep_picture(svg("222222"))], by="test")
    _, second = (picture.hash for picture in product_doc(sencha).pictures)
    forget_pointers()

    set_picture_alts(sencha, second, {"en": "Чашка", "ar": "كوب", "de": "Tasse"}, by="test")

    assert [row[:2] for row in pointers()] == [("product:tea", sencha.hex)]
    assert product_doc(sencha).translations == {"ar": ProductWords(alts={second: "كوب"})}
    assert [picture.alt for picture in product_doc(sencha).pictures] == ["Сенча", "Чашка"]

    set_picture_alts(sencha, second, {"en": ""}, by="test")
    assert [picture.alt for picture in product_doc(sencha).pictures] == ["Сенча", "Сенча"]
    assert product_doc(sencha).translations == {"ar": ProductWords(alts={second: "كوب"})}


def test_a_language_more_points_at_goods_whose_pictures_are_described_in_it(sencha: UUID) -> None:
    sha = keep_picture(svg())
    set_pictures(sencha, [sha], by="test")
    set_picture_alts(sencha, sha, {"ar": "كوب"}, by="test")
    forget_pointers()

    note_languages("tea", ["ar"])

    assert [row[:2] for row in pointers()] == [("product:tea", sencha.hex)]


def test_a_language_more_or_less_points_at_what_has_words_in_it(sencha: UUID) -> None:
    other = make_product("tea", "Улун", ("T2",))
    say(sencha, "ar", Words("سنشا"))
    forget_pointers()

    note_languages("tea", ["ar"])
    listed = [row[:2] for row in pointers()]
    note_languages("tea", ["ar"])
    assert (
        [row[:2] for row in pointers()] == listed == [("product:tea", sencha.hex), ("card:main", card_key("tea", "T1"))]
    )

    forget_pointers()
    note_languages("tea", [])
    assert ("product:tea", sencha.hex) in [row[:2] for row in pointers()]
    assert product_doc(sencha).translations == product_doc(other).translations == {}


def test_words_a_site_does_not_speak_touch_no_document(sencha: UUID) -> None:
    note_languages("tea", ["ar"])
    forget_pointers()

    say(sencha, "en", Words("Sencha"))
    assert pointers() == []

    say(sencha, "ar", Words("سنشا"))
    assert [row[0] for row in pointers()] == ["product:tea", "card:main"]

    forget_pointers()
    say(sencha, "ar", Words("سنشا"))
    assert pointers() == []


def test_words_edited_on_the_card_are_published(sencha: UUID) -> None:
    note_languages("tea", ["ar"])
    listing = Listing.objects.get()

    edit_words("tea", sencha, Words("Сенча"), {"ar": Words("سنشا")}, by="test", seen_ver=listing.ver)

    assert product_doc(sencha).translations["ar"].title == "سنشا"
    assert Listing.objects.get().ver == listing.ver + 1


def test_a_snapshot_and_a_tail_of_translated_goods_are_equal(sencha: UUID) -> None:
    note_languages("tea", ["ar"])
    say(sencha, "ar", Words("سنشا"))
    shelf = upsert_category("tea", "Чай")
    translate_category("tea", shelf.pk, {"ar": ("شاي", "")}, by="test")

    for full in ("product:tea", "card:main", "category:tea"):
        rows = whole(full)
        assert topic(full).read(full, list(rows)) == rows


def test_a_shelf_s_words_are_published(sencha: UUID) -> None:
    note_languages("tea", ["ar"])
    shelf = upsert_category("tea", "Чай")
    forget_pointers()

    translate_category("tea", shelf.pk, {"ar": ("شاي", ""), "de": ("Tee", "")}, by="test")

    [(ver, body)] = whole("category:tea").values()
    assert unpack(body, CategoryDoc).translations == {"ar": CategoryWords(title="شاي")}
    assert pointers() == [("category:tea", shelf.pk.hex, ver)]
    forget_pointers()
    translate_category("tea", shelf.pk, {"ar": ("شاي", "")}, by="test")
    assert pointers() == []
    translate_category("tea", shelf.pk, {"ar": ("", "")}, by="test")
    assert unpack(whole("category:tea")[shelf.pk.hex][1], CategoryDoc).translations == {}


# --- prices ----------------------------------------------------------------------------------------------------------


def be_in(*regions: str) -> None:
    for region in regions:
        locales.make_region(region, title=region.title(), by="test")
        locales.put_site_region("tea", region, path=f"/{region}", by="test")


def price(regions: dict[str, int | None]) -> None:
    set_regional_prices("tea", {("T1", ""): regions}, by="ann")


def test_a_price_of_a_region_is_published_and_remembered(sencha: UUID) -> None:
    be_in("msk")
    before = Offer.objects.get()
    forget_pointers()

    price({"msk": 12_000})

    assert product_doc(sencha).variants[0].prices == {"msk": 12_000}
    assert card_doc().prices == {"msk": 12_000}
    change = PriceChange.objects.get()
    assert (change.region, change.by, change.was, change.became) == ("msk", "ann", 10_000, 12_000)
    assert [row[0] for row in pointers()] == ["card:main", "product:tea"]
    assert Offer.objects.get().ver == before.ver + 1


def test_the_same_price_again_writes_nothing_and_none_takes_it_away(sencha: UUID) -> None:
    be_in("msk", "spb")
    price({"msk": 12_000, "spb": 9_000})
    forget_pointers()

    price({"msk": 12_000})
    assert pointers() == []

    price({"msk": None})
    assert card_doc().prices == {"spb": 9_000}


@pytest.mark.parametrize(("region", "amount"), [("msk", -1), ("msk", 10**13), ("far", 100)])
def test_a_wrong_price_is_refused(sencha: UUID, region: str, amount: int) -> None:
    be_in("msk")

    with pytest.raises(BadGoods):
        price({region: amount})

    assert card_doc().prices == {}
    assert not PriceChange.objects.exists()


# --- screens ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def ada(sencha: UUID, node_home: Any) -> Client:
    return cast.signed_in(cast.staff("ada", "admin"))


def test_prices_by_region_are_typed_beside_what_is_inherited(ada: Client, sencha: UUID) -> None:
    be_in("msk")
    name = f"price_{Offer.objects.get().pk.hex}_msk"
    page = ada.get(f"/products/{sencha}/regions/tea").content.decode()
    assert 'placeholder="100"' in page

    ada.post(f"/products/{sencha}/regions/tea", {name: "120"})

    assert card_doc().prices == {"msk": 12_000}
    assert "Msk" in ada.get(f"/products/{sencha}").content.decode()


def test_a_shop_in_no_region_has_no_prices_by_region(ada: Client, sencha: UUID) -> None:
    assert ada.get(f"/products/{sencha}/regions/tea").status_code == 404


def test_words_are_asked_for_in_each_language_the_shop_speaks(ada: Client, sencha: UUID) -> None:
    locales.put_language("tea", "ar", path="/ar", by="test")
    page = ada.get(f"/products/{sencha}/words/tea").content.decode()
    assert 'lang="ar" dir="rtl"' in page

    ada.post(f"/products/{sencha}/words/tea", {"title_en": "Сенча", "title_ar": "سنشا", "title_ru": "Сенча"})

    assert Translation.objects.get(language="ar").title == "سنشا"


def test_what_is_not_translated_yet_is_a_filter(ada: Client, sencha: UUID) -> None:
    make_product("tea", "Улун", ("T2",))
    shelf = upsert_category("tea", "Чай")
    locales.put_language("tea", "ar", path="/ar", by="test")
    note_languages("tea", ["ar"])
    say(sencha, "ar", Words("سنشا"))

    page = ada.get("/products", {"lacks": "ar"}).content.decode()
    assert ">T2<" in page
    assert ">T1<" not in page

    assert "Чай" in ada.get("/categories", {"lacks": "ar"}).content.decode()
    ada.post(f"/categories/{shelf.pk}", {"title_ar": "شاي"})
    assert str(shelf.pk) not in ada.get("/categories", {"lacks": "ar"}).content.decode()


def test_pictures_are_described_in_each_language_a_shop_speaks(ada: Client, sencha: UUID) -> None:
    locales.put_language("tea", "ar", path="/ar", by="test")
    note_languages("tea", ["ar"])
    sha = keep_picture(svg())
    set_pictures(sencha, [sha], by="test")
    assert 'name="alt_ar"' in ada.get(f"/products/{sencha}").content.decode()

    ada.post(f"/products/{sencha}/pictures/{sha}", {"do": "alt", "alt_ru": "Чашка", "alt_ar": "كوب"})

    assert product_doc(sencha).translations["ar"].alts == {sha: "كوب"}
