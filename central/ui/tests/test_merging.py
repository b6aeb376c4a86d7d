"""Putting two people's changes together, over all small worlds."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from central.ui.merging import three_way

NAMES = ("title", "price", "colour")
#: a machine that is busy with other tests may be slow
UNHURRIED = settings(deadline=None)
records = st.fixed_dictionaries({name: st.sampled_from("abc") for name in NAMES})


@UNHURRIED
@given(shown=records, mine=records, now=records)
def test_nobody_loses_a_change(shown: Any, mine: Any, now: Any) -> None:
    found = three_way(shown, mine, now)

    for name in NAMES:
        i_changed, they_changed = mine[name] != shown[name], now[name] != shown[name]
        assert (name in found.conflicts) == (i_changed and they_changed and mine[name] != now[name])
        assert (name in found.theirs) == (they_changed and not i_changed)
        assert found.merged[name] == (mine[name] if i_changed else now[name])


@UNHURRIED
@given(shown=records, mine=records, now=records)
def test_it_does_not_matter_who_saves_first(shown: Any, mine: Any, now: Any) -> None:
    one, other = three_way(shown, mine, now), three_way(shown, now, mine)

    assert set(one.conflicts) == set(other.conflicts)
    agreed = [name for name in NAMES if name not in one.conflicts]
    assert [one.merged[name] for name in agreed] == [other.merged[name] for name in agreed]


@UNHURRIED
@given(shown=records, mine=records)
def test_alone_i_never_have_to_choose(shown: Any, mine: Any) -> None:
    found = three_way(shown, mine, shown)

    assert (found.merged, found.theirs, found.conflicts) == (mine, (), ())


def test_a_field_that_was_not_shown_is_as_it_is_now() -> None:
    assert three_way({}, {"title": "new"}, {"title": "old"}).conflicts == ()
