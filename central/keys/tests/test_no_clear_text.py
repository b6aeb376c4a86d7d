"""A made-up person goes through everything; then he is looked for in a dump of each realm, in every common encoding."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import connections
from django.db.models import Model
from django.utils import timezone

from central.api.actions import Wanted, make_key
from central.api.rights import TITLES
from central.api.tests.caller import Caller
from central.exchange.models import ExchangeKey
from central.exchange.orders import orders_for
from central.failures.actions import take_over
from central.failures.models import Failure
from central.orders.actions import change_status, edit_order
from central.orders.models import Order, OrderChange
from central.orders.queries import customers_who_ordered
from central.orders.receiving import receive_order
from central.orders.tests.make import make_placed
from central.people.actions import change_customer, erase_customer, match_or_make_customer
from central.people.merging import merge_customers
from central.people.models import Customer
from central.shoppers import actions as shoppers
from central.shoppers.errors import ShopperError
from central.shoppers.lists import CLIENTS
from central.shoppers.models import Code
from central.shoppers.tests import make as shopper
from central.ui.bulk.models import BulkRow, BulkRun
from central.ui.models import SavedView
from central.ui.tests import cast
from infra.crypto import persons
from infra.crypto.fields import EncryptedTextField, open_value
from infra.crypto.rotation import encrypted_fields
from infra.mail.file import FileGateway
from node.realms import CENTRAL_REALMS, CUSTOMERS, EVERY, ORDERS, alias_of, realm_of
from node.testing.traces import shown_in
from sync.contracts.ids import uuid7
from sync.contracts.orders import Person
from sync.events import JobRun, run_due, schedule_job
from sync.store.jobs import registry

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(
        databases=[alias_of(realm) for realm in CENTRAL_REALMS], transaction=True, serialized_rollback=False
    ),
]

NAME, PHONE, EMAIL = "Квазимодей Хвалибогов", "+79990427613", "kvazimodey@hvalibogov.example"
ADDRESS, COMMENT = "Зябликовый тупик 87", "Позвоните после Полнолуния"
WORDS = ["Квазимодей", "Хвалибогов", PHONE[1:], "9990427613", "kvazimodey", "hvalibogov", "Зябликовый", "Полнолуния"]
PERSON = Person(name=NAME, phone=PHONE, email=EMAIL, address=ADDRESS, comment=COMMENT, language="ru",
                state_url="http://tea.example/order/kvazimodey")  # fmt: skip


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


def where_shown(realm: str) -> dict[str, list[str]]:
    """Which columns show what, for whoever has to mend it."""
    found = {}
    with connections[alias_of(realm)].cursor() as cursor:
        cursor.execute("SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'")
        for table, column in cursor.fetchall():
            with cursor.copy(f'COPY (SELECT "{column}" FROM "{table}") TO STDOUT') as rows:
                if shown := shown_in(b"".join(map(bytes, rows)), WORDS):
                    found[f"{table}.{column}"] = shown
    return found


def everything_happens() -> tuple[Customer, Order]:
    """Whatever writes of a person writes of him; `unwritten` tells what is forgotten here."""
    cast.site("tea")
    ada = cast.staff("ada", "admin")
    order = receive_order(make_placed(person=PERSON))
    run_due()
    customer = Customer.objects.get()
    he_signs_up()
    staff_work_on_him(ada, customer, order)
    staff_look_for_him(ada)
    a_bulk_run_tells_of_him(ada, customer)
    scripts_ask_for_him(ada, order)
    a_job_fails_over_him()
    run_due()
    return Customer.objects.get(pk=customer.pk), Order.objects.get(pk=order.pk)


def he_signs_up() -> None:
    account = shopper.account(EMAIL, NAME)
    shoppers.open_session(account, device=f"Firefox · {NAME}")
    shoppers.ask_code(
        Code.Purpose.SIGN_UP, f"second.{EMAIL}", address="127.0.0.1", language="ru", site="tea", name=NAME,
        password=f"{shopper.PASSWORD} {EMAIL}",
    )  # fmt: skip
    with suppress(ShopperError):
        shoppers.sign_in(EMAIL, f"wrong {PHONE}", address="127.0.0.1")
    run_due()


def staff_work_on_him(ada: User, customer: Customer, order: Order) -> None:
    edit_order(order.pk, note=f"{NAME} просил {COMMENT}", by="ada")
    change_status(order.pk, "confirmed", by="ada", note=f"звонил {PHONE}")
    change_customer(customer.pk, {"address": f"{ADDRESS}, кв. 2"}, by="ada")
    twin = match_or_make_customer(uuid7(), Person(name=NAME, phone="", email="x@example.com", language="ru"),
                                  site="tea", site_label="Tea")  # fmt: skip
    merge_customers(twin.pk, customer.pk, by="ada")
    assert customers_who_ordered("хвалибогов") == [customer.pk]


def staff_look_for_him(ada: User) -> None:
    desk = cast.signed_in(ada)
    for path in ("/orders", "/clients"):
        for word in (NAME, PHONE, EMAIL):
            found = desk.get(path, {"q": word})
            assert found.status_code == 200
            desk.post(f"{path}/-/views?{urlencode({'q': word})}", {"title": f"{word}: долг"})
            desk.get(f"{path}/-/export?{urlencode({'q': word, 'as': 'csv'})}")
    assert SavedView.objects.count() == 6


def a_bulk_run_tells_of_him(ada: User, customer: Customer) -> None:
    run = BulkRun.objects.using(CUSTOMERS).create(
        list=CLIENTS.name, action="x", user=ada.pk, query=f"q={NAME}", filled={"reason": [COMMENT]}
    )
    BulkRow.objects.using(CUSTOMERS).create(
        run=run, key=str(customer.pk), title=NAME, why=f"{EMAIL}: no", told=[ADDRESS]
    )


def scripts_ask_for_him(ada: User, order: Order) -> None:
    key, text = make_key(ada, Wanted(name="A script", rights=[*TITLES], sites=["tea"]))
    script = Caller(key, text)
    named = script.ask("PATCH", f"orders/{order.pk}", {"note": COMMENT}, idempotency_key="one")
    assert NAME in str(named.json())
    assert script.get(f"orders?{urlencode({'search': NAME})}").json()["items"]
    one_c = ExchangeKey.objects.create(title="1C", login="1c", sites=["tea"], gives_people=True, created_by="ada")
    Order.objects.update(changed_at=timezone.now() - timedelta(hours=1))
    assert NAME.encode("cp1251") in orders_for(one_c).xml


def a_job_fails_over_him() -> None:
    """An error repeats what it was about; the job's row, the list of failures and the log do not."""

    def fail(payload: bytes, run: JobRun) -> None:
        raise ValueError(f"{NAME} {PHONE}")

    registry.add(registry.Handler(name="test.fails", work=fail, tries=1, lease_s=60))
    schedule_job("test.fails", b"", realm=CUSTOMERS)
    schedule_job("no.such.job", b"", realm=CUSTOMERS)
    run_due()
    registry._handlers.pop("test.fails")
    take_over(CUSTOMERS)
    assert Failure.objects.filter(what="test.fails").exists()


def unwritten() -> list[str]:
    """Encrypted columns in which nothing lies."""
    return [
        column.column_name
        for model, columns in encrypted_fields().items()
        for column in columns
        if not any(holds_something(realm, model, column) for realm in realms_of(model))
    ]


def holds_something(realm: str, model: type[Model], column: EncryptedTextField) -> bool:
    with connections[alias_of(realm)].cursor() as cursor:
        cursor.execute(f'SELECT count(*) FROM "{model._meta.db_table}" WHERE octet_length("{column.column}") > 0')
        return bool(cursor.fetchone()[0])


def realms_of(model: type[Model]) -> tuple[str, ...]:
    home = realm_of(model._meta.app_label)
    return tuple(CENTRAL_REALMS) if home == EVERY else (home,)


def sessions() -> bytes:
    """Sessions of staff are packed: a dump has them, and this search would not see into them."""
    return json.dumps([one.get_decoded() for one in Session.objects.all()], ensure_ascii=False).encode()


def test_no_dump_shows_a_person_and_after_erasing_nothing_of_him_opens(
    mails: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG, logger="rialto")
    customer, order = everything_happens()

    # What was not written was not looked for: a new column is brought in above. Logins of feeds are nobody's.
    assert set(unwritten()) == {"catalog.source.login", "catalog.source.password", "cdn.account.secret"}
    assert shown_in(sessions(), WORDS) == []
    assert {realm: where_shown(realm) for realm in CENTRAL_REALMS if shown_in(dump_of(realm), WORDS)} == {}
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
