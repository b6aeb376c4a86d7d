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

from central import worker
from central.orders import actions
from central.orders.models import Order
from central.orders.tests.make import make_placed
from infra.crypto.keys import ensure_central_keys
from node import databases
from node.config import config
from node.embedded import Valkey
from node.realms import CENTRAL_REALMS, alias_of
from node.testing import servers
from sync import events
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
        order = actions.receive_order(make_placed())
        until(lambda: is_matched(order))  # by messages alone, from realm to realm
        first.send_signal(signal.SIGKILL)
        first.wait(10)

    forgotten = actions.receive_order(make_placed())  # nobody is there to be woken
    redis.Redis(unix_socket_path=str(valkey.socket)).flushall()

    with running_worker(valkey):
        sweep_until(lambda: is_matched(forgotten))

    assert Job.objects.using("orders").filter(handler="orders.match_customer", attempts=1).count() == 2


def test_a_broker_that_is_away_does_not_hold_up_the_writer(valkey: Valkey) -> None:
    valkey.stop()

    started = time.monotonic()
    order = actions.receive_order(make_placed())

    assert time.monotonic() - started < 3
    assert Job.objects.using("orders").filter(state="queued").count() == 2
    assert not is_matched(order)
