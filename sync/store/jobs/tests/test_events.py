"""An event and the jobs of its handlers are in the change's own transaction."""

from __future__ import annotations

import pytest

from node.realms import atomic
from sync import events
from sync.contracts.codec import pack
from sync.store.jobs import registry
from sync.store.jobs.models import Job
from sync.store.jobs.registry import JobRun


class KettleBoiled(events.Event, frozen=True, kw_only=True):
    litres: int


seen: list[tuple[int, str, int]] = []


def pour(event: KettleBoiled, job: JobRun) -> None:
    seen.append((event.litres, job.key, job.attempt))


def whistle(event: KettleBoiled, job: JobRun) -> None: ...


@pytest.fixture(autouse=True)
def handlers(monkeypatch: pytest.MonkeyPatch) -> None:
    registry.load()  # before, or what it finds would be forgotten with the patch, and its modules are imported once
    monkeypatch.setattr(registry, "_handlers", dict(registry._handlers))
    monkeypatch.setattr(events, "_handlers_of", {})
    events.handles(KettleBoiled)(pour)
    events.handles(KettleBoiled)(whistle)
    seen.clear()


@pytest.mark.django_db(databases=["orders"])
def test_each_handler_gets_its_job_and_the_event() -> None:
    event = KettleBoiled(litres=2)
    with atomic("orders"):
        events.record_event(event, realm="orders")

    assert events.run_due(["orders"]) == 2
    assert seen == [(2, f"{event.id}:test_events.pour", 1)]
    assert set(Job.objects.using("orders").values_list("handler", "state")) == {
        ("test_events.pour", "done"),
        ("test_events.whistle", "done"),
    }


@pytest.mark.django_db(databases=["orders"])
def test_a_change_that_is_rolled_back_leaves_no_job() -> None:
    with pytest.raises(ValueError), atomic("orders"):
        events.record_event(KettleBoiled(litres=2), realm="orders")
        raise ValueError

    assert not Job.objects.using("orders").exists()


@pytest.mark.django_db(databases=["orders"], transaction=True)
def test_an_event_outside_a_transaction_is_refused() -> None:
    with pytest.raises(events.NotInTransaction):
        events.record_event(KettleBoiled(litres=2), realm="orders")


def test_two_handlers_cannot_share_a_name() -> None:
    with pytest.raises(ValueError, match=r"test_events\.pour"):
        events.handles(KettleBoiled)(pour)


def test_an_event_is_named_by_its_class() -> None:
    assert events.kind_of(KettleBoiled) == "kettle_boiled"
    assert pack(KettleBoiled(id="1", at=2, litres=3)) == pack(KettleBoiled(id="1", at=2, litres=3))
