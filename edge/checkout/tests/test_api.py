"""Checkout as JSON: the same order as the form makes, and the same refusals."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from edge.checkout.models import Order
from edge.checkout.tests import make
from sync.store.writer import reader, writer

pytestmark = pytest.mark.django_db(databases=["edge"], transaction=True)

TYPED = {name: value for name, value in make.TYPED.items() if name != "consent"} | {"consent": True}


@pytest.fixture
async def quote(shopper) -> str:
    await fill()
    await writer.run(lambda: make.give(make.grant(make.ASSAM.variant, 10)))
    return (await summary(shopper))["quote"]


async def fill() -> None:
    from edge.cart import service
    from sync.contracts.cart import CartOp, Dot, LineKey

    key = LineKey("tea", "assam", "")
    await service.take_ops(
        make.CART, [CartOp(dot=Dot("0" * 16, 1), kind="add", key=key, units=2, price_ref=1)], group="main"
    )


async def summary(shopper) -> dict[str, Any]:
    answer = await shopper.get("/_r/checkout")
    assert answer.status_code == 200
    return answer.json()


async def place(shopper, quote: str, **typed: Any):
    return await shopper.post_json("/_r/checkout", msgspec.json.encode({**TYPED, "quote": quote, **typed}))


async def orders() -> int:
    return await reader.run(Order.objects.count)


async def test_the_summary_says_what_may_be_ordered_and_for_how_much(shopper, quote) -> None:
    said = await summary(shopper)

    assert [(line["key"], line["units"], line["charged"]) for line in said["lines"]] == [
        (["tea", "assam", ""], 2, 700_00)
    ]
    assert (said["goods_total"], said["currency"], said["link"]) == (700_00, "RUB", "cut")
    assert [way["code"] for way in said["deliveries"]] == ["pickup", "courier"]


async def test_an_order_is_made_once_however_often_it_is_sent(shopper, quote) -> None:
    first, again = await place(shopper, quote), await place(shopper, quote)

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json()["total"] == 1000_00
    assert await orders() == 1
    assert (await shopper.get(f"/order/{first.json()['secret']}")).status_code == 200


async def test_the_form_and_the_script_make_one_order_of_one_quote(shopper, quote) -> None:
    by_script = await place(shopper, quote)

    by_form = await shopper.buy(quote)

    assert (by_form.status_code, by_form.headers["Location"]) == (303, f"/order/{by_script.json()['secret']}")
    assert await orders() == 1


async def test_an_order_is_read_by_its_secret_and_names_nobody(shopper, quote) -> None:
    made = (await place(shopper, quote)).json()

    found = await shopper.get(f"/_r/order/{made['secret']}")

    assert found.json() == made
    assert found.headers["Cache-Control"] == "no-store"
    for word in (make.NAME, make.PHONE, make.EMAIL, make.ADDRESS):
        assert word not in found.content.decode()


@pytest.mark.parametrize(
    ("typed", "status", "code"),
    [
        ({"phone": "1"}, 422, "bad_form"),
        ({"consent": False}, 422, "bad_form"),
        ({"quote": "not ours"}, 400, "bad_quote"),
        ({"consent": "yes"}, 400, "bad_request"),
        ({"colour": "red"}, 400, "bad_request"),
    ],
)
async def test_what_is_wrong_is_said_in_the_shops_language_and_makes_no_order(
    shopper, quote, typed: dict[str, Any], status: int, code: str
) -> None:
    refused = await place(shopper, typed.pop("quote", quote), **typed)

    assert (refused.status_code, refused.json()["error"], refused.headers["X-Rialto-Error"]) == (status, code, code)
    assert any(letter in "абвгдеж" for letter in refused.json()["message"])
    assert await orders() == 0


async def test_another_order_under_the_same_quote_is_refused(shopper, quote) -> None:
    await place(shopper, quote)

    refused = await place(shopper, quote, name="Другая Выдуманная")

    assert (refused.status_code, refused.json()["error"]) == (409, "order_id_reused")
    assert await orders() == 1


async def test_a_quote_of_yesterday_asks_for_a_new_summary(shopper, quote) -> None:
    await writer.run(lambda: make.put_card(msgspec.structs.replace(make.ASSAM, price=400_00), ver=2))

    refused = await place(shopper, quote)

    assert (refused.status_code, refused.json()["error"]) == (409, "price_changed")
    assert await orders() == 0


async def test_an_order_from_another_sites_page_is_refused(shopper, quote) -> None:
    answer = await shopper.post_json("/_r/checkout", b"{}", **{"sec-fetch-site": "cross-site"})

    assert (answer.status_code, answer.json()["error"]) == (403, "cross_site")


async def test_there_is_no_order_behind_a_guess(shopper) -> None:
    found = await shopper.get("/_r/order/guess")

    assert (found.status_code, found.json()["error"]) == (404, "unknown_order")
