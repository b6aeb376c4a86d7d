"""Columns of further languages and of regions in an imported table."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from central.catalog.actions import set_regional_prices, upsert_category
from central.catalog.documents import card_docs
from central.catalog.editing import Words, translate_goods
from central.catalog.errors import ImportRefused
from central.catalog.importing import runs
from central.catalog.importing.models import ImportRun
from central.catalog.importing.reasons import in_words
from central.catalog.importing.sources import edit_source, make_source
from central.catalog.models import Listing, Offer, PriceChange, RegionalPrice, Translation, Variant
from central.catalog.reach import show_category
from central.catalog.spoken import note_languages
from central.catalog.tests.make import forget_pointers, make_product, make_site, pointers
from central.catalog.tests.test_editions import product_doc
from central.catalog.tests.test_import import Desk, counted
from central.cluster import locales
from central.ui.tests import cast
from sync.contracts.documents import ProductWords

pytestmark = pytest.mark.django_db(databases="__all__")

HEADER = "sku,options,title,title:ar,text:ar,options_title:ar,price,price:msk\n"
CUP = "T1,size=L,Cup,كوب,خزف,كبير,100,120\n"


@pytest.fixture
def desk(tmp_path: Any, node_home: Any) -> Desk:
    make_site("tea", "RUB")
    locales.put_language("tea", "ar", path="/ar", by="test")
    note_languages("tea", ["ar"])
    locales.make_region("ru", title="Россия", by="test")
    locales.make_region("msk", title="Москва", parent="ru", by="test")
    locales.put_site_region("tea", "msk", path="/msk", by="test")
    folder = tmp_path / "files"
    folder.mkdir()
    return Desk(folder)


def there() -> tuple[str, str, str]:
    words = Translation.objects.get(language="ar")
    return words.title, words.text, words.options.get(Offer.objects.get().pk.hex, "")


def regional() -> dict[str, int]:
    return dict(RegionalPrice.objects.values_list("region", "price"))


def test_a_new_product_comes_with_its_words_and_prices(desk: Desk) -> None:
    assert desk.bring(HEADER + CUP) == counted(read=1, created=1)

    assert there() == ("كوب", "خزف", "كبير")
    assert regional() == {"msk": 12_000}
    offer, listing = Offer.objects.get(), Listing.objects.get()
    words = ProductWords(title="كوب", text="خزف", options={offer.variant_id.hex: "كبير"})
    assert product_doc(listing.product_id).translations == {"ar": words}
    assert product_doc(listing.product_id).variants[0].prices == {"msk": 12_000}
    assert (offer.ver, listing.ver) == (1, 1)
    assert "كوب" in listing.search_key
    change = PriceChange.objects.get(region="msk")
    assert (change.was, change.became) == (10_000, 12_000)


def test_a_new_unit_of_a_known_product_is_one_version_with_its_price_there(desk: Desk) -> None:
    desk.bring(HEADER + CUP)

    desk.bring(HEADER + "T1,size=S,Cup,كوب,خزف,صغير,90,110\n")

    offer = Offer.objects.get(variant__options="size=S")
    assert (offer.ver, offer.regional_prices.get().price) == (1, 11_000)


def test_the_same_file_again_changes_nothing(desk: Desk) -> None:
    desk.bring(HEADER + CUP)
    forget_pointers()

    assert desk.bring(HEADER + CUP) == counted(read=1, unchanged=1)

    assert pointers() == []


def test_what_a_file_says_anew_goes_to_the_shops(desk: Desk) -> None:
    desk.bring(HEADER + CUP)
    forget_pointers()

    assert desk.bring("sku,options,price:msk,options_title:ar\nT1,size=L,130,أكبر\n") == counted(read=1, updated=1)

    assert regional() == {"msk": 13_000}
    assert card_doc_of_l().titles == {"ar": ("كوب", "أكبر")}
    assert sorted(row[0] for row in pointers()) == ["card:main", "product:tea"]
    desk.bring("sku,options,title:ar\nT1,size=L,فنجان\n")
    assert there()[0] == "فنجان"
    assert "فنجان" in Listing.objects.get().search_key and "كوب" not in Listing.objects.get().search_key


def card_doc_of_l() -> Any:
    [card] = card_docs(list(Offer.objects.select_related("variant", "listing")))
    return card


def test_an_empty_cell_leaves_and_a_dash_takes_away(desk: Desk) -> None:
    desk.bring(HEADER + CUP)

    assert desk.bring(HEADER + "T1,size=L,Cup,,,,100,\n") == counted(read=1, unchanged=1)
    assert (there(), regional()) == (("كوب", "خزف", "كبير"), {"msk": 12_000})

    assert desk.bring(HEADER + "T1,size=L,Cup,-,-,-,100,-\n") == counted(read=1, updated=1)
    assert (there(), regional()) == (("", "", ""), {})
    assert PriceChange.objects.filter(region="msk").latest("at").became == 10_000
    assert desk.bring(HEADER + "T1,size=L,Cup,-,-,-,100,-\n") == counted(read=1, unchanged=1)


@pytest.mark.parametrize(
    ("column", "why", "russian"),
    [
        ("title:de", "line 1, column 3 (title:de): no shop of this import speaks 'de'; there are: ar, en", "столбец 3"),
        (
            "price:far", "line 1, column 3 (price:far): no shop of this import is in the region 'far'; "
            "there are: msk, ru", "столбец 3",
        ),
    ],
)  # fmt: skip
def test_an_unknown_language_or_region_is_named_with_its_place(desk: Desk, column: str, why: str, russian: str) -> None:
    with pytest.raises(ImportRefused) as refused:
        desk.bring(f"sku,price,{column}\nT1,100,1\n")

    assert str(refused.value) == why
    with translation.override("ru"):
        assert russian in in_words(why)


@pytest.mark.parametrize(
    ("cell", "why"), [("much", "price:msk: 'much' is no amount"), ("1.234", "price:msk: '1.234' is finer than RUB")]
)
def test_a_wrong_price_of_a_region_refuses_its_row_and_names_the_column(desk: Desk, cell: str, why: str) -> None:
    counts = desk.bring(f"sku,title,price,price:msk\nT1,Cup,100,{cell}\nT2,Bowl,100,120\n")

    assert counts == counted(read=2, created=1, refused=1)
    assert f"line 2: {why}" in desk.told
    assert regional() == {"msk": 12_000}


def test_a_title_that_is_too_long_names_its_language(desk: Desk) -> None:
    counts = desk.bring(f"sku,title,price,title:ar\nT1,Cup,100,{'x' * 301}\n")

    assert counts == counted(read=1, refused=1)
    assert "title:ar: is longer than 300 signs" in desk.told


def test_a_variant_has_the_prices_of_its_product_unless_it_has_its_own(desk: Desk) -> None:
    desk.bring("sku,options,title,price,price:msk\nT1,size=L,Cup,100,120\nT2,size=S,,,\nT3,size=M,,90,\n")

    found = {row.offer.variant.sku: row.price for row in RegionalPrice.objects.all()}
    assert found == {"T1": 12_000, "T2": 12_000}


def test_a_column_in_a_site_s_own_language_is_its_own_text(desk: Desk) -> None:
    desk.bring("sku,title,price,title:en,text:en\nT1,Чашка,100,Cup,A cup\n")

    listing = Listing.objects.get()
    assert (listing.title, listing.text) == ("Cup", "A cup")
    assert not Translation.objects.exists()


def test_headers_are_read_however_they_are_written(desk: Desk) -> None:
    desk.bring("Артикул;Название;Название:ar;Цена;цена:msk\nT1;Чашка;كوب;100;120\n")

    assert Translation.objects.get().title == "كوب"
    assert regional() == {"msk": 12_000}


def test_a_source_that_may_not_write_titles_or_prices_writes_none_of_a_language_or_region(desk: Desk) -> None:
    desk.bring(HEADER + CUP)
    source = make_source("Texts", ["tea"], by="test")
    edit_source(source.pk, {"fields": ["text"]})

    run = brought(desk, source, HEADER + "T1,size=L,Bowl,وعاء,نص,آخر,200,300\n")

    assert run.counts["updated"] == 1
    assert (there(), regional()) == (("كوب", "نص", "كبير"), {"msk": 12_000})


def test_what_another_source_is_master_of_is_left_in_each_language_and_region(desk: Desk) -> None:
    master = make_source("Master", ["tea"], by="test")
    edit_source(master.pk, {"is_master": True, "fields": ["title", "price"]})
    brought(desk, master, HEADER + CUP)
    other = make_source("Other", ["tea"], by="test")

    run = brought(desk, other, "sku,options,title:ar,text:ar,price:msk\nT1,size=L,وعاء,نص,300\n")

    [line] = runs.lines_of(runs.report_of(run, is_dry=False))[0]
    assert line["why"] == "price, title: left alone, “Master” is their master"
    assert (there(), regional()) == (("كوب", "نص", "كبير"), {"msk": 12_000})


def brought(desk: Desk, source: Any, text: str) -> ImportRun:
    run = runs.take_file(source, "goods.csv", [text.encode()], by="test")
    runs.do_here(run.pk, ImportRun.State.RUNNING)
    run.refresh_from_db()
    assert run.state == ImportRun.State.DONE, run.error
    return run


def test_a_text_that_differs_by_odd_space_alone_is_the_same(desk: Desk) -> None:
    sencha = make_product("tea", "Sencha")
    translate_goods("tea", {sencha: {"ar": Words("سنشا", "one\ntwo")}}, by="test")
    forget_pointers()

    assert desk.bring('sku,text:ar\nT1,"one\ntwo"\n') == counted(read=1, unchanged=1)

    assert Translation.objects.get().text == "one\ntwo"


# --- screens ----------------------------------------------------------------------------------------------------------


def test_columns_are_mapped_and_changes_shown_before_they_are_written(desk: Desk) -> None:
    desk.bring(HEADER + CUP)
    set_regional_prices("tea", {("T1", "size=L"): {"msk": None}}, by="test")
    ada: Client = cast.signed_in(cast.staff("ada", "admin"))
    source = make_source("Prices", ["tea"], by="ada")
    run = runs.take_file(source, "goods.csv", [b"Code,Opt,Moscow,Arabic\nT1,size=L,150,Tea\n"], by="ada")
    page = ada.get(f"/imports/{run.pk}").content.decode()
    assert '<option value="price:msk">Price, Москва</option>' in page
    assert '<option value="title:ar">Title, العربية</option>' in page

    answers = {"column-0": "sku", "column-1": "options", "column-2": "price:msk", "column-3": "title:ar"}
    ada.post(f"/imports/{run.pk}/mapping", answers)
    runs.do_run(run.pk)

    page = ada.get(f"/imports/{run.pk}").content.decode()
    assert "Price, Москва:</span> ₽150.00" in page
    assert "Title, العربية:" in page
    assert regional() == {}


def reach(sku: str = "T1") -> tuple[dict[str, bool], dict[str, bool]]:
    row = Listing.objects.get(offers__variant__sku=sku)
    return row.shown_in, row.reach


def test_a_column_says_in_which_regions_a_product_is_shown(desk: Desk) -> None:
    only = {"": False, "msk": True}

    assert desk.bring("sku,title,price,shown_in\nT1,Cup,100,msk\nT2,Bowl,100,\n") == counted(read=2, created=2)
    assert (reach(), reach("T2")) == ((only, only), ({}, {}))
    cup = Offer.objects.select_related("listing").get(variant__sku="T1")
    assert product_doc(cup.listing.product_id).shown == card_docs([cup])[0].shown == only

    forget_pointers()
    assert desk.bring("sku,Показ по регионам\nT1,\nT2,-\n") == counted(read=2, unchanged=2)
    assert pointers() == []

    assert desk.bring("sku,shown_in\nT1,-\nT2,-msk\n") == counted(read=2, updated=2)
    assert (reach(), reach("T2")) == (({}, {}), ({"msk": False}, {"msk": False}))
    assert len(pointers()) == 4


def test_a_product_that_comes_onto_a_hidden_shelf_is_nowhere_shown_meanwhile(desk: Desk) -> None:
    shelf = upsert_category("tea", "Cups")
    show_category("tea", shelf.pk, {"": False}, by="test")

    desk.bring("sku,title,category,price,shown_in\nT1,Cup,Cups,100,msk\n")

    assert reach() == ({"": False, "msk": True}, {"": False})


@pytest.mark.parametrize(
    ("cell", "why", "russian"),
    [
        ("spb", "shown_in: the shop is not in 'spb'", "магазина нет в spb"),
        ("Москва", "shown_in: 'Москва' is no region", "«Москва» — не регион"),
        ('"msk, -msk"', "shown_in: 'msk' is said twice", "msk назван дважды"),
    ],
)
def test_a_rule_that_names_no_region_of_the_shop_refuses_its_row(desk: Desk, cell: str, why: str, russian: str) -> None:
    counts = desk.bring(f"sku,title,price,shown_in\nT1,Cup,100,{cell}\nT2,Bowl,100,msk\n")

    assert counts == counted(read=2, created=1, refused=1)
    [told] = [line for line in desk.told.splitlines() if why in line]
    with translation.override("ru"):
        assert russian in in_words(told.partition("line 2: ")[2])
    assert not Variant.objects.filter(sku="T1").exists()
