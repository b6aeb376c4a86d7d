"""A payment is opened once, paid once, and only by a signed message about our money."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from msgspec import json

from central.payments import actions
from central.payments.errors import UnknownPayment, WrongMoney
from central.payments.models import Payment
from central.payments.providers import is_online, provider_named
from central.payments.queries import pay_urls_of
from infra.payments.pretend import REFUSED_CARD
from infra.payments.protocol import Callback, Charge, Refused

pytestmark = pytest.mark.django_db(databases=["default", "orders"])


def opened(**more: Any) -> Payment:
    order = uuid4()
    values = {
        "provider": "pretend_card",
        "amount": 125_000,
        "currency": "RUB",
        "number": "TEA-A-000001",
        "basket": order.hex,
        "return_url": "http://tea.localhost:8401/order/0",
    }
    return actions.open_payment(order, **{**values, **more})


def card() -> Any:
    return provider_named("pretend_card")


def test_opening_twice_is_one_charge() -> None:
    first = opened(basket="one")
    second = actions.open_payment(
        first.order, provider="pretend_card", amount=125_000, currency="RUB", number="TEA-A-000001", basket="one",
        return_url="",
    )  # fmt: skip

    assert second == first
    assert (first.state, pay_urls_of([first.order])) == ("waiting", {first.order: first.pay_url})


def test_a_signed_message_pays_and_a_repeat_says_nothing_new() -> None:
    payment = opened()
    callback = card().pay(payment.provider_ref, "4242424242424242")

    versions = [actions.settle_payment("pretend_card", callback).ver for _ in range(3)]

    payment.refresh_from_db()
    assert (payment.state, versions) == ("paid", [3, 3, 3])
    assert pay_urls_of([payment.order]) == {}


def test_a_refused_card_may_be_followed_by_another() -> None:
    payment = opened()
    actions.settle_payment("pretend_card", card().pay(payment.provider_ref, REFUSED_CARD))
    assert Payment.objects.get().state == "refused"

    actions.settle_payment("pretend_card", card().pay(payment.provider_ref, "4242424242424242"))

    assert Payment.objects.get().state == "paid"


def test_a_forged_message_is_refused() -> None:
    payment = opened()
    callback = card().pay(payment.provider_ref, "4242424242424242")
    forged = callback.body.replace(b"125000", b"1")

    with pytest.raises(Refused):
        actions.settle_payment("pretend_card", Callback(forged, callback.signature))

    assert Payment.objects.get().state == "waiting"


def test_other_money_than_we_asked_for_is_not_taken_for_paid() -> None:
    payment = opened()
    told = {**json.decode(card().pay(payment.provider_ref, "4242424242424242").body), "amount": 1}
    body = json.encode(told)

    with pytest.raises(WrongMoney):
        actions.settle_payment("pretend_card", Callback(body, card()._sign(body)))

    assert Payment.objects.get().state == "waiting"


def test_a_message_about_nobodys_payment_is_refused() -> None:
    ref = card().create(Charge(key="stranger", amount=1, currency="RUB", label="x", return_url="")).ref

    with pytest.raises(UnknownPayment):
        actions.settle_payment("pretend_card", card().pay(ref, "4242424242424242"))


def test_only_a_provider_with_a_page_is_online() -> None:
    assert [is_online(name) for name in ("pretend_card", "cash_on_delivery", "who")] == [True, False, False]


def test_the_page_takes_a_card_and_leads_back_to_the_shop(client: Client) -> None:
    payment = opened()
    path = f"/pay/pretend/{payment.provider_ref}"
    assert payment.pay_url.endswith(path)

    page = client.get(path, headers={"accept-language": "ru"}).content.decode()
    assert "1" in page and "TEA-A-000001" in page
    assert client.post(path, {"card": "12"}).status_code == 422
    done = client.post(path, {"card": "4242 4242 4242 4242"})

    assert done.status_code == 200
    assert "http://tea.localhost:8401/order/0" in done.content.decode()
    assert Payment.objects.get().state == "paid"
    assert client.get("/pay/pretend/nothing").status_code == 404


def test_the_address_for_providers_wants_a_signature(client: Client) -> None:
    payment = opened()
    callback = card().pay(payment.provider_ref, "4242424242424242")

    def post(signature: str, provider: str = "pretend_card") -> Any:
        return client.post(
            f"/_pay/{provider}", callback.body, content_type="application/json", headers={"x-signature": signature}
        )

    assert [post("").status_code, post("0" * 64).status_code, post("", "who").status_code] == [422, 422, 422]
    assert Payment.objects.get().state == "waiting"
    assert post(callback.signature).json() == {"state": "paid"}
