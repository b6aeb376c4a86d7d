"""Central's workers: Celery over Redis, carrying nothing but "there is work".

A message names a job's row and may be lost, doubled or late: the row is claimed in PostgreSQL, and the sweeper sends
again what was not, while few messages wait. So nothing is configured to make Redis durable, and results are not kept
there.

    celery -A central.worker worker --pool threads
"""

from __future__ import annotations

import os
import time
from uuid import UUID

from celery import Celery
from celery.signals import worker_init
from django.db import connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "node.settings.central")

QUEUE = "jobs"
#: a writer does not wait for a broker that is away
SEND_TIMEOUT_S = 1.0
#: after a failed send nobody tries for so long: the sweeper sends it all
PAUSE_S = 5.0

_silent_until = 0.0

app = Celery("rialto")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    task_ignore_result=True,
    task_acks_late=False,
    worker_prefetch_multiplier=1,
    worker_send_task_events=False,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={
        "socket_timeout": 5,
        "socket_connect_timeout": SEND_TIMEOUT_S,
        # Kombu tries to connect for seconds, with pauses: long enough to hold up everybody who places an order.
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0,
        "connect_retries_timeout": SEND_TIMEOUT_S,
    },
    worker_hijack_root_logger=False,
    task_default_queue=QUEUE,
)


@worker_init.connect  # type: ignore[untyped-decorator]
def _give_way(**_: object) -> None:
    """Background work yields to what edges and people wait for: taking in carts and orders, and screens."""
    os.nice(5)


class BrokerAway(ConnectionError):
    """The broker did not take the message, or has not taken one a moment ago."""


@app.task(name="rialto.run_job")  # type: ignore[untyped-decorator]
def run_job(realm: str, job_id: str) -> bool:
    """Claim and do one job. Every outcome is written in its row; there is none to report here."""
    from sync import events

    try:
        return events.run_job(realm, job_id)
    finally:
        connections.close_all()


def wake(realm: str, job_id: UUID) -> None:
    """Send the message. Raises `BrokerAway`, which the caller takes for a lost message."""
    global _silent_until
    if time.monotonic() < _silent_until:
        raise BrokerAway
    try:
        app.send_task(
            "rialto.run_job",
            args=(realm, str(job_id)),
            retry=False,
            queue=QUEUE,
            ignore_result=True,
        )
    except Exception as error:
        _silent_until = time.monotonic() + PAUSE_S
        raise BrokerAway from error


def waiting() -> int:
    """Messages that no worker has taken yet."""
    with app.connection_for_write() as connection:
        return int(connection.default_channel.queue_declare(QUEUE).message_count)
