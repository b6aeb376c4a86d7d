"""What central sends, what an order takes, and two carts that become one."""

from __future__ import annotations

import logging

import msgspec
import pytest

from edge.cart import service
from edge.cart.models import Alias, StoredCart
from edge.cart.roots import root_of
from edge.cart.tests.world import (
    ASSAM,
    BOWL,
    PEN,
    Browser,
    ack_all,
    code,
    count,
    dot_text,
    from_central,
    on_disk,
    outbox,
)
from edge.live import carts as live
from edge.pages.tests import make
from sync.contracts.cart import CartAlias, CartDelta, CartState, Dot, LineKey
from sync.contracts.codec import pack, unpack
from sync.contracts.documents import RegionDoc
from sync.core import cart as core
from sync.link import link
from sync.store.writer import writer

OTHER = Dot("f" * 16, 1)


def delta(cart: str, change: core.Cart, **hashes: str) -> bytes:
    return pack(CartDelta(cart=cart, delta=core.encode(change), hashes=hashes))


def alias(one: str, two: str) -> tuple[str, bytes]:
    source, target = max(one, two), min(one, two)
    return source, pack(CartAlias(source=source, target=target, hlc=1, link_id="x"))


def stored(cart: str) -> bytes:
    return on_disk(lambda: bytes(StoredCart.objects.get(pk=cart).state))


# --- facts


async def test_what_was_added_in_a_sister_shop_arrives_once(shopper):
    await shopper.put_in()
    root, before = await shopper.root(), (await shopper.view())["version"]
    fact = delta(root, core.add(OTHER, LineKey(*BOWL), 2, hlc=5))

    await from_central(root, fact)
    first = await shopper.view()
    await from_central(root, fact)

    assert await shopper.units() == {"tea-assam": 1, "clay-bowl": 2}
    assert first["version"] != before
    assert await shopper.view() == first
    assert len(outbox()) == 1  # what comes from central does not go back


async def test_an_echo_of_our_own_op_changes_nothing(shopper):
    await shopper.put_in()
    view = await shopper.view()

    [row] = outbox()
    await from_central(await shopper.root(), bytes(row.body))

    assert await shopper.view() == view


async def test_an_op_retried_through_two_edges_with_two_stamps_is_one(cluster):
    here = await Browser("tea").open()
    op = here.add(units=2)
    await here.send(op)
    root, [mine] = await here.root(), outbox()
    there = core.add(Dot(*op["dot"]), LineKey(*ASSAM), 2, price_ref=1, hlc=3)

    await from_central(root, delta(root, there))

    assert await here.units() == {"tea-assam": 2}
    at_the_sister = core.join(there, core.decode(unpack(bytes(mine.body), CartDelta).delta))
    assert stored(root) == core.cart_bytes(at_the_sister)


async def test_a_dot_of_a_sister_with_another_payload_raises_an_alarm_here(shopper, caplog):
    op = shopper.add(units=2)
    await shopper.send(op)
    root = await shopper.root()

    with caplog.at_level(logging.ERROR):
        await from_central(root, delta(root, core.EMPTY, **{dot_text(op): "0" * 16}))

    assert dot_text(op) in caplog.text


async def test_an_op_that_contradicts_what_a_sister_took_in_is_refused(shopper):
    root = await shopper.root()
    op = shopper.add(units=2)
    await from_central(root, delta(root, core.add(Dot(*op["dot"]), LineKey(*ASSAM), 7, price_ref=1, hlc=5)))

    assert code(await shopper.send(op)) == (409, "dot_conflict")
    assert await shopper.units() == {"tea-assam": 7}
    assert outbox() == []


async def test_a_remove_that_a_sister_sent_before_the_add_came_here(shopper):
    root = await shopper.root()
    op = shopper.add()
    await from_central(root, delta(root, core.remove(OTHER, [Dot(*op["dot"])])))

    answer = await shopper.send(op)

    assert answer.json()["acks"] == {dot_text(op): "edge"}
    assert await shopper.units() == {}


# --- links


async def test_a_link_from_central_pours_one_cart_into_the_other(cluster):
    one, two = await Browser("tea").open(), await Browser("tea").open()
    await one.put_in(ASSAM, 2)
    await two.put_in(BOWL, 3)
    roots = [await one.root(), await two.root()]

    for _ in range(2):
        await from_central(*alias(*roots))

    assert await one.root() == await two.root() == min(roots)
    assert await one.units() == await two.units() == {"tea-assam": 2, "clay-bowl": 3}
    assert (await one.view())["version"] == (await two.view())["version"]
    assert count(Alias) == 1

    await one.put_in(PEN)
    assert (await two.units())["ink-pen"] == 1
    assert unpack(bytes(outbox()[-1].body), CartDelta).cart == min(roots)


async def test_late_news_for_a_cart_that_was_linked_goes_to_the_other(cluster):
    one, two = await Browser("tea").open(), await Browser("tea").open()
    roots = [await one.root(), await two.root()]
    await from_central(*alias(*roots))

    late = core.add(OTHER, LineKey(*BOWL), 1, hlc=1)
    await from_central(max(roots), delta(max(roots), late))

    assert await one.units() == await two.units() == {"clay-bowl": 1}


async def test_what_was_removed_after_a_link_stays_removed_when_the_source_comes_again(cluster):
    one, two = await Browser("tea").open(), await Browser("tea").open()
    await one.put_in(ASSAM)
    await two.put_in(BOWL)
    roots = {await one.root(): one, await two.root(): two}
    source = roots[max(roots)]
    before = stored(max(roots))
    await from_central(*alias(*roots))
    view = await one.view()
    for line in view["lines"]:
        await one.send(
            {"dot": one.dot(), "kind": "remove", "key": line["key"], "seen": [dot for dot, _, _ in line["tokens"]]}
        )

    await from_central(max(roots), pack(CartDelta(cart=max(roots), delta=unpack(before, CartState))))

    assert await source.units() == {}


async def test_what_stands_for_a_cart_that_is_open_here_is_followed_in_its_place(cluster):
    browser = await Browser("tea").open()
    await browser.put_in()
    target = f"{7:032x}"

    await from_central(*alias(await browser.root(), target))

    # Of the target nothing has come; and central may have linked it further.
    assert target in link.followed()["cart"]


async def test_uniting_here_tells_central_and_is_done_once(cluster):
    one, two = await Browser("tea").open(), await Browser("tea").open()
    await one.put_in(ASSAM)
    await two.put_in(BOWL)
    roots = [await one.root(), await two.root()]
    ack_all()

    assert await service.unite(*roots) == await service.unite(roots[1], roots[0]) == min(roots)

    [row] = outbox()
    assert row.kind == "cart_alias"
    fact = unpack(bytes(row.body), CartAlias)
    assert (fact.source, fact.target) == (max(roots), min(roots))
    assert await root_of(max(roots)) == min(roots)


# --- orders


async def test_an_order_takes_what_was_seen_and_tells_the_sisters(shopper):
    await shopper.put_in(ASSAM, 2)
    root = await shopper.root()
    seen = list((await service.held(root))[1].tokens)
    await shopper.put_in(BOWL)
    ack_all()

    fact = await writer.run(lambda: service.take_for_order(root, "o1", seen))

    assert await shopper.units() == {"clay-bowl": 1}
    assert core.taken_units(core.decode(fact.delta), "order:o1") == {LineKey(*ASSAM): 2}
    [row] = outbox()
    assert unpack(bytes(row.body), CartDelta).delta == fact.delta


async def test_an_order_that_fails_takes_nothing(shopper):
    await shopper.put_in()
    root = await shopper.root()
    view = await shopper.view()

    def ordered() -> None:
        service.take_for_order(root, "o1", list(service.load(root).tokens))
        assert core.is_empty(service.load(root))
        raise RuntimeError("no stock")

    with pytest.raises(RuntimeError):
        await writer.run(ordered)

    assert await shopper.view() == view
    assert len(outbox()) == 1


async def test_a_checkout_corrects_lines_downwards_only(shopper):
    await shopper.put_in(ASSAM, 5)
    await shopper.put_in(BOWL, 1)

    await service.set_units(await shopper.root(), {LineKey(*ASSAM): 2, LineKey(*BOWL): 4})

    assert await shopper.units() == {"tea-assam": 2, "clay-bowl": 1}


# --- what lines say


async def test_a_price_that_changed_is_shown_and_said(shopper):
    await shopper.put_in(ASSAM, 2)
    product = make.make_product("tea", "assam", title="Ассам", variants=[make.make_variant("tea-assam", 500)])

    await make.arrive(*make.cards_of(product, currency="RUB"), ver=2)

    [line] = (await shopper.view())["lines"]
    assert (line["price"], line["sum"], line["notes"], line["price_ref"]) == (500, 1000, ["changed"], 2)


async def test_goods_gone_or_off_sale_stay_in_the_cart_greyed_and_uncounted(shopper):
    await shopper.send(shopper.add(ASSAM), shopper.add(BOWL, 2), shopper.add(PEN))
    await make.arrive(*make.cards_of(make.make_product("clay", "bowl"), is_on_sale=False), ver=2)
    make.retract(make.cards_of(make.make_product("tea", "assam"))[0])
    service.forget_all()
    await make.arrive(make.make_site("ink", node="c", is_active=False), ver=2)

    view = await shopper.view()

    assert [(line["is_sold"], line["notes"], line["sum"]) for line in view["lines"]] == [(False, ["not_sold"], 0)] * 3
    assert (view["count"], view["totals"]) == (4, [])


async def test_goods_not_shown_in_the_region_stay_in_the_cart_uncounted(shopper):
    msk = RegionDoc(id="msk", title="Москва", path="/msk")
    await make.arrive(make.make_site("tea", regions=[msk]), ver=5)
    await shopper.put_in(ASSAM)
    product = make.make_product("tea", "assam", variants=[make.make_variant("tea-assam", 500)])
    await make.arrive(*make.cards_of(product, shown={"": False, "msk": True}), ver=5)

    [line] = (await shopper.view())["lines"]
    assert (line["is_sold"], line["notes"], line["sum"], line["url"]) == (False, ["not_here"], 0, "/")

    [line] = msgspec.json.decode((await shopper.get("/msk/_r/cart")).content)["lines"]
    assert (line["is_sold"], "not_here" in line["notes"], line["url"]) == (True, False, "/msk/p/assam")


async def test_a_view_never_shows_a_carts_id(shopper):
    await shopper.put_in()

    assert (await shopper.root()) not in (await shopper.get("/_r/cart")).text


async def test_news_of_a_card_changes_and_wakes_the_carts_that_hold_it_only(shopper):
    other = await Browser("tea").open()
    await shopper.put_in(ASSAM)
    await other.put_in(BOWL)
    holds, holds_not = [live.watch(await one.root()) for one in (shopper, other)]
    for watcher in (holds, holds_not):
        watcher.news.clear()
    (card,) = make.cards_of(make.make_product("tea", "assam", title="Ассам", currency="RUB"))

    await make.arrive(msgspec.structs.replace(card, price=card.price + 100), ver=2)

    assert (holds.news.is_set(), holds_not.news.is_set()) == (True, False)
    assert (await shopper.view())["lines"][0]["price"] == card.price + 100
    assert (await other.view())["lines"][0]["key"] == BOWL
    for watcher in (holds, holds_not):
        live.unwatch(watcher)
