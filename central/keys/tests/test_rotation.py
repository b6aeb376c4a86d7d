"""Values of every age open, everything comes over while others write, an old key goes when nothing needs it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from django.test import override_settings

from central.cluster.models import Node
from central.history.models import Change
from central.history.queries import check_chains, of_record
from central.keys import actions
from central.keys.models import KeyStep
from central.orders.actions import change_status, edit_order
from central.orders.models import Order, OrderChange
from central.orders.queries import customers_who_ordered
from central.orders.receiving import receive_order
from central.orders.seal import open_person
from central.orders.tests import make
from central.people.actions import change_customer, match_or_make_customer
from central.people.models import Customer
from central.people.queries import customers_by_email, customers_by_phone
from central.ui.models import SavedView
from central.ui.tests import cast
from infra.crypto import persons, rings, rotation
from infra.crypto.checks import problems_of
from infra.crypto.errors import KeyInUse, KeyMissing, KeyWrong
from infra.crypto.fields import keyring, open_value
from infra.crypto.keys import KINDS, add_key, ensure_central_keys, keys_dir
from infra.crypto.models import KeyCheck, PersonKey
from node.config import config
from node.realms import CENTRAL_REALMS, CUSTOMERS, ORDERS, alias_of, atomic, realm_of
from sync.contracts.orders import Person
from sync.events import run_due
from sync.store.jobs.models import Job

pytestmark = pytest.mark.django_db(databases=[alias_of(realm) for realm in CENTRAL_REALMS])

ANN = Person(name="Анна Примерова", phone="+70000000001", email="anna@example.com", language="ru", address="Lane 1")


@pytest.fixture(autouse=True)
def keys_in_files(node_home: Path) -> Iterator[Path]:
    """Keys of this test's own, in files."""
    persons.forget_held()
    with override_settings(RIALTO_EPHEMERAL_KEYS=False):
        ensure_central_keys(node_home)
        yield keys_dir(node_home)
    persons.forget_held()


def match(person: Person = ANN) -> Customer:
    return match_or_make_customer(uuid4(), person, site="tea", site_label="Tea")


def rotate(kind: str) -> KeyStep:
    step = actions.begin(kind, by="ada")
    run_due()
    step.refresh_from_db()
    return step


def write_as_before(model: Any, row: Any, column: str, name: str, text: str) -> bytes:
    """What a version before keys of persons wrote: under the master key itself."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    header, nonce = bytes((1, 1)) + b"1", os.urandom(12)
    old = header + nonce + AESGCM(keyring().fields["1"]).encrypt(nonce, text.encode(), header + b"\0" + column.encode())
    realm = realm_of(model._meta.app_label)
    with rotation.rekeying(realm), connections[alias_of(realm)].cursor() as cursor:
        cursor.execute(f"UPDATE {model._meta.db_table} SET {name} = %s WHERE id = %s", [old, row.pk])
    return old


def left(kind: str) -> dict[str, int]:
    return {f"{one.realm} {one.name}": count for one in rotation.stages_of(kind) if (count := one.left())}


def test_values_of_before_open_and_come_under_the_key_of_their_person() -> None:
    customer = match()
    write_as_before(Customer, customer, "people.name", "name", "Анна Примерова")
    assert Customer.objects.get(pk=customer.pk).name == "Анна Примерова"
    assert left("fields") == {"customers people.customer": 1}
    changes = Change.objects.using(CUSTOMERS).count()

    step = rotate("fields")

    assert (step.state, step.done, step.left) == ("done", 1, 0)
    with connections[CUSTOMERS].cursor() as cursor:
        cursor.execute("SELECT name FROM people_customer WHERE id = %s", [customer.pk])
        assert bytes(cursor.fetchone()[0])[:17] == b"\x03" + customer.pk.bytes
    assert Customer.objects.get(pk=customer.pk).name == "Анна Примерова"
    assert Change.objects.using(CUSTOMERS).count() == changes  # encrypted anew is no change


def test_a_history_of_before_comes_under_the_key_of_its_person_and_its_chain_stays_whole() -> None:
    ada = cast.staff("ada", "admin")
    customer = match()
    write_as_before(Customer, customer, "people.name", "name", "Anna Old")
    change_customer(customer.pk, {"name": "Anna New"}, by="ada")
    assert left("fields")["customers history.change"] >= 1

    rotate("fields")

    assert left("fields") == {}
    assert not any(health.broken for health in check_chains([CUSTOMERS]))
    told = [(row.was, row.became) for entry in of_record(ada, customer).entries for row in entry.rows]
    assert ("Anna Old", "Anna New") in told


def test_a_value_encrypted_anew_in_the_history_opens_at_its_own_place_only() -> None:
    customer = match()
    write_as_before(Customer, customer, "people.name", "name", "Anna Old")
    change_customer(customer.pk, {"name": "Anna New"}, by="ada")
    rotate("fields")
    change = Change.objects.using(CUSTOMERS).filter(before__has_key="name", before__name__startswith="#").latest("pk")
    mark, _, anew = change.before["name"].partition(":")
    stored = bytes.fromhex(anew.removeprefix("\\x"))

    assert open_value(f"people.name{mark}", stored, alias=CUSTOMERS) == "Anna Old"
    with pytest.raises(Exception, match="does not open"):
        open_value(f"people.name#{'0' * 64}", stored, alias=CUSTOMERS)


def test_a_new_master_key_wraps_the_keys_of_persons_anew_and_the_old_one_can_be_retired(keys_in_files: Path) -> None:
    customer = match()
    view = SavedView.objects.create(list="orders", owner=cast.staff("ada", "admin"), title="a", query="q=Анна")
    actions.add("fields", by="ada")
    assert (keyring().current, view.query) == ("2", "q=Анна")
    with pytest.raises(KeyInUse):
        actions.retire("fields", "1", by="ada")

    step = rotate("fields")
    actions.retire("fields", "1", by="ada")
    persons.forget_held()

    assert step.left == 0 and step.done >= 2
    assert not (keys_in_files / "fields-1").exists() and (keys_in_files / "retired" / "fields-1").exists()
    assert set(PersonKey.objects.using(CUSTOMERS).values_list("master", flat=True)) == {"2"}
    assert Customer.objects.get(pk=customer.pk).phone == ANN.phone
    assert SavedView.objects.get(pk=view.pk).query == "q=Анна"
    assert [one.what for one in KeyStep.objects.filter(kind="fields").order_by("pk")] == [
        "added", "added", "rotated", "retired",
    ]  # fmt: skip


def test_a_value_that_others_wrote_meanwhile_is_not_undone() -> None:
    customer = match()
    write_as_before(Customer, customer, "people.name", "name", "Anna Old")
    stage = next(one for one in rotation.stages_of("fields") if one.name == "people.customer")
    rows = rotation._next_rows(Customer, [Customer._meta.get_field("name")], CUSTOMERS, None)  # type: ignore[list-item]
    change_customer(customer.pk, {"name": "Anna New"}, by="ada")

    found = Customer.objects.get(pk=customer.pk)
    rotation._bring_over(Customer, found, [(Customer._meta.get_field("name"), bytes(rows[0][1]))], CUSTOMERS)  # type: ignore[list-item]

    assert Customer.objects.get(pk=customer.pk).name == "Anna New"
    assert stage.left() == 0


def test_a_rotation_that_was_killed_goes_on_where_it_was() -> None:
    customers = [match(Person(name=f"C {n}", phone=f"+7000000{n:04d}", language="en")) for n in range(3)]
    for one in customers:
        write_as_before(Customer, one, "people.name", "name", one.name)
    step = actions.begin("fields", by="ada")
    stage = next(one for one in rotation.stages_of("fields") if one.name == "people.customer")
    next(iter(stage.work()))  # one batch was done, then the worker was killed

    run_due()

    step.refresh_from_db()
    assert (step.state, step.left) == ("done", 0)
    assert [Customer.objects.get(pk=one.pk).name for one in customers] == ["C 0", "C 1", "C 2"]


def test_what_was_said_of_an_order_comes_over_too_and_else_its_history_stands() -> None:
    order = receive_order(make.make_placed())
    edit_order(order.pk, note="call Anna", by="ada")
    change = OrderChange.objects.get(order=order, kind="edited")
    words = change.words
    write_as_before(OrderChange, change, "orders.change.words", "words", words)
    assert left("fields") == {"orders orders.orderchange": 1}

    rotate("fields")

    assert OrderChange.objects.get(pk=change.pk).words == words
    assert left("fields") == {}
    with pytest.raises(Exception, match="cannot be changed"), atomic(ORDERS):
        OrderChange.objects.filter(pk=change.pk).update(by="eve")


def test_phones_and_mails_and_names_are_found_while_the_indexes_are_made_anew_and_after() -> None:
    cast.site("tea")
    order = receive_order(make.make_placed())
    customer = match_or_make_customer(order.pk, ANN, site="tea", site_label="Tea")
    run_due()

    def finds() -> list[Any]:
        return [
            [one.pk for one in customers_by_phone("8 000 000-00-01")],
            [one.pk for one in customers_by_email("ANNA@example.com")],
            customers_who_ordered("примерова анна"),
        ]

    expected = [[customer.pk], [customer.pk], [customer.pk]]
    assert finds() == expected
    actions.add("index", by="ada")
    assert finds() == expected
    assert match().pk == customer.pk  # nobody becomes two by it

    step = rotate("index")
    assert step.left == 0
    actions.retire("index", "1", by="ada")

    assert finds() == expected
    assert match().pk == customer.pk


def test_a_known_buyer_lies_under_the_orders_own_key_and_needs_no_sealing_key() -> None:
    placed = make.make_placed()
    order = receive_order(placed)
    assert order.sealing_key == "1"
    run_due()

    order = Order.objects.get(pk=order.pk)
    assert (order.sealing_key, bytes(order.sealed)[:17]) == ("", b"\x03" + order.pk.bytes)
    assert open_person(order).name
    assert receive_order(placed).pk == order.pk  # a repeat is told by the hash of what came


def test_an_old_sealing_key_stays_until_every_node_has_the_new_one_and_nothing_is_sealed_to_it() -> None:
    cast.node("north")
    Node.objects.filter(pk="north").update(state=Node.State.JOINED)
    actions.add("sealing", by="ada")
    assert ensure_central_keys(config().home).current_sealing_id == "2"

    with pytest.raises(KeyInUse, match="north"):
        actions.retire("sealing", "1", by="ada")


def test_the_current_key_cannot_be_retired_nor_one_that_is_not_there() -> None:
    for name in ("1", "7"):
        with pytest.raises(KeyInUse):
            actions.retire("fields", name, by="ada")


def test_a_wrong_key_is_noticed_before_anything_is_written(keys_in_files: Path) -> None:
    match()
    assert KeyCheck.objects.using(CUSTOMERS).filter(kind="fields", name="1").exists()
    persons.forget_held()
    (keys_in_files / "fields-1").unlink()
    (keys_in_files / "fields-1").write_bytes(os.urandom(32))
    count = Customer.objects.count()

    with pytest.raises(KeyWrong, match="fields-1"):
        match(Person(name="Борис", phone="+70000000002", language="ru"))

    assert Customer.objects.count() == count


def test_a_missing_key_is_named(keys_in_files: Path) -> None:
    match()
    add_key(keys_in_files, "fields")
    (keys_in_files / "fields-1").unlink()

    with pytest.raises(KeyMissing, match="fields-1"):
        match(Person(name="Борис", phone="+70000000002", language="ru"))


def test_marks_tell_a_wrong_key_from_a_missing_one() -> None:
    ring, other = rings.Keyring.ephemeral(), rings.Keyring.ephemeral()

    assert problems_of(ring.marks(), ring.marks()) == []
    assert all("not the one" in one for one in problems_of(ring.marks(), other.marks()))
    assert all("is not here" in one for one in problems_of(ring.marks(), {}))


def test_one_rotation_of_a_kind_at_a_time() -> None:
    assert actions.begin("fields", by="ada").pk == actions.begin("fields", by="olga").pk
    assert Job.objects.using("default").filter(handler=actions.JOB).count() == 1


def test_a_status_moved_with_a_note_is_kept_under_the_orders_key() -> None:
    order = receive_order(make.make_placed())
    change_status(order.pk, "confirmed", by="ada", note="Anna is happy")
    assert set(KINDS) == {"fields", "index", "sealing"}
    assert OrderChange.objects.get(order=order, kind="status").said == {"note": "Anna is happy"}
