from __future__ import annotations

import pytest

from sites.seo.patterns import BadPattern, check, parse, shorten
from sites.seo.rules import (
    EVERY,
    KINDS,
    SHIPPED,
    check_field,
    keys_for,
    kind_key,
    look_up,
    page_key,
    section_key,
    tokens_of,
)

TEA = {"title": "Сенча", "brand": "Уджи", "shop": "Чабрец", "text": "Свежий зелёный чай из долины Уджи"}


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("{title}[ — {brand}] | {shop}", "Сенча — Уджи | Чабрец"),
        ("{title}[ — {colour}] | {shop}", "Сенча | Чабрец"),
        ("{colour|brand}", "Уджи"),
        ("{colour|size}", ""),
        ("{text:20}", "Свежий зелёный чай…"),
        (r"\[{title}\] \{\} \\", "[Сенча] {} \\"),
        ("[{brand}[, {colour}]]", "Уджи"),
        ("[{colour}[, {brand}]]", ""),
        ("{title}  {colour}  {shop}", "Сенча Чабрец"),
        ("", ""),
    ],
)
def test_a_pattern_says_what_the_page_has_and_leaves_out_what_it_has_not(pattern, text):
    assert parse(pattern).fill(TEA) == text


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("{title", "never closed"),
        ("title}", "has no '{'"),
        ("[{title}", "never closed"),
        ("{title}]", "has no '['"),
        ("[plain]", "hold no token"),
        ("{}", "names no token"),
        ("{title|}", "names no token"),
        ("{title:long}", "how many signs"),
        ("{title:0}", "how many signs"),
        ("[ [ [ [ [ [{a}] ] ] ] ] ]", "more than 5 deep"),
        ("x" * 1001, "at most 1000"),
    ],
)
def test_what_cannot_be_read_is_refused_with_where_and_why(pattern, why):
    with pytest.raises(BadPattern, match=why.replace("[", r"\[").replace("{", r"\{")):
        parse(pattern)


def test_an_unknown_token_is_named_beside_those_that_there_are():
    with pytest.raises(BadPattern) as refusal:
        check("{title} {prise}", tokens_of("title", "product"))

    assert "{prise}" in str(refusal.value)
    assert "price" in str(refusal.value)
    assert refusal.value.data["token"] == "prise"


def test_an_attribute_is_a_token_of_products_alone():
    check("{title} {attribute.Вес}", tokens_of("title", "product"))

    with pytest.raises(BadPattern):
        check("{attribute.Вес}", tokens_of("title", "category"))


@pytest.mark.parametrize("kind", [*KINDS, EVERY])
def test_what_is_shipped_passes_its_own_check(kind):
    for field, pattern in SHIPPED[kind].items():
        check_field(field, kind, pattern)


def test_the_nearest_rule_decides_and_shipped_ones_stand_behind_all():
    keys = keys_for("product", "p1", ["top", "green"])
    rules = {
        kind_key(EVERY): {"title": "every", "h1": "every"},
        kind_key("product"): {"title": "kind"},
        section_key("top", "product"): {"title": "top", "keywords": "top"},
        section_key("green", "product"): {"title": "green"},
        page_key("product", "p1"): {"description": "own"},
    }

    found = {
        field: look_up(field, "product", rules, keys).value for field in ("title", "h1", "keywords", "description")
    }

    assert found == {"title": "green", "h1": "every", "keywords": "top", "description": "own"}
    assert look_up("title", "product", {}, keys).value == SHIPPED["product"]["title"]
    assert look_up("robots", "product", {}, keys).value == "max-image-preview:large"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("robots", "noindex, nofolow"),
        ("robots", "max-snippet:long"),
        ("rating", "21+"),
        ("unavailable_after", "2027-02-29"),
        ("expires", "31.01.2027"),
        ("canonical", "http://elsewhere.example/"),
        ("canonical", "//elsewhere.example/"),
        ("breadcrumb", "{home} > > {title}"),
        ("breadcrumb", "{home} {sections}"),
        ("google_verification", '<meta name="x">'),
        ("standout", "no"),
    ],
)
def test_a_value_that_search_engines_cannot_read_is_refused(field, value):
    with pytest.raises(BadPattern):
        check_field(field, "product", value, is_own=True)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("robots", "noindex, noarchive, max-snippet:-1, max-image-preview:none"),
        ("unavailable_after", "2028-02-29"),
        ("canonical", "/p/sencha"),
        ("original_source", "https://press.example/a?b=c"),
        ("title", "{not a token}, an own value is taken as it is"),
        ("breadcrumb", "{home} > {sections} > {title}"),
    ],
)
def test_an_own_value_that_can_be_read_is_taken(field, value):
    check_field(field, "product", value, is_own=True)


def test_a_text_is_cut_at_a_word():
    assert shorten("one two three", 13) == "one two three"
    assert shorten("one two three", 10) == "one two…"
    assert shorten("onetwothreefour", 6) == "onetw…"
    assert shorten("a — b cccccccccc", 7) == "a — b…"
