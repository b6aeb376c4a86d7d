"""What a person keeps of a list, its views and columns, and the list as a file."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from central.orders.actions import edit_order
from central.orders.models import Order
from central.ui.lists import export as files
from central.ui.models import ListMemory, SavedView
from central.ui.tests import cast

pytestmark = [
    pytest.mark.django_db(databases=["default", "orders", "catalog"]),
    pytest.mark.urls("central.ui.tests.a_list"),
]


@pytest.fixture(autouse=True)
def world(node_home: Any) -> None:
    for site in ("tea", "clay"):
        cast.site(site)
        for at in range(1, 6):
            cast.order(site, number=f"{site.upper()}-{at}")


@pytest.fixture
def ada() -> Any:
    return cast.signed_in(cast.staff("ada", "admin"))


def tabs(client: Any) -> list[str]:
    page = client.get("/tried?view=all").content.decode()
    return [text.strip() for text in re.findall(r'<a class="view"[^>]*>([^<]*)', page)]


def titles(client: Any, query: str = "?view=all") -> list[str]:
    """The column titles of the list."""
    page = client.get(f"/tried{query}").content.decode()
    head = re.search(r"<thead>(.*?)</thead>", page, re.DOTALL)
    assert head
    return [
        re.sub("<[^>]*>", "", cell)
        for cell in re.findall(r"<th[^>]*>(.*?)</th>", head[1])
        if "data-tick-all" not in cell
    ]


def save(client: Any, title: str, query: str = "?site=tea&sort=number", **more: str) -> SavedView:
    client.post(f"/tried/-/views{query}", {"title": title, **more})
    return next(view for view in SavedView.objects.all() if view.title == title)


# --- views ---------------------------------------------------------------------------------------------------------


def test_a_view_keeps_filter_sorting_and_columns(ada: Any) -> None:
    ada.post("/tried/-/columns", {"order": ["number", "total"], "column": ["number", "total"]})

    view = save(ada, "Tea by number")

    assert view.query == "site=tea&sort=number"
    assert view.columns == ["number", "total"]
    assert tabs(ada) == ["All", "Tea by number"]
    assert f"site=tea&amp;sort=number&amp;view={view.pk}" in ada.get("/tried").content.decode()


def test_only_a_shared_view_is_seen_by_others_with_the_right(ada: Any) -> None:
    save(ada, "Mine")
    view = save(ada, "Ours", is_shared="1")
    olga = cast.signed_in(cast.staff("olga", "operator", sites=["clay"]))

    assert tabs(olga) == ["All", "Ours"]
    page = olga.get(f"/tried?{view.query}&view={view.pk}").content.decode()
    assert "TEA-" not in page  # a view widens nobody's sites


def test_nobody_changes_the_view_of_another(ada: Any) -> None:
    view = save(ada, "Ours", is_shared="1")
    olga = cast.signed_in(cast.staff("olga", "operator"))

    for what in ("filter", "name", "delete"):
        assert olga.post(f"/tried/-/views/{view.pk}", {"what": what, "title": "Hers"}).status_code == 404

    view.refresh_from_db()
    assert (view.title, view.query) == ("Ours", "site=tea&sort=number")


def test_an_owner_renames_shares_refilters_and_deletes(ada: Any) -> None:
    view = save(ada, "Mine")

    ada.post(f"/tried/-/views/{view.pk}", {"what": "name", "title": "Ours", "is_shared": "1"})
    ada.post(f"/tried/-/views/{view.pk}?site=clay", {"what": "filter"})

    view.refresh_from_db()
    assert (view.title, view.is_shared, view.query) == ("Ours", True, "site=clay")
    ada.post(f"/tried/-/views/{view.pk}", {"what": "delete"})
    assert not SavedView.objects.exists()


def test_a_changed_filter_is_marked_on_the_tab(ada: Any) -> None:
    view = save(ada, "Mine")

    assert "The filter was changed since" not in ada.get(f"/tried?{view.query}&view={view.pk}").content.decode()
    assert "The filter was changed since" in ada.get(f"/tried?site=clay&view={view.pk}").content.decode()


def test_two_views_of_one_name_are_refused_in_words(ada: Any) -> None:
    save(ada, "Mine")

    answer = ada.post("/tried/-/views", {"title": "Mine"}, follow=True)

    assert "You have a view of this name already" in answer.content.decode()
    assert SavedView.objects.count() == 1


def test_the_default_view_opens_the_bare_list_and_all_stays_reachable(ada: Any) -> None:
    view = save(ada, "Mine")

    ada.post(f"/tried/-/views/{view.pk}", {"what": "default"})

    answer = ada.get("/tried")
    assert answer["Location"] == f"/tried?site=tea&sort=number&view={view.pk}"
    assert ada.get("/tried?view=all").status_code == 200
    ada.post(f"/tried/-/views/{view.pk}", {"what": "default", "off": "1"})
    assert ada.get("/tried").status_code == 200


def test_a_default_view_that_is_shared_no_more_opens_nothing(ada: Any) -> None:
    view = save(ada, "Ours", is_shared="1")
    olga = cast.signed_in(cast.staff("olga", "operator"))
    olga.post(f"/tried/-/views/{view.pk}", {"what": "default"})
    assert olga.get("/tried").status_code == 302

    ada.post(f"/tried/-/views/{view.pk}", {"what": "name", "title": "Mine"})

    assert olga.get("/tried").status_code == 200


# --- columns -------------------------------------------------------------------------------------------------------

ALL = ["number", "site", "total", "note", "by", "received", "customer"]


def test_columns_are_chosen_ordered_and_remembered_for_the_person(ada: Any) -> None:
    assert titles(ada) == ["No.", "Site", "Total", "Note", "By", "Received"]

    ada.post("/tried/-/columns", {"order": ALL, "column": ["number", "total", "customer"], "up": "customer"})
    assert titles(ada) == ["No.", "Total", "Customer"]
    ada.post(
        "/tried/-/columns", {"order": ["number", "total", "customer"], "column": ["number", "total"], "up": "total"}
    )

    assert titles(ada) == ["Total", "No."]
    assert titles(cast.signed_in(cast.staff("olga", "operator"))) == ["No.", "Site", "Total", "Note", "By", "Received"]
    ada.post("/tried/-/columns", {"reset": "1"})
    assert titles(ada) == ["No.", "Site", "Total", "Note", "By", "Received"]


def test_no_column_at_all_is_refused(ada: Any) -> None:
    ada.post("/tried/-/columns", {"order": ALL})

    assert not ListMemory.objects.exists()


def test_a_kept_column_without_its_right_is_not_shown(ada: Any) -> None:
    ada.post("/tried/-/columns", {"order": ALL, "column": ["number", "note"]})
    view = save(ada, "With notes", "", is_shared="1")
    vera = cast.signed_in(cast.staff("vera", "viewer"))

    assert titles(ada) == ["No.", "Note"]
    assert titles(vera, f"?view={view.pk}") == ["No."]


# --- files ---------------------------------------------------------------------------------------------------------


def rows_of(client: Any, query: str) -> list[list[str]]:
    answer = client.get(f"/tried/-/export?{query}")
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))


def sheet_of(client: Any, query: str) -> list[list[Any]]:
    answer = client.get(f"/tried/-/export?as=xlsx&{query}")
    return CalamineWorkbook.from_filelike(io.BytesIO(answer.getvalue())).get_sheet_by_index(0).to_python()


def test_a_file_holds_every_row_of_the_filter_in_its_columns(ada: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "BATCH", 2)

    found = rows_of(ada, "as=csv&site=tea&sort=number")

    assert found[0] == ["No.", "Site", "Total", "Note", "Received"]
    assert [line[0] for line in found[1:]] == ["TEA-1", "TEA-2", "TEA-3", "TEA-4", "TEA-5"]
    order = Order.objects.get(number="TEA-1")
    assert found[1][1:3] == ["tea", f"{order.total / 100:.2f}"]
    sheet = sheet_of(ada, "site=tea&sort=number")
    assert [line[0] for line in sheet] == ["No.", "TEA-1", "TEA-2", "TEA-3", "TEA-4", "TEA-5"]
    assert sheet[1][2] == order.total / 100


def test_a_text_is_never_a_formula(ada: Any) -> None:
    for number, note in (("TEA-1", "=1+1"), ("TEA-2", "@SUM(A1)"), ("TEA-3", "-2"), ("TEA-4", "+7 000 000-00-01")):
        edit_order(Order.objects.get(number=number).pk, note=note, by="ada")

    assert [line[3] for line in rows_of(ada, "as=csv&site=tea&sort=number")[1:5]] == [
        "'=1+1", "'@SUM(A1)", "'-2", "'+7 000 000-00-01",
    ]  # fmt: skip
    assert [line[3] for line in sheet_of(ada, "site=tea&sort=number")[1:5]] == [
        "=1+1", "@SUM(A1)", "-2", "+7 000 000-00-01",
    ]  # fmt: skip


def test_a_file_needs_the_right_to_download_and_the_lists_own() -> None:
    operator = cast.signed_in(cast.staff("olga", "operator"))

    assert operator.get("/tried/-/export?as=csv").status_code == 403
    assert "as=csv" not in operator.get("/tried").content.decode()
    assert cast.signed_in(cast.stranger()).get("/tried/-/export").status_code == 403


def test_a_file_holds_no_row_of_another_site() -> None:
    client = cast.signed_in(cast.staff("mark", "manager", sites=["clay"]))

    assert {line[0] for line in rows_of(client, "as=csv")[1:]} == {f"CLAY-{at}" for at in range(1, 6)}
    assert {line[0] for line in sheet_of(client, "site=tea")[1:]} == {f"CLAY-{at}" for at in range(1, 6)}


def test_memory_does_not_grow_with_the_list(ada: Any, django_assert_num_queries: Any) -> None:
    # Read by batches of one query each: 5 rows in batches of 2 are three reads.
    batches = [len(batch) for batch in files.batches(Order.objects.filter(site="tea"), _sort(), 2)]

    assert batches == [2, 2, 1]


def _sort() -> Any:
    from central.ui.lists.paging import make_sort

    return make_sort(Order, "number", "number", False, "pk")
