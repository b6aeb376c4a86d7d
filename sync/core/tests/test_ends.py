"""Single steps of both ends: what the whole-link runs forgive, because a watchdog mends it, and should not happen."""

from __future__ import annotations

import pytest

from sync.contracts import frames as f
from sync.contracts.frames import Cursor, Op
from sync.core import edge_end, hub_end
from sync.core import link as io

HOUR = 3600.0
PLACE = Cursor("e", 5, b"c")


def edge(*, now: float = HOUR, **changes: object) -> edge_end.EdgeEnd:
    """An edge on the tail of realm `r` at 5, its ops up to 3 acked, that has heard nothing new for an hour."""
    down = edge_end.Down(cursor=PLACE, applied=5, head=5, covered=frozenset({"item:all"}), moved_at=0.0)
    state = edge_end.EdgeEnd(
        downs={"r": down},
        ups={"r": edge_end.Up(acked=3, sent=3, head=3, moved_at=0.0)},
        phase="up",
        audience={"r": frozenset({"item:all"})},
        heard_at=now,
        pull_at=now + 5,
        ping_at=now + 5,
    )
    return edge_end.replace(state, **changes)  # type: ignore[arg-type]


def hub(**changes: object) -> hub_end.HubEnd:
    """Central with an edge on the tail of realm `r` at 5."""
    feed = hub_end.Feed(cursor=PLACE, told=PLACE, acked=5, head=5)
    state = hub_end.HubEnd(
        phase="up",
        realms=frozenset({"r"}),
        facts=frozenset({"note"}),
        feeds={"r": feed},
        audience={"r": frozenset({"item:all"})},
        heard_at=HOUR,
        save_at=HOUR + 5,
    )
    return hub_end.replace(state, **changes)  # type: ignore[arg-type]


def sent(effects: list[object]) -> list[f.Frame]:
    return [effect.frame for effect in effects if isinstance(effect, io.Send)]


def test_after_an_idle_hour_news_of_a_longer_log_starts_the_watchdog_anew() -> None:
    state, _ = edge_end.step(edge(), io.Received(f.Head(realm="r", seq=9)), HOUR)

    _, effects = edge_end.step(state, io.Tick(), HOUR + 1)
    _, late = edge_end.step(edge_end.replace(state, heard_at=HOUR + 16), io.Tick(), HOUR + 16)

    assert effects == []
    assert late == [io.Close("stuck:r")]


def test_after_an_idle_hour_a_new_op_starts_the_watchdog_anew() -> None:
    state, _ = edge_end.step(edge(), io.Enqueued("r", 4, Op("thing", b"")), HOUR)

    _, effects = edge_end.step(state, io.Tick(), HOUR + 1)
    _, late = edge_end.step(edge_end.replace(state, heard_at=HOUR + 16), io.Tick(), HOUR + 16)

    assert effects == []
    assert late == [io.Close("stuck:r")]


def test_a_realm_that_says_it_is_stalled_is_waited_for() -> None:
    state, _ = edge_end.step(edge(), io.Enqueued("r", 4, Op("thing", b"")), HOUR)
    state, _ = edge_end.step(state, io.Received(f.Stalled(realm="r")), HOUR + 10)

    _, effects = edge_end.step(
        edge_end.replace(state, heard_at=HOUR + 20, pull_at=1e9, ping_at=1e9), io.Tick(), HOUR + 20
    )

    assert effects == []


def test_central_may_ask_for_an_earlier_op_again() -> None:
    state = edge(ups={"r": edge_end.Up(acked=3, sent=9, head=9, moved_at=HOUR)})

    _, effects = edge_end.step(state, io.Received(f.Expected(realm="r", n=6)), HOUR)

    assert effects == [io.Load("r", 6, io.OPS_TOGETHER)]


def test_ops_loaded_for_a_place_that_is_not_asked_for_any_more_are_not_sent() -> None:
    state = edge(ups={"r": edge_end.Up(acked=3, sent=5, head=9, is_loading=True, moved_at=HOUR)})

    _, effects = edge_end.step(state, io.Loaded("r", 9, (Op("thing", b""),)), HOUR)

    assert effects == [io.Load("r", 6, io.OPS_TOGETHER)]


def test_an_op_that_the_disk_knows_before_its_news_is_acknowledged_all_the_same() -> None:
    state = edge(ups={"r": edge_end.Up(acked=0, sent=0, head=1, is_loading=True, moved_at=HOUR)})
    state, _ = edge_end.step(state, io.Loaded("r", 1, (Op("thing", b"1"), Op("thing", b"2"))), HOUR)

    _, effects = edge_end.step(state, io.Received(f.OpsAck(realm="r", n=2)), HOUR)

    assert effects == [io.DropAcked("r", 2)]


def test_an_op_behind_others_that_wait_is_not_sent_before_them() -> None:
    state = edge(ups={"r": edge_end.Up(acked=3, sent=3, head=5, is_loading=True, moved_at=HOUR)})

    _, effects = edge_end.step(state, io.Enqueued("r", 6, Op("thing", b"")), HOUR)

    assert effects == []


def test_a_page_that_answers_an_older_question_is_left_alone() -> None:
    fetch = io.Fetch(full=True, todo=("b:all",), after="k", cursor=PLACE, done=("a:all",))
    down = edge_end.Down(fetch=fetch, waiting="page", moved_at=HOUR)
    older = f.Page(realm="r", epoch="e", topic="a:all", after="", rows=[], is_last=True)

    state, effects = edge_end.step(edge(downs={"r": down}), io.Received(older), HOUR)

    assert effects == []
    assert state.downs["r"].fetch == fetch


def test_an_edge_does_not_ask_before_it_is_up() -> None:
    _, effects = edge_end.step(edge(phase="challenged"), io.Ask(7, "echo", b"", 100), HOUR)

    assert [effect.code for effect in effects if isinstance(effect, io.Answered)] == ["link_down"]


def test_a_question_without_an_answer_ends_at_its_deadline() -> None:
    state, _ = edge_end.step(edge(), io.Ask(7, "echo", b"", 1000), HOUR)

    _, early = edge_end.step(state, io.Tick(), HOUR + 0.9)
    _, late = edge_end.step(state, io.Tick(), HOUR + 1.1)

    assert early == []
    assert [effect.code for effect in late if isinstance(effect, io.Answered)] == ["timeout"]


def test_a_nudge_during_a_read_is_not_forgotten() -> None:
    state, [read] = hub_end.step(hub(), io.Nudged("r"), HOUR)
    assert isinstance(read, io.ReadLog)
    state, nothing = hub_end.step(state, io.Nudged("r"), HOUR)

    state, effects = hub_end.step(state, io.LogRead("r", PLACE, 5, (), (read.entries, read.size)), HOUR)

    assert nothing == []
    assert [type(effect) for effect in effects] == [io.ReadLog]


def test_no_credit_no_read_and_an_ack_opens_the_gate() -> None:
    state, effects = hub_end.step(hub(credit_entries=0), io.Nudged("r"), HOUR)
    assert effects == []

    _, effects = hub_end.step(state, io.Received(f.Ack(realm="r", seq=5, entries=10, size=100)), HOUR)

    assert [effect.entries for effect in effects if isinstance(effect, io.ReadLog)] == [10]


def test_an_edge_cannot_open_the_gate_wider_than_it_was_granted() -> None:
    state, _ = hub_end.step(hub(), io.Received(f.Ack(realm="r", seq=5, entries=10**9, size=10**12)), HOUR)

    assert (state.credit_entries, state.credit_bytes) == (io.CREDIT_ENTRIES, io.CREDIT_BYTES)


def test_a_socket_that_owes_acks_for_thirty_seconds_is_closed() -> None:
    state, _ = hub_end.step(hub(), io.Nudged("r"), HOUR)
    entry = f.Entry(6, "item:all", "k", 1, "s", b"x")
    state, _ = hub_end.step(state, io.LogRead("r", Cursor("e", 6, b"d"), 6, (entry,), (500, 500)), HOUR)

    _, early = hub_end.step(hub_end.replace(state, heard_at=HOUR + 29), io.Tick(), HOUR + 29)
    _, late = hub_end.step(hub_end.replace(state, heard_at=HOUR + 31), io.Tick(), HOUR + 31)

    assert io.Close("slow") not in early
    assert io.Close("slow") in late


def test_entries_that_are_not_this_edges_are_told_by_the_next_pull_only() -> None:
    far = Cursor("e", 20, b"z")
    state, _ = hub_end.step(hub(), io.Nudged("r"), HOUR)
    state, silent = hub_end.step(state, io.LogRead("r", far, 20, (), (500, 500)), HOUR)
    state, _ = hub_end.step(state, io.Received(f.Pull(realm="r")), HOUR)

    _, told = hub_end.step(state, io.LogRead("r", far, 20, (), (500, 500)), HOUR)

    assert silent == []
    batch, head = sent(told)
    assert isinstance(batch, f.Batch)
    assert (batch.start, batch.to, batch.prev_chain, batch.chain) == (5, 20, b"c", b"z")
    assert head == f.Head(realm="r", seq=20)


def test_an_edge_that_sends_more_than_its_window_is_closed() -> None:
    state = hub()
    for start in range(1, 2 * io.OPS_WINDOW, 100):
        state, _ = hub_end.step(state, io.Received(f.Ops(realm="r", first=start, ops=[Op("t", b"")] * 100)), HOUR)

    _, effects = hub_end.step(
        state, io.Received(f.Ops(realm="r", first=2 * io.OPS_WINDOW + 1, ops=[Op("t", b"")])), HOUR
    )

    assert io.Close("window") in effects


def test_a_topic_that_is_not_the_edges_has_no_page() -> None:
    _, effects = hub_end.step(hub(), io.Received(f.PageAsk(realm="r", topic="item:other", after="")), HOUR)

    [page] = sent(effects)
    assert isinstance(page, f.Page)
    assert (page.rows, page.is_last) == ([], True)


def test_protocols_that_do_not_meet_are_refused_with_what_to_do() -> None:
    state, _ = hub_end.step(hub_end.HubEnd(), io.Opened(b"n"), HOUR)

    _, effects = hub_end.step(state, io.Received(f.Hello(node="a", epoch=1, nonce=b"", proto=(7, 9))), HOUR)

    [refused] = sent(effects)
    assert isinstance(refused, f.Refused)
    assert (refused.code, "upgrade" in refused.message) == ("protocol", True)


def test_a_version_in_common_is_enough() -> None:
    state, _ = hub_end.step(hub_end.HubEnd(), io.Opened(b"n"), HOUR)
    hello = f.Hello(node="a", epoch=1, nonce=b"", proto=(f.PROTO_MAX, f.PROTO_MAX + 1))

    _, effects = hub_end.step(state, io.Received(hello), HOUR)

    assert effects == [hub_end.SayWelcome(hello)]


def test_ops_that_wait_together_go_in_one_frame_and_all_else_keeps_its_place() -> None:
    def ops(first: int, *bodies: bytes, realm: str = "r", floor: int = 0) -> f.Ops:
        return f.Ops(realm=realm, first=first, ops=[Op("thing", body) for body in bodies], floor=floor)

    pull = f.Pull(realm="r")

    assert io.together([]) == []
    assert io.together([ops(4, b"4"), ops(5, b"5", b"6", floor=3), pull, ops(7, b"7")]) == [
        ops(4, b"4", b"5", b"6", floor=3),
        pull,
        ops(7, b"7"),
    ]
    for apart in (
        [ops(4, b"4"), ops(6, b"6")],
        [ops(4, b"4"), ops(5, b"5", realm="other")],
        [ops(1, *[b""] * io.OPS_TOGETHER), ops(1 + io.OPS_TOGETHER, b"")],
        [ops(1, b"x" * io.OPS_BYTES), ops(2, b"x")],
    ):
        assert io.together(apart) == apart


def test_nobody_follows_the_keys_of_documents() -> None:
    state, effects = hub_end.step(hub(), io.Received(f.Follow(topic="item:other", keys=["k"])), HOUR)

    assert effects[-1] == io.Close("bad_topic")
    assert state.interest == {}


def test_an_edge_follows_a_bounded_number_of_keys() -> None:
    keys = [f"{number:08}" for number in range(io.MOST_FOLLOWED + 1)]

    state, _ = hub_end.step(hub(), io.Received(f.Follow(topic="note", keys=keys[:-1])), HOUR)
    _, effects = hub_end.step(state, io.Received(f.Follow(topic="note", keys=keys[-1:])), HOUR)

    assert state.phase == "up"
    assert effects[-1] == io.Close("too_many_keys")


def test_frames_of_a_realm_that_is_not_there_end_the_link() -> None:
    for frame in (f.SnapAsk(realm="x"), f.Pull(realm="x"), f.Ops(realm="x", first=1, ops=[])):
        _, effects = hub_end.step(hub(), io.Received(frame), HOUR)

        assert effects[-1] == io.Close("bad_realm")


def test_an_answer_that_may_be_newer_than_the_hello_proves_nothing_and_is_remembered() -> None:
    _, effects = hub_end.step(hub(), io.Checked("r", PLACE, "tail", head=5, taken=9), HOUR)

    assert [one for one in effects if isinstance(one, io.Doubt)] == [io.Doubt("r", 9)]
    assert [frame.code for frame in sent(effects) if isinstance(frame, f.Refused)] == ["look_again"]


@pytest.mark.parametrize(("knows", "codes"), [({"r": 8}, ["rolled_back"]), ({}, ["rolled_back"]), ({"r": 9}, [])])
def test_a_disk_that_says_less_than_was_known_before_it_dialled_is_shut_out(
    knows: dict[str, int], codes: list[str]
) -> None:
    hello = f.Hello(node="a", epoch=1, nonce=b"", last_n=knows)
    welcome = f.Welcome(node="a", proto=f.PROTO_MAX, audience={}, paused=[], window=io.OPS_WINDOW)
    asked = hub_end.Introduced(hello, welcome, frozenset({"r"}), frozenset(), {"r": 9})

    _, effects = hub_end.step(hub_end.HubEnd(phase="verifying"), asked, HOUR)

    assert [frame.code for frame in sent(effects) if isinstance(frame, f.Refused)] == codes
    assert any(isinstance(frame, f.Welcome) for frame in sent(effects)) is not bool(codes)


def a_disk_sends(sends: int, *, knows: int, taken: int, asks_first: bool = False) -> list[list[str]]:
    """What central does, step by step, for a node that is asked about late: its realm was away at the HELLO."""
    feed = hub_end.Feed(is_checking=True, must_check=True)
    state = hub(feeds={"r": feed}, intakes={"r": hub_end.Intake(highest=knows)})
    ops = f.Ops(realm="r", first=knows + 1, ops=[Op("thing", b"%d" % n) for n in range(sends)])
    events: list[hub_end.Event] = [io.Checked("r", None, "failed"), io.Received(ops), io.Tick()]
    if asks_first:
        events.insert(1, io.Received(f.SnapAsk(realm="r")))
    steps = []
    for number, event in enumerate([*events, io.Checked("r", None, "fetch", taken=taken)]):
        state, effects = hub_end.step(state, event, HOUR + number * io.RETRY_AFTER)
        codes = [frame.code for frame in sent(effects) if isinstance(frame, f.Refused)]
        steps.append([*(type(one).__name__ for one in effects if isinstance(one, io.Check | io.TakeOps)), *codes])
    return steps


@pytest.mark.parametrize("asks_first", [False, True])
def test_no_op_is_taken_in_before_central_knows_what_the_node_has_sent(asks_first: bool) -> None:
    steps = a_disk_sends(3, knows=2, taken=2, asks_first=asks_first)

    assert steps[-3:] == [[], ["Check"], ["TakeOps"]]


@pytest.mark.parametrize("asks_first", [False, True])
def test_what_a_rolled_back_disk_sends_does_not_hide_that_it_knows_less(asks_first: bool) -> None:
    steps = a_disk_sends(3, knows=2, taken=4, asks_first=asks_first)

    assert steps[-3:] == [[], ["Check"], ["look_again"]]


def test_a_place_claimed_during_a_check_is_checked_next() -> None:
    feed = hub_end.Feed(is_checking=True, must_check=True, to_check=PLACE)
    state = hub(feeds={"r": feed}, intakes={"r": hub_end.Intake()})
    newer = Cursor("e", 7, b"d")
    for frame in (f.SnapAsk(realm="r"), f.Resume(realm="r", cursor=newer)):
        state, _ = hub_end.step(state, io.Received(frame), HOUR)

    state, late = hub_end.step(state, io.Checked("r", PLACE, "tail", head=7), HOUR)
    state, effects = hub_end.step(state, io.Tick(), HOUR)
    state, _ = hub_end.step(state, io.Checked("r", newer, "tail", head=7), HOUR)

    assert (late, effects) == ([], [io.Check("r", newer)])
    assert state.feeds["r"].told == newer
