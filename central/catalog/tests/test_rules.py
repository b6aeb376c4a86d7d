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
