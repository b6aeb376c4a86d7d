"""Two records, one person: nothing is lost by a merge, and its undoing gives both back."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connections
from msgspec.structs import replace

from central.history.models import Change
from central.people.actions import change_customer, erase_customer
from central.people.errors import (
    ErasedCustomer,
    MergeNotLast,
    StaleCustomer,
    TwoAccounts,
    UnknownDoubt,
    UnknownMerge,
)
from central.people.merging import decide_apart, decide_same, doubt_again, merge_customers, undo_merge
from central.people.models import Customer, Doubt, Merge, OrderContact
from central.people.queries import customers_by_phone, open_doubts_of
from central.people.tests.test_people import ANN, match
from central.shoppers import actions as accounts
from central.shoppers import codes
from central.shoppers.errors import EmailTaken, WrongSignIn
from central.shoppers.models import Account, Code
from central.shoppers.tests import make

pytestmark = pytest.mark.django_db(databases=["default", "customers"])
BORIS = replace(ANN, name="Борис", phone="+70000000002", email="boris@example.com")


@pytest.fixture(autouse=True)
def nobody_has_tried() -> None:
    codes.forget_counts()


@pytest.fixture
def pair() -> tuple[Customer, Customer]:
    return match(ANN), match(BORIS)


def change(customer: Customer, **said: str) -> None:
    change_customer(customer.pk, said, by="olga")


def values(customer: Customer) -> tuple[Any, ...]:
    customer.refresh_from_db()
    index = bytes(customer.phone_index) if customer.phone_index else None
    return customer.name, customer.phone, customer.email, index, customer.merged_into_id


def test_both_values_are_kept_whichever_is_chosen(pair: tuple[Customer, Customer]) -> None:
    ann, boris = pair

    merge_customers(boris.pk, ann.pk, take=["phone", "email"], by="olga")

    assert values(ann)[:3] == ("Анна Примерова", "+70000000002", "boris@example.com")
    for person in (ANN, BORIS, replace(ANN, phone=""), replace(BORIS, phone="")):
        assert match(person) == ann
    assert OrderContact.objects.filter(customer=ann).count() == 6


def test_undoing_gives_both_back_as_they_were(pair: tuple[Customer, Customer]) -> None:
    before = [values(one) for one in pair]
    merge_customers(pair[1].pk, pair[0].pk, take=["name", "phone", "email"], by="olga")
    match(replace(ANN, comment="since"))
    match(replace(BORIS, comment="since"))

    back = undo_merge(Merge.objects.get().pk, by="olga")

    assert back == pair[1]
    assert [values(one) for one in pair] == before
    assert [one.contacts.count() for one in pair] == [2, 2]
    assert Merge.objects.get().before == ""
    with pytest.raises(UnknownMerge):
        undo_merge(Merge.objects.get().pk)


def test_what_was_changed_since_stays_with_the_one_who_was_kept(pair: tuple[Customer, Customer]) -> None:
    ann, boris = pair
    merge_customers(boris.pk, ann.pk, take=["name"])
    change(ann, name="Анна Новая", phone="+70000000009")

    undo_merge(Merge.objects.get().pk)

    assert values(ann)[:2] == ("Анна Новая", "+70000000009")
    assert values(boris)[:2] == ("Борис", "+70000000002")


def test_the_last_merge_goes_back_first(pair: tuple[Customer, Customer]) -> None:
    ann, boris = pair
    third = match(replace(ANN, phone="+70000000003", email="third@example.com"))
    merge_customers(ann.pk, boris.pk)
    merge_customers(boris.pk, third.pk)
    first, second = Merge.objects.order_by("pk")
    with pytest.raises(MergeNotLast):
        undo_merge(first.pk)

    undo_merge(second.pk)
    assert [values(one)[4] for one in (ann, boris, third)] == [boris.pk, None, None]
    undo_merge(first.pk)

    assert [values(one)[4] for one in (ann, boris, third)] == [None, None, None]
    assert [one.contacts.count() for one in (ann, boris, third)] == [1, 1, 1]


def test_what_was_compared_is_what_is_merged(pair: tuple[Customer, Customer]) -> None:
    ann, boris = pair
    seen = {one.pk: one.ver for one in pair}
    change(boris, name="Кто-то другой")

    with pytest.raises(StaleCustomer):
        merge_customers(boris.pk, ann.pk, seen=seen)

    assert not Merge.objects.exists()


def test_one_phone_of_both_is_the_survivors() -> None:
    first, second = match(ANN), match(BORIS)
    change(second, phone=ANN.phone)
    second.refresh_from_db()
    assert not second.has_proven_phone

    merge_customers(first.pk, second.pk)

    second.refresh_from_db()
    assert second.has_proven_phone
    assert set(customers_by_phone(ANN.phone).filter(merged_into=None)) == {second}
    undo_merge(Merge.objects.get().pk)
    assert [Customer.objects.get(pk=one.pk).has_proven_phone for one in (first, second)] == [True, False]


def test_a_merge_lies_encrypted_in_the_database(pair: tuple[Customer, Customer]) -> None:
    merge_customers(pair[1].pk, pair[0].pk)

    with connections["customers"].cursor() as cursor:
        cursor.execute("SELECT people_merge::text FROM people_merge")
        (row,) = cursor.fetchone()
    for text in ("Анна", "Борис", "boris@example.com", "70000000002"):
        assert text not in row and text.encode().hex() not in row


# --- doubts


def test_a_doubt_is_decided_by_one_click_and_taken_back() -> None:
    first, second = match(ANN), match(replace(ANN, phone="+70000000002"))
    doubt = Doubt.objects.create(customer=second, other=first, why=Doubt.Why.EMAIL)
    assert [one.pk for one in open_doubts_of(first)] == [doubt.pk]

    decide_apart(doubt.pk, by="olga")
    assert not open_doubts_of(first).exists()
    doubt_again(doubt.pk, by="olga")
    merge = decide_same(doubt.pk, by="olga")

    assert (merge.kept, merge.gone) == (first, second)  # the elder stays
    doubt.refresh_from_db()
    assert (doubt.state, doubt.decided_by) == ("same", "olga")
    undo_merge(merge.pk, by="boss")
    doubt.refresh_from_db()
    assert (doubt.state, doubt.decided_by) == ("apart", "boss")
    with pytest.raises(UnknownDoubt):
        decide_same(doubt.pk, by="olga")


def test_a_doubt_follows_who_its_sides_became() -> None:
    first, second, third = (match(replace(ANN, phone=f"+7000000000{n}")) for n in (1, 2, 3))
    Doubt.objects.create(customer=second, other=first, why=Doubt.Why.EMAIL)
    merge_customers(first.pk, third.pk)

    [doubt] = open_doubts_of(third)
    merge = decide_same(doubt.pk, by="olga")

    assert {merge.gone, merge.kept} == {second, third}
    assert not open_doubts_of(merge.kept).exists()


# --- accounts


def test_the_only_account_goes_to_who_stays_with_its_mail_and_back() -> None:
    account, other = make.account(), match(BORIS)
    anna = account.customer

    merge_customers(anna.pk, other.pk, take=[])

    account.refresh_from_db()
    assert (account.customer, account.customer.email) == (other, "anna@example.com")
    assert accounts.sign_in("anna@example.com", make.PASSWORD, address="::1") == account
    undo_merge(Merge.objects.get().pk)
    account.refresh_from_db()
    assert (account.customer, account.customer.email) == (anna, "anna@example.com")
    assert values(other)[2] == "boris@example.com"


def test_a_mail_the_shopper_changed_since_goes_back_with_his_account() -> None:
    account, other = make.account(), match(BORIS)
    anna = account.customer
    merge_customers(anna.pk, other.pk)
    change_customer(other.pk, {"email": "new@example.com"}, by="shopper", is_email_proven=True)

    undo_merge(Merge.objects.get().pk)

    assert (values(anna)[2], values(other)[2]) == ("new@example.com", "boris@example.com")
    assert accounts.sign_in("new@example.com", make.PASSWORD, address="::1").customer == anna


def test_of_two_accounts_one_signs_in_and_the_other_is_opened_again_by_the_undo() -> None:
    kept, closed = make.account(), make.account("boris@example.com", "Борис Образцов")
    _, session = accounts.open_session(closed, device="")

    merge_customers(closed.customer_id, kept.customer_id, take=["email"])

    session.refresh_from_db()
    assert session.ended_at is not None
    assert accounts.sign_in("anna@example.com", make.PASSWORD, address="::1") == kept
    with pytest.raises(WrongSignIn):
        accounts.sign_in("boris@example.com", make.PASSWORD, address="::1")
    undo_merge(Merge.objects.get().pk)
    assert accounts.sign_in("boris@example.com", make.PASSWORD, address="::1") == closed
    assert {one.customer_id for one in Account.objects.all()} == {kept.customer_id, closed.customer_id}


def test_two_accounts_are_never_made_one_by_one_click() -> None:
    first, second = make.account(), make.account("boris@example.com", "Борис Образцов")
    for one in (first, second):
        change_customer(one.customer_id, {"phone": "+70000000001"}, by="shopper")

    with pytest.raises(TwoAccounts):
        decide_same(Doubt.objects.get().pk, by="olga")

    assert not Merge.objects.exists() and Doubt.objects.get().state == "open"


def test_a_merge_stands_when_its_mail_has_a_new_account() -> None:
    kept, closed = make.account(), make.account("boris@example.com", "Борис Образцов")
    merge_customers(closed.customer_id, kept.customer_id)
    make.account("boris@example.com", "Борис Новый")

    with pytest.raises(EmailTaken):
        undo_merge(Merge.objects.get().pk)

    assert Customer.objects.get(pk=closed.customer_id).merged_into_id == kept.customer_id
    assert Merge.objects.get().undone_at is None


# --- erasing


def test_an_erased_person_is_in_no_column_and_the_deed_is_told() -> None:
    account = make.account()
    customer, other = account.customer, match(BORIS)
    make.bought(signed_in=customer.pk)
    accounts.ask_code(Code.Purpose.SIGN_IN, "anna@example.com", address="::1", language="en")
    accounts.open_session(account, device="Firefox of Anna")
    change(customer, name="Анна Новая")
    merge_customers(other.pk, customer.pk)

    erase_customer(customer.pk, by="boss")
    erase_customer(other.pk, by="again")

    for one in Customer.objects.all():
        assert (one.name, one.phone, one.email, one.address) == ("", "", "", "")
        assert one.phone_index is one.email_index is one.claimed_index is None
        assert one.erased_at is not None
    assert {(one.name, one.phone, one.state_url) for one in OrderContact.objects.all()} == {("", "", "")}
    assert [one.before for one in Merge.objects.all()] == [""]
    assert not Code.objects.exists() and not Doubt.objects.exists()
    assert account.sessions.get().device == ""
    told = Change.objects.using("customers").filter(record_key=str(customer.pk))
    [erased] = [change for change in told if "erased_at" in change.after]
    assert erased.who == "boss"
    with connections["customers"].cursor() as cursor:
        cursor.execute("SELECT history_change::text FROM history_change")
        said = " ".join(row for (row,) in cursor.fetchall())
    assert "\\\\x01" not in said  # no ciphertext is left to be opened


def test_nothing_is_done_to_an_erased_client(pair: tuple[Customer, Customer]) -> None:
    ann, boris = pair
    merge_customers(boris.pk, ann.pk)
    erase_customer(ann.pk)
    other = match(replace(BORIS, name="Новый"))

    assert other not in pair
    for deed in (
        lambda: change(ann, name="Анна"),
        lambda: merge_customers(other.pk, ann.pk),
        lambda: undo_merge(Merge.objects.get().pk),
    ):
        with pytest.raises(ErasedCustomer):
            deed()
