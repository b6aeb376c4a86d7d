from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from central.cluster import actions
from central.cluster.directory import ClusterDirectory
from central.cluster.errors import NameTaken
from central.cluster.models import Node
from central.cluster.queries import SILENT_AFTER, light_of
from central.cluster.tests.make import invite, make_request, make_site

pytestmark = pytest.mark.django_db(databases=["default"])


def joined(node: str = "a") -> Node:
    make_site()
    actions.join_node(make_request(invite(node)))
    return Node.objects.get(pk=node)


def heard(node: str = "a") -> None:
    actions.heard_from(node, version="1", backlog=3, lag=4, detail={})


def test_the_lights_of_a_node_from_invite_to_revocation() -> None:
    make_site()
    token = invite("a")
    assert light_of(Node.objects.get(pk="a")) == "grey"
    actions.join_node(make_request(token))
    assert light_of(Node.objects.get(pk="a")) == "amber"
    heard()
    assert light_of(Node.objects.get(pk="a")) == "green"
    assert light_of(Node.objects.get(pk="a"), timezone.now() + SILENT_AFTER + timedelta(seconds=1)) == "amber"

    actions.revoke_node("a", by="tests")

    assert light_of(Node.objects.get(pk="a")) == "red"


def test_a_revoked_node_is_not_invited_again() -> None:
    joined()
    actions.revoke_node("a", by="tests")

    with pytest.raises(NameTaken):
        invite("a")


def test_a_silent_node_is_amber_within_fifteen_seconds() -> None:
    assert timedelta(seconds=10) < SILENT_AFTER <= timedelta(seconds=15)


def test_the_directory_names_the_key_and_the_scope() -> None:
    joined()

    identity = ClusterDirectory().find("a")

    assert identity is not None
    assert (identity.scope.sites, identity.scope.groups) == (frozenset({"tea"}), frozenset({"main"}))
    assert not identity.is_revoked


def test_the_directory_does_not_know_a_node_that_was_only_invited() -> None:
    make_site()
    invite("a")

    assert ClusterDirectory().find("a") is None


def test_a_revoked_node_is_revoked_in_the_directory() -> None:
    joined()
    actions.revoke_node("a", by="tests")

    identity = ClusterDirectory().find("a")

    assert identity is not None
    assert identity.is_revoked
