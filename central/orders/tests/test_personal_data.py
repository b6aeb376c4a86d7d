"""No realm but `customers` knows a person, and there a dump shows nobody either (SECURE-7)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from central.orders import actions, receiving
from central.orders.tests.make import ANN, make_placed
from central.people.queries import customers_by_email, customers_by_phone
from node.realms import CENTRAL_REALMS, alias_of
from sync import events

ALIASES = [alias_of(realm) for realm in CENTRAL_REALMS]

#: what of Ann would show in a dump, in the spellings it could have
NEEDLES = ["Анна", "Примерова", "70000000001", "anna@example.com", "Вымышленный", "1234К", "0123456789abcdef0123456789"]


def dump(alias: str) -> dict[str, bytes]:
    """Every table of a database as one text, binary columns as they are."""
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        tables = [row[0] for row in cursor.fetchall()]
        found = {}
        for table in tables:
            cursor.execute(f'SELECT * FROM "{table}"')
            found[table] = b"\n".join(_bytes(value) for row in cursor.fetchall() for value in row)
    return found


def _bytes(value: Any) -> bytes:
    return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()


def everything_happens() -> None:
    order = receiving.receive_order(make_placed(payment_provider="pretend_card"))
    actions.change_status(order.pk, "confirmed", by="olga", note="Анна просит позвонить на 70000000001")
    actions.edit_order(order.pk, note="Примерова, anna@example.com", by="olga")
    for _ in range(3):
        events.run_due(["orders", "customers"])


@pytest.mark.django_db(databases=ALIASES)
def test_no_dump_of_any_realm_shows_the_shopper(mails: Path) -> None:
    everything_happens()

    seen = [
        (alias, table, needle)
        for alias in ALIASES
        for table, content in dump(alias).items()
        for needle in NEEDLES
        if needle.encode() in content
    ]

    assert seen == []
    assert customers_by_phone("8 (000) 000-00-01").get() == customers_by_email(" Anna@Example.COM ").get()
    assert customers_by_phone(ANN.phone).get().name == "Анна Примерова"


@pytest.mark.django_db(databases=ALIASES)
def test_the_test_would_see_what_is_written_in_clear(mails: Path) -> None:
    order = receiving.receive_order(make_placed())
    type(order).objects.filter(pk=order.pk).update(referer="https://example.com/?anna@example.com")

    assert b"anna@example.com" in dump("orders")["orders_order"]


@pytest.mark.django_db(databases=ALIASES)
def test_an_error_on_the_way_leaves_no_person_in_the_job(mails: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*args: Any, **kwargs: Any) -> None:
        raise ValueError(f"{ANN.name} {ANN.phone}")

    monkeypatch.setattr("central.orders.handlers.match_or_make_customer", fails)
    receiving.receive_order(make_placed())

    events.run_due(["orders"])

    assert all(needle.encode() not in dump("orders")["jobs_job"] for needle in NEEDLES)
