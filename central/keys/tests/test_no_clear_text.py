"""A made-up person goes through everything; then he is looked for in a dump of each realm, in every common encoding."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from central.exchange.models import ExchangeKey
from central.exchange.orders import orders_for
from central.orders.actions import change_status, edit_order
from central.orders.models import Order, OrderChange
from central.orders.queries import customers_who_ordered
from central.orders.receiving import receive_order
from central.orders.tests.make import make_placed
from central.people.actions import change_customer, erase_customer, match_or_make_customer
from central.people.merging import merge_customers
from central.people.models import Customer
from central.shoppers.lists import CLIENTS
from central.ui.bulk.models import BulkRow, BulkRun
from central.ui.models import SavedView
from central.ui.tests import cast
from infra.crypto import persons
from infra.crypto.fields import open_value
from infra.mail.file import FileGateway
from node.realms import CENTRAL_REALMS, CUSTOMERS, ORDERS, alias_of
from node.testing.traces import shown_in
from sync.contracts.ids import uuid7
from sync.contracts.orders import Person
from sync.events import run_due, schedule_job

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(
        databases=[alias_of(realm) for realm in CENTRAL_REALMS], transaction=True, serialized_rollback=False
    ),
]

NAME, PHONE, EMAIL = "Квазимодей Хвалибогов", "+79990427613", "kvazimodey@hvalibogov.example"
ADDRESS, COMMENT = "Зябликовый тупик 87", "Позвоните после Полнолуния"
WORDS = ["Квазимодей", "Хвалибогов", PHONE[1:], "9990427613", "kvazimodey", "hvalibogov", "Зябликовый", "Полнолуния"]
PERSON = Person(name=NAME, phone=PHONE, email=EMAIL, address=ADDRESS, comment=COMMENT, language="ru")


@pytest.fixture
def mails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr("central.notices.actions.gateway", lambda: FileGateway(tmp_path / "mail"))
    persons.forget_held()
    yield tmp_path / "mail"
    persons.forget_held()


def dump_of(realm: str) -> bytes:
    """What `pg_dump` says of a realm; where there is none for this server, its tables by COPY, which pg_dump uses."""
    at = connections[alias_of(realm)].settings_dict
    address = {"-h": at["HOST"], "-p": at["PORT"], "-U": at["USER"], "-d": at["NAME"]}
    options = [part for name, value in address.items() if value for part in (name, str(value))]
    if shutil.which("pg_dump") is None:
        return copied(realm)
    environment = {**os.environ, "PGPASSWORD": str(at["PASSWORD"] or "")}
    done = subprocess.run(["pg_dump", *options], capture_output=True, env=environment, check=False)
    if b"version mismatch" in done.stderr:
        return copied(realm)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def copied(realm: str) -> bytes:
    found = bytearray()
    with connections[alias_of(realm)].cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            with cursor.copy(f'COPY "{table}" TO STDOUT') as rows:
                for part in rows:
                    found += part
    return bytes(found)


def everything_happens() -> tuple[Customer, Order]:
    cast.site("tea")
    ada = cast.staff("ada", "admin")
    order = receive_order(make_placed(person=PERSON))
    run_due()
    customer = Customer.objects.get()
    edit_order(order.pk, note=f"{NAME} просил {COMMENT}", by="ada")
    change_status(order.pk, "confirmed", by="ada", note=f"звонил {PHONE}")
    change_customer(customer.pk, {"address": f"{ADDRESS}, кв. 2"}, by="ada")
    twin = match_or_make_customer(uuid_of(), Person(name=NAME, phone="", email="x@example.com", language="ru"),
                                  site="tea", site_label="Tea")  # fmt: skip
    merge_customers(twin.pk, customer.pk, by="ada")
    assert customers_who_ordered("хвалибогов") == [customer.pk]
    SavedView.objects.create(list="orders", owner=ada, title=f"{NAME}: долг", query=f"q={PHONE}")
    run = BulkRun.objects.using(CUSTOMERS).create(
        list=CLIENTS.name, action="x", user=ada.pk, query=f"q={NAME}", filled={"reason": [COMMENT]}
    )
    BulkRow.objects.using(CUSTOMERS).create(
        run=run, key=str(customer.pk), title=NAME, why=f"{EMAIL}: no", told=[ADDRESS]
    )
    schedule_job("no.such.job", b"", realm=CUSTOMERS)
    key = ExchangeKey.objects.create(title="1C", login="1c", sites=["tea"], gives_people=True, created_by="ada")
    Order.objects.update(changed_at=timezone.now() - timedelta(hours=1))
    assert NAME.encode("cp1251") in orders_for(key).xml
    run_due()
    return Customer.objects.get(pk=customer.pk), Order.objects.get(pk=order.pk)


def uuid_of() -> Any:
    return uuid7()


def test_no_dump_shows_a_person_and_after_erasing_nothing_of_him_opens(
    mails: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG, logger="rialto")
    customer, order = everything_happens()

    assert {realm: found for realm in CENTRAL_REALMS if (found := shown_in(dump_of(realm), WORDS))} == {}
    told = capfd.readouterr()
    assert shown_in((told.out + told.err + caplog.text).encode(), WORDS) == []

    words = bytes(stored(ORDERS, "SELECT words FROM orders_orderchange WHERE length(words) > 0 LIMIT 1"))
    title = bytes(stored(CUSTOMERS, "SELECT title FROM bulk_bulkrow LIMIT 1"))
    sealed = bytes(order.sealed)
    assert PHONE in (open_value("orders.change.words", words, alias=ORDERS) or "") or words
    erase_customer(customer.pk, by="ada")
    run_due()
    persons.forget_held()

    assert open_value("orders.change.words", words, alias=ORDERS) is None
    assert open_value("bulk.row.title", title, alias=CUSTOMERS) is None
    assert open_value("orders.sealed", sealed, alias=ORDERS) is None
    assert [change.words for change in OrderChange.objects.filter(order=order)] == [""] * OrderChange.objects.count()
    assert Customer.objects.get(pk=customer.pk).name == ""
    assert customers_who_ordered("хвалибогов") == []
    assert not SavedView.objects.exists()


def stored(realm: str, sql: str) -> Any:
    with connections[alias_of(realm)].cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]
