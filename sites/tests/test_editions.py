"""Editions of a shop: where each language and region lives, and what its documents say there."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from sites import editions
from sync.contracts.documents import (
    CardDoc,
    CategoryDoc,
    CategoryWords,
    DeliveryMethod,
    LanguageDoc,
    Picture,
    ProductDoc,
    ProductWords,
    RegionDoc,
    SiteDoc,
    SiteWords,
    VariantDoc,
)

COURIER = DeliveryMethod(code="courier", title="Курьер", price=300, needs_address=True, note="завтра")
SHOP = SiteDoc(
    id="tea", name="Чайная", label="Чай", colour="#0b7285", origin="https://tea.example", language="ru",
    hosts=["tea.example"], currency="RUB", theme="tea", group="main", node="a", phone="+7 000", about="О нас",
    deliveries=[COURIER],
    languages=[
        LanguageDoc(
            code="en", name="English", path="/en", words=SiteWords(name="Tea", deliveries={"courier": ("Courier", "")})
        ),
        LanguageDoc(code="ar", name="العربية", origin="https://ar.tea.example", words=SiteWords(name="شاي")),
    ],
    regions=[
        RegionDoc(id="ru", title="Россия", phone="+7 111"),
        RegionDoc(
            id="msk", title="Москва", parent="ru", path="/moscow", words=SiteWords(about="О нас в Москве"),
            translations={"en": SiteWords(about="Of us in Moscow")},
        ),
        RegionDoc(
            id="spb", title="Петербург", parent="ru", origin="https://spb.tea.example", phone="+7 222", deliveries=[]
        ),
    ],
)  # fmt: skip


def at(language: str, region: str = "") -> SiteDoc:
    found = editions.edition(SHOP, language, region)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("language", "region", "address"),
    [
        ("ru", "", "https://tea.example"),
        ("en", "", "https://tea.example/en"),
        ("ar", "", "https://ar.tea.example"),
        ("ru", "msk", "https://tea.example/moscow"),
        ("en", "msk", "https://tea.example/en/moscow"),
        ("ar", "msk", "https://ar.tea.example/moscow"),
        ("ru", "spb", "https://spb.tea.example"),
        ("en", "spb", "https://spb.tea.example/en"),
        ("ar", "spb", "https://spb.tea.example/ar"),
    ],
)
def test_each_language_in_each_region_has_one_address(language: str, region: str, address: str) -> None:
    site = at(language, region)

    assert site.origin + site.base == address
    there = [each for each in editions.editions_of(SHOP) if each.origin == site.origin]
    for path in ("/p/oolong", "/"):
        assert editions.at(there, site.base + path) is site
        assert editions.inside(site, site.base + path) == path
    assert editions.at(there, site.base or "/") is site
    assert editions.inside(site, site.base or "/") == "/"


def test_a_region_without_an_address_has_no_edition_and_gives_its_values_to_those_below() -> None:
    assert editions.edition(SHOP, "ru", "ru") is None
    assert at("ru", "msk").phone == "+7 111"
    assert at("ru", "spb").phone == "+7 222"
    assert at("ru").phone == "+7 000"


def test_the_nearest_words_win_and_those_of_the_language_come_before_another_languages() -> None:
    assert at("en").name == "Tea"
    assert at("en").about == "О нас"  # nobody has translated it
    assert at("en", "msk").about == "Of us in Moscow"
    assert at("ru", "msk").about == "О нас в Москве"
    assert at("en").deliveries == [replace(COURIER, title="Courier")]
    assert at("en", "spb").deliveries == []
    assert at("ar").deliveries == [COURIER]


def test_a_path_that_only_begins_like_a_base_is_the_main_editions() -> None:
    there = [each for each in editions.editions_of(SHOP) if each.origin == SHOP.origin]

    assert editions.at(there, "/english") is SHOP
    assert editions.at(there, "/enough/en") is SHOP
    assert editions.inside(at("en"), "/english") is None


def test_a_sister_is_entered_in_the_language_and_then_the_region_one_comes_from() -> None:
    assert editions.nearest(SHOP, at("en", "msk")) is at("en", "msk")
    assert editions.nearest(SHOP, replace(at("en"), region="kzn")) is at("en")
    assert editions.nearest(SHOP, replace(at("ru", "msk"), language="fr")) is at("ru", "msk")
    assert editions.nearest(SHOP, replace(SHOP, language="fr")) is SHOP


def test_of_two_editions_of_one_address_the_first_has_it() -> None:
    both = replace(SHOP, regions=[RegionDoc(id="en", title="x", path="/en")])

    there = [each for each in editions.editions_of(both) if (each.origin, each.base) == (SHOP.origin, "/en")]
    assert [each.language for each in there] == ["en"]


def test_keys_name_editions_and_a_shop_without_any_keeps_its_own() -> None:
    assert editions.key_of(at("en", "msk")) == "tea~en~msk"
    assert editions.key_of(replace(SHOP, languages=[], regions=[])) == "tea"
    assert len({editions.key_of(each) for each in editions.editions_of(SHOP)}) == 9
    assert editions.shop_of("tea~en~msk") == editions.shop_of("tea") == "tea"


def test_goods_speak_the_language_and_cost_what_the_nearest_region_says() -> None:
    unit = VariantDoc(id="v", sku="s", options="", options_title="Мешок", price=1000, prices={"ru": 900, "spb": 950})
    product = ProductDoc(
        id="p", site="tea", slug="oolong", title="Улун", categories=[], currency="RUB", variants=[unit], text="Текст",
        translations={"en": ProductWords(title="Oolong", options={"v": "Bag"})},
    )  # fmt: skip
    card = CardDoc(
        site="tea", sku="s", options="", variant="v", title="Улун", options_title="Мешок", slug="oolong", price=1000,
        currency="RUB", prices={"ru": 900}, titles={"en": ("Oolong", "Bag")},
    )  # fmt: skip

    there = editions.product_in(at("en", "msk"), product)

    assert (there.title, there.text, there.variants[0].options_title) == ("Oolong", "Текст", "Bag")
    assert there.variants[0].price == 900
    assert editions.product_in(at("ru", "spb"), product).variants[0].price == 950
    assert editions.product_in(SHOP, product) is product
    sold = editions.card_in(at("en", "msk"), card)
    assert (sold.title, sold.options_title, sold.price) == ("Oolong", "Bag", 900)
    assert editions.card_in(SHOP, card) is card


def test_pictures_are_described_in_the_language_or_called_as_the_product_is() -> None:
    seen, unseen = (Picture(hash=name, ext="webp", width=1, height=1, alt="Чашка") for name in ("a", "b"))
    words = {"en": ProductWords(title="Oolong", alts={"a": "A cup"}), "ar": ProductWords(alts={"a": "كوب"})}
    product = ProductDoc(
        id="p", site="tea", slug="o", title="Улун", categories=[], currency="RUB", variants=[], pictures=[seen, unseen],
        translations=words,
    )  # fmt: skip

    alts = {lang: [each.alt for each in editions.product_in(at(lang), product).pictures] for lang in ("ru", "en", "ar")}
    assert alts == {"ru": ["Чашка", "Чашка"], "en": ["A cup", "Oolong"], "ar": ["كوب", "Чашка"]}


def test_a_shelf_keeps_its_own_words_where_there_is_no_translation() -> None:
    shelf = CategoryDoc(
        id="c", site="tea", slug="t", title="Чай", text="Весь", translations={"en": CategoryWords(title="Tea")}
    )

    assert (editions.category_in(at("en"), shelf).title, editions.category_in(at("en"), shelf).text) == ("Tea", "Весь")
    assert editions.category_in(at("ar"), shelf) is shelf


def test_a_ring_of_regions_ends_the_walk() -> None:
    ring = [RegionDoc(id="a", title="a", parent="b"), RegionDoc(id="b", title="b", parent="a")]

    assert [each.id for each in editions.chain_of(ring, "a")] == ["a", "b"]


def test_the_own_language_as_a_path_repeats_the_shop_unless_something_else_is_there() -> None:
    assert list(editions.mirrors(SHOP)) == ["/ru"]
    assert list(editions.mirrors(replace(SHOP, regions=[RegionDoc(id="r", title="r", path="/ru")]))) == []
    assert list(editions.mirrors(replace(SHOP, languages=[], regions=[]))) == []


@pytest.mark.parametrize(
    ("language", "is_rtl"), [("ar", True), ("he", True), ("fa-ir", True), ("ckb", True), ("en", False)]
)
def test_which_languages_run_from_right_to_left(language: str, is_rtl: bool) -> None:
    assert editions.is_rtl(language) is is_rtl
