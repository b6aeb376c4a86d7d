"""A real worker over a real Valkey on a unix socket: killed, flushed, and nothing is forgotten."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
from django.db import connections
from django.utils import timezone

from central import worker
from central.catalog.actions import GOODS_LOCK
from central.catalog.importing import runs
from central.catalog.importing.models import ImportRun
from central.catalog.importing.sources import make_source
from central.catalog.models import Offer, Variant
from central.catalog.tests.make import make_site
from central.orders import receiving
from central.orders.models import Order
from central.orders.tests.make import make_placed
from central.stock.models import Balance, Movement
from infra.crypto.keys import ensure_central_keys
from node import databases
from node.config import config
from node.embedded import Valkey
from node.realms import CATALOG, CENTRAL_REALMS, ORDERS, alias_of, atomic
from node.testing import servers
from sync import events
from sync.store.central.models import Outbox
from sync.store.jobs.models import Job

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(databases=[alias_of(realm) for realm in CENTRAL_REALMS], transaction=True),
]

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    server = Valkey(tmp_path)
    server.launch()
    server.wait_ready()
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def _keys_of_files(settings: Any) -> None:
    """The worker is another process: it cannot know the keys that live in this one only."""
    settings.RIALTO_EPHEMERAL_KEYS = False
    ensure_central_keys(config().home)


@pytest.fixture(autouse=True)
def _wake_through(valkey: Valkey, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(worker.app.conf, "broker_url", databases.celery_broker(valkey.url))
    monkeypatch.setattr(worker, "_silent_until", 0.0)
    events.set_waker(worker.wake)
    yield
    events.set_waker(None)
    worker.app.close()
    worker.app.amqp._producer_pool = None  # it would go on to speak to this test's server, which is gone


SETTINGS = """
from node.settings.test import *
RIALTO_EPHEMERAL_KEYS = False
RIALTO_JOB_WAKER = "central.worker.wake"
RIALTO_MAIL_GATEWAY = "file"
"""


@contextmanager
def running_worker(valkey: Valkey) -> Iterator[subprocess.Popen[bytes]]:
    own = servers.of_this_run()
    (valkey.home / "worker_settings.py").write_text(SETTINGS)
    names = {realm: connections[alias_of(realm)].settings_dict["NAME"] for realm in CENTRAL_REALMS}
    env = {
        **os.environ,
        **{f"RIALTO_REALMS__{realm.upper()}": own.database_url(str(name)) for realm, name in names.items()},
        "RIALTO_TEST_PG_HOST": own.pg_host,
        "RIALTO_TEST_PG_PORT": own.pg_port,
        "RIALTO_TEST_PG_USER": own.pg_user,
        "RIALTO_TEST_PG_PASSWORD": own.pg_password,
        "RIALTO_TEST_REDIS": valkey.url,
        "RIALTO_HOME": str(config().home),
        "DJANGO_SETTINGS_MODULE": "worker_settings",
        "PYTHONPATH": f"{ROOT}:{valkey.home}",
    }
    argv = [sys.executable, "-m", "celery", "-A", "central.worker", "--quiet", "worker", "--pool", "threads"]
    argv += ["--concurrency", "2", "--loglevel", "WARNING", "--without-gossip", "--without-mingle"]
    process = subprocess.Popen(argv, cwd=ROOT, env=env)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def until(what: Callable[[], Any], *, seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)


def is_matched(order: Order) -> bool:
    return Order.objects.get(pk=order.pk).customer is not None


def sweep_until(what: Callable[[], Any]) -> None:
    def swept() -> Any:
        for realm in ("orders", "customers"):
            events.sweep(realm)
        return what()

    until(swept)


def test_an_order_is_worked_on_by_a_worker_that_was_flushed_and_killed(valkey: Valkey) -> None:
    with running_worker(valkey) as first:
        order = receiving.receive_order(make_placed())
        until(lambda: is_matched(order))  # by messages alone, from realm to realm
        first.send_signal(signal.SIGKILL)
        first.wait(10)

    forgotten = receiving.receive_order(make_placed())  # nobody is there to be woken
    redis.Redis(unix_socket_path=str(valkey.socket)).flushall()

    with running_worker(valkey):
        sweep_until(lambda: is_matched(forgotten))

    assert Job.objects.using("orders").filter(handler="orders.match_customer", attempts=1).count() == 2


def test_a_broker_that_is_away_does_not_hold_up_the_writer(valkey: Valkey) -> None:
    valkey.stop()

    started = time.monotonic()
    order = receiving.receive_order(make_placed())

    assert time.monotonic() - started < 3
    assert Job.objects.using("orders").filter(state="queued").count() == 2
    assert not is_matched(order)


def test_messages_that_no_worker_has_taken_are_counted(valkey: Valkey) -> None:
    assert worker.waiting() == 0

    receiving.receive_order(make_placed())  # two handlers

    assert worker.waiting() == 2


# --- an import -----------------------------------------------------------------------------------------------------

ROWS = 3_000


@pytest.fixture
def import_run() -> ImportRun:
    make_site("tea", "RUB")
    lines = [f"K-{number},Cup {number},Cups,10.00,{1 + number % 7}\n" for number in range(ROWS)]
    file = [b"sku,title,category,price,stock\n", *(line.encode() for line in lines)]
    return runs.take_file(make_source("Dealer", ["tea"], by="test"), "goods.csv", file, by="test")


def is_past_first_batch(run: ImportRun) -> bool:
    return ImportRun.objects.get(pk=run.pk).position > 0


def somebody_waits(realm: str) -> bool:
    """Whether another process waits for a lock of this realm's database."""
    sql = "SELECT 1 FROM pg_locks JOIN pg_database d ON d.oid = database WHERE NOT granted AND datname = %s"
    connection = connections[alias_of(realm)]
    with connection.cursor() as cursor:
        cursor.execute(sql, [connection.settings_dict["NAME"]])
        return cursor.fetchone() is not None


@contextmanager
def held_in_a_batch() -> Iterator[None]:
    """The next batch stands inside its transaction, and no further."""
    with atomic(CATALOG), connections[alias_of(CATALOG)].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [GOODS_LOCK])
        until(lambda: somebody_waits(CATALOG))
        yield


@contextmanager
def held_before_the_ledger() -> Iterator[None]:
    """The next batch of goods is committed, and its stock cannot be told."""
    with atomic(ORDERS), connections[alias_of(ORDERS)].cursor() as cursor:
        cursor.execute(f"LOCK TABLE {Balance._meta.db_table} IN EXCLUSIVE MODE")
        until(lambda: somebody_waits(ORDERS))
        yield


@pytest.mark.parametrize("held", [held_in_a_batch, held_before_the_ledger])
def test_an_import_whose_worker_was_killed_goes_on_and_writes_every_row_once(
    valkey: Valkey, import_run: ImportRun, held: Callable[[], Any]
) -> None:
    with running_worker(valkey) as first:
        runs.write_at_once(import_run.pk)
        until(lambda: is_past_first_batch(import_run), seconds=120)
        with held():
            first.send_signal(signal.SIGKILL)
            first.wait(10)
    import_run.refresh_from_db()
    assert (import_run.state, 0 < import_run.position < ROWS // 500) == ("running", True)

    # Its lease runs out after a minute and a half: that is what the sweeper would find then.
    Job.objects.using(CATALOG).filter(handler=runs.JOB).update(lease_until=timezone.now())
    with running_worker(valkey):
        until(lambda: events.sweep(CATALOG) is not None and ImportRun.objects.get().state == "done", seconds=120)

    import_run.refresh_from_db()
    assert import_run.counts == {"read": ROWS, "created": ROWS}
    lines, _ = runs.lines_of(runs.report_of(import_run, is_dry=False), limit=2 * ROWS)
    assert sorted(line["line"] for line in lines) == list(range(2, ROWS + 2))
    assert Offer.objects.filter(ver=1, listing__ver=1).count() == Offer.objects.count() == ROWS
    cards = Outbox.objects.using(CATALOG).filter(topic="card:main").values_list("key", flat=True)
    assert len(cards) == len(set(cards)) == ROWS
    counted = dict(Movement.objects.values_list("variant", "units"))
    assert Movement.objects.count() == ROWS
    assert counted == {variant.pk: 1 + int(variant.sku[2:]) % 7 for variant in Variant.objects.all()}
