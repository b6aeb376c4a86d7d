"""Protocol N and N-1 in one cluster: an old edge and a new one at this central, and this edge at an old central."""

from __future__ import annotations

import pytest

from infra.crypto.signing import new_signing_key, public_of
from sync.contracts import frames as f
from sync.link import LinkSettings
from sync.store.edge.models import Document, Outgoing
from sync.store.edge.outbox import enqueue
from sync.store.writer import writer
from sync.tests import house
from sync.tests.house import CATALOG, ORDERS, central, edge, in_thread, until, until_db
from tests.upgrade.old_nodes import OldCentral, OldEdge

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True, databases=[ORDERS, CATALOG, "edge"]),
    pytest.mark.usefixtures("declared"),
]


def test_this_code_speaks_the_newest_protocol_and_the_one_before() -> None:
    assert (f.PROTO_MIN, f.PROTO_MAX) == (1, 2)


async def test_an_old_edge_and_a_new_one_live_in_one_cluster() -> None:
    await in_thread(lambda: house.put_item("k", b"1"))
    async with central() as home, edge(home, "new") as link:
        await until(lambda: link.is_up)
        async with OldEdge(home.settings("old")).linked() as old:
            assert old.welcome["proto"] == 1
            await old.fetch(CATALOG)
            await old.fetch(ORDERS)
            await old.follow("note", "n")
            await until(lambda: old.documents == {("item:all", "k"): b"1"})

            await in_thread(lambda: house.put_item("k", b"2"))
            await until(lambda: old.documents == {("item:all", "k"): b"2"})
            await in_thread(lambda: house.add_note("n", b"said"))
            await until(lambda: b"said" in old.facts)

            await old.send_ops(ORDERS, ("thing", b"from the old"), ("thing", b"and again"))
            await writer.run(lambda: enqueue(ORDERS, "thing", b"from the new"))
            await until(lambda: old.acked == 2)
            await old.ask(7, "echo", b"?")
            await until(lambda: 7 in old.replies)
            await old.ping()
            await until(lambda: "old" in home.directory.heartbeats)

        await until_db(lambda: Document.objects.filter(key="k", body=b"2").exists())
        await until_db(lambda: len(house.taken()) == 3)

    assert sorted(await in_thread(house.taken)) == [b"and again", b"from the new", b"from the old"]
    assert home.directory.heartbeats["old"].backlog == 3


async def test_this_edge_lives_with_an_old_central() -> None:
    key, mine = new_signing_key(), new_signing_key()
    async with OldCentral(key, "a", CATALOG, "item:all").serving() as old:
        settings = LinkSettings(
            url=f"http://127.0.0.1:{old.port}", node="a", epoch=1, sign_key=mine, central_key=public_of(key)
        )
        from sync.link import Link

        link = Link()
        await link.start(settings)
        try:
            await until(lambda: link.is_up)
            await until_db(lambda: Document.objects.filter(topic="item:all", key="k", body=b"old").exists())
            await writer.run(lambda: enqueue(ORDERS, "thing", b"up"))
            await until_db(lambda: not Outgoing.objects.exists())
            assert await link.request("anything", b"x", timeout=5) == b"x"
            await until(lambda: old.pings, seconds=15)
        finally:
            await link.stop()

    assert old.taken == [{"kind": "thing", "body": "dXA="}]


async def test_versions_too_far_apart_part_with_a_word() -> None:
    async with central(sequencers=False) as home:
        settings = home.settings("a")
        async with OldEdge(settings).linked():
            pass
        with pytest.raises(AssertionError, match="upgrade the older one"):
            async with _FarEdge(settings).linked():
                pass


class _FarEdge(OldEdge):
    async def say(self, frame: dict[str, object]) -> None:
        if frame["t"] == "hello":
            frame = {**frame, "proto": [f.PROTO_MAX + 1, f.PROTO_MAX + 2]}
        await super().say(frame)
