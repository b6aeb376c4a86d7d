"""The cart's algebra: every node that knows the same says the same, and no unit is lost or comes back."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.contracts.cart import CartOp, CartState, Dot, LineKey, Taking, Token
from sync.contracts.codec import unpack
from sync.core import cart as core
from sync.core.cart import EMPTY, Cart, cart_bytes, join
from sync.core.tests.carts import LARGE, PEN, TEA, carts_of_one_world, dot, histories, wild_carts

any_carts = st.one_of(st.lists(wild_carts, min_size=3, max_size=3), carts_of_one_world)


# --- join --------------------------------------------------------------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(any_carts)
def test_join_commutes_associates_and_repeats_harmlessly(carts):
    one, two, three = carts

    assert cart_bytes(join(one, two)) == cart_bytes(join(two, one))
    assert cart_bytes(join(join(one, two), three)) == cart_bytes(join(one, join(two, three)))
    assert cart_bytes(join(one, one)) == cart_bytes(one)
    assert cart_bytes(join(join(one, two), two)) == cart_bytes(join(one, two))
    assert cart_bytes(join(one, EMPTY)) == cart_bytes(one)


@settings(max_examples=80, deadline=None)
@given(histories, st.randoms(use_true_random=False))
def test_every_order_of_arrival_with_repeats_gives_the_same_bytes(history, rng):
    arrivals = [history.deltas * 2 for _ in range(4)]
    for order in arrivals:
        rng.shuffle(order)

    ends = {cart_bytes(core.joined(order)) for order in arrivals}
    shops = {cart_bytes(core.joined([shop.cart, *arrivals[0]])) for shop in history.shops}

    assert len(ends | shops) == 1


@settings(max_examples=80, deadline=None)
@given(histories)
def test_no_unit_is_lost_and_none_comes_back(history):
    cart = core.joined(history.deltas)

    assert {one: core.left(cart, one) for one in history.added} == {one: history.left(one) for one in history.added}
    for key in (TEA, LARGE, PEN):
        wanted = sum(history.left(one) for one, (held, _) in history.added.items() if held == key)
        assert core.quantity(cart, key) == wanted
    assert not history.removed & cart.tokens.keys()
    assert core.is_empty(cart) == (not core.lines(cart))


@settings(max_examples=50, deadline=None)
@given(histories)
def test_a_cart_is_its_bytes(history):
    cart = core.joined(history.deltas)
    state = unpack(cart_bytes(cart), CartState)

    back = core.decode(state)
    shuffled = CartState(ctx=dict(reversed(state.ctx.items())), cloud=state.cloud[::-1], tok=state.tok[::-1])
    shuffled.take = [(one, pairs[::-1]) for one, pairs in state.take[::-1]]

    assert cart_bytes(back) == cart_bytes(cart)
    assert cart_bytes(core.decode(shuffled)) == cart_bytes(cart)


def test_replayed_a_thousand_times_a_history_changes_no_byte():
    rng = random.Random(7)
    deltas = [core.add(dot(seq), TEA, seq, hlc=seq) for seq in range(1, 9)]
    deltas.append(core.dec(dot(9), [Taking(dot(3), Token(TEA, 3, 0, 3), 2)]))
    deltas.append(core.remove(dot(10), [dot(5), dot(6)]))
    cart = core.joined(deltas)
    before = cart_bytes(cart)

    for _ in range(1_000):
        cart = join(cart, rng.choice(deltas))

    assert cart_bytes(cart) == before
    assert core.quantity(cart, TEA) == 36 - 2 - 11


def test_a_gap_in_what_was_seen_closes_whatever_came_first():
    dots = [dot(seq) for seq in (1, 2, 3, 4)]
    ends = set()
    for order in itertools.permutations(dots):
        cart = core.joined(core.add(one, TEA, 1) for one in order)
        assert cart.cloud == frozenset()
        assert cart.vector == {dots[0].client: 4}
        ends.add(cart_bytes(cart))
    assert len(ends) == 1

    with_gap = core.joined([core.add(dots[0], TEA, 1), core.add(dots[3], TEA, 1)])
    assert (with_gap.vector, with_gap.cloud) == ({dots[0].client: 1}, frozenset({dots[3]}))
    assert with_gap.has_seen(dots[3]) and not with_gap.has_seen(dots[1])


# --- the rules one by one ----------------------------------------------------------------------------------------


def both_ways(*deltas: Cart) -> list[Cart]:
    return [core.joined(order) for order in itertools.permutations(deltas)]


def test_an_add_that_the_remover_had_not_seen_survives():
    seen, unseen = core.add(dot(1), TEA, 2, hlc=1), core.add(dot(1, 1), TEA, 3, hlc=2)

    for cart in both_ways(seen, unseen, core.remove(dot(2), [dot(1)])):
        assert core.quantity(cart, TEA) == 3


def test_a_remove_that_arrives_before_the_add_still_removes_it():
    cart = core.joined([core.remove(dot(2), [dot(1)]), core.add(dot(1), TEA, 2), core.add(dot(1), TEA, 2)])

    assert core.is_empty(cart)
    assert cart.tokens == {}


def test_every_op_is_remembered_by_its_own_dot():
    token = Token(TEA, 1, 0, 1)

    for delta in (
        core.add(dot(1), TEA, 1),
        core.dec(dot(1), [Taking(dot(7), token, 1)]),
        core.remove(dot(1), [dot(7)]),
    ):
        assert delta.has_seen(dot(1))
        assert join(core.add(dot(2), PEN, 1), delta).has_seen(dot(1))

    # and by what it names, or a token taken and compacted away could come again
    for delta in (core.dec(dot(1), [Taking(dot(7), token, 1)]), core.remove(dot(1), [dot(7)])):
        assert delta.has_seen(dot(7)) and not delta.has_seen(dot(6))


def test_the_dots_above_a_gap_have_one_order():
    dots = [dot(seq, client) for seq in range(3, 20, 2) for client in (2, 0, 1)]

    assert core.encode(core.remove(dots[0], dots)).cloud == sorted(dots)


def test_a_dec_that_arrives_before_the_add_brings_the_token_along():
    token = Token(TEA, 5, 3, 77)
    early = core.dec(dot(2), [Taking(dot(1), token, 2)])

    assert core.quantity(join(EMPTY, early), TEA) == 3
    for cart in both_ways(early, core.add(dot(1), TEA, 5, price_ref=3, hlc=77)):
        assert core.quantity(cart, TEA) == 3


def test_a_dec_does_not_bring_back_what_another_shop_removed():
    added = core.add(dot(1), TEA, 5, hlc=1)
    taken = core.dec(dot(2), [Taking(dot(1), added.tokens[dot(1)], 2)])

    for cart in both_ways(added, taken, core.remove(dot(1, 1), [dot(1)])):
        assert core.is_empty(cart)


def test_an_over_take_is_clamped_on_its_token_and_never_eats_a_later_add():
    added = core.add(dot(1), TEA, 3, hlc=1)
    token = added.tokens[dot(1)]
    one = core.dec(dot(2), [Taking(dot(1), token, 3)])
    two = core.dec(dot(1, 1), [Taking(dot(1), token, 3)])
    later = core.add(dot(3), TEA, 2, hlc=9)

    for cart in both_ways(added, one, two, later):
        assert core.left(cart, dot(1)) == 0
        assert core.quantity(cart, TEA) == 2


def test_two_devices_that_each_take_one_take_two():
    added = core.add(dot(1), TEA, 3, hlc=1)
    takes = [core.dec(dot(2, client), [Taking(dot(1), added.tokens[dot(1)], 1)]) for client in (0, 1)]

    for cart in both_ways(added, *takes):
        assert core.quantity(cart, TEA) == 1


def test_one_op_stamped_by_two_shops_is_one_token_with_the_lesser_stamp():
    early, late = core.add(dot(1), TEA, 2, hlc=5), core.add(dot(1), TEA, 2, hlc=900)
    alarms: list[Dot] = []

    one, two = join(early, late, alarm=alarms.append), join(late, early, alarm=alarms.append)

    assert cart_bytes(one) == cart_bytes(two)
    assert one.tokens[dot(1)].hlc == 5
    assert core.quantity(one, TEA) == 2
    assert alarms == []


def test_one_dot_with_two_payloads_is_told_and_settled_alike_everywhere():
    one, two = core.add(dot(1), TEA, 2, hlc=1), core.add(dot(1), TEA, 7, hlc=1)
    alarms: list[Dot] = []

    ends = {cart_bytes(join(one, two, alarm=alarms.append)), cart_bytes(join(two, one, alarm=alarms.append))}

    assert len(ends) == 1
    assert alarms == [dot(1), dot(1)]


def test_one_taking_dot_with_two_payloads_is_told_too():
    added = core.add(dot(1), TEA, 9, hlc=1)
    one, two = (core.dec(dot(2), [Taking(dot(1), added.tokens[dot(1)], units)]) for units in (2, 3))
    alarms: list[Dot] = []

    ends = {cart_bytes(join(one, two, alarm=alarms.append)), cart_bytes(join(two, one))}

    assert len(ends) == 1
    assert alarms == [dot(2)]


def test_an_order_takes_what_was_in_the_summary_and_leaves_what_came_since():
    cart = core.joined([core.add(dot(1), TEA, 2, hlc=1), core.add(dot(2), PEN, 1, hlc=2)])
    since = core.add(dot(1, 1), TEA, 4, hlc=3)
    delta = core.checkout(cart, "o1", list(cart.tokens))

    for end in both_ways(cart, since, delta, delta):
        assert {line.key: line.quantity for line in core.lines(end)} == {TEA: 4}
    assert core.taken_units(delta, core.order_cause("o1")) == {TEA: 2, PEN: 1}
    assert core.taken_units(delta, core.order_cause("o2")) == {}


def test_an_order_takes_no_more_than_is_left_and_nothing_it_never_saw():
    added = core.add(dot(1), TEA, 5, hlc=1)
    cart = join(added, core.dec(dot(2), [Taking(dot(1), added.tokens[dot(1)], 3)]))

    delta = core.checkout(cart, "o1", [dot(1), dot(9)])

    assert core.taken_units(delta, "order:o1") == {TEA: 2}
    assert delta.tokens.keys() == {dot(1)}


def test_an_order_of_two_shops_over_one_basket_shows_in_the_takes():
    cart = core.add(dot(1), TEA, 5, hlc=1)

    both = core.joined([cart, core.checkout(cart, "o1", [dot(1)]), core.checkout(cart, "o2", [dot(1)])])

    assert core.is_empty(both)
    assert {take.cause for take in both.takes[dot(1)].values()} == {"order:o1", "order:o2"}


def test_a_correction_leaves_the_oldest_units_and_is_remembered_at_its_line():
    cart = core.joined(
        [core.add(dot(1), TEA, 3, hlc=1), core.add(dot(2), TEA, 4, hlc=2), core.add(dot(3), PEN, 9, hlc=3)]
    )

    corrected = join(cart, core.corrected(cart, line_of(cart), 4))

    assert [core.left(corrected, dot(seq)) for seq in (1, 2, 3)] == [3, 1, 9]
    assert core.is_corrected(corrected, line_of(corrected)) and not core.is_corrected(cart, line_of(cart))
    pen = core.line_of(corrected, PEN)
    assert pen is not None and not core.is_corrected(corrected, pen)
    put_in_anew = core.joined([corrected, core.remove(dot(4), [dot(1), dot(2)]), core.add(dot(5), TEA, 1, hlc=5)])
    assert not core.is_corrected(put_in_anew, line_of(put_in_anew))


def test_a_line_is_corrected_again_and_what_was_put_in_since_goes_first():
    cart = core.add(dot(1), TEA, 9, hlc=1)
    for units in (5, 2):
        cart = join(cart, core.corrected(cart, line_of(cart), units))
        assert core.quantity(cart, TEA) == units

    more = join(cart, core.add(dot(2), TEA, 3, hlc=2))

    assert core.left(join(more, core.corrected(more, line_of(more), 2)), dot(1)) == 2


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 9), st.booleans(), st.booleans()), min_size=1, max_size=6), st.data())
def test_two_shops_that_correct_one_cart_never_take_more_than_the_stricter_of_them(tokens, data):
    """Each knows some of the tokens; neither has heard of the other's correction."""
    adds = [core.add(dot(seq), TEA, units, hlc=seq) for seq, (units, _, _) in enumerate(tokens, start=1)]
    shops = [core.joined([one for one, known in zip(adds, tokens, strict=True) if known[1 + shop]]) for shop in (0, 1)]
    limits = [data.draw(st.integers(1, 12)) for _ in shops]
    heard: list[Dot] = []

    both = core.joined(shops)
    for cart, limit in zip(shops, limits, strict=True):
        line = core.line_of(cart, TEA)
        if line and line.quantity > limit:
            both = join(both, core.corrected(cart, line, limit), alarm=heard.append)

    assert core.quantity(both, TEA) >= min(*limits, max(core.quantity(cart, TEA) for cart in shops))
    assert heard == []


def line_of(cart: Cart) -> core.Line:
    line = core.line_of(cart, TEA)
    assert line is not None
    return line


def test_compaction_forgets_nothing_that_could_come_back():
    added = core.add(dot(1), TEA, 2, hlc=1)
    taken = core.dec(dot(2), [Taking(dot(1), added.tokens[dot(1)], 2)])
    live = core.add(dot(3), PEN, 1, hlc=2)
    cart = core.joined([added, taken, live])

    small = core.compact(cart, lambda one: True)

    assert small.tokens.keys() == {dot(3)} and small.takes == {}
    for late in (added, taken, cart):
        assert cart_bytes(join(small, late)) == cart_bytes(small)
    assert cart_bytes(core.compact(cart, lambda one: False)) == cart_bytes(cart)


# --- what a shopper sees and asks for ----------------------------------------------------------------------------


def test_lines_stand_in_the_order_in_which_they_were_put_in():
    cart = core.joined(
        [core.add(dot(1), PEN, 1, hlc=30), core.add(dot(2), TEA, 1, hlc=40), core.add(dot(3), TEA, 2, hlc=10)]
    )

    first, second = core.lines(cart)

    assert (first.key, first.quantity, [one.dot.seq for one in first.tokens]) == (TEA, 3, [3, 2])
    assert second.key == PEN


@pytest.mark.parametrize(("wanted", "kind"), [(5, "add"), (4, None), (3, "dec"), (0, "remove")])
def test_setting_a_quantity_is_an_op_against_what_was_seen(wanted, kind):
    cart = core.joined([core.add(dot(1), TEA, 1, hlc=1), core.add(dot(2), TEA, 3, hlc=2)])

    op = core.op_to_set(dot(3), TEA, wanted, core.line_of(cart, TEA))

    assert (op and op.kind) == kind
    if op:
        core.check_op(op)
        assert core.quantity(join(cart, core.delta_of(op, hlc=5)), TEA) == wanted


def test_the_oldest_units_are_taken_first():
    cart = core.joined([core.add(dot(1), TEA, 2, hlc=9), core.add(dot(2), TEA, 3, hlc=1)])

    takings = core.oldest_first(core.line_of(cart, TEA), 4)

    assert [(taking.dot, taking.units) for taking in takings] == [(dot(2), 3), (dot(1), 1)]


def test_a_cart_of_twenty_lines_is_four_kilobytes_at_most():
    """Each line from a page load of its own, with names as long as a careful merchant's."""
    deltas = []
    for n in range(20):
        key = LineKey("stationery", f"SKU-2026-{n:06}", "size=XL;colour=dark-green")
        hlc = core.next_stamp(0, 1_790_000_000_000 + n)
        deltas.append(core.add(Dot(f"{n:016x}", 1), key, 1 + n, price_ref=1_000_000 + n, hlc=hlc))

    assert len(cart_bytes(core.joined(deltas))) <= 4 * 1024


# --- two carts become one ----------------------------------------------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef")), max_size=12), st.data())
def test_links_in_any_order_lead_to_the_least_id_and_never_round(links, data):
    order = data.draw(st.permutations(links))

    assert roots_after(links) == roots_after(order) == expected_roots(links)


def roots_after(links: list[tuple[str, str]]) -> dict[str, str]:
    parents: dict[str, str] = {}
    for one, two in links:
        pair = core.union(one, two, parents.get)
        if pair:
            source, target = pair
            assert source not in parents and target < source
            parents[source] = target
    return {cart: core.root_of(cart, parents.get) for cart in "abcdef"}


def expected_roots(links: list[tuple[str, str]]) -> dict[str, str]:
    groups = {cart: {cart} for cart in "abcdef"}
    for one, two in links:
        both = groups[one] | groups[two]
        for cart in both:
            groups[cart] = both
    return {cart: min(group) for cart, group in groups.items()}


def test_aliases_pour_together_whatever_each_node_heard_first():
    """A line removed after the merge stays removed though the source is poured in again."""
    guest, own = core.add(dot(1), TEA, 2, hlc=1), core.add(dot(1, 1), PEN, 1, hlc=2)
    merged = join(own, guest)
    removed = join(merged, core.remove(dot(2, 1), [dot(1)]))

    for _ in range(3):
        removed = join(removed, guest)

    assert [line.key for line in core.lines(removed)] == [PEN]


# --- stamps ------------------------------------------------------------------------------------------------------


def test_stamps_never_go_back_and_a_browser_can_hold_them():
    first = core.next_stamp(0, 1_790_000_000_000)

    assert core.next_stamp(first, 1_790_000_000_000) == first + 1
    assert core.next_stamp(first, 1_000) == first + 1
    assert core.next_stamp(first, 1_790_000_000_001) > first + 1
    assert core.next_stamp(0, 4_000_000_000_000) < 2**53
    assert core.clamped_stamp(first, 1_790_000_000_000) == first
    assert core.clamped_stamp(core.next_stamp(0, 1_790_000_900_000), 1_790_000_000_000) < core.next_stamp(
        0, 1_790_000_061_000
    )


def test_a_stamp_a_browser_made_up_is_bent_to_a_minute_ahead():
    now = core.next_stamp(0, 1_790_000_000_000)
    honest, made_up = Token(TEA, 2, 0, now - 5), Token(TEA, 2, 0, 2**53 - 1)
    op = CartOp(dot=dot(3), kind="dec", key=TEA, takings=[Taking(dot(1), honest, 1), Taking(dot(2), made_up, 1)])

    delta = core.delta_of(op, hlc=now)

    assert delta.tokens[dot(1)] == honest
    assert delta.tokens[dot(2)].hlc == core.next_stamp(0, 1_790_000_060_000)
    # The add itself brings the true stamp, and the lesser one stands
    assert join(delta, core.add(dot(2), TEA, 2, hlc=7)).tokens[dot(2)].hlc == 7
