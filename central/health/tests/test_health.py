"""The figures are what the tables say, each realm's by itself, for who may see them, and the same wherever told."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone, translation
from prometheus_client.parser import text_string_to_metric_families

from central.accounts.roles import ADMIN, VIEWER
from central.api.actions import Wanted, make_key
from central.api.tests.caller import Caller
from central.catalog.models import Media
from central.cluster.models import Node, NodeHealth, RealmHealth
from central.health import doctor
from central.health.figures import BooksFigures, Health, RealmFigures
from central.health.findings import findings_of
from central.health.gathering import health_for, whole_health
from central.health.metrics import metrics_of
from central.pages.links import take_in
from central.pictures.models import SitePicture
from central.stock import granting, receipts
from central.stock.models import MAIN, Audit, Grant, PendingUnits, Warehouse
from central.ui.tests import cast
from node.places import ROOT
from node.realms import ORDERS, STATS, atomic
from sync.contracts.links import BrokenLink
from sync.store.central.models import EdgeCursor, LastN, SyncLog
from sync.topics import EdgeScope

REALMS = ["default", "customers", "catalog", "orders", "work", "stats"]
pytestmark = pytest.mark.django_db(databases=REALMS)


@pytest.fixture(autouse=True)
def cluster() -> None:
    """Nodes `a` (shop tea), heard from, and `b` (shop ink), silent."""
    now = timezone.now()
    for node, site, heard in (("a", "tea", now), ("b", "ink", now - timedelta(minutes=5))):
        cast.site(site)
        cast.node(node, site)
        Node.objects.filter(pk=node).update(state=Node.State.JOINED, epoch=1, joined_at=now)
        detail = {"backlog": {"orders": 3}, "lag": {}, "parked": 0}
        NodeHealth.objects.create(node_id=node, heard_at=heard, version="1", backlog=3, lag=0, detail=detail)
    Audit.objects.create(checked_at=now, took_ms=1)


def log(count: int, *, seconds: int) -> None:
    made = timezone.now() - timedelta(seconds=seconds)
    for seq in range(1, count + 1):
        SyncLog.objects.using(ORDERS).create(seq=seq, topic="t", key="k", ver=seq, op="s", chain=b"", created=made)


def codes(health: Any) -> list[tuple[str, str]]:
    return [(one.code, one.about) for one in findings_of(health)]


def test_a_node_is_as_far_behind_as_the_first_entry_it_has_not_applied_is_old() -> None:
    log(9, seconds=90)
    EdgeCursor.objects.using(ORDERS).create(edge="a", epoch="e", seq=4)
    EdgeCursor.objects.using(ORDERS).create(edge="b", epoch="e", seq=9)

    a, b = whole_health().nodes

    assert (a.total("behind"), round(a.oldest("behind_s") or 0, -1)) == (5, 90)
    assert (b.total("behind"), b.oldest("behind_s")) == (0, 0.0)
    assert ("behind", "a") in codes(whole_health())


def test_a_node_whose_ops_are_not_taken_in_is_stuck() -> None:
    LastN.objects.using(ORDERS).create(edge="a", epoch=1, n=5, changed=timezone.now() - timedelta(seconds=90))
    LastN.objects.using(ORDERS).create(edge="a", epoch=0, n=9)  # of a disk it has lost

    [a, _] = whole_health().nodes

    assert (a.total("backlog"), round(a.oldest("acked_s") or 0, -1)) == (3, 90)
    assert ("stuck", "a") in codes(whole_health())


def test_frozen_units_are_told_apart_from_those_it_may_sell() -> None:
    variant, scope = uuid.uuid4(), EdgeScope("a", 1, frozenset({"tea"}), frozenset())
    receipts.receive_stock({variant: 100}, who="tests")
    granting.grant_rights(scope, {variant: 10}, must=True)
    [frozen] = granting.grant_rights(scope, {variant: 7}, must=True)
    Grant.objects.filter(pk=frozen.pk).update(state=Grant.State.FROZEN, sold=2)

    [a, b] = whole_health().nodes

    assert (a.rights, a.frozen) == (10, 5)
    assert (b.rights, b.frozen) == (0, 0)
    assert ("frozen", "a") in codes(whole_health())


def test_what_waits_for_a_person_is_found() -> None:
    PendingUnits.objects.create(order=uuid.uuid4(), variant=uuid.uuid4(), units=5, taken=2, placed_at=timezone.now())
    Audit.objects.update(checked_at=timezone.now() - timedelta(minutes=6))

    health = whole_health()

    assert health.pending == 3
    assert {("silent", "b"), ("audit_late", "")} <= set(codes(health))


def test_books_that_were_begun_a_moment_ago_are_not_late() -> None:
    Audit.objects.all().delete()
    # The databases of a test are a copy, whose warehouse is as old as what was copied.
    Warehouse.objects.filter(pk=MAIN).update(created_at=timezone.now())
    assert ("audit_late", "") not in codes(whole_health())

    Warehouse.objects.filter(pk=MAIN).update(created_at=timezone.now() - timedelta(minutes=6))

    assert ("audit_late", "") in codes(whole_health())


def test_an_op_set_aside_and_wrong_books_are_trouble_and_stand_first() -> None:
    realms = [RealmFigures(realm=ORDERS, is_up=True, set_aside=2, failed=1), RealmFigures(realm="work", is_up=False)]

    found = findings_of(Health(realms=realms, books=BooksFigures(breaches=3, checked_s=1), duplicates=4))

    assert [(one.code, one.tone) for one in found] == [
        ("set_aside", "red"), ("realm_down", "red"), ("books", "red"), ("failed", "amber"), ("duplicates", "amber"),
    ]  # fmt: skip


def test_a_realm_that_is_known_to_be_down_is_not_asked_and_not_made_zero() -> None:
    RealmHealth.objects.create(realm=ORDERS, is_up=False)

    health = whole_health()

    assert (health.books, health.pending, health.duplicates) == (None, None, None)
    assert health.nodes[0].rights is None
    assert b"rialto_stock_pending_units" not in metrics_of(health)


def test_who_sees_one_shop_sees_its_node_and_nothing_of_the_whole() -> None:
    anna = cast.staff("anna", ADMIN, ["tea"])

    health = health_for(anna)

    assert [node.node for node in health.nodes] == ["a"]
    assert (health.realms, health.books, health.pending, health.failures) == (None, None, None, None)
    assert health_for(AnonymousUser()).nodes == []


def test_the_screen_is_for_who_has_the_right_and_speaks_his_language() -> None:
    client = cast.signed_in(cast.staff("anna", ADMIN))

    page = client.get("/health", headers={"accept-language": "ru"}).content.decode()

    assert 'data-finding="silent"' in page
    assert page.count("data-node=") == 2
    assert cast.signed_in(cast.staff("vera", VIEWER)).get("/health").status_code == 403


def test_metrics_are_prometheus_own_format() -> None:
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(metrics_of(whole_health()).decode())
        for sample in family.samples
    }

    assert samples["rialto_node_up", "a"] == 1
    assert samples["rialto_node_up", "b"] == 0
    assert samples["rialto_node_backlog_ops", "a", "orders"] == 3
    assert samples["rialto_realm_up", "orders"] == 1
    assert samples["rialto_stock_audit_breaches",] == 0


def test_the_api_tells_the_same_by_json_and_by_metrics() -> None:
    wanted = Wanted(name="Prometheus", rights=["see_health"], all_sites=True)
    caller = Caller(*make_key(cast.staff("anna", ADMIN), wanted))

    told = caller.get("health")

    assert [node["node"] for node in told.json()["nodes"]] == ["a", "b"]
    assert {"code": "silent", "about": "b"}.items() <= told.json()["findings"][0].items()
    assert "rialto_node_up" in caller.get("metrics").content.decode()


def test_doctor_speaks_english_whatever_the_shell_does() -> None:
    with translation.override("ru"):
        found, figures = doctor.examine()

    assert "Node b is silent. Its shops sell on." in found
    assert [node["node"] for node in figures["nodes"]] == ["a", "b"]


def test_every_metric_is_on_the_how_to_page() -> None:
    page = (ROOT / "docs" / "how-to" / "watch-the-cluster.md").read_text()

    told = {family.name for family in text_string_to_metric_families(metrics_of(whole_health()).decode())}

    assert {name for name in told if f"`{name}`" not in page} == set()


def test_what_a_node_says_of_its_pages_is_a_finding() -> None:
    told = {"file_failed": 2, "file_wrong": 1, "file_wrong_at": timezone.now().timestamp() - 60}
    NodeHealth.objects.filter(node_id="a").update(detail={"pages": told})
    NodeHealth.objects.filter(node_id="b").update(detail={"pages": {"file_failed": "odd", "file_oldest_dirty_s": -1}})

    found = codes(whole_health())

    assert [about for code, about in found if code in ("pages_failed", "pages_wrong", "pages_late")] == ["a", "a"]

    NodeHealth.objects.filter(node_id="a").update(detail={"pages": {"file_failed": 0, "file_oldest_dirty_s": 300}})

    assert [one for one in codes(whole_health()) if one[0].startswith("pages")] == [("pages_late", "a")]


def test_links_that_lead_nowhere_are_counted_where_one_sees_the_pages() -> None:
    with atomic(STATS):
        for site in ("tea", "ink"):
            take_in(site, "a", "book", [BrokenLink(url=f"http://{site}.example/", status="404", count=1)])

    person = cast.staff("ivan", ADMIN, sites=["tea"])

    assert (whole_health().broken_links, health_for(person).broken_links) == (2, 1)
    assert ("broken_links", "") in codes(health_for(person))


def test_photos_that_could_not_be_made_are_counted_of_the_sites_one_sees() -> None:
    photo = Media.objects.create(sha256="a" * 64, ext="jpg", size=1, width=1, height=1)
    for site, state in (("tea", "failed"), ("ink", "failed"), ("oil", "done")):
        SitePicture.objects.create(site=site, original=photo, state=state, wanted="k")

    person = cast.staff("ivan", ADMIN, sites=["tea"])

    assert (whole_health().failed_pictures, health_for(person).failed_pictures) == (2, 1)
    [found] = [one for one in findings_of(health_for(person)) if one.code == "failed_pictures"]
    assert (found.url, found.right) == ("/pictures?state=failed", "manage_pictures")
