"""Domain events and jobs: what happens after a change, promised in the change's own transaction.

    record_event(OrderReceived(order=...), realm="orders")        # inside atomic("orders")

    @handles(OrderReceived)                                         # in a module `handlers.py` of any app
    def make_customer(event: OrderReceived, job: JobRun) -> None:
        with once(job, realm="customers") as first:
            if first: ...

A handler runs at least once, perhaps twice, never not at all. It is idempotent by (event, handler): through `once`,
through a key in the rows it writes, or through the idempotency key (`job.key`) of what it sends.
An event and a job's payload are stored in clear: they carry ids, never personal data.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db import connections
from msgspec import Struct, field

from node import clock
from node.realms import alias_of
from sync.contracts.codec import pack, unpack
from sync.contracts.ids import uuid7
from sync.store.jobs import registry, runner
from sync.store.jobs.registry import Handler, JobRun
from sync.store.jobs.runner import (
    failed_jobs,
    give_up,
    once,
    renew,
    run_due,
    run_job,
    set_waker,
    sweep,
    tidy,
    try_again,
)

__all__ = [
    "Event",
    "JobRun",
    "failed_jobs",
    "give_up",
    "handles",
    "job",
    "once",
    "record_event",
    "record_events",
    "renew",
    "run_due",
    "run_job",
    "schedule_job",
    "set_waker",
    "sweep",
    "tidy",
    "try_again",
]

#: about half an hour of attempts; what is merely down is tried for ever
TRIES = 12


class Event(Struct, frozen=True, kw_only=True):
    """Something that has happened. Subclass it with typed fields; fields are only ever added, with a default."""

    id: str = field(default_factory=lambda: uuid7().hex)
    at: int = field(default_factory=clock.time_ms)  # ms since 1970


E = TypeVar("E", bound=Event)
EventHandler = Callable[[Any, JobRun], Any]
JobFunction = Callable[[bytes, JobRun], Any]


class RecordedEvent(Struct, frozen=True, kw_only=True):
    """A fact of the log on topic `event`, key = the event's id."""

    kind: str
    body: bytes


class NotInTransaction(RuntimeError):
    """An event was recorded outside the transaction of the change it reports."""

    code = "not_in_transaction"


_handlers_of: dict[str, list[str]] = {}


def kind_of(event: type[Event]) -> str:
    """`order_received` for `OrderReceived`; stored, so a class is renamed only with a migration."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", event.__name__).lower()


def handles(
    event_type: type[E], *, tries: int = TRIES, lease_s: int = 60
) -> Callable[[Callable[[E, JobRun], Any]], Callable[[E, JobRun], Any]]:
    """Call the function for each event of this type. What it returns (JSON) is kept as the job's result."""

    def register(function: Callable[[E, JobRun], Any]) -> Callable[[E, JobRun], Any]:
        def work(payload: bytes, run: JobRun) -> Any:
            return function(unpack(payload, event_type), run)

        name = registry.name_of(function)
        registry.add(Handler(name=name, work=work, tries=tries, lease_s=lease_s))
        _handlers_of.setdefault(kind_of(event_type), []).append(name)
        return function

    return register


def job(name: str, *, tries: int = TRIES, lease_s: int = 60) -> Callable[[JobFunction], JobFunction]:
    """Name a function that `schedule_job` may call. It gets the payload and the run."""

    def register(function: JobFunction) -> JobFunction:
        registry.add(Handler(name=name, work=function, tries=tries, lease_s=lease_s))
        return function

    return register


def record_event(event: Event, *, realm: str) -> None:
    """Store the event beside the change it reports, with one job for each handler; wake a worker on commit.

    Raises `NotInTransaction` outside `atomic(realm)`.
    """
    record_events([event], realm=realm)


def record_events(events: Sequence[Event], *, realm: str) -> None:
    """`record_event` for many at once, in two statements."""
    from sync.outbox import record_facts

    if not connections[alias_of(realm)].in_atomic_block:
        raise NotInTransaction(f"record_event needs an open atomic('{realm}')")
    registry.load()
    facts: list[tuple[str, str, bytes]] = []
    jobs: list[runner.NewJob] = []
    for event in events:
        kind, body = kind_of(type(event)), pack(event)
        facts.append(("event", event.id, pack(RecordedEvent(kind=kind, body=body))))
        jobs += [runner.NewJob(name, body, f"{event.id}:{name}") for name in _handlers_of.get(kind, ())]
    record_facts(facts, realm=realm)
    runner.put_all(jobs, realm=realm)


def schedule_job(
    name: str, payload: bytes, *, realm: str, run_at: datetime | None = None, key: str | None = None
) -> UUID:
    """Write a job row in the caller's transaction (or one of its own). The same `key` again finds the first job."""
    return runner.put(name, payload, realm=realm, key=key, run_at=run_at)
