"""The program cache of each node: seen by who may see health, emptied by who manages nodes, told to Prometheus."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from django.utils import timezone

from central.accounts.roles import ADMIN, VIEWER
from central.cluster.models import Node, NodeHealth
from central.failures.models import Failure
from central.health.findings import findings_of
from central.health.gathering import whole_health
from central.health.metrics import metrics_of
from central.ui.tests import cast
from infra.caching.figures import CacheFigures, KindFigures
from infra.caching.node import node_cache
from node.config import Cache, overridden

REALMS = ["default", "customers", "catalog", "orders", "work", "stats"]
pytestmark = pytest.mark.django_db(databases=REALMS)

TOLD = CacheFigures(
    backend="files", entries=7, bytes=2048, errors=1, kinds=[KindFigures(name="shell", near=90, far=6, made=4)]
)


@pytest.fixture(autouse=True)
def cluster() -> None:
    """Node `a` (tea) tells of its cache and was heard from long ago; `b` (ink) is of an older version."""
    for node, site, detail in (("a", "tea", {"cache": msgspec.to_builtins(TOLD)}), ("b", "ink", {})):
        cast.site(site)
        cast.node(node, site)
        Node.objects.filter(pk=node).update(state=Node.State.JOINED, epoch=1, joined_at=timezone.now())
        NodeHealth.objects.create(
            node_id=node,
            heard_at=timezone.now() - timedelta(minutes=5),
            version="1",
            backlog=0,
            lag=0,
            detail={"backlog": {}, "lag": {}, "parked": 0, **detail},
        )


def test_the_screen_shows_what_each_node_tells():
    page = cast.signed_in(cast.staff("anna", ADMIN)).get("/health/cache").content.decode()

    assert "<code>files</code>" in page
    assert '96 <span class="text-secondary">96 %</span>' in page
    assert "2.0" in page
    assert "The node tells nothing of its cache." in page
    assert page.count("Empty the cache") == 2  # central's, and a's


def test_what_a_node_makes_up_is_not_shown():
    for wrong in ({"backend": 5}, {"backend": "x" * 99}, {"backend": "files", "errors": -1}, "cache", []):
        NodeHealth.objects.filter(node_id="a").update(detail={"backlog": {}, "cache": wrong})

        assert [node.cache for node in whole_health().nodes] == [None, None]


def test_central_is_emptied_by_who_manages_nodes_and_sees_it_at_once():
    client = cast.signed_in(cast.staff("anna", ADMIN))
    client.get("/health/cache")
    kept = len(node_cache().near)

    answer = client.post("/health/cache/empty", {"node": ""})

    assert (kept > 0, len(node_cache().near), answer.status_code) == (True, 0, 302)
    assert "The program cache is empty: Central." in client.get(answer["Location"]).content.decode()


def test_who_only_looks_empties_nothing():
    client = cast.signed_in(cast.staff("vera", VIEWER))
    page = client.get("/health/cache")
    kept = len(node_cache().near)

    answer = client.post("/health/cache/empty", {"node": ""})

    assert answer.status_code == 403
    assert page.status_code in (200, 403)
    assert b"Empty the cache" not in page.content
    assert len(node_cache().near) == kept


def test_who_sees_some_sites_sees_their_nodes_and_does_not_empty_central():
    client = cast.signed_in(cast.staff("ina", ADMIN, ["ink"]))
    page = client.get("/health/cache").content.decode()

    assert 'data-cache="b"' in page
    assert 'data-cache="a"' not in page
    assert 'data-cache=""' not in page
    assert client.post("/health/cache/empty", {"node": ""}).status_code == 404
    assert client.post("/health/cache/empty", {"node": "a"}).status_code == 404


def test_a_node_that_is_cut_off_is_not_waited_for():
    client = cast.signed_in(cast.staff("anna", ADMIN))

    answer = client.post("/health/cache/empty", {"node": "a"}, follow=True)

    assert "does not answer at the moment" in answer.content.decode()


def test_a_cache_that_is_away_is_a_finding_and_a_metric(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with overridden(cache=Cache(backend="files", folder=tmp_path / "file")):
        health = whole_health()

    assert [(one.code, one.about) for one in findings_of(health) if one.code == "cache_away"] == [("cache_away", "")]
    told = metrics_of(health).decode()
    assert 'rialto_cache_up{backend="files",node="central"} 0.0' in told
    assert 'rialto_cache_up{backend="files",node="a"} 1.0' in told
    assert 'rialto_cache_asks_total{found="store",kind="shell",node="a"} 6.0' in told
    assert 'rialto_cache_entries{node="a"} 7.0' in told


def test_health_is_kept_for_those_who_look_and_fresh_for_who_has_changed_something():
    looks, changes = cast.signed_in(cast.staff("anna", ADMIN)), cast.signed_in(cast.staff("boris", ADMIN))
    assert failures(looks) == failures(changes) == "0"
    cast.failure()

    assert failures(looks) == "0"
    changes.post("/health/cache/empty", {"node": "b"})  # any change of theirs
    assert failures(changes) == "1"
    assert failures(looks) == "1"  # what was made anew is kept for all
    assert Failure.objects.count() == 1


def test_figures_of_some_sites_are_not_shown_to_others():
    every = cast.signed_in(cast.staff("anna", ADMIN)).get("/health").content.decode()
    some = cast.signed_in(cast.staff("ina", ADMIN, ["ink"])).get("/health").content.decode()

    assert ('data-node="a"' in every, 'data-node="a"' in some, 'data-node="b"' in some) == (True, False, True)


def failures(client) -> str:
    page = client.get("/health").content.decode()
    return page.split('<dt>Failed jobs</dt><dd class="number">')[1].split("<")[0]
