"""Orders are found by who ordered, though customers live in another database: by marks that events bring over."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import User
from django.db import connections
from msgspec.structs import replace

from central.orders import actions, marks, person_index, receiving
from central.orders.models import Order, OrderPerson
from central.orders.queries import OrderFilter, filtered_orders, orders_page, orders_visible_to
from central.orders.tests.make import ANN, make_placed, realm_away
from central.orders.tests.test_queries import staff
from central.people.actions import change_customer, erase_customer
from central.people.errors import ErasedCustomer, MergeNotLast
from central.people.merging import merge_customers, undo_merge
from central.people.models import Customer, Merge, OrderContact
from sync import events
from sync.contracts.orders import Person
from sync.store.jobs.models import Job

pytestmark = pytest.mark.django_db(databases=["default", "orders", "customers"])

REALMS = ("orders", "customers")
OURS = ("orders.match_customer", "orders.name_customer", "orders.index_customer", "orders.hand_back_orders")
BORIS = Person(name="Борис Королёв", phone="+70000000002", email="boris@example.com", language="ru")


@pytest.fixture(autouse=True)
def _mails(mails: Any) -> None:
    """Nobody is written to."""


@pytest.fixture
def boss() -> User:
    return staff(sees_all=True)


def place(person: Person) -> Order:
    order = receiving.receive_order(make_placed(person=person))
    events.run_due(REALMS)
    order.refresh_from_db()
    return order


def edit(customer: UUID | None, **said: str) -> None:
    assert customer is not None
    change_customer(customer, said, by="")


def found(user: Any, text: str) -> list[Order]:
    return orders_page(user, OrderFilter(person=text, finds_customers=True)).rows


def index() -> dict[UUID, tuple[list[bytes], UUID | None]]:
    return {row.pk: ([bytes(mark) for mark in row.marks], row.merged_into) for row in OrderPerson.objects.all()}


@pytest.mark.parametrize(
    "text",
    [
        "+7 000 000-00-02",
        "8 (000) 0000002",
        " BORIS@Example.com",
        "борис",
        "КОРОЛЕВ",
        "Королёв  Борис",
        "борис, королев",
    ],
)
def test_an_order_is_found_by_phone_mail_and_whole_words_of_the_name(boss: User, text: str) -> None:
    place(ANN)
    order = place(BORIS)

    assert found(boss, text) == [order]


@pytest.mark.parametrize(
    "text", ["Бор", "ролев", "Борис Примерова", "+70000000003", "boris@example.org", "0000002", "—"]
)
def test_a_part_or_a_wrong_word_finds_nobody(boss: User, text: str) -> None:
    place(ANN)
    place(BORIS)

    assert found(boss, text) == []


def test_what_was_given_with_any_order_finds_the_customers_orders(boss: User) -> None:
    first = place(BORIS)
    second = place(replace(BORIS, name="Боря", email="work@example.com"))

    assert found(boss, "боря") == found(boss, "work@example.com") == [second, first]


def test_without_the_right_the_filter_finds_and_hides_nothing(boss: User) -> None:
    order = place(BORIS)

    for text in ("борис", "+70000000002", "nobody"):
        assert orders_page(boss, OrderFilter(person=text)).rows == [order]
        assert orders_page(boss, OrderFilter(search=text)).rows == []


def test_the_sites_a_person_may_see_hold_under_the_filter(boss: User) -> None:
    place(BORIS)

    assert found(staff("clay"), "борис") == []


def test_customers_away_orders_are_still_found_and_sorted(boss: User) -> None:
    orders = [place(BORIS), place(replace(BORIS, name="Боря"))]

    with realm_away("customers"):
        assert found(boss, "королев") == found(boss, "80000000002") == orders[::-1]


def test_a_new_name_finds_and_the_old_one_only_where_it_was_given(boss: User) -> None:
    order = place(BORIS)
    assert order.customer is not None
    edit(order.customer, name="Бернард Королёв", phone="+70000000007")
    events.run_due(REALMS)

    assert found(boss, "бернард") == found(boss, "+70000000007") == [order]
    assert found(boss, "борис") == [order]  # the order's own contact still says so


def test_a_merged_customer_hands_his_orders_on_also_those_on_their_way(boss: User) -> None:
    one, other = place(BORIS), place(replace(BORIS, phone="+70000000005", email="", name="Боря"))
    late = receiving.receive_order(make_placed(person=replace(BORIS, email="", name="Он же")))
    assert one.customer and other.customer and one.customer != other.customer
    events.run_job("orders", Job.objects.using("orders").get(handler="orders.match_customer", state="queued").pk)
    merge_customers(one.customer, other.customer)
    for handler in ("orders.index_customer", "orders.name_customer"):
        for job in Job.objects.using("customers").filter(handler=handler, state="queued"):
            events.run_job("customers", job.pk)
    after = place(BORIS)

    assert {order.customer for order in Order.objects.all()} == {other.customer}
    assert set(found(boss, "борис")) == set(found(boss, "боря")) == {one, other, late, after}


def test_customers_who_are_two_again_have_their_own_orders(boss: User) -> None:
    one, other = place(BORIS), place(replace(BORIS, phone="+70000000005", email="", name="Мария"))
    assert one.customer and other.customer
    merge_customers(other.customer, one.customer)
    events.run_due(REALMS)
    since = place(replace(BORIS, phone="+70000000005", email="", name="Мария"))
    assert since.customer == one.customer

    undo_merge(Merge.objects.get().pk)
    events.run_due(REALMS)

    owners = dict(Order.objects.values_list("pk", "customer"))
    assert owners == {one.pk: one.customer, other.pk: other.customer, since.pk: other.customer}
    assert found(boss, "мария") == [since, other]
    assert found(boss, "борис") == [one]


def test_an_erased_customer_is_found_by_nothing_and_his_orders_stay_without_him(boss: User) -> None:
    order = place(BORIS)
    assert order.customer is not None
    actions.edit_order(order.pk, note="Борис просил позвонить", by="olga")
    erase_customer(order.customer)
    events.run_due(REALMS)

    assert index() == {order.customer: ([], None)}
    assert OrderContact.objects.get(pk=order.pk).phone == ""
    left = Order.objects.get(pk=order.pk)
    assert (bytes(left.sealed), left.note, left.total, left.customer) == (b"", "", order.total, order.customer)
    _run_some(random.Random(1), 1000)  # what opens the seal comes again: it finds nothing to open
    assert not Job.objects.using("orders").filter(state="failed").exists()
    assert OrderContact.objects.get(pk=order.pk).phone == ""


def test_an_older_state_never_takes_the_place_of_a_newer_one() -> None:
    order = place(BORIS)
    assert order.customer is not None
    old = person_index._row(order.customer, person_index.known_as([order.customer])[order.customer])
    edit(order.customer, name="Бернард")
    events.run_due(REALMS)
    new = index()

    actions.write_people([old])

    assert index() == new


def test_an_event_that_a_later_one_has_overtaken_opens_nothing(django_assert_num_queries: Any) -> None:
    order = place(BORIS)
    assert order.customer is not None
    ver = OrderPerson.objects.get(pk=order.customer).ver
    OrderPerson.objects.filter(pk=order.customer).update(ver=ver + 1)

    with django_assert_num_queries(0, using="customers"):
        person_index.index_customer(order.customer, ver)


def test_a_rebuild_mends_what_is_lost_wrong_or_left_over() -> None:
    kept, broken = place(ANN), place(BORIS)
    good, orphan = index(), uuid4()
    OrderPerson.objects.filter(pk=kept.customer).delete()
    OrderPerson.objects.filter(pk=broken.customer).update(marks=[b"x"])
    OrderPerson.objects.create(pk=orphan, marks=[b"y"], ver=9)

    assert person_index.reindex() == 2

    assert index() == {**good, orphan: ([], None)}


def test_a_rebuild_believes_customers_that_came_out_of_a_backup() -> None:
    order = place(BORIS)
    good = index()
    OrderPerson.objects.filter(pk=order.customer).update(marks=[b"later"], ver=99)

    person_index.reindex()

    assert index() == good
    assert OrderPerson.objects.get().ver == Customer.objects.get().ver


def test_marks_meet_none_of_the_customers_realm() -> None:
    place(BORIS)
    theirs = {bytes(row.phone_index or b"") for row in Customer.objects.all()}
    theirs |= {bytes(row.email_index or b"") for row in Customer.objects.all()}

    [(ours, _)] = index().values()

    assert len(ours) == 4 and {len(mark) for mark in ours} == {marks.SIZE}
    assert not {mark for mark in ours for one in theirs if one.startswith(mark)}


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.slow
def test_any_order_of_events_ends_where_a_fresh_rebuild_does(seed: int) -> None:
    """Orders, new names, merges and erasures at random; their events late, twice and in any order."""
    rng = random.Random(seed)
    people = [Person(name=f"Имя{n} Слово{n % 2}", phone=f"+7000000010{n}", email="", language="ru") for n in range(3)]
    for _ in range(14):
        _do_something(rng, people)
        _run_some(rng, 3)
    _run_some(rng, 1000)
    _run_some(rng, 1000)
    by_events, owners = index(), dict(Order.objects.values_list("pk", "customer"))

    OrderPerson.objects.all().delete()
    person_index.reindex()

    assert by_events == index()
    assert owners == dict(OrderContact.objects.values_list("pk", "customer"))


def _do_something(rng: random.Random, people: list[Person]) -> None:
    customers = list(Customer.objects.order_by("created_at").values_list("pk", flat=True))
    deed = rng.choices(["order", "edit", "merge", "undo", "erase"], (6, 3, 3, 3, 1))[0]
    if deed == "order" or len(customers) < 2:
        receiving.receive_order(make_placed(person=rng.choice(people)))
    elif deed == "edit":
        with suppress(ErasedCustomer):
            edit(rng.choice(customers), name=f"Имя{rng.randrange(9)}", email=f"m{rng.randrange(9)}@example.com")
    elif deed == "merge":
        with suppress(ErasedCustomer):
            merge_customers(*rng.sample(customers, 2))
    elif deed == "undo":
        if merges := list(Merge.objects.filter(undone_at=None)):
            with suppress(ErasedCustomer, MergeNotLast):
                undo_merge(rng.choice(merges).pk)
    else:
        erase_customer(rng.choice(customers))


def _run_some(rng: random.Random, count: int) -> None:
    """Run jobs of ours, in any order, also such as have been run: their worker was killed before it could say so."""
    todo = [
        (realm, job)
        for realm in REALMS
        for job in Job.objects.using(realm).filter(handler__in=OURS).order_by("pk").values_list("pk", flat=True)
    ]
    for realm, job in rng.sample(todo, min(count, len(todo))):
        Job.objects.using(realm).filter(pk=job).update(state="queued")
        events.run_job(realm, job)


def test_the_index_answers_a_list_without_reading_every_customer() -> None:
    place(BORIS)
    orders = filtered_orders(orders_visible_to(staff(sees_all=True)), OrderFilter(person="борис", finds_customers=True))

    with connections["orders"].cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert "person_marks" in orders.explain()
