"""Bulk runs: each row once, rights asked anew, stopped, taken back, gone on with after a killed worker."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connections

from central.accounts.actions import give_role, give_sites
from central.orders.models import Order, OrderChange
from central.ui.bulk import handlers
from central.ui.bulk.models import BulkRow, BulkRun
from central.ui.tests import cast
from sync.events import run_due
from sync.store.jobs.models import Job

pytestmark = [
    pytest.mark.django_db(databases=["default", "orders", "catalog"]),
    pytest.mark.urls("central.ui.tests.a_list"),
]


@pytest.fixture(autouse=True)
def world(node_home: Any) -> None:
    cast.site("tea")
    cast.site("clay")


@pytest.fixture
def user() -> User:
    return cast.staff("mark", "manager")


@pytest.fixture
def mark(user: User) -> Any:
    return cast.signed_in(user)


@pytest.fixture
def orders() -> list[Order]:
    made = [cast.order("tea", number=f"TEA-{at}") for at in range(1, 6)]
    Job.objects.using("orders").all().delete()
    return made


def begin(client: Any, action: str, *rows: Order, query: str = "", **more: Any) -> BulkRun:
    answer = client.post(
        f"/tried/-/bulk{query}", {"action": action, "row": [str(row.pk) for row in rows], "go": "1", **more}
    )
    assert answer.status_code == 302, answer.content.decode()
    return BulkRun.objects.using("orders").latest("created_at")


def worked(run: BulkRun) -> BulkRun:
    run_due(["orders"])
    run.refresh_from_db(using="orders")
    return run


def statuses() -> dict[str, str]:
    return dict(Order.objects.order_by("number").values_list("number", "status"))


def confirmed() -> list[str]:
    return [number for number, status in statuses().items() if status == "confirmed"]


def test_the_ticked_rows_are_done_and_no_other(mark: Any, orders: list[Order]) -> None:
    run = worked(begin(mark, "confirm", orders[0], orders[3]))

    assert confirmed() == ["TEA-1", "TEA-4"]
    assert (run.state, run.total, run.done, run.failed) == ("done", 2, 2, 0)
    assert "2 rows done" in mark.get("/tried").content.decode()


def test_the_whole_filter_is_what_it_finds_and_the_list_asks_first(mark: Any, orders: list[Order]) -> None:
    cast.order("clay", number="CLAY-1")
    asked = mark.post("/tried/-/bulk?site=tea", {"action": "confirm", "whole": "1"})
    assert "5 rows, everything the filter finds now." in asked.content.decode()
    assert confirmed() == []

    run = worked(begin(mark, "confirm", query="?site=tea", whole="1"))

    assert confirmed() == ["TEA-1", "TEA-2", "TEA-3", "TEA-4", "TEA-5"]
    assert (run.total, run.done) == (5, 5)


def test_a_filter_is_forgotten_once_its_rows_are_fixed_and_what_was_filled_in_at_the_end(
    mark: Any, orders: list[Order], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begin(mark, "note", query="?site=tea", whole="1", note="call")
    assert (run.query, run.filled) == ("site=tea", {"note": ["call"]})
    midway = []
    _after(1, lambda: midway.append(BulkRun.objects.using("orders").get(pk=run.pk)), monkeypatch)

    run = worked(run)

    assert [(one.query, one.filled) for one in midway] == [("", {"note": ["call"]})]
    assert (run.done, run.query, run.filled) == (4, "", {})
    assert begin(mark, "note", orders[0], query="?site=tea", note="call").query == ""  # ticked rows need no filter


def test_the_whole_filter_keeps_to_the_sites_in_view(mark: Any, orders: list[Order]) -> None:
    cast.order("clay", number="CLAY-1")
    mark.post("/choose-site", {"in_view": "site:clay"})

    worked(begin(mark, "confirm", whole="1"))

    assert confirmed() == ["CLAY-1"]


def test_a_refused_row_says_why_and_stops_nobody(mark: Any, orders: list[Order]) -> None:
    run = worked(begin(mark, "note", *orders, note="call"))

    assert (run.done, run.failed) == (4, 1)
    page = mark.get(f"/tried/-/runs/{run.pk}").content.decode()
    assert "TEA-2" in page
    assert "cannot go there" in page


def test_what_is_filled_in_is_checked_before_it_begins(mark: Any, orders: list[Order]) -> None:
    answer = mark.post("/tried/-/bulk", {"action": "note", "row": str(orders[0].pk), "go": "1", "note": ""})

    assert answer.status_code == 422
    assert not BulkRun.objects.using("orders").exists()


def test_undo_is_a_run_that_takes_back_what_was_done(mark: Any, orders: list[Order]) -> None:
    run = worked(begin(mark, "note", *orders, note="call"))
    assert {order.note for order in Order.objects.exclude(number="TEA-2")} == {"call"}

    mark.post(f"/tried/-/runs/{run.pk}/steer", {"what": "undo"})
    mark.post(f"/tried/-/runs/{run.pk}/steer", {"what": "undo"})
    undo = worked(BulkRun.objects.using("orders").get(undoes=run.pk))

    assert {order.note for order in Order.objects.all()} == {""}
    assert (undo.total, undo.done, undo.failed) == (4, 4, 0)
    states = BulkRow.objects.using("orders").filter(run=run).values_list("state", flat=True)
    assert sorted(states) == ["failed", "undone", "undone", "undone", "undone"]


def test_the_question_says_whether_there_is_a_way_back(mark: Any, orders: list[Order]) -> None:
    ticked = {"row": str(orders[0].pk)}

    assert "You can take it back" in mark.post("/tried/-/bulk", {"action": "note", **ticked}).content.decode()
    assert "cannot be taken back" in mark.post("/tried/-/bulk", {"action": "confirm", "whole": "1"}).content.decode()


def test_what_says_no_way_back_offers_none(mark: Any, orders: list[Order]) -> None:
    run = worked(begin(mark, "confirm", *orders))

    mark.post(f"/tried/-/runs/{run.pk}/steer", {"what": "undo"})

    assert not BulkRun.objects.using("orders").filter(undoes=run.pk).exists()
    assert "data-undo" not in mark.get("/tried").content.decode()


def _after(count: int, then: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `then` happen when `count` rows are done."""
    do, seen = handlers._do, []

    def counted(*args: Any) -> None:
        do(*args)
        seen.append(1)
        if len(seen) == count:
            then()

    monkeypatch.setattr(handlers, "_do", counted)


def test_a_run_that_is_stopped_leaves_the_rest(mark: Any, orders: list[Order], monkeypatch: pytest.MonkeyPatch) -> None:
    run = begin(mark, "confirm", *orders)
    _after(2, lambda: mark.post(f"/tried/-/runs/{run.pk}/steer", {"what": "stop"}), monkeypatch)

    worked(run)

    assert (run.state, run.done) == ("stopped", 2)
    assert len(confirmed()) == 2


def test_a_killed_worker_goes_on_and_does_no_row_twice(
    mark: Any, orders: list[Order], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begin(mark, "confirm", *orders)

    def die() -> None:
        raise OperationalError("the server closed the connection")

    with monkeypatch.context() as patched:
        _after(2, die, patched)
        run_due(["orders"], rounds=1)
    assert len(confirmed()) == 2
    Job.objects.using("orders").update(run_at="2000-01-01T00:00:00Z")
    worked(run)

    assert (run.state, run.done, len(confirmed())) == ("done", 5, 5)
    assert OrderChange.objects.filter(kind="status").count() == 5


def test_a_long_run_is_many_short_jobs(mark: Any, orders: list[Order], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handlers, "SLICE_S", -1.0)
    run = begin(mark, "confirm", *orders)
    run_due(["orders"], rounds=1)
    assert len(confirmed()) == 1

    assert worked(run).done == 5
    assert Job.objects.using("orders").filter(handler="ui.bulk").count() == 6


def test_rights_and_sites_are_asked_for_each_row_as_they_are_then(
    mark: Any, user: User, orders: list[Order], monkeypatch: pytest.MonkeyPatch
) -> None:
    clay = cast.order("clay", number="CLAY-1")
    run = begin(mark, "confirm", orders[0], orders[1], clay)
    _after(1, lambda: give_sites(user, ["tea"]), monkeypatch)

    worked(run)

    assert confirmed() == ["TEA-1", "TEA-2"]
    assert (run.done, run.failed) == (2, 1)
    assert BulkRow.objects.using("orders").get(state="failed").why == "It is not among what you may see any more."


def test_who_lost_the_right_in_the_middle_changes_nothing_more(
    mark: Any, user: User, orders: list[Order], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begin(mark, "confirm", *orders)
    _after(1, lambda: give_role(user, "viewer"), monkeypatch)

    worked(run)

    assert (run.done, run.failed) == (1, 4)


def test_a_row_of_another_site_is_not_done(orders: list[Order]) -> None:
    clay = cast.order("clay", number="CLAY-1")
    client = cast.signed_in(cast.staff("olga", "operator", sites=["tea"]))

    run = worked(begin(client, "confirm", clay))

    assert (run.done, run.failed) == (0, 1)
    assert confirmed() == []


def test_an_action_without_its_right_is_not_offered_nor_taken(mark: Any, orders: list[Order]) -> None:
    assert "Hidden" not in mark.get("/tried").content.decode()

    answer = mark.post("/tried/-/bulk", {"action": "hidden", "row": str(orders[0].pk)})

    assert answer.status_code == 404


def test_the_run_of_another_person_is_not_there(mark: Any, orders: list[Order]) -> None:
    run = worked(begin(mark, "note", *orders, note="call"))
    client = cast.signed_in(cast.staff("ada", "admin"))

    assert client.get(f"/tried/-/runs/{run.pk}").status_code == 404
    assert client.post(f"/tried/-/runs/{run.pk}/steer", {"what": "undo"}).status_code == 404
    assert "rows done" not in client.get("/tried").content.decode()


def test_progress_asks_again_until_the_run_is_over(mark: Any, orders: list[Order]) -> None:
    run = begin(mark, "confirm", *orders)

    going = mark.get(f"/tried/-/runs/{run.pk}/strip").content.decode()
    worked(run)
    over = mark.get(f"/tried/-/runs/{run.pk}/strip").content.decode()

    assert "0 of 5" in going
    assert 'hx-trigger="every 1s"' in going
    assert "5 rows done" in over
    assert "hx-trigger" not in over
    assert re.search(r'<progress[^>]* value="100"', over)


def test_nothing_ticked_begins_nothing(mark: Any, orders: list[Order]) -> None:
    answer = mark.post("/tried/-/bulk", {"action": "confirm"}, follow=True)

    assert "Tick the rows first." in answer.content.decode()
    assert not BulkRun.objects.using("orders").exists()


def test_nothing_of_a_run_lies_in_clear(mark: Any, orders: list[Order]) -> None:
    text = "call Anna Example"
    run = begin(mark, "note", whole="1", query="?q=TEA", note=text)
    worked(run)

    assert text in {order.note for order in Order.objects.all()}
    with connections["orders"].cursor() as cursor:
        for table in ("bulk_bulkrun", "bulk_bulkrow"):
            cursor.execute(f"SELECT {table}::text FROM {table}")
            rows = [row for (row,) in cursor.fetchall()]
            assert rows
            for word in ("Anna", "TEA"):
                assert not [row for row in rows if word in row or word.encode().hex() in row], table
