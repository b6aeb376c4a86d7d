"""One contract for all providers: a new line in the registry is tested unasked."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from infra.payments.pretend import PAID_CARD, REFUSED_CARD, PretendCard
from infra.payments.protocol import Callback, Charge, ProviderSettings, Refused
from infra.payments.registry import PROVIDERS, provider

CHARGE = Charge(key="order-7", amount=199_00, currency="RUB", label="TEA-A-000007", return_url="http://tea.localhost/")


@pytest.fixture
def settings(tmp_path):
    return ProviderSettings(home=tmp_path, base_url="http://desk.localhost")


@pytest.fixture(params=sorted(PROVIDERS))
def any_provider(request, settings):
    return provider(request.param, settings)


@pytest.fixture
def card(settings) -> PretendCard:
    return PretendCard(settings)


# --- all of them


def test_one_key_opens_one_charge(any_provider):
    assert any_provider.create(CHARGE) == any_provider.create(CHARGE)
    assert any_provider.create(CHARGE) != any_provider.create(replace(CHARGE, key="order-8"))


@pytest.mark.parametrize("change", [{"amount": 0}, {"amount": -1}, {"key": ""}, {"currency": ""}])
def test_a_charge_that_cannot_be_is_refused(any_provider, change):
    with pytest.raises(Refused):
        any_provider.create(replace(CHARGE, **change))


def test_a_pay_page_is_there_when_and_only_when_it_is_paid_online(any_provider):
    opened = any_provider.create(CHARGE)

    assert bool(opened.pay_url) == any_provider.is_online
    assert opened.ref


def test_an_unsigned_message_is_refused(any_provider):
    with pytest.raises(Refused):
        any_provider.settle(Callback(body=b'{"state": "paid"}', signature="0" * 64))


def test_what_was_not_paid_is_not_given_back(any_provider):
    opened = any_provider.create(CHARGE)

    with pytest.raises(Refused):
        any_provider.refund(opened.ref, key="r1", amount=1, currency="RUB")


def test_an_unknown_name_is_refused(settings):
    with pytest.raises(Refused):
        provider("no such", settings)


# --- the pretend card


def test_one_key_with_other_money_is_refused(card):
    card.create(CHARGE)

    with pytest.raises(Refused):
        card.create(replace(CHARGE, amount=1))


def test_many_at_once_open_one_charge(card):
    with ThreadPoolExecutor(8) as pool:
        opened = set(pool.map(lambda _: card.create(CHARGE), range(40)))

    assert len(opened) == 1


def test_a_card_pays_and_the_signed_message_says_so(card):
    opened = card.create(CHARGE)

    settled = card.settle(card.pay(opened.ref, PAID_CARD))

    assert opened.pay_url == f"http://desk.localhost/pay/pretend/{opened.ref}"
    assert (settled.ref, settled.key, settled.state) == (opened.ref, "order-7", "paid")
    assert (settled.amount, settled.currency) == (199_00, "RUB")


def test_a_refused_card_may_be_followed_by_a_good_one_and_paid_stays_paid(card):
    ref = card.create(CHARGE).ref

    states = [
        card.settle(card.pay(ref, number)).state for number in (REFUSED_CARD, "4242 4242 4242 4242", REFUSED_CARD)
    ]

    assert states == ["refused", "paid", "paid"]


def test_an_altered_or_foreign_message_is_refused(card, tmp_path):
    good = card.pay(card.create(CHARGE).ref, PAID_CARD)
    stranger = PretendCard(ProviderSettings(home=tmp_path / "other", base_url=""))
    foreign = stranger.message(stranger.create(CHARGE).ref)

    for wrong in (
        replace(good, body=good.body.replace(b"19900", b"1")),
        replace(good, signature=good.signature[:-1]),
        replace(good, signature="ж"),
        foreign,
    ):
        with pytest.raises(Refused):
            card.settle(wrong)


def test_paid_money_is_given_back_once_per_key_and_never_more(card):
    ref = card.create(CHARGE).ref
    card.pay(ref, PAID_CARD)

    card.refund(ref, key="r1", amount=100_00, currency="RUB")
    card.refund(ref, key="r1", amount=100_00, currency="RUB")
    card.refund(ref, key="r2", amount=99_00, currency="RUB")

    for key, amount, currency in (("r3", 1, "RUB"), ("r1", 1, "RUB"), ("r4", 1, "EUR"), ("r5", 0, "RUB")):
        with pytest.raises(Refused):
            card.refund(ref, key=key, amount=amount, currency=currency)


def test_no_card_number_is_kept(card, tmp_path):
    ref = card.create(CHARGE).ref

    card.pay(ref, PAID_CARD)

    assert not any(PAID_CARD.encode() in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    with pytest.raises(Refused):
        card.pay(ref, "12")
