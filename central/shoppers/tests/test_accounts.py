"""Accounts: born by a proven e-mail, one per e-mail, and never a way into somebody else's record."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from central.carts.owners import owners_of
from central.history.queries import of_record
from central.people.actions import change_customer
from central.people.models import Customer, Doubt
from central.people.queries import customers_by_phone, orders_of_account
from central.shoppers import actions, codes
from central.shoppers.errors import CodeSpent, EmailTaken, TooManyTries, WeakPassword, WrongCode, WrongSignIn
from central.shoppers.events import CodeAsked
from central.shoppers.handlers import mail_code
from central.shoppers.models import Account, Code
from central.shoppers.tests import make
from central.ui.actors import shopper
from central.ui.tests import cast
from sync.contracts.cart import is_customer_cart
from sync.events import JobRun

pytestmark = pytest.mark.django_db(databases=["default", "customers"])
HERE = "127.0.0.1"


def ask(purpose: Code.Purpose = Code.Purpose.SIGN_IN, email: str = "anna@example.com", **more: Any) -> Code:
    return actions.ask_code(purpose, email, address=HERE, language="en", **more)


def test_an_account_is_born_when_the_code_comes_back() -> None:
    code = ask(Code.Purpose.SIGN_UP, " Anna@Example.com", name="Анна", password=make.PASSWORD)
    assert Account.objects.count() == 0 and Customer.objects.count() == 0

    account = actions.sign_up_or_in(code.pk, codes.digits_of(code.pk), address=HERE)

    assert (account.customer.name, account.customer.email) == ("Анна", "anna@example.com")
    assert account.verified_at is not None and is_customer_cart(account.cart)
    assert actions.sign_in("anna@example.com", make.PASSWORD, address=HERE) == account


def test_a_code_is_good_once_and_for_ten_minutes() -> None:
    code = ask(Code.Purpose.SIGN_UP, name="A", password=make.PASSWORD)
    digits = codes.digits_of(code.pk)
    actions.sign_up_or_in(code.pk, digits, address=HERE)
    with pytest.raises(CodeSpent):
        actions.sign_up_or_in(code.pk, digits, address=HERE)

    old = ask()
    Code.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(minutes=10, seconds=1))
    with pytest.raises(CodeSpent):
        actions.sign_up_or_in(old.pk, codes.digits_of(old.pk), address=HERE)


@pytest.mark.slow
def test_a_thousand_tries_of_a_code_open_nothing(caplog: Any) -> None:
    make.account()
    code = ask()
    right = codes.digits_of(code.pk)
    refused: list[type[Exception]] = []

    for guess in range(1000):
        typed = f"{(int(right) + 1 + guess) % 1_000_000:06d}"
        try:
            actions.sign_up_or_in(code.pk, typed, address=f"10.0.{guess // 250}.{guess % 250}")
        except (WrongCode, CodeSpent, TooManyTries) as error:
            refused.append(type(error))

    assert len(refused) == 1000
    assert refused.count(WrongCode) == codes.TRIES
    assert refused.count(CodeSpent) < 25 and refused.count(TooManyTries) > 900
    assert "too many tries of 'code'" in caplog.text
    codes.forget_counts()  # a flushed Redis gives no more tries
    with pytest.raises(CodeSpent):
        actions.sign_up_or_in(code.pk, right, address=HERE)


def test_a_flushed_redis_sends_no_more_codes_than_five_an_hour() -> None:
    for _ in range(codes.PER_HOUR):
        codes.forget_counts()
        ask()
    codes.forget_counts()

    with pytest.raises(TooManyTries):
        ask()


def test_what_is_done_for_a_stranger_leaves_the_same_rows_and_sends_nothing() -> None:
    code = ask(email="stranger@example.com")

    run = JobRun(realm="customers", id=uuid4(), key="k", handler="shoppers.mail_code", attempt=1)

    assert mail_code(CodeAsked(code=code.pk.hex), run) == {"skipped": "no_account"}
    with pytest.raises(CodeSpent):
        actions.sign_up_or_in(code.pk, codes.digits_of(code.pk), address=HERE)
    assert Account.objects.count() == 0


def test_signing_up_with_a_known_mail_changes_nothing_of_the_account() -> None:
    account = make.account()
    code = ask(Code.Purpose.SIGN_UP, name="Mallory", password="another kettle 7")

    assert actions.sign_up_or_in(code.pk, codes.digits_of(code.pk), address=HERE) == account

    account.customer.refresh_from_db()
    assert account.customer.name == "Анна Примерова"
    with pytest.raises(WrongSignIn):
        actions.sign_in("anna@example.com", "another kettle 7", address=HERE)


def test_a_weak_password_is_refused_before_anything_is_sent() -> None:
    for password in ("short", "1234567890", "anna@example.com"):
        with pytest.raises(WeakPassword):
            ask(Code.Purpose.SIGN_UP, password=password)
    assert Code.objects.count() == 0


def test_a_reset_sets_the_password_and_signs_out_everywhere() -> None:
    account = make.account()
    _, session = actions.open_session(account, device="")
    code = ask(Code.Purpose.RESET)

    actions.reset_password(code.pk, codes.digits_of(code.pk), "green kettle 43", address=HERE)

    session.refresh_from_db()
    assert session.ended_at is not None
    assert actions.sign_in("anna@example.com", "green kettle 43", address=HERE) == account
    with pytest.raises(WrongSignIn):
        actions.sign_in("anna@example.com", make.PASSWORD, address=HERE)


# --- whose record it is


def test_an_account_attaches_to_the_customer_whose_orders_all_named_its_mail() -> None:
    customer = make.bought()

    assert make.account().customer == customer


def test_ordering_with_the_phone_of_another_gives_no_way_to_his_record() -> None:
    victim = make.bought(email="", phone="+70000000001")
    assert make.bought(email="mallory@example.com", phone="+70000000001") == victim

    account = make.account("mallory@example.com", "Mallory")

    assert account.customer != victim
    assert account.customer.phone == ""
    assert [doubt.other for doubt in Doubt.objects.filter(customer=account.customer)] == [victim]


def test_an_order_by_a_phone_alone_is_not_shown_in_the_account() -> None:
    account = make.account("mallory@example.com", "Mallory")
    change_customer(account.customer_id, {"phone": "+70000000001"}, by=shopper(account.customer_id))
    assert make.bought(email="victim@example.com", phone="+70000000001") == account.customer

    assert orders_of_account(account.customer_id, "mallory@example.com") == []


def test_an_order_placed_while_signed_in_is_the_customers_whatever_he_typed() -> None:
    account, other = make.account(), make.bought(email="gift@example.com", phone="+70000000009")

    customer = make.bought(email="gift@example.com", phone="+70000000009", signed_in=account.customer_id)

    assert customer == account.customer != other
    assert len(orders_of_account(account.customer_id, "anna@example.com")) == 1


def test_a_guests_order_changes_nothing_of_an_account() -> None:
    account = make.account()

    assert make.bought(phone="+70000000066") != account.customer or account.customer.phone == ""

    account.customer.refresh_from_db()
    assert account.customer.phone == ""


def test_two_accounts_with_one_phone_stay_two_and_wait_for_a_person() -> None:
    first, second = make.account(), make.account("boris@example.com", "Борис Образцов")
    change_customer(first.customer_id, {"phone": "+70000000001"}, by=shopper(first.customer_id))

    change_customer(second.customer_id, {"phone": "8 000 000-00-01"}, by=shopper(second.customer_id))

    one, two = Customer.objects.get(pk=first.customer_id), Customer.objects.get(pk=second.customer_id)
    assert (one.has_proven_phone, two.has_proven_phone) == (True, False)
    assert set(customers_by_phone("+7 000 000 00 01")) == {one, two}
    doubt = Doubt.objects.get()
    assert (doubt.customer, doubt.other, doubt.why, doubt.state) == (two, one, "phone", "open")


def test_a_change_by_staff_shows_in_the_account_and_says_who() -> None:
    account = make.account()

    change_customer(account.customer_id, {"name": "Анна П.", "email": "new@example.com"}, by="olga")

    account.refresh_from_db()
    assert account.customer.name == "Анна П."
    assert account.verified_at is None  # the new mail has yet to be proven
    with pytest.raises(WrongSignIn):
        actions.sign_in("new@example.com", make.PASSWORD, address=HERE)
    code = ask(email="new@example.com")
    actions.sign_up_or_in(code.pk, codes.digits_of(code.pk), address=HERE)
    assert actions.sign_in("new@example.com", make.PASSWORD, address=HERE) == account
    entry = of_record(cast.staff("ada", "admin"), account.customer).entries[0]
    assert (entry.who, [(row.title, row.was, row.became) for row in entry.rows]) == (
        "olga",
        [("Full name", "Анна Примерова", "Анна П."), ("E-mail", "anna@example.com", "new@example.com")],
    )


def test_the_mail_of_another_account_is_refused_and_nothing_is_written() -> None:
    account, _ = make.account(), make.account("boris@example.com", "Борис")

    with pytest.raises(EmailTaken):
        change_customer(account.customer_id, {"name": "X", "email": "boris@example.com"}, by="olga")

    assert Customer.objects.get(pk=account.customer_id).name == "Анна Примерова"


def test_no_mail_name_or_code_lies_in_clear_in_the_database() -> None:
    make.account("adelaida@example.org", "Аделаида Выдуманная")
    ask(Code.Purpose.NEW_EMAIL, "adelaida2@example.org", account=Account.objects.get())

    from django.db import connections

    with connections["customers"].cursor() as cursor:
        for table in ("shoppers_account", "shoppers_code", "people_customer", "history_change"):
            cursor.execute(f"SELECT {table}::text FROM {table}")
            for (row,) in cursor.fetchall():
                assert "adelaida" not in row and "Аделаида" not in row
                assert b"adelaida".hex() not in row and "Аделаида".encode().hex() not in row


def test_a_live_cart_is_known_by_its_account() -> None:
    account = make.account()

    [(cart, owner)] = owners_of([account.cart, "a" * 32]).items()

    assert (cart, owner.name, owner.customer) == (account.cart, "Анна Примерова", account.customer_id)
    assert owner.url.endswith(str(account.customer_id))
