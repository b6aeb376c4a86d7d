"""A key per person: what lies under it is gone with it, wherever it lies, and no transaction leaves a value without."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from central.people.actions import change_customer, erase_customer, match_or_make_customer
from central.people.merging import merge_customers, undo_merge
from central.people.models import Customer, Merge, OrderContact
from central.ui.bulk.models import BulkRow
from central.ui.tests import cast
from infra.crypto import persons
from infra.crypto.errors import FieldBroken, KeyMissing, PersonForgotten
from infra.crypto.fields import open_value, seal_value
from infra.crypto.models import PersonKey
from node.realms import CENTRAL_REALMS, CUSTOMERS, alias_of, atomic
from sync.contracts.orders import Person
from sync.events import run_due

pytestmark = pytest.mark.django_db(databases=[alias_of(realm) for realm in CENTRAL_REALMS])

ANN = Person(name="Анна Примерова", phone="+70000000001", email="anna@example.com", language="ru", address="Lane 1")


@pytest.fixture(autouse=True)
def _nothing_held() -> Iterator[None]:
    persons.forget_held()
    yield
    persons.forget_held()


def match(person: Person = ANN, order: UUID | None = None) -> Customer:
    return match_or_make_customer(order or uuid4(), person, site="tea", site_label="Tea")


def stored(customer: Customer, column: str = "name") -> bytes:
    with connections[CUSTOMERS].cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM people_customer WHERE id = %s", [customer.pk])
        return bytes(cursor.fetchone()[0])


def test_what_was_copied_before_does_not_open_after_its_person_was_erased() -> None:
    customer = match()
    copy = stored(customer)
    assert open_value("people.name", copy, alias=CUSTOMERS) == "Анна Примерова"

    erase_customer(customer.pk)

    assert open_value("people.name", copy, alias=CUSTOMERS) is None
    key = PersonKey.objects.using(CUSTOMERS).get(pk=customer.pk)
    assert (bytes(key.wrapped), key.master) == (b"", "")


def test_data_out_of_a_backup_reads_as_empty_while_the_table_of_keys_is_the_newer_one() -> None:
    customer = match()
    copy = stored(customer)
    erase_customer(customer.pk)

    with connections[CUSTOMERS].cursor() as cursor:
        cursor.execute("UPDATE people_customer SET name = %s WHERE id = %s", [copy, customer.pk])

    assert Customer.objects.get(pk=customer.pk).name == ""


def test_a_key_that_is_not_in_the_table_is_missing_and_not_taken_for_destroyed() -> None:
    customer = match()
    PersonKey.objects.using(CUSTOMERS).filter(pk=customer.pk).delete()
    persons.forget_held()

    alias_blocks = connections[CUSTOMERS].atomic_blocks
    for block in alias_blocks:
        block.__dict__.pop("_rialto_person_keys", None)
    with pytest.raises(KeyMissing):
        assert Customer.objects.get(pk=customer.pk).name


def test_nothing_is_written_of_somebody_who_was_erased() -> None:
    customer = match()
    erase_customer(customer.pk)

    with pytest.raises(PersonForgotten):
        seal_value("people.name", "Anna", alias=CUSTOMERS, subject=customer.pk)
    persons.ensure(CUSTOMERS, [customer.pk])
    assert persons.is_forgotten(CUSTOMERS, customer.pk)


def test_an_order_that_was_under_way_while_its_buyer_was_erased_is_somebody_new() -> None:
    customer = match()
    erase_customer(customer.pk)

    late = match_or_make_customer(uuid4(), ANN, site="tea", site_label="Tea", signed_in=customer.pk)

    assert late.pk != customer.pk
    assert late.name == "Анна Примерова"


def test_a_value_moved_to_another_person_or_column_does_not_open() -> None:
    one, other = match(), match(Person(name="Борис", phone="+70000000002", language="ru"))
    moved = stored(one)[:1] + other.pk.bytes + stored(one)[17:]

    for column, value in (("people.name", moved), ("people.phone", stored(one))):
        with pytest.raises(FieldBroken):
            open_value(column, value, alias=CUSTOMERS)


@pytest.mark.django_db(databases=["customers"], transaction=True)
def test_a_key_made_in_a_transaction_that_is_rolled_back_is_not_used_again() -> None:
    subject = uuid4()
    with pytest.raises(ZeroDivisionError), atomic(CUSTOMERS):
        seal_value("people.name", "Anna", alias=CUSTOMERS, subject=subject)
        raise ZeroDivisionError

    with atomic(CUSTOMERS):
        kept = seal_value("people.name", "Anna", alias=CUSTOMERS, subject=subject)
    persons.forget_held()

    assert open_value("people.name", kept, alias=CUSTOMERS) == "Anna"


@pytest.mark.django_db(databases=["customers"], transaction=True)
def test_a_key_made_in_a_savepoint_that_is_rolled_back_is_not_used_again() -> None:
    subject = uuid4()
    with atomic(CUSTOMERS):
        with pytest.raises(ZeroDivisionError), atomic(CUSTOMERS):
            seal_value("people.name", "Anna", alias=CUSTOMERS, subject=subject)
            raise ZeroDivisionError
        kept = seal_value("people.name", "Anna", alias=CUSTOMERS, subject=subject)
    persons.forget_held()

    assert open_value("people.name", kept, alias=CUSTOMERS) == "Anna"


@pytest.mark.django_db(databases=["customers"], transaction=True)
def test_a_list_asks_once_for_all_its_keys_and_opens_only_what_is_shown() -> None:
    for number in range(30):
        match(Person(name=f"Client {number}", phone=f"+7000000{number:04d}", email="", language="en"))
    persons.forget_held()

    with CaptureQueriesContext(connections[CUSTOMERS]) as asked:
        names = [one.name for one in Customer.objects.order_by("created_at")[:30]]

    assert names == [f"Client {number}" for number in range(30)]
    assert len([one for one in asked.captured_queries if "crypto_personkey" in one["sql"]]) == 1


def test_what_nobody_touched_is_written_back_as_it_was() -> None:
    customer = match()
    before = stored(customer)

    Customer.objects.get(pk=customer.pk).save()

    assert stored(customer) == before


def test_after_a_merge_was_taken_back_erasing_one_leaves_the_others_orders_readable() -> None:
    gone, kept = match(), match(Person(name="Борис", phone="+70000000002", email="boris@example.com", language="ru"))
    merge_customers(gone.pk, kept.pk, by="olga")
    order = uuid4()
    assert match(order=order).pk == kept.pk  # came in while they were one person

    undo_merge(Merge.objects.get(kept=kept, undone_at=None).pk, by="olga")
    erase_customer(kept.pk)
    persons.forget_held()

    contact = OrderContact.objects.get(pk=order)
    assert (contact.customer_id, contact.name) == (gone.pk, "Анна Примерова")


def test_erasing_a_merged_client_destroys_the_keys_of_all_he_was() -> None:
    gone, kept = match(), match(Person(name="Борис", phone="+70000000002", email="boris@example.com", language="ru"))
    copies = [stored(gone), stored(kept)]
    merge_customers(gone.pk, kept.pk, by="olga")

    erase_customer(kept.pk)

    assert [open_value("people.name", copy, alias=CUSTOMERS) for copy in copies] == [None, None]


def test_what_bulk_runs_told_of_a_pair_of_people_goes_with_either_of_them() -> None:
    cast.site("tea")
    ada, others = cast.signed_in(cast.staff("ada", "admin")), cast.client("other", "Борис Другой")[1]
    customer, doubt = cast.client("tea", "Анна Примерова")
    rows = [str(doubt.pk), str(others.pk)]
    ada.post(reverse("doubts-bulk"), {"action": "apart", "row": rows, "go": "1"})
    run_due()
    told = {row.key: row.title for row in BulkRow.objects.using(CUSTOMERS).all()}
    assert "Анна Примерова" in told[rows[0]] and "Борис Другой" in told[rows[1]]

    erase_customer(customer.pk)

    row = BulkRow.objects.using(CUSTOMERS).get(key=rows[0])
    assert (row.title, row.why, row.told) == ("", "", None)
    assert BulkRow.objects.using(CUSTOMERS).get(key=rows[1]).title == told[rows[1]]


def test_update_without_a_row_is_refused_for_it_does_not_know_whose_the_value_is() -> None:
    from django.core.exceptions import FieldError

    customer = match()

    with pytest.raises(FieldError), atomic(CUSTOMERS):
        Customer.objects.filter(pk=customer.pk).update(name="Olga")
    assert change_customer(customer.pk, {"name": "Olga"}, by="olga").name == "Olga"
