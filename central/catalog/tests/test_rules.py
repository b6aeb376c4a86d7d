"""Rules of what is shown where, as plain values."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from central.catalog import rules
from sites.editions import says

TREE = {"centre": None, "msk": "centre", "khimki": "msk", "tver": "centre", "spb": None}
REACHES = st.dictionaries(st.sampled_from(["", *TREE]), st.booleans())


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(REACHES, min_size=1, max_size=4), st.sampled_from([all, any]))
def test_a_merged_rule_says_everywhere_what_its_parts_make(parts: list[dict[str, bool]], how: Any) -> None:
    merged = rules.merged(parts, how, TREE)

    for region in ("", *TREE):
        scopes = rules._scopes(region, TREE)
        assert says(merged, scopes) == how(says(part, scopes) for part in parts)
    for region in merged:  # and says nothing twice
        shorter = {other: said for other, said in merged.items() if other != region}
        assert any(
            says(shorter, rules._scopes(one, TREE)) != says(merged, rules._scopes(one, TREE)) for one in ("", *TREE)
        )


@pytest.mark.parametrize(
    ("how", "regions", "rule", "words"),
    [
        ("all", ["msk"], {}, ""),
        ("only", ["msk", "tver"], {"": False, "msk": True, "tver": True}, "only in Moscow, Tver"),
        ("but", ["spb"], {"spb": False}, "everywhere but in St Petersburg"),
    ],
)
def test_a_choice_is_a_rule_and_reads_like_one(how: Any, regions: list[str], rule: Any, words: str) -> None:
    titles = {"msk": "Moscow", "tver": "Tver", "spb": "St Petersburg", "khimki": "Khimki"}
    assert rules.from_choice(how, regions) == rule
    assert rules.in_words(rule, titles) == words


def test_exceptions_of_exceptions_are_named() -> None:
    titles = {"centre": "Centre", "msk": "Moscow"}
    assert rules.in_words({"": False, "centre": True, "msk": False}, titles) == "only in Centre; not in Moscow"
    assert rules.in_words({"centre": False, "msk": True}, titles) == "everywhere but in Centre; shown in Moscow"
    assert rules.in_words({"": False}, titles) == "nowhere"


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(REACHES)
def test_a_rule_goes_through_a_cell_of_a_table(rule: dict[str, bool]) -> None:
    whole = rules.trimmed(rule, TREE)

    cell = rules.in_cell(whole)

    assert rules.trimmed(rules.of_cell(cell or "*"), TREE) == whole


@pytest.mark.parametrize(
    ("cell", "rule"),
    [
        ("*", {}),
        ("-", {}),
        ("msk; spb", {"": False, "msk": True, "spb": True}),
        (" - msk ,-spb", {"msk": False, "spb": False}),
        ("-*", {"": False}),
        ("msk, -khimki", {"": False, "msk": True, "khimki": False}),
        ("*, -centre, msk", {"centre": False, "msk": True}),
    ],
)
def test_a_cell_says_where_a_product_is_shown(cell: str, rule: dict[str, bool]) -> None:
    assert rules.trimmed(rules.of_cell(cell), TREE) == rule


@pytest.mark.parametrize(
    ("cell", "why"), [("msk,,spb", "'' is no region"), ("Москва", "'Москва' is no region"), ("msk, -msk", "said twice")]
)
def test_a_cell_that_says_no_rule_is_refused(cell: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        rules.of_cell(cell)
