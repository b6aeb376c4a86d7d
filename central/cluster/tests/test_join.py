from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from django.test import Client
from django.utils import timezone

from central.cluster import actions
from central.cluster.errors import JoinRefused
from central.cluster.models import Invite, Node
from central.cluster.tests.make import invite, make_request, make_site
from infra.crypto.signing import new_signing_key, unb64, verify
from sync.contracts.join import JoinAnswer

pytestmark = pytest.mark.django_db(databases=["default"])


def test_a_node_joins_and_knows_central_by_the_key_of_its_token() -> None:
    make_site()
    token = invite()
    request = make_request(token)

    answer = actions.join_node(request)

    assert (answer.node, answer.epoch, answer.sites) == ("a", 1, ["tea"])
    assert verify(unb64(token.central_key), unb64(answer.signature), answer.signed_part())
    assert Node.objects.get(pk="a").sign_key == request.sign_key


def test_the_same_node_may_repeat_a_broken_join() -> None:
    make_site()
    request = make_request(invite())
    actions.join_node(request)

    again = actions.join_node(request)

    assert again.epoch == 1


def test_a_second_node_cannot_use_the_token() -> None:
    make_site()
    token = invite()
    actions.join_node(make_request(token))

    with pytest.raises(JoinRefused) as refused:
        actions.join_node(make_request(token))

    assert refused.value.code == "token_used"
    assert Node.objects.get(pk="a").epoch == 1


def test_a_token_that_came_too_late_is_refused() -> None:
    make_site()
    token = invite()
    Invite.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    with pytest.raises(JoinRefused) as refused:
        actions.join_node(make_request(token))

    assert refused.value.code == "token_expired"
    assert Node.objects.get(pk="a").state == Node.State.INVITED


def test_a_wrong_secret_is_refused() -> None:
    make_site()
    token = msgspec.structs.replace(invite(), secret="guess")

    with pytest.raises(JoinRefused) as refused:
        actions.join_node(make_request(token))

    assert refused.value.code == "unknown_token"


def test_a_request_signed_by_another_key_is_refused() -> None:
    make_site()
    token = invite()
    request = make_request(token)
    forged = msgspec.structs.replace(make_request(token), sign_key=request.sign_key)

    with pytest.raises(JoinRefused) as refused:
        actions.join_node(forged)

    assert refused.value.code == "bad_signature"


def test_a_new_disk_raises_the_epoch() -> None:
    make_site()
    actions.join_node(make_request(invite()))

    answer = actions.join_node(make_request(invite()))

    assert answer.epoch == 2


def test_a_revoked_node_cannot_join_again() -> None:
    make_site()
    private = new_signing_key()
    token = invite()
    actions.join_node(make_request(token, private))
    actions.revoke_node("a", by="tests")

    with pytest.raises(JoinRefused) as refused:
        actions.join_node(make_request(token, private))

    assert refused.value.code == "node_revoked"


def test_join_over_http_names_what_is_wrong() -> None:
    make_site()
    token = invite()
    good = Client().post("/_join", msgspec.json.encode(make_request(token)), content_type="application/json")
    bad = Client().post("/_join", b"{", content_type="application/json")
    used = Client().post("/_join", msgspec.json.encode(make_request(token)), content_type="application/json")

    assert msgspec.json.decode(good.content, type=JoinAnswer).node == "a"
    assert (bad.status_code, bad.json()["error"]) == (400, "bad_request")
    assert (used.status_code, used.json()["error"]) == (403, "token_used")
