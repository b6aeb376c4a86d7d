from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.contracts.frames import Batch, Cursor
from sync.core.hlc import AHEAD_MS, Clock, ms_of, observe, stamp
from sync.core.log import (
    HeadOfLog,
    NotDense,
    admit,
    assert_dense,
    fits,
    genesis,
    known_chain,
    link_chain,
    number,
    why_refetch,
)

HEAD = HeadOfLog("e", 10, b"head", 4, b"floor")


def test_numbering_is_dense_and_the_same_in_any_batches() -> None:
    entries = [("item:all", f"k{n}", n) for n in range(10)]
    start = HeadOfLog("e", 0, genesis("e"), 0, genesis("e"))

    at_once = number(start, entries)
    first = number(start, entries[:3])
    rest = number(HeadOfLog("e", *first[-1], 0, b""), entries[3:])

    assert at_once == first + rest
    assert [seq for seq, _ in at_once] == list(range(1, 11))


@given(
    st.tuples(st.integers(1), st.text(), st.text(), st.integers(0)),
    st.tuples(st.integers(1), st.text(), st.text(), st.integers(0)),
)
def test_two_entries_have_one_chain_only_when_they_are_equal(one: tuple, other: tuple) -> None:  # type: ignore[type-arg]
    assert (link_chain(b"p", *one) == link_chain(b"p", *other)) == (one == other)


@pytest.mark.parametrize("seqs", [[6], [5, 7], [5, 5], [4, 5]])
def test_a_hole_in_the_log_is_an_error_not_a_guess(seqs: list[int]) -> None:
    with pytest.raises(NotDense):
        assert_dense(4, seqs)


@pytest.mark.parametrize(
    ("cursor", "chain", "why"),
    [
        (Cursor("e", 7, b"x"), b"x", None),
        (Cursor("e", 10, b"head"), b"head", None),
        (Cursor("e", 4, b"floor"), b"floor", None),
        (Cursor("other", 7, b"x"), b"x", "epoch"),
        (Cursor("e", 3, b"x"), None, "below_floor"),
        (Cursor("e", 11, b"x"), None, "ahead"),
        (Cursor("e", 7, b"x"), b"y", "chain"),
        (Cursor("e", 7, b"x"), None, "chain"),
    ],
)
def test_who_must_fetch_everything_again(cursor: Cursor, chain: bytes | None, why: str | None) -> None:
    assert why_refetch(cursor, HEAD, chain) == why


def test_the_head_row_knows_the_chain_at_both_ends() -> None:
    assert (known_chain(10, HEAD), known_chain(4, HEAD), known_chain(7, HEAD)) == (b"head", b"floor", None)


def batch(start: int, to: int, *, prev: bytes = b"c", epoch: str = "e") -> Batch:
    return Batch(realm="r", epoch=epoch, start=start, to=to, prev_chain=prev, chain=b"n", head=99)


@pytest.mark.parametrize(
    ("given_batch", "wanted"),
    [
        (batch(5, 7), "take"),
        (batch(3, 5), "skip"),
        (batch(2, 4), "skip"),
        (batch(5, 5), "skip"),
        (batch(6, 8), "gap"),
        (batch(4, 8), "gap"),
        (batch(5, 7, prev=b"other"), "history"),
        (batch(5, 7, epoch="other"), "history"),
        (batch(5, 3), "history"),
    ],
)
def test_what_an_edge_does_with_a_batch(given_batch: Batch, wanted: str) -> None:
    assert fits(Cursor("e", 5, b"c"), given_batch) == wanted


def test_what_central_does_with_an_op() -> None:
    assert [admit(5, n) for n in (4, 5, 6, 7)] == ["repeat", "repeat", "take", "gap"]


@given(st.lists(st.tuples(st.integers(0, 10**13), st.one_of(st.none(), st.integers(0, 10**18)))))
def test_stamps_only_grow_and_never_run_ahead_of_the_limit(events: list[tuple[int, int | None]]) -> None:
    clock, last, latest = Clock(), 0, 0
    for now, remote in events:
        latest = max(latest, now)
        if remote is not None:
            clock, kept, alarm = observe(clock, remote, now)
            assert ms_of(kept) <= now + AHEAD_MS
            assert (alarm is not None) == (kept != remote)
        clock, given_stamp = stamp(clock, now)
        assert given_stamp > last
        assert ms_of(given_stamp) <= latest + AHEAD_MS + len(events)
        last = given_stamp
