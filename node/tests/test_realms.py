"""The rules of the realms: routing, no key across them, no transaction across them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import connections, models, transaction
from django.test.utils import isolate_apps

from node import realms
from node.realms import (
    CLUSTER,
    EDGE,
    EVERY,
    ORDERS,
    STATS,
    RealmRouter,
    RealmsNested,
    alias_of,
    atomic,
    on_commit,
    realm_of,
    realm_of_alias,
)

TWO = ["default", "orders"]


@pytest.fixture
def realm(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """App label -> realm, for apps that exist during one test."""
    named: dict[str, str] = {}
    real = realms.realm_of
    monkeypatch.setattr(realms, "realm_of", lambda label: named.get(label) or real(label))
    yield named


def test_cluster_is_the_default_alias_and_every_other_realm_has_its_own_name() -> None:
    assert (alias_of(CLUSTER), alias_of(ORDERS), alias_of(EDGE)) == ("default", "orders", "edge")
    assert (realm_of_alias("default"), realm_of_alias("orders")) == (CLUSTER, ORDERS)


def test_foreign_apps_live_in_cluster() -> None:
    assert realm_of("sessions") == CLUSTER
    assert RealmRouter().db_for_write(Session) == "default"


def test_an_app_of_every_realm_is_migrated_into_each_of_central_and_not_into_an_edge(realm: dict[str, str]) -> None:
    realm["log"] = EVERY
    router = RealmRouter()

    assert all(router.allow_migrate(alias_of(name), "log") for name in realms.CENTRAL_REALMS)
    assert not router.allow_migrate("edge", "log")


def test_an_app_is_migrated_into_its_realm_only(realm: dict[str, str]) -> None:
    realm["hats"] = ORDERS
    router = RealmRouter()

    assert [alias for alias in connections if router.allow_migrate(alias, "hats")] == ["orders"]


@isolate_apps("node")
def test_a_foreign_key_across_realms_is_refused(realm: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    class Hat(models.Model):
        class Meta:
            app_label = "node"

    class Order(models.Model):
        hat = models.ForeignKey(Hat, on_delete=models.CASCADE)

        class Meta:
            app_label = "node"

    monkeypatch.setattr(realms, "realm_of", lambda label: ORDERS)
    monkeypatch.setattr(realms.apps, "get_models", lambda: [Hat, Order])
    assert realms.check_foreign_keys() == []

    Hat._meta.app_label = "hats"
    monkeypatch.setattr(realms, "realm_of", lambda label: STATS if label == "hats" else ORDERS)

    found = realms.check_foreign_keys()

    assert [error.id for error in found] == ["rialto.E001"]
    assert "from realm 'orders' into realm 'stats'" in found[0].msg


def test_no_key_of_the_house_crosses_realms_and_every_app_names_its_realm() -> None:
    assert realms.check_foreign_keys() == []
    assert realms.check_realms_named() == []


def test_an_app_that_names_no_realm_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    config = apps.get_app_config("sync_central")
    monkeypatch.setattr(type(config), "realm", "hats")

    found = realms.check_realms_named()

    assert [error.id for error in found] == ["rialto.E002"]


@pytest.mark.django_db(databases=TWO, transaction=True)
def test_a_transaction_inside_another_realms_is_refused_and_the_outer_one_survives() -> None:
    with atomic(CLUSTER):
        with pytest.raises(RealmsNested, match="'orders' was opened inside one of realm 'cluster'"), atomic(ORDERS):
            raise AssertionError("never runs")
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT 1")

    assert not connections["orders"].in_atomic_block


@pytest.mark.django_db(databases=TWO, transaction=True)
def test_a_foreign_bare_atomic_is_held_to_the_rule_too() -> None:
    with atomic(ORDERS), pytest.raises(RealmsNested), transaction.atomic():
        raise AssertionError("never runs")


@pytest.mark.django_db(databases=TWO)
def test_the_rule_holds_inside_a_test_case_as_well() -> None:
    with atomic(ORDERS), pytest.raises(RealmsNested), atomic(CLUSTER):
        raise AssertionError("never runs")


@pytest.mark.django_db(databases=TWO, transaction=True)
def test_one_realms_transaction_may_hold_another_of_itself_and_realms_may_follow_each_other() -> None:
    with atomic(ORDERS), atomic(ORDERS):
        pass
    with atomic(CLUSTER):
        pass

    assert not connections["orders"].in_atomic_block


@pytest.mark.django_db(databases=TWO, transaction=True)
def test_on_commit_waits_for_its_own_realm() -> None:
    done: list[str] = []

    with atomic(ORDERS):
        on_commit(lambda: done.append("orders"), realm=ORDERS)
        on_commit(lambda: done.append("cluster"), realm=CLUSTER)
        assert done == ["cluster"]  # no transaction of cluster is open

    assert done == ["cluster", "orders"]


@pytest.mark.django_db(databases=TWO, transaction=True)
def test_on_commit_is_forgotten_by_a_rollback() -> None:
    done: list[str] = []

    with pytest.raises(ZeroDivisionError), atomic(ORDERS):
        on_commit(lambda: done.append("orders"), realm=ORDERS)
        raise ZeroDivisionError

    assert done == []
