"""Feeds against the published rules of Yandex.Market (YML) and Google Merchant (product data specification)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.utils import translation
from lxml import etree

from sites import editions
from sites.feeds.fields import ELEMENTS, KINDS, check_fields
from sites.feeds.items import Choice, Item, is_gtin, items_of
from sites.feeds.problems import problems_of
from sites.feeds.writing import write
from sites.seo.patterns import BadPattern
from sites.seo.tests import make
from sync.contracts.documents import (
    FeedDoc,
    LanguageDoc,
    Picture,
    PictureSource,
    ProductDoc,
    ProductWords,
    RegionDoc,
    SiteWords,
)

MADE_AT = "2027-01-31T10:00+00:00"
G = "{http://base.google.com/ns/1.0}"
#: of the specification of YML: what an <offer> of the simplified kind must have, in this order where we write it
YML_REQUIRED = ("name", "url", "price", "currencyId", "categoryId")
GOOGLE_REQUIRED = ("id", "title", "description", "link", "availability", "price")


@pytest.fixture(autouse=True)
def russian():
    with translation.override("ru"):
        yield


def feed(kind: str = "yml", **changes: Any) -> FeedDoc:
    return FeedDoc(**{"site": "tea", "name": "goods", "kind": kind} | changes)


def items(doc: FeedDoc, *goods: ProductDoc, out: tuple[str, ...] = ()) -> list[Item]:
    rows = []
    for each in goods or (make.product(),):
        in_stock = {unit.id for unit in each.variants if unit.sku not in out}
        rows.append((each, make.cards(each), in_stock))
    return list(items_of(make.site(), Choice(doc, make.TREE), make.TREE, rows))


def xml(doc: FeedDoc, *goods: ProductDoc, out: tuple[str, ...] = ()) -> Any:
    text = "".join(write(make.site(), doc, make.TREE, items(doc, *goods, out=out), MADE_AT))
    return etree.fromstring(text.encode())


def test_yml_has_what_the_market_requires():
    root = xml(feed(), make.product(variants=[make.variant("SE1", 199050, old_price=250000, barcode="4006381333931")]))

    assert root.tag == "yml_catalog"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d[+-]\d\d:\d\d", root.get("date"))
    assert [root.findtext(f"shop/{name}") for name in ("name", "company", "url")] == [
        "Чабрец",
        "Чабрец",
        "https://tea.example/",
    ]
    assert root.find("shop/currencies/currency").attrib == {"id": "RUB", "rate": "1"}
    [offer] = root.findall("shop/offers/offer")
    assert re.fullmatch(r"[A-Za-z0-9]{1,20}", offer.get("id"))
    assert offer.get("available") == "true"
    assert all(offer.findtext(name) for name in YML_REQUIRED)
    assert (offer.findtext("price"), offer.findtext("oldprice")) == ("1990.50", "2500")
    assert offer.findtext("picture") == "https://tea.example/_m/" + "ab" * 32 + ".jpg"
    assert (offer.findtext("vendor"), offer.findtext("vendorCode")) == ("Уджи", "SE1")
    assert offer.findtext("barcode") == "4006381333931"
    assert [(param.get("name"), param.text) for param in offer.findall("param")] == [("Вес", "50 г")]


def test_yml_categories_are_numbers_that_name_their_parents_and_every_offer_one_of_them():
    root = xml(feed())

    numbers = {each.get("id"): each.get("parentId") for each in root.findall("shop/categories/category")}
    assert all(re.fullmatch(r"[1-9]\d{0,17}", number) for number in numbers)
    assert [parent for parent in numbers.values() if parent] == [next(iter(numbers))]
    assert root.findtext("shop/offers/offer/categoryId") in numbers


def test_google_has_what_merchant_center_requires():
    variants = [make.variant("SE1", 199050, old_price=250000, barcode="4006381333931")]
    root = xml(feed("google"), make.product(variants=variants))

    assert (root.tag, root.get("version")) == ("rss", "2.0")
    assert all(root.findtext(f"channel/{name}") for name in ("title", "link", "description"))
    [item] = root.findall("channel/item")
    assert all(item.findtext(G + name) for name in GOOGLE_REQUIRED)
    assert len(item.findtext(G + "id")) <= 50
    assert item.findtext(G + "availability") == "in_stock"
    assert (item.findtext(G + "price"), item.findtext(G + "sale_price")) == ("2500.00 RUB", "1990.50 RUB")
    assert item.findtext(G + "image_link").startswith("https://")
    assert item.findtext(G + "gtin") == "4006381333931"
    assert item.findtext(G + "condition") == "new"
    assert item.findtext(G + "product_type") == "Чай > Зелёный чай"
    assert item.find(G + "identifier_exists") is None


@pytest.mark.parametrize("kind", KINDS)
def test_a_feed_of_an_edition_has_what_services_require_in_its_words_at_its_addresses(kind):
    site = make.site(
        languages=[LanguageDoc(code="en", name="English", path="/en", words=SiteWords(name="Thyme"))],
        regions=[RegionDoc(id="msk", title="Москва", path="/msk")],
    )
    doc = feed(kind, language="en", region="msk")
    there = editions.of_feed(site, doc)
    assert there is not None
    unit = make.variant("SE1", 50000, prices={"msk": 55000})
    goods = editions.product_in(
        there, make.product(variants=[unit], translations={"en": ProductWords(title="Sencha", text="Fresh tea.")})
    )
    found = items_of(there, Choice(doc, make.TREE), make.TREE, [(goods, make.cards(goods), {unit.id})])

    root = etree.fromstring("".join(write(there, doc, make.TREE, found, MADE_AT)).encode())

    if kind == "yml":
        [offer] = root.findall("shop/offers/offer")
        assert (root.findtext("shop/name"), root.findtext("shop/url")) == ("Thyme", "https://tea.example/en/msk")
        assert all(offer.findtext(name) for name in YML_REQUIRED)
        told = [offer.findtext(name) for name in ("name", "description", "url", "price", "currencyId")]
        assert told == ["Sencha", "Fresh tea.", "https://tea.example/en/msk/p/sencha", "550", "RUB"]
    else:
        [item] = root.findall("channel/item")
        assert root.findtext("channel/link") == "https://tea.example/en/msk"
        assert all(item.findtext(f"{G}{name}") for name in GOOGLE_REQUIRED)
        told = [item.findtext(f"{G}{name}") for name in ("title", "description", "link", "price")]
        assert told == ["Sencha", "Fresh tea.", "https://tea.example/en/msk/p/sencha", "550.00 RUB"]


def test_google_is_told_when_a_thing_has_no_identifier():
    [item] = xml(feed("google"), make.product(brand="")).findall("channel/item")

    assert item.findtext(G + "identifier_exists") == "no"


def test_the_units_of_a_product_are_items_of_one_group_with_ids_of_their_own():
    goods = make.product(
        variants=[
            make.variant("SE", 100, id="a" * 32, options="size=50", options_title="50 г"),
            make.variant("SE", 200, id="b" * 32, options="size=100", options_title="100 г"),
        ]
    )

    found = xml(feed("google"), goods).findall("channel/item")

    assert [item.findtext(G + "title") for item in found] == ["Сенча 50 г", "Сенча 100 г"]
    assert len({item.findtext(G + "id") for item in found}) == 2
    assert {item.findtext(G + "item_group_id") for item in found} == {goods.id}


@pytest.mark.parametrize(
    ("choice", "skus"),
    [
        ({}, ["A", "B", "C"]),
        ({"categories": [make.TOP.id]}, ["A", "B"]),
        ({"categories": [make.GREEN.id]}, ["A"]),
        ({"without_categories": [make.GREEN.id]}, ["B", "C"]),
        ({"without_products": ["1" * 32]}, ["B", "C"]),
        ({"only_products": ["3" * 32]}, ["C"]),
        ({"categories": [make.GREEN.id], "only_products": ["3" * 32]}, ["A", "C"]),
        ({"min_price": 200}, ["B", "C"]),
        ({"max_price": 200}, ["A", "B"]),
        ({"in_stock_only": True}, ["A", "C"]),
    ],
)
def test_a_feed_holds_what_was_chosen(choice, skus):
    goods = [
        make.product(id="1" * 32, variants=[make.variant("A", 100)]),
        make.product(id="2" * 32, categories=[make.TOP.id], variants=[make.variant("B", 200)]),
        make.product(id="3" * 32, categories=[], variants=[make.variant("C", 300)]),
    ]

    assert [item.unit.sku for item in items(feed(**choice), *goods, out=("B",))] == skus


@pytest.mark.parametrize("kind", ["yml", "google"])
def test_texts_keep_to_the_lengths_of_the_service_and_hold_no_sign_xml_lacks(kind):
    long = make.product(title="Ы" * 999 + "\x00\x0b\ud800<&>", text="ш" * 9_000, brand="Б" * 500)

    root = xml(feed(kind), long)

    for name, element in ELEMENTS[kind].items():
        for found in root.iter(name, G + name):
            if found.getparent().tag in ("offer", "item"):
                assert len(found.text) <= element.most


def test_what_the_service_would_not_take_is_left_out_and_said():
    free, unshelved = make.product(variants=[make.variant("A", 0)]), make.product(categories=[])
    doc = feed()

    found = [{problem.code for problem in problems_of(doc, item)} for item in items(doc, free, unshelved)]

    assert found[0] == {"no_price", "no_code"}
    assert found[1] == {"no_category", "no_code"}
    assert xml(doc, free, unshelved).findall("shop/offers/offer") == []


def test_a_template_of_ones_own_says_what_stands_in_an_element():
    doc = feed(fields={"name": "{brand} {title}", "sales_notes": "Заказ от {price}", "vendorCode": "-"})

    offer = xml(doc).find("shop/offers/offer")

    assert (offer.findtext("name"), offer.findtext("sales_notes")) == ("Уджи Сенча", "Заказ от 500 ₽")
    assert offer.find("vendorCode") is None


@pytest.mark.parametrize(
    "fields", [{"nmae": "{title}"}, {"name": "{prise}"}, {"name": "-"}, {"age": "7"}, {"adult": "yes"}]
)
def test_a_template_the_service_would_not_take_is_refused_with_the_element(fields):
    with pytest.raises(BadPattern) as refusal:
        check_fields("yml", fields)

    assert str(refusal.value).startswith(next(iter(fields)))


@pytest.mark.parametrize(
    ("code", "is_one"), [("4006381333931", True), ("4006381333932", False), ("123", False), ("", False)]
)
def test_a_gtin_is_one_whose_check_digit_is_right(code, is_one):
    assert is_gtin(code) is is_one


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_shipped_can_be_read(kind):
    check_fields(kind, {name: element.shipped for name, element in ELEMENTS[kind].items()})


def test_a_discount_the_market_would_not_show_is_not_told():
    small = make.product(variants=[make.variant("A", 9_600, old_price=10_000)])

    assert xml(feed(), small).find("shop/offers/offer/oldprice") is None


def test_the_largest_file_that_services_take_stands_for_a_picture():
    files = [("avif", 1600), ("webp", 1600), ("jpg", 400), ("jpg", 800)]
    sources = [
        PictureSource(type="", hash=f"{at}" * 64, ext=ext, width=w, height=w) for at, (ext, w) in enumerate(files)
    ]
    goods = make.product(pictures=[Picture(hash="c" * 64, ext="svg", width=1, height=1, sources=sources)])

    assert xml(feed(), goods).findtext("shop/offers/offer/picture") == f"https://tea.example/_m/{'3' * 64}.jpg"


def test_svg_is_no_picture_for_a_service():
    goods = make.product(pictures=[Picture(hash="c" * 64, ext="svg", width=1, height=1)])

    assert xml(feed(), goods).find("shop/offers/offer/picture") is None
    assert "no_picture" in {problem.code for problem in problems_of(feed(), items(feed(), goods)[0])}
