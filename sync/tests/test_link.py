"""Hub and link end to end: one process, real WebSocket, PostgreSQL, Redis and SQLite."""

from __future__ import annotations

import pytest

from sync.store.edge.models import Document
from sync.store.writer import reader, writer
from sync.tests import house
from sync.tests.house import CATALOG, ORDERS, central, edge, in_thread, until, until_db

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=[ORDERS, CATALOG, "edge"]),
    pytest.mark.usefixtures("declared"),
]


def held() -> dict[str, bytes]:
    rows = Document.objects.filter(body__isnull=False).values_list("key", "body")
    return {key: bytes(body) for key, body in rows}


async def test_state_reaches_the_edge_by_snapshot_and_by_tail() -> None:
    await in_thread(lambda: house.put_item("before", b"1"))
    async with central() as home, edge(home):
        await until_db(lambda: held() == {"before": b"1"})

        await in_thread(lambda: house.put_item("after", b"2"))

        await until_db(lambda: held() == {"before": b"1", "after": b"2"})
