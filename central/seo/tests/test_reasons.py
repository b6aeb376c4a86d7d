"""Every reason that a person can meet is Russian in Russian."""

from __future__ import annotations

import re

import pytest
from django.utils import translation

from central.seo.errors import BadAddress
from central.seo.reasons import in_words
from central.seo.redirects import clean_source, clean_target
from sites.feeds.fields import check_fields
from sites.seo.patterns import BadPattern, check
from sites.seo.robots import check_robots
from sites.seo.rules import check_field, tokens_of

PATTERNS = ["{prise}", "{a", "a}", "[{a", "{a}]", "[a]", "{}", "{a:0}", "[[[[[[{a}]]]]]]", "x" * 2000]
FIELDS = [
    ("robots", "nofolow"),
    ("robots", "max-snippet:x"),
    ("rating", "21+"),
    ("unavailable_after", "1.2.2027"),
    ("unavailable_after", "2027-02-30"),
    ("canonical", "x"),
    ("breadcrumb", "a > > b"),
    ("breadcrumb", "a {sections}"),
    ("google_verification", "<a>"),
    ("title", "x" * 2000),
]


def _reasons() -> list[str]:
    calls = [lambda text=text: check(text, tokens_of("title", "product")) for text in PATTERNS]
    calls += [lambda one=one: check_field(one[0], "product", one[1], is_own=True) for one in FIELDS]
    calls += [lambda: check_field("canonical", "product", "/x")]
    calls += [lambda one=one: check_robots(one) for one in ({"closed": "x"}, {"extra": "x"}, {"extra": "#\n" * 300})]
    calls += [
        lambda one=one: check_fields("yml", one) for one in ({"x": "y"}, {"name": "-"}, {"age": "1"}, {"name": "{z}"})
    ]
    calls += [lambda one=one: clean_source(one) for one in ("/a#b", "/a*", "a", "/", "/" + "a" * 600, "/cart")]
    calls += [lambda one=one: clean_target(one, "https://a.example") for one in ("/a b", "ftp://x", "//x")]
    found = []
    for call in calls:
        with pytest.raises((BadPattern, BadAddress)) as refusal:
            call()
        found.append(refusal.value.why if isinstance(refusal.value, BadAddress) else str(refusal.value))
    return found


@pytest.mark.parametrize("reason", _reasons())
def test_a_reason_is_said_in_the_readers_language(reason):
    with translation.override("ru"):
        said = in_words(reason)

    assert re.search("[а-я]", said), said
    assert said != reason
    with translation.override("en"):
        assert in_words(reason).isascii() or "…" in said or "“" in in_words(reason)
