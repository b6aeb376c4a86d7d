from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.utils import translation
from msgspec.structs import replace

from sites import urls
from sites.rendering import Shell, render_page
from sites.seo import facts, head
from sites.seo.rules import EVERY, kind_key, page_key, section_key
from sites.seo.tests import make
from sites.shelf import units_of

NASTY = '</script><script>alert("1")</script> & <b>'


@pytest.fixture(autouse=True)
def russian():
    with translation.override("ru"):
        yield


def product_head(rules: dict[str, dict[str, str]] | None = None, *, site: Any = None, **changes: Any) -> head.Head:
    site, goods = site or make.site(), make.product(**changes)
    found = facts.product(site, goods, make.TREE, units_of(site, goods, make.cards(goods)))
    return head.head_of(found, rules or {})


def data_of(text: str) -> dict[str, Any]:
    [body] = re.findall(r'<script type="application/ld\+json">(.*?)</script>', text, re.S)
    found: dict[str, Any] = json.loads(body)
    return found


def things(text: str) -> dict[str, dict[str, Any]]:
    return {thing["@type"]: thing for thing in data_of(text)["@graph"]}


def test_a_product_has_a_head_without_a_rule():
    found = product_head()

    assert found.title == "Сенча — Уджи | Чабрец"
    assert (found.h1, found.description) == ("Сенча", "Свежий чай.")
    assert found.canonical == "https://tea.example/p/sencha"
    assert dict(found.metas) == {"copyright": "Чабрец", "robots": "max-image-preview:large"}
    assert [(crumb.title, crumb.url) for crumb in found.crumbs] == [
        ("Главная", "/"),
        ("Чай", "/c/tea"),
        ("Зелёный чай", "/c/green"),
        ("Сенча", ""),
    ]


def test_rules_of_the_kind_the_section_and_the_page_are_laid_over_one_another():
    rules = {
        kind_key(EVERY): {"author": "{shop}", "google_verification": "abc123"},
        kind_key("product"): {"title": "Купить {title} за {price}", "keywords": "{title}, {attribute.Вес}"},
        section_key(make.TOP.id, "product"): {"rating": "18+", "breadcrumb": "{shop} > {title}"},
        page_key("product", "1" * 32): {"description": "Своё {слово}", "unavailable_after": "2027-01-31"},
    }

    found = product_head(rules)

    assert found.title == "Купить Сенча за 500 ₽"
    assert found.description == "Своё {слово}"
    assert dict(found.metas) == {
        "keywords": "Сенча, 50 г",
        "robots": "max-image-preview:large, unavailable_after: 2027-01-31",
        "rating": "18+",
        "author": "Чабрец",
        "copyright": "Чабрец",
        "google-site-verification": "abc123",
    }
    assert [crumb.title for crumb in found.crumbs] == ["Чабрец", "Сенча"]


def test_every_meta_of_the_form_reaches_the_page():
    own = {
        "title": "T",
        "description": "D",
        "keywords": "k1, k2",
        "news_keywords": "n1, n2",
        "copyright": "C",
        "author": "A",
        "canonical": "/p/other",
        "original_source": "https://press.example/first",
        "image": "/_m/x.jpg",
        "standout": "yes",
        "rating": "6+",
        "robots": "noarchive",
        "unavailable_after": "2027-01-31",
        "expires": "2027-02-01",
    }
    site, goods = make.site(), make.product()
    found = product_head({page_key("product", goods.id): own})

    html = render_page(site, "not_found", {"head": found, "shell": Shell()})

    for line in (
        "<title>T</title>",
        '<meta name="description" content="D">',
        '<meta name="keywords" content="k1, k2">',
        '<meta name="news_keywords" content="n1, n2">',
        '<meta name="copyright" content="C">',
        '<meta name="author" content="A">',
        '<link rel="canonical" href="https://tea.example/p/other">',
        '<link rel="standout" href="https://tea.example/p/other">',
        '<meta name="original-source" content="https://press.example/first">',
        '<meta name="rating" content="6+">',
        '<meta name="robots" content="noarchive, unavailable_after: 2027-01-31">',
        '<meta name="expires" content="2027-02-01">',
        '<meta property="og:image" content="https://tea.example/_m/x.jpg">',
    ):
        assert line in html


def test_a_picture_says_what_is_to_be_seen_in_it_and_another_one_says_the_title():
    def alt(rules: dict[str, dict[str, str]], said: str) -> str:
        pictures = [replace(make.PICTURE, alt=said)]
        return dict(product_head(rules, pictures=pictures).graph)["og:image:alt"]

    other = {page_key("product", make.product().id): {"image": "/_m/x.jpg"}}
    assert (alt({}, "Сухой лист"), alt({}, ""), alt(other, "Сухой лист")) == ("Сухой лист", "Сенча", "Сенча")


def test_json_ld_tells_the_product_its_offers_and_the_way_to_it():
    variants = [make.variant("SE1", 50000), make.variant("SE2", 90050)]
    found = things(product_head(variants=variants).data)

    offers = found["Product"]["offers"]
    assert (offers["@type"], offers["lowPrice"], offers["highPrice"]) == ("AggregateOffer", "500.00", "900.50")
    assert {offer["priceCurrency"] for offer in offers["offers"]} == {"RUB"}
    assert {offer["availability"] for offer in offers["offers"]} == {"https://schema.org/InStock"}
    assert found["Product"]["image"] == [f"https://tea.example{urls.picture(make.PICTURE)}"]
    assert found["Product"]["brand"] == {"@type": "Brand", "name": "Уджи"}
    items = found["BreadcrumbList"]["itemListElement"]
    assert [item["position"] for item in items] == [1, 2, 3, 4]
    assert items[1]["item"] == "https://tea.example/c/tea"
    assert items[3]["item"] == "https://tea.example/p/sencha"


def test_json_ld_of_the_home_page_tells_the_shop():
    found = things(head.head_of(facts.home(make.site(phone="+7 900 000-00-00")), {}).data)

    assert found["Organization"]["telephone"] == "+7 900 000-00-00"
    assert found["WebSite"]["url"] == "https://tea.example/"


def test_no_text_of_a_product_ends_the_script_or_becomes_markup():
    site = make.site()
    found = product_head(title=NASTY, text=NASTY, brand=NASTY, attributes=[(NASTY, NASTY)])

    html = render_page(site, "not_found", {"head": found, "shell": Shell()})

    assert things(found.data)["Product"]["name"] == NASTY
    assert "<script>alert" not in html
    assert "<b>" not in html


def test_nothing_of_a_secure_shop_is_named_by_http():
    site = make.site(origin="https://tea.example", hosts=["tea.example", "www.tea.example"])
    rules = {page_key("product", "1" * 32): {"canonical": "http://www.tea.example/p/old?x=1", "image": "/_m/a.jpg"}}

    html = render_page(site, "not_found", {"head": product_head(rules, site=site), "shell": Shell()})

    assert "http://" not in html
    assert 'href="https://tea.example/p/old?x=1"' in html


def test_a_later_page_of_a_category_says_so_and_repeats_no_text():
    site = make.site()
    address = urls.Address("category", "green", page=2)
    place = [make.TOP, make.GREEN]

    found = head.head_of(facts.category(site, make.GREEN, place, address, 40), {})

    assert found.title == "Зелёный чай (страница 2) — Чабрец"
    assert found.canonical == "https://tea.example/c/green/2"
    assert [crumb.title for crumb in found.crumbs] == ["Главная", "Чай", "Зелёный чай"]


def test_a_rule_that_cannot_be_read_costs_its_line_not_the_page():
    found = product_head({kind_key("product"): {"title": "{broken", "keywords": "[x"}})

    assert found.title == "Сенча"
    assert "keywords" not in dict(found.metas)
