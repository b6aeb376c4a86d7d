from __future__ import annotations

from collections.abc import Iterator

import pytest

from sync import discover, replica, topics, upstream
from sync.store.edge.highwater import HighWater
from sync.store.writer import reader, writer
from sync.tests import house
from sync.threads import lanes


@pytest.fixture
def clean_registries() -> Iterator[None]:
    """Only what the test itself declares: the apps' topics and handlers are not ours to test."""
    kept = [dict(topics._topics), dict(upstream._receivers), dict(upstream._answers), set(discover._done)]
    tables = (topics._topics, upstream._receivers, upstream._answers)
    for table in tables:
        table.clear()
    discover._done |= {*discover.CENTRAL_MODULES, *discover.EDGE_MODULES}
    with replica.forget_hooks():
        yield
    for table, was in zip(tables, kept[:3], strict=True):
        table.clear()
        table.update(was)
    discover._done.clear()
    discover._done.update(kept[3])


@pytest.fixture
def declared(transactional_db: None, clean_registries: None) -> Iterator[None]:
    """The test's tables, topics and handlers on the real databases."""
    house.drop_tables()
    house.make_tables()
    HighWater.beside_database(1).path.unlink(missing_ok=True)
    house.declare()
    yield
    writer.stop()
    reader.stop()
    lanes.stop()
    house.drop_tables()
