"""What has failed in any realm is one list; a word of a person is carried into the realm, once and whatever happens."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from central.failures import actions
from central.failures.errors import FailureOver, NeverTried
from central.failures.models import Failure
from central.failures.words import _WHAT, what, why
from central.ui.tests import cast
from node.realms import CENTRAL_REALMS
from sync import events, intake
from sync.store.central.models import Quarantine
from sync.store.jobs import registry
from sync.store.jobs.models import Job
from sync.upstream import Receiver

pytestmark = pytest.mark.django_db(databases=["default", "customers", "catalog", "orders", "work", "stats"])
State = Failure.State


class NoFlour(Exception):
    code = "no_flour"
    is_final = True


@pytest.fixture
def baking() -> Any:
    """A job that fails while there is no flour; returns the list of what was baked."""
    baked: list[bytes] = []
    there_is: list[str] = []

    def bake(payload: bytes, run: events.JobRun) -> None:
        if not there_is:
            raise NoFlour("of Anna, +7 000")
        baked.append(payload)

    registry.add(registry.Handler(name="test.bake", work=bake, tries=3, lease_s=60))
    yield baked, there_is
    registry._handlers.pop("test.bake")


def failed_bread(realm: str = "orders") -> Failure:
    events.schedule_job("test.bake", b"bread", realm=realm)
    events.run_due()
    actions.take_over(realm)
    return Failure.objects.get(realm=realm)


def now_of(failure: Failure) -> Failure:
    return Failure.objects.get(pk=failure.pk)


@pytest.mark.parametrize("realm", CENTRAL_REALMS)
def test_a_failed_job_of_any_realm_is_listed_once_without_what_it_said_of_people(baking: Any, realm: str) -> None:
    failure = failed_bread(realm)
    actions.take_over(realm)

    assert (failure.state, failure.error, failure.attempts) == (State.OPEN, "NoFlour: no_flour", 1)
    assert Failure.objects.count() == 1


def test_tried_again_it_is_done_and_leaves_the_list_of_those_that_wait(baking: Any) -> None:
    baked, there_is = baking
    failure = failed_bread()
    there_is.append("flour")

    actions.try_again(failure.pk, by="ada")
    assert now_of(failure).state == State.TRYING
    events.run_due()
    actions.take_over("orders")

    assert baked == [b"bread"]
    assert (now_of(failure).state, now_of(failure).by) == (State.DONE, "ada")


def test_tried_again_in_vain_it_waits_again(baking: Any) -> None:
    failure = failed_bread()

    actions.try_again(failure.pk, by="ada")
    events.run_due()
    actions.take_over("orders")

    assert now_of(failure).state == State.OPEN
    assert now_of(failure).failed_at > failure.failed_at


def test_two_who_try_at_once_try_once(baking: Any) -> None:
    baked, there_is = baking
    failure = failed_bread()
    there_is.append("flour")

    actions.try_again(failure.pk, by="ada")
    actions.try_again(failure.pk, by="bob")
    events.run_due()

    assert baked == [b"bread"]


def test_what_is_given_up_is_never_done_and_its_reason_stays(baking: Any) -> None:
    baked, there_is = baking
    failure = failed_bread()
    there_is.append("flour")

    actions.give_up(failure.pk, reason="stale bread", by="ada")
    events.run_due()
    actions.take_over("orders")

    assert Job.objects.using("orders").get(pk=failure.ref).state == Job.State.GIVEN_UP
    assert (now_of(failure).state, now_of(failure).reason) == (State.GIVEN_UP, "stale bread")
    with pytest.raises(FailureOver):
        actions.try_again(failure.pk, by="bob")
    assert baked == []


def test_an_op_set_aside_is_listed_and_laid_aside_for_good_without_its_text() -> None:
    held = Quarantine.objects.using("orders").create(
        realm="orders", edge="a", epoch=1, n=7, kind="order", body=b"", reason="KeyError: 'Anna, +7 000'"
    )
    actions.take_over("orders")
    failure = Failure.objects.get()
    assert (failure.kind, failure.edge, failure.error) == ("op", "a", "KeyError")

    actions.try_again(failure.pk, by="ada")
    events.run_due()
    assert now_of(failure).state == State.OPEN, "it cannot be read now either"
    actions.give_up(failure.pk, reason="a test of ours", by="ada")
    events.run_due()

    held.refresh_from_db(using="orders")
    assert held.resolved is not None
    assert now_of(failure).state == State.GIVEN_UP


@pytest.mark.parametrize(("kind", "reason"), [("grant_report", intake.DIFFERS), (intake.LOST, "ops 1 to 7 are lost")])
def test_what_another_disk_sent_and_what_is_lost_can_only_be_given_up(
    node_home: Any, kind: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[bytes] = []
    receiver = Receiver(kind, "orders", lambda edge, bodies: taken.extend(bodies))
    monkeypatch.setattr(intake, "receiver_of", lambda kind: receiver)
    held = Quarantine.objects.using("orders").create(
        realm="orders", edge="a", epoch=1, n=7, kind=kind, body=b"seal", reason=reason
    )
    actions.take_over("orders")
    failure = Failure.objects.get()
    ada = cast.signed_in(cast.staff("ada", "admin"))

    card = ada.get(f"/failed-jobs/{failure.pk}").content.decode()
    assert "Try again" not in card
    assert "give" in card
    with pytest.raises(NeverTried):
        actions.try_again(failure.pk, by="ada")
    assert ada.post(f"/failed-jobs/{failure.pk}/again").status_code == 409
    with pytest.raises(intake.NeverTaken):
        intake.try_quarantined(held.pk, realm="orders")

    assert (taken, now_of(failure).state) == ([], State.OPEN)
    ada.post(f"/failed-jobs/{failure.pk}/give-up", {"reason": "of the old disk"})
    events.run_due()
    held.refresh_from_db(using="orders")
    assert held.resolved is not None


def test_one_that_somebody_has_tried_before_says_so_too(node_home: Any) -> None:
    Quarantine.objects.using("orders").create(
        realm="orders", edge="a", epoch=1, n=7, kind="grant_report", body=b"seal", reason=intake.DIFFERS
    )
    actions.take_over("orders")
    failure = Failure.objects.get()
    Failure.objects.update(error="KeyError")  # as an earlier version has noted the try

    actions.try_again(failure.pk, by="ada")
    events.run_due()

    assert (now_of(failure).state, now_of(failure).may_be_tried) == (State.OPEN, False)


def test_a_job_mended_by_other_hands_is_over(baking: Any) -> None:
    failure = failed_bread()

    Job.objects.using("orders").filter(pk=failure.ref).delete()
    actions.take_over("orders")

    assert now_of(failure).state == State.DONE


def test_what_was_over_long_ago_is_forgotten(baking: Any) -> None:
    failure = failed_bread()
    actions.give_up(failure.pk, reason="x", by="ada")

    actions.forget_old(timezone.now() + actions.KEEP / 2)
    assert Failure.objects.exists()
    actions.forget_old(timezone.now() + actions.KEEP * 2)

    assert not Failure.objects.exists()


def test_every_job_of_central_says_what_it_is_for() -> None:
    registry.load()

    assert {name for name in registry._handlers if not name.startswith("test.")} <= set(_WHAT)


def test_an_error_is_said_in_plain_words() -> None:
    said = {
        error: why(Failure(kind="job", error=error)) for error in ("Unavailable", "UnknownOrder: unknown_order", "?")
    }

    assert said["Unavailable"] == "The outside service did not answer."
    assert said["UnknownOrder: unknown_order"] == "There is no such order among those you may see."
    assert said["?"].startswith("An error nobody thought of.")
    assert what(Failure(kind="op", what="new_kind")) == "Message of a shop: new_kind"


# --- screens -------------------------------------------------------------------------------------------------------


def test_home_shows_them_only_while_some_wait_and_only_with_the_right(node_home: Any) -> None:
    ada, olga = cast.signed_in(cast.staff("ada", "admin")), cast.signed_in(cast.staff("olga", "operator"))
    assert ada.get("/home/failures").content == b""
    failure = cast.failure()

    assert '<h2 class="card-title warn-title">' in ada.get("/").content.decode()
    assert "Mail to a member of staff" in ada.get("/").content.decode()
    assert "Mail to a member of staff" not in olga.get("/").content.decode()
    assert (olga.get("/failed-jobs").status_code, olga.get(f"/failed-jobs/{failure.pk}").status_code) == (403, 403)


def test_who_sees_some_sites_only_sees_none(node_home: Any) -> None:
    failure = cast.failure()
    clara = cast.signed_in(cast.staff("clara", "admin", sites=["clay"]))

    assert "Mail to" not in clara.get("/failed-jobs").content.decode()
    assert clara.post(f"/failed-jobs/{failure.pk}/again").status_code == 404
    assert now_of(failure).state == State.OPEN


def test_the_card_tells_all_and_takes_a_reason(node_home: Any) -> None:
    failure = cast.failure()
    ada = cast.signed_in(cast.staff("ada", "admin"))
    address = f"/failed-jobs/{failure.pk}"

    card = ada.get(address).content.decode()
    for words in ("Mail to a member of staff", "did not answer", "12", failure.ref, "Try again", "Give up"):
        assert words in card
    assert ada.post(f"{address}/give-up", {"reason": ""}).status_code == 422
    assert now_of(failure).state == State.OPEN
    ada.post(f"{address}/give-up", {"reason": "address is wrong"})

    assert (now_of(failure).state, now_of(failure).by) == (State.GIVEN_UP, "ada")
    assert "address is wrong" in ada.get(address).content.decode()
    assert "Try again" not in ada.get(address).content.decode()


def test_many_are_tried_again_at_once(baking: Any, node_home: Any) -> None:
    baked, there_is = baking
    for _ in range(3):
        events.schedule_job("test.bake", b"bread", realm="orders")
    events.run_due()
    actions.take_over("orders")
    there_is.append("flour")
    ada = cast.signed_in(cast.staff("ada", "admin"))

    ada.post("/failed-jobs/-/bulk?state=1", {"action": "again", "whole": "1", "go": "1"})
    events.run_due()
    actions.take_over("orders")

    assert len(baked) == 3
    assert set(Failure.objects.values_list("state", flat=True)) == {State.DONE}
