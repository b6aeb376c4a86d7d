"""Jobs: done once, found again when forgotten, failed for good only when they are wrong."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from node.realms import atomic
from sync import events
from sync.store.jobs import registry, runner
from sync.store.jobs.models import Job, Receipt
from sync.store.jobs.periodic import sweep_jobs
from sync.store.jobs.registry import Handler, JobRun

pytestmark = pytest.mark.django_db(databases=["orders", "customers"])


class Calls(list[JobRun]):
    """A handler that does as told: each item of `outcomes` is raised, or returned once they are used up."""

    def __init__(self) -> None:
        super().__init__()
        self.outcomes: list[Exception] = []

    def __call__(self, payload: bytes, run: JobRun) -> Any:
        self.append(run)
        if self.outcomes:
            raise self.outcomes.pop(0)
        return {"payload": payload.decode()}


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[Calls]:
    calls = Calls()
    monkeypatch.setitem(registry._handlers, "tests.work", Handler(name="tests.work", work=calls, tries=3, lease_s=60))
    yield calls


@pytest.fixture
def woken() -> Iterator[list[uuid.UUID]]:
    seen: list[uuid.UUID] = []
    events.set_waker(lambda realm, job_id: seen.append(job_id))
    yield seen
    events.set_waker(None)


def row(job_id: uuid.UUID) -> Job:
    return Job.objects.using("orders").get(pk=job_id)


def let_time_pass() -> None:
    past = timezone.now() - timedelta(minutes=20)
    Job.objects.using("orders").filter(state="queued").update(run_at=past)
    Job.objects.using("orders").filter(state="running").update(lease_until=past)


def test_a_job_is_done_once(calls: Calls) -> None:
    job_id = events.schedule_job("tests.work", b"tea", realm="orders")

    assert [events.run_job("orders", job_id), events.run_job("orders", job_id)] == [True, False]
    assert len(calls) == 1
    assert (row(job_id).state, row(job_id).result, row(job_id).attempts) == ("done", {"payload": "tea"}, 1)


def test_the_same_key_finds_the_first_job(calls: Calls) -> None:
    first = events.schedule_job("tests.work", b"1", realm="orders", key="order-7")

    assert events.schedule_job("tests.work", b"2", realm="orders", key="order-7") == first
    assert bytes(row(first).payload) == b"1"


def test_a_worker_is_woken_only_after_the_commit(
    calls: Calls, woken: list[uuid.UUID], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(using="orders", execute=True):
        with atomic("orders"):
            job_id = events.schedule_job("tests.work", b"", realm="orders")
        assert woken == []

    assert woken == [job_id]


def test_a_waker_that_fails_does_not_fail_the_writer(calls: Calls, django_capture_on_commit_callbacks: Any) -> None:
    def broken(realm: str, job_id: uuid.UUID) -> None:
        raise ConnectionError("no broker")

    events.set_waker(broken)
    try:
        with django_capture_on_commit_callbacks(using="orders", execute=True):
            job_id = events.schedule_job("tests.work", b"", realm="orders")
    finally:
        events.set_waker(None)

    assert row(job_id).state == "queued"


def test_the_sweeper_sends_what_was_committed_and_never_sent(calls: Calls, woken: list[uuid.UUID]) -> None:
    job_id = events.schedule_job("tests.work", b"", realm="orders")
    later = events.schedule_job("tests.work", b"", realm="orders", run_at=timezone.now() + timedelta(hours=1))

    assert events.sweep("orders") == [job_id]
    assert woken == [job_id]
    assert later not in woken


@pytest.mark.parametrize(("waiting", "is_sent"), [(99, True), (100, False)])
def test_the_sweeper_sends_nothing_while_workers_have_enough(
    calls: Calls, woken: list[uuid.UUID], waiting: int, is_sent: bool
) -> None:
    events.set_waker(lambda realm, job_id: woken.append(job_id), lambda: waiting)
    job_id = events.schedule_job("tests.work", b"", realm="orders")
    lost = events.schedule_job("tests.work", b"", realm="orders")
    Job.objects.using("orders").filter(pk=lost).update(state="running", lease_until=timezone.now() - timedelta(days=1))
    woken.clear()

    sweep_jobs()

    assert set(woken) == ({job_id, lost} if is_sent else set())
    assert row(lost).state == "queued"  # a run that is over is given up all the same


def test_the_sweeper_sends_when_nobody_can_say_how_many_wait(calls: Calls, woken: list[uuid.UUID]) -> None:
    def broken() -> int:
        raise ConnectionError("no broker")

    events.set_waker(lambda realm, job_id: woken.append(job_id), broken)
    job_id = events.schedule_job("tests.work", b"", realm="orders")

    sweep_jobs()

    assert woken == [job_id]


def test_a_run_whose_worker_was_killed_is_done_by_another(calls: Calls, woken: list[uuid.UUID]) -> None:
    job_id = events.schedule_job("tests.work", b"", realm="orders")
    assert runner._claim("orders", job_id) is not None  # claimed, and killed before it did anything
    assert events.sweep("orders") == []  # its lease still runs
    let_time_pass()

    assert events.sweep("orders") == [job_id]
    assert events.run_job("orders", job_id)
    assert (row(job_id).state, len(calls)) == ("done", 1)


def test_a_run_that_outlived_its_lease_cannot_mark_the_job(calls: Calls) -> None:
    job_id = events.schedule_job("tests.work", b"", realm="orders")
    claimed = runner._claim("orders", job_id)
    assert claimed is not None
    let_time_pass()
    events.sweep("orders")
    assert runner._claim("orders", job_id) is not None  # the new run

    runner._put_back("orders", *claimed, None, RuntimeError("late"))

    assert (row(job_id).state, row(job_id).last_error) == ("running", "lease_over")


def test_a_long_run_keeps_its_lease_until_another_takes_over(calls: Calls) -> None:
    job_id = events.schedule_job("tests.work", b"", realm="orders")
    assert runner._claim("orders", job_id) is not None
    run = JobRun(realm="orders", id=job_id, key="", handler="tests.work", attempt=1)
    let_time_pass()

    assert events.renew(run)

    assert events.sweep("orders") == []  # not given up
    let_time_pass()
    events.sweep("orders")
    assert runner._claim("orders", job_id) is not None
    assert not events.renew(run)


def test_an_error_is_tried_again_later_then_fails_for_good_without_its_text(calls: Calls) -> None:
    calls.outcomes = [ValueError("+7 000 000-00-00")] * 3
    job_id = events.schedule_job("tests.work", b"", realm="orders")
    events.run_job("orders", job_id)
    assert row(job_id).state == "queued"
    assert not events.run_job("orders", job_id)  # not due yet

    for _ in range(2):
        let_time_pass()
        events.run_job("orders", job_id)

    assert (row(job_id).state, row(job_id).attempts, row(job_id).last_error) == ("failed", 3, "ValueError")
    assert [job.pk for job in events.failed_jobs("orders")] == [job_id]
    assert events.try_again("orders", job_id)
    assert row(job_id).state == "queued"


def test_a_database_that_is_down_never_fails_a_job(calls: Calls) -> None:
    calls.outcomes = [OperationalError("down")] * 30
    job_id = events.schedule_job("tests.work", b"", realm="orders")

    for _ in range(31):
        let_time_pass()
        events.run_job("orders", job_id)

    assert (row(job_id).state, row(job_id).attempts) == ("done", 31)


def test_an_error_that_says_it_is_final_is_not_tried_again(calls: Calls) -> None:
    class NoSuchAddress(Exception):
        is_final = True
        code = "no_such_address"

    calls.outcomes = [NoSuchAddress()]
    job_id = events.schedule_job("tests.work", b"", realm="orders")

    events.run_job("orders", job_id)

    assert (row(job_id).state, row(job_id).last_error) == ("failed", "NoSuchAddress: no_such_address")


def test_a_job_that_kills_every_worker_is_failed(calls: Calls) -> None:
    job_id = events.schedule_job("tests.work", b"", realm="orders")
    for _ in range(3):
        assert runner._claim("orders", job_id) is not None
        let_time_pass()
        events.sweep("orders")

    assert row(job_id).state == "failed"


def test_the_pause_doubles_up_to_a_cap() -> None:
    assert [runner.pause_after(n).total_seconds() for n in (1, 2, 3, 4, 12)] == [1, 2, 4, 8, 600]
    assert runner.pause_after(500, is_down=True) == timedelta(minutes=1)


def test_once_is_true_once_for_a_job_and_a_handler() -> None:
    run = JobRun(realm="orders", id=uuid.uuid4(), key="event-1", handler="tests.work", attempt=1)

    seen = []
    for _ in range(3):
        with events.once(run, realm="customers") as first:
            seen.append(first)

    assert seen == [True, False, False]
    assert Receipt.objects.using("customers").count() == 1


def test_a_receipt_is_not_kept_when_the_work_fails() -> None:
    run = JobRun(realm="orders", id=uuid.uuid4(), key="event-1", handler="tests.work", attempt=1)

    with pytest.raises(ValueError), events.once(run, realm="customers"):
        raise ValueError

    assert not Receipt.objects.using("customers").exists()


def test_tidy_keeps_what_may_still_be_needed(calls: Calls) -> None:
    old = timezone.now() - timedelta(days=100)
    done = events.schedule_job("tests.work", b"", realm="orders")
    waiting = events.schedule_job("tests.work", b"", realm="orders", run_at=old, key="waits")
    events.run_job("orders", done)
    Job.objects.using("orders").filter(pk=done).update(finished_at=old)
    Receipt.objects.using("orders").create(handler="tests.work", key="waits", at=old)
    Receipt.objects.using("orders").create(handler="tests.work", key="gone", at=old)

    events.tidy("orders")

    assert [job.pk for job in Job.objects.using("orders").all()] == [waiting]
    assert [receipt.key for receipt in Receipt.objects.using("orders").all()] == ["waits"]
