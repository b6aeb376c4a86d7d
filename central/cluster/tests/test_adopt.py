from __future__ import annotations

import msgspec
import pytest
from django.test import Client

from central.cluster import actions
from central.cluster.directory import ClusterDirectory
from central.cluster.errors import JoinRefused
from central.cluster.events import EpochEnded
from central.cluster.models import Node
from central.cluster.tests.make import invite, make_site
from infra.crypto.sealing import new_sealing_key, sealing_public_of
from infra.crypto.signing import b64, new_signing_key, public_of, sign, unb64, verify
from sync.contracts.codec import unpack
from sync.contracts.join import AdoptRequest, JoinAnswer, JoinRequest
from sync.events import RecordedEvent, kind_of
from sync.store.central.models import Outbox

pytestmark = pytest.mark.django_db(databases=["default"])


@pytest.fixture
def key() -> bytes:
    """Of the node `a`, which has joined."""
    make_site()
    token, key = invite(), new_signing_key()
    request = JoinRequest(
        invite=token.invite,
        secret=token.secret,
        sign_key=b64(public_of(key)),
        seal_key=b64(sealing_public_of(new_sealing_key())),
        version="1",
    )
    actions.join_node(msgspec.structs.replace(request, signature=b64(sign(key, request.signed_part()))))
    return key


def asking(key: bytes, epoch: int = 1, nonce: str = "n", node: str = "a") -> AdoptRequest:
    request = AdoptRequest(node=node, epoch=epoch, nonce=nonce, sign_key=b64(public_of(key)), version="1")
    return msgspec.structs.replace(request, signature=b64(sign(key, request.signed_part())))


def ended() -> list[tuple[str, int]]:
    bodies = Outbox.objects.filter(topic="event").order_by("id").values_list("body", flat=True)
    events = [unpack(bytes(body), RecordedEvent) for body in bodies]
    return [
        (found.node, found.epoch)
        for event in events
        if event.kind == kind_of(EpochEnded) and (found := unpack(event.body, EpochEnded))
    ]


def test_a_restored_disk_gets_an_epoch_of_its_own_and_the_old_one_is_over(key: bytes) -> None:
    answer = actions.adopt_disk(asking(key))

    assert (answer.node, answer.epoch, answer.sites) == ("a", 2, ["tea"])
    assert verify(unb64(answer.central_key), unb64(answer.signature), answer.signed_part())
    assert Node.objects.get(pk="a").epoch == 2
    assert ended() == [("a", 1)]


def test_the_same_asking_again_gets_the_same_answer(key: bytes) -> None:
    first, again = actions.adopt_disk(asking(key)), actions.adopt_disk(asking(key))

    assert first.epoch == again.epoch == 2
    assert ended() == [("a", 1)]


def test_of_two_copies_that_ask_one_is_left(key: bytes) -> None:
    actions.adopt_disk(asking(key, nonce="one"))

    with pytest.raises(JoinRefused) as refused:
        actions.adopt_disk(asking(key, nonce="other"))

    assert refused.value.code == "stale_epoch"
    assert Node.objects.get(pk="a").epoch == 2


def test_whoever_has_not_the_nodes_key_ends_nothing(key: bytes) -> None:
    stranger = new_signing_key()
    forged = msgspec.structs.replace(asking(stranger), sign_key=b64(public_of(key)))

    for request in (asking(stranger), forged, asking(key, node="z")):
        with pytest.raises(JoinRefused) as refused:
            actions.adopt_disk(request)
        assert refused.value.code == "unknown_node"

    assert (Node.objects.get(pk="a").epoch, ended()) == (1, [])


def test_a_revoked_node_gets_no_new_epoch(key: bytes) -> None:
    actions.revoke_node("a", by="anna")

    with pytest.raises(JoinRefused) as refused:
        actions.adopt_disk(asking(key))

    assert refused.value.code == "node_revoked"


def test_a_disk_that_was_seen_to_be_rolled_back_is_fenced_until_it_has_a_new_epoch(key: bytes) -> None:
    directory = ClusterDirectory()
    assert not (found := directory.find("a")) or not found.is_fenced

    directory.epoch_died("a", 1)
    directory.epoch_died("a", 1)

    assert (found := directory.find("a")) and found.is_fenced
    assert ended() == [("a", 1)]
    actions.adopt_disk(asking(key))
    assert (found := directory.find("a")) and not found.is_fenced


def test_the_door_answers_over_http(key: bytes) -> None:
    client = Client()

    taken = client.post("/_adopt", msgspec.json.encode(asking(key)), content_type="application/json")
    refused = client.post("/_adopt", msgspec.json.encode(asking(key, nonce="x")), content_type="application/json")
    rubbish = client.post("/_adopt", b"{", content_type="application/json")

    assert msgspec.json.decode(taken.content, type=JoinAnswer).epoch == 2
    assert (refused.status_code, refused.json()["error"]) == (403, "stale_epoch")
    assert rubbish.status_code == 400
