"""The desk's screens of clients: who may edit, merge and erase, and what a click does."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse

from central.people.actions import match_or_make_customer
from central.people.models import Customer, Doubt, Merge
from central.ui.bulk.models import BulkRow, BulkRun
from central.ui.tests import cast
from sync.contracts.orders import Person
from sync.events import run_due

pytestmark = pytest.mark.django_db(databases=["default", "customers", "orders", "catalog", "work", "stats"])


def bought(name: str, phone: str, site: str = "tea") -> Customer:
    person = Person(name=name, phone=phone, email="one@example.com")
    return match_or_make_customer(uuid4(), person, site=site, site_label=site)


@pytest.fixture
def pair(node_home: Any) -> tuple[Customer, Customer, Doubt]:
    cast.site("tea")
    cast.site("hush")
    first, second = bought("Anna Example", "+70000000001"), bought("A. Example", "+70000000002")
    return first, second, Doubt.objects.create(customer=second, other=first, why=Doubt.Why.EMAIL)


def signed_in(role: str = "admin", **more: Any) -> Client:
    return cast.signed_in(cast.staff(f"{role}-{len(more)}", role, **more))


def test_the_queue_decides_by_one_click(pair: Any) -> None:
    first, second, doubt = pair
    boss = signed_in()
    assert "A. Example" in boss.get(reverse("doubts")).content.decode()

    boss.post(reverse("doubts-decide", args=[doubt.pk]), {"as": "apart"})
    doubt.refresh_from_db()
    assert (doubt.state, doubt.decided_by) == ("apart", "admin-0")
    boss.post(reverse("doubts-decide", args=[doubt.pk]), {"as": "again"})
    answer = boss.post(reverse("doubts-decide", args=[doubt.pk]), {"as": "same", "back": str(second.pk)}, follow=True)

    assert Customer.objects.get(pk=second.pk).merged_into_id == first.pk
    assert answer.redirect_chain[-1][0] == reverse("clients-card", args=[first.pk])  # a sign-post leads on


def test_a_run_over_the_queue_is_taken_back_and_names_nobody_in_clear(pair: Any) -> None:
    first, second, doubt = pair
    boss = signed_in()

    boss.post(reverse("doubts-bulk"), {"action": "same", "row": [str(doubt.pk)], "go": "1"}, follow=True)
    run_due()
    run = BulkRun.objects.using("customers").get()
    assert Customer.objects.get(pk=second.pk).merged_into_id == first.pk
    boss.post(reverse("doubts-steer", args=[run.pk]), {"what": "undo"})
    run_due()

    assert Customer.objects.get(pk=second.pk).merged_into_id is None
    with connections["customers"].cursor() as cursor:
        cursor.execute("SELECT bulk_bulkrow::text FROM bulk_bulkrow")
        assert all("Example" not in row and b"Example".hex() not in row for (row,) in cursor.fetchall())
    assert BulkRow.objects.using("customers").filter(run=run).get().state == "undone"


def test_a_merge_shows_both_keeps_what_was_chosen_and_goes_back(pair: Any) -> None:
    first, second, _ = pair
    boss = signed_in()
    address = reverse("clients-merge", args=[first.pk, second.pk])
    page = boss.get(address).content.decode()
    assert "Anna Example" in page and "A. Example" in page
    seen = {f"seen-{one.pk.hex}": one.ver for one in (first, second)}

    boss.post(address, {"name": "gone", "phone": "kept", **seen})

    first.refresh_from_db()
    assert (first.name, first.phone) == ("A. Example", "+70000000001")
    assert "Take the merge back" in boss.get(reverse("clients-card", args=[first.pk])).content.decode()
    boss.post(reverse("clients-unmerge", args=[first.pk, Merge.objects.get().pk]))
    first.refresh_from_db()
    assert first.name == "Anna Example"


def test_a_page_of_yesterday_merges_nothing(pair: Any) -> None:
    first, second, _ = pair

    answer = signed_in().post(reverse("clients-merge", args=[first.pk, second.pk]), {"name": "kept", "phone": "kept"})

    assert answer.status_code == 422
    assert not Merge.objects.exists()


def test_whom_to_merge_with_is_found_by_the_whole_phone(pair: Any) -> None:
    first, second, _ = pair
    other = bought("Somebody", "+70000000007")
    boss, address = signed_in(), reverse("clients-other", args=[first.pk])

    assert reverse("clients-merge", args=[first.pk, second.pk]) in boss.get(address).content.decode()
    found = boss.get(address, {"q": "8 000 000 00 07"}).content.decode()
    assert reverse("clients-merge", args=[first.pk, other.pk]) in found


def test_erasing_wants_the_name_typed(pair: Any) -> None:
    first = pair[0]
    boss, address = signed_in(), reverse("clients-erase", args=[first.pk])

    refused = boss.post(address, {"word": "Anna"})
    first.refresh_from_db()
    assert (refused.status_code, first.erased_at) == (422, None)
    answer = boss.post(address, {"word": " anna  EXAMPLE "}, follow=True).content.decode()

    first.refresh_from_db()
    assert first.name == "" and "Anna" not in answer
    assert "His orders stay without him." in answer
    assert str(first.pk) not in boss.get(reverse("clients")).content.decode()


def test_nobody_erases_who_ordered_where_he_does_not_see(pair: Any) -> None:
    first = pair[0]
    bought("Anna Example", "+70000000001", site="hush")
    boss = signed_in(sites=["tea"])

    answer = boss.post(reverse("clients-erase", args=[first.pk]), {"word": "Anna Example"}, follow=True)

    assert "somebody who sees them all" in answer.content.decode()
    assert Customer.objects.get(pk=first.pk).name == "Anna Example"


def test_a_doubt_with_a_client_of_another_site_is_not_in_the_queue(pair: Any) -> None:
    first = pair[0]
    theirs = bought("Hush Example", "+70000000005", site="hush")
    doubt = Doubt.objects.create(customer=first, other=theirs, why=Doubt.Why.EMAIL)
    boss = signed_in(sites=["tea"])

    assert "Hush Example" not in boss.get(reverse("doubts")).content.decode()
    assert boss.post(reverse("doubts-decide", args=[doubt.pk]), {"as": "same"}).status_code == 404
    assert boss.get(reverse("clients-merge", args=[first.pk, theirs.pk])).status_code == 404
    assert not Merge.objects.exists()


@pytest.mark.parametrize(
    ("role", "edits", "merges", "erases"),
    [
        ("viewer", 403, 403, 403),
        ("operator", 200, 403, 403),
        ("manager", 200, 200, 403),
        ("admin", 200, 200, 200),
    ],
)
def test_editing_merging_and_erasing_are_rights_of_their_own(
    pair: Any, role: str, edits: int, merges: int, erases: int
) -> None:
    person = signed_in(role)
    first, second, _ = pair

    answers = [
        person.get(reverse(name, args=arguments)).status_code
        for name, arguments in [
            ("clients-edit", [first.pk]),
            ("clients-merge", [first.pk, second.pk]),
            ("clients-erase", [first.pk]),
        ]
    ]

    assert answers == [edits, merges, erases]
    assert person.get(reverse("doubts")).status_code == merges
