"""Orders that tabs keep, and the order's page as central has news of it."""

from __future__ import annotations

import base64
import json
import re

import msgspec
import pytest
from django.test import AsyncClient

from edge.checkout import keep, live
from edge.checkout.models import Kept, Order
from edge.checkout.tests import make
from edge.checkout.tests.test_checkout import ASSAM, fill, orders, sent
from edge.rights import keeper as keeping
from infra.crypto.keys import ensure_central_keys
from node import config as node_config
from sync.contracts.codec import pack, unpack
from sync.contracts.documents import NodeDoc, OrderStateDoc
from sync.contracts.orders import KeptOrder, PlacedOrder
from sync.join import join_in_process
from sync.link import LinkDown
from sync.replica import run_acked, run_after_apply
from sync.store.edge.models import Document, Outgoing
from sync.store.writer import reader, writer

pytestmark = pytest.mark.django_db(databases=["edge"], transaction=True)


@pytest.fixture(autouse=True)
def cut_off(monkeypatch):
    class Cut:
        async def request(self, kind: str, body: bytes, *, timeout: float) -> bytes:  # noqa: ASYNC109
            raise LinkDown

        async def comes_back(self, *, within: float) -> bool:
            return False

    monkeypatch.setattr(keeping, "link", Cut())


@pytest.fixture
async def order(shopper) -> Order:
    await fill((ASSAM, 2))
    await shopper.buy()
    return orders()[0]


async def kept_by_tab(shopper, order: Order) -> bytes:
    """What the order's page gave the tab."""
    html = (await shopper.get(f"/order/{order.secret}")).content.decode()
    found = re.search(r'data-keep="([^"]+)"', html)
    assert found
    return base64.b64decode(found[1])


async def present(shopper, *envelopes: bytes):
    answer = await shopper.post_json("/_r/order/keep", b"[" + b",".join(envelopes) + b"]")
    return answer.status_code, answer.json()


def refs(kind: str) -> list[str]:
    return list(Outgoing.objects.filter(kind=kind).values_list("ref", flat=True))


def make_anew(order) -> None:
    """As a copy of this disk made the order a moment later."""
    placed = unpack(bytes(order.body), PlacedOrder)
    later = msgspec.structs.replace(placed, placed_at=placed.placed_at + 1)
    Order.objects.filter(pk=order.pk).update(body=pack(later))


def wipe_disk() -> None:
    for model in (Order, Kept, Outgoing):
        model.objects.all().delete()


async def test_the_edge_that_has_the_order_only_says_so(shopper, order):
    envelope = await kept_by_tab(shopper, order)

    assert await present(shopper, envelope) == (200, {"orders": {order.pk: "kept"}})
    await run_acked("order", [order.pk])
    assert await present(shopper, envelope) == (200, {"orders": {order.pk: "acked"}})

    assert len(sent()) == 1
    html = (await shopper.get(f"/order/{order.secret}")).content.decode()
    assert "data-keep" not in html and 'data-acked="1"' in html


async def test_an_edge_that_does_not_know_the_order_sends_it_on_unchanged(shopper, order):
    envelope = await kept_by_tab(shopper, order)
    await writer.run(wipe_disk)

    first, again = await present(shopper, envelope), await present(shopper, envelope)

    assert first == again == (200, {"orders": {order.pk: "kept"}})
    assert [unpack(one, KeptOrder) for one in sent("kept_order")] == [msgspec.json.decode(envelope, type=KeptOrder)]
    await run_acked("kept_order", await reader.run(lambda: refs("kept_order")))
    assert (await present(shopper, envelope))[1] == {"orders": {order.pk: "acked"}}


async def test_what_the_other_disk_of_a_copied_node_made_of_the_same_checkout_goes_to_central_too(shopper, order):
    envelope = await kept_by_tab(shopper, order)
    await writer.run(lambda: make_anew(order))
    await run_acked("order", [order.pk])

    assert await present(shopper, envelope) == (200, {"orders": {order.pk: "kept"}})

    assert [unpack(one, KeptOrder) for one in sent("kept_order")] == [msgspec.json.decode(envelope, type=KeptOrder)]


async def test_an_order_outlives_the_disk_and_the_keys_of_its_edge(shopper, order, tmp_path_factory, central_keys):
    envelope = await kept_by_tab(shopper, order)
    await writer.run(wipe_disk)
    other = tmp_path_factory.mktemp("other")

    with node_config.overridden(home=other):
        join_in_process(other, make.token(central_keys.sign), make.answer_as_central(central_keys.sign, "b"))
        assert await present(shopper, envelope) == (200, {"orders": {order.pk: "kept"}})

    assert len(sent("kept_order")) == 1


async def test_a_browser_can_carry_an_order_but_not_make_one(shopper, order, tmp_path_factory):
    kept = msgspec.json.decode(await kept_by_tab(shopper, order), type=KeptOrder)
    stranger = ensure_central_keys(tmp_path_factory.mktemp("stranger"))
    await writer.run(wipe_disk)

    with node_config.overridden(home=tmp_path_factory.mktemp("foreign")) as foreign:
        join_in_process(foreign.home, make.token(stranger.sign), make.answer_as_central(stranger.sign, "a"))
        from edge.checkout.node import this_node

        alien = this_node().proof
    wrong = [
        msgspec.structs.replace(kept, body=kept.body.replace(b"TEA-A", b"TEA-B")),
        msgspec.structs.replace(kept, signature=bytes(64)),
        msgspec.structs.replace(kept, id="0" * 32),
        msgspec.structs.replace(kept, proof=msgspec.structs.replace(kept.proof, asked_by="")),
        msgspec.structs.replace(kept, proof=msgspec.structs.replace(kept.proof, node="b")),
        msgspec.structs.replace(kept, proof=alien),
        msgspec.structs.replace(kept, body=b"junk"),
    ]

    for forged in wrong:
        assert await present(shopper, msgspec.json.encode(forged)) == (200, {"orders": {forged.id: "refused"}})

    assert (sent("kept_order"), await reader.run(Kept.objects.count)) == ([], 0)


async def test_orders_of_a_node_that_was_shut_out_are_refused(shopper, order):
    envelope = await kept_by_tab(shopper, order)
    await writer.run(wipe_disk)
    shut_out = NodeDoc(id="a", name="A", sites=["tea"], sign_key="", seal_key="", is_revoked=True)
    await writer.run(lambda: make.put("node:main", "a", shut_out))

    assert (await present(shopper, envelope))[1] == {"orders": {order.pk: "refused"}}


@pytest.mark.parametrize("body", [b"", b"{}", b"[1]", b"[" + b" " * 300_000 + b"]", b"\xff"])
async def test_what_our_pages_do_not_keep_is_refused(shopper, body):
    answer = await shopper.post_json("/_r/order/keep", body)

    assert (answer.status_code, answer.json()["error"]) == (400, "bad_orders")


async def test_more_orders_than_a_tab_keeps_are_refused(shopper, order):
    envelope = await kept_by_tab(shopper, order)

    assert (await present(shopper, *[envelope] * (keep.MAX_ORDERS + 1)))[0] == 400


# --- the page


def put_state(order: Order, ver: int, **changes: object) -> None:
    doc = OrderStateDoc(
        id=order.pk,
        number=order.number,
        status="confirmed",
        titles={"ru": "Подтверждён", "en": "Confirmed"},
        is_final=False,
        changed_at=1,
    )
    make.put("order_state:a", order.pk, msgspec.structs.replace(doc, **changes), ver)


async def test_the_page_tells_of_the_cut_and_of_what_follows_by_mail(shopper, order):
    html = (await shopper.get(f"/order/{order.secret}")).content.decode()

    assert "data-until-central" in html
    assert 'data-state="accepted"' in html


async def test_the_page_shows_what_central_says_in_the_shops_language(shopper, order):
    await writer.run(lambda: put_state(order, 1, pay_url="http://desk.localhost/pay/1"))

    html = (await shopper.get(f"/order/{order.secret}")).content.decode()

    assert "Подтверждён" in html and 'href="http://desk.localhost/pay/1"' in html
    assert "data-until-central" not in html


async def test_the_page_says_what_waits_until_central_has_found_it(shopper, order):
    address = f"/order/{order.secret}"
    assert "data-pending" in (await shopper.get(address)).content.decode()  # cut off, and no right

    await writer.run(lambda: put_state(order, 1, pending_units=2))
    assert "data-pending" in (await shopper.get(address)).content.decode()

    await writer.run(lambda: put_state(order, 2, pending_units=0))
    assert "data-pending" not in (await shopper.get(address)).content.decode()


async def test_the_page_is_told_of_each_change_once(shopper, order):
    answer = await AsyncClient().get(f"/order/{order.secret}/live")
    events = aiter(answer.streaming_content)

    async def next_state() -> dict[str, object]:
        text = (await anext(events)).decode()
        assert text.startswith("event: order\ndata: ")
        return json.loads(text.splitlines()[1].removeprefix("data: "))

    assert (await next_state())["state"] == "accepted"
    await writer.run(lambda: put_state(order, 1))
    await run_after_apply([("order_state:a", order.pk)])
    seen = await next_state()
    await writer.run(lambda: put_state(order, 2, status="shipped", titles={"en": "Shipped"}, is_final=True))
    await run_after_apply([("order_state:a", order.pk), ("order_state:a", "another")])
    last = await next_state()
    live.stop()

    assert (seen["title"], seen["is_at_central"]) == ("Подтверждён", True)
    assert (last["title"], last["is_final"]) == ("Shipped", True)
    assert [piece async for piece in events] == []
    live._is_stopping = False
    assert await reader.run(Document.objects.filter(topic="order_state:a").count) == 1
