"""What `node.sql` promises beyond being the same on both databases, which a state machine of central's looks after."""

from __future__ import annotations

import pytest
from django.db import DataError
from django.utils import timezone

from node import sql
from sync.contracts.ids import uuid7
from sync.store.jobs.models import Job

pytestmark = pytest.mark.django_db(databases=["orders"])


def insert(*keys: str) -> set[object]:
    now = timezone.now()
    rows = [(uuid7(), key) for key in keys]
    same = {"handler": "x", "payload": b"", "run_at": now, "state": "queued", "attempts": 0, "last_error": ""}
    return sql.insert_new(Job, ["id", "key"], rows, key="key", using="orders", created_at=now, **same)


def test_what_is_there_stays_and_only_the_new_ones_are_told() -> None:
    insert("a", "b")

    new = insert("b", "c")

    assert list(Job.objects.using("orders").filter(pk__in=new).values_list("key", flat=True)) == ["c"]
    assert Job.objects.using("orders").count() == 3


def test_a_text_that_is_too_long_is_refused_and_not_cut() -> None:
    with pytest.raises(DataError):
        insert("k" * 251)


def test_each_row_gets_its_own_values() -> None:
    insert("a", "b")
    jobs = list(Job.objects.using("orders").order_by("key"))
    for attempts, job in enumerate(jobs, start=1):
        job.attempts, job.state, job.lease = attempts, Job.State.RUNNING if attempts > 1 else "done", uuid7()

    sql.update_rows(jobs, ["attempts", "state", "lease"], using="orders")

    kept = Job.objects.using("orders").order_by("key").values_list("attempts", "state", "lease")
    assert list(kept) == [(1, "done", jobs[0].lease), (2, "running", jobs[1].lease)]
