"""What a browser may ask for: everything else is refused by name before it touches a cart."""

from __future__ import annotations

import pytest

from sync.contracts.cart import CartOp, Dot, LineKey, Taking, Token
from sync.core import cart as core
from sync.core.tests.carts import PEN, TEA, dot


def op(**changes) -> CartOp:
    return CartOp(**{"dot": dot(1), "kind": "add", "key": TEA, "units": 1, **changes})


def dec(*takings: Taking, **changes) -> CartOp:
    return op(kind="dec", units=0, takings=list(takings), **changes)


def taking(**changes) -> Taking:
    token = Token(**{"key": TEA, "units": 5, "price_ref": 1, "hlc": 1, **changes.pop("token", {})})
    return Taking(**{"dot": dot(7), "token": token, "units": 1, **changes})


GOOD = [
    op(),
    op(units=999),
    op(key=LineKey("tea", "а" * 128, "o" * 512)),
    dec(taking()),
    dec(taking(), taking(dot=dot(8))),
    op(kind="remove", units=0, seen=[dot(7)]),
]


@pytest.mark.parametrize("good", GOOD)
def test_what_pages_send_passes(good):
    core.check_ops([good])


@pytest.mark.parametrize("units", [0, -1, 1_000, 10**6, 10**30])
def test_units_are_one_to_nine_hundred_ninety_nine(units):
    for bad in (op(units=units), dec(taking(units=units)), dec(taking(token={"units": units}))):
        with pytest.raises(core.BadUnits) as caught:
            core.check_op(bad)
        assert (caught.value.code, caught.value.status) == ("bad_units", 422)


BAD = [
    op(dot=Dot("A" * 16, 1)),
    op(dot=Dot("a" * 15, 1)),
    op(dot=Dot("a" * 16 + "\n", 1)),
    op(dot=Dot("a" * 16, 0)),
    op(dot=Dot("a" * 16, 2**53)),
    op(price_ref=-1),
    op(price_ref=2**53),
    op(seen=[dot(2)]),
    op(takings=[taking()]),
    op(key=LineKey("", "assam")),
    op(key=LineKey("tea", "")),
    op(key=LineKey("t" * 65, "assam")),
    op(key=LineKey("tea", "s" * 129)),
    op(key=LineKey("tea", "assam", "o" * 513)),
    op(key=LineKey("tea", "as\x1fsam")),
    op(key=LineKey("tea\x00", "assam")),
    dec(),
    dec(taking(), taking()),
    dec(taking(dot=dot(1))),
    dec(taking(dot=Dot("z" * 16, 1))),
    dec(taking(token={"key": PEN})),
    dec(taking(token={"hlc": -1})),
    dec(taking(token={"hlc": 2**53})),
    dec(taking(token={"price_ref": -1})),
    dec(*[taking(dot=dot(seq)) for seq in range(2, 303)]),
    dec(taking(), seen=[dot(2)]),
    dec(taking(), price_ref=1),
    op(kind="remove", units=0, seen=[]),
    op(kind="remove", units=0, seen=[dot(1)]),
    op(kind="remove", units=0, seen=[Dot("", 1)]),
    op(kind="remove", units=1, seen=[dot(7)]),
    op(kind="remove", units=0, seen=[dot(seq) for seq in range(2, 303)]),
]


@pytest.mark.parametrize("bad", BAD)
def test_what_no_page_sends_is_refused(bad):
    with pytest.raises(core.BadOp) as caught:
        core.check_ops([bad])
    assert (caught.value.code, caught.value.status) == ("bad_op", 422)


def test_twenty_ops_in_one_call_and_no_more():
    ops = [op(dot=dot(seq)) for seq in range(1, 22)]

    core.check_ops(ops[:20])
    with pytest.raises(core.TooManyOps):
        core.check_ops(ops)


def test_one_dot_may_come_twice_in_a_call_with_one_payload_only():
    core.check_ops([op(), op()])
    with pytest.raises(core.DotConflict) as caught:
        core.check_ops([op(), op(units=2)])
    assert caught.value.data == {"dot": f"{'a' * 16}:1"}


def test_the_hash_covers_what_the_browser_said():
    assert core.op_hash(op()) == core.op_hash(op())
    others = [op(units=2), op(key=PEN), op(price_ref=1), op(dot=dot(2)), dec(taking()), dec(taking(units=2))]
    assert len({core.op_hash(each) for each in [op(), *others]}) == 7


def test_a_full_cart_takes_no_more_lines_but_lets_go_of_some():
    full = core.joined(core.add(dot(seq), TEA, 1) for seq in range(1, core.MAX_LIVE_TOKENS + 1))

    core.check_size(full, before=full)
    with pytest.raises(core.CartFull):
        core.check_size(core.join(full, core.add(dot(1, 1), TEA, 1)), before=full)
    less = core.join(full, core.remove(dot(1, 1), [dot(1)]))
    core.check_size(less, before=full)
    taken = core.join(full, core.dec(dot(1, 1), [Taking(dot(1), full.tokens[dot(1)], 1)]))
    core.check_size(taken, before=full)


def test_a_dec_that_invents_tokens_cannot_fill_a_cart():
    made_up = [Taking(dot(seq, 1), Token(TEA, 999, 0, seq), 1) for seq in range(1, core.MAX_LIVE_TOKENS + 2)]
    full = core.dec(dot(1), made_up)

    with pytest.raises(core.CartFull):
        core.check_size(full, before=core.EMPTY)


def test_a_full_memory_of_changes_takes_no_more():
    many = core.joined([core.add(Dot(f"{n:016x}", 1), TEA, 1) for n in range(2)])
    wide = core.Cart(vector={f"{n:016x}": 1 for n in range(core.MAX_CONTEXT + 1)})

    core.check_size(many, before=core.EMPTY)
    with pytest.raises(core.CartFull):
        core.check_size(wide, before=core.EMPTY)


def test_takes_are_bounded_too():
    token = Token(TEA, 999, 0, 1)
    takes = {dot(seq, 1): core.Take(1, "dec") for seq in range(1, core.MAX_TAKES + 2)}
    worn = core.Cart(vector={"a" * 16: 1, "b" * 16: len(takes)}, tokens={dot(1): token}, takes={dot(1): takes})

    with pytest.raises(core.CartFull):
        core.check_size(worn, before=core.EMPTY)
    core.check_size(core.join(worn, core.remove(dot(2), [dot(1)])), before=worn)
