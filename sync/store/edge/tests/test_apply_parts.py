"""A batch from central is written in parts, so that a shopper's op comes between them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sync.contracts.frames import Batch, Entry
from sync.replica import applies, forget_hooks
from sync.store.edge import apply
from sync.store.edge.apply import PART, CursorMoved
from sync.store.edge.models import Cursor, Document
from sync.store.writer import writer

pytestmark = pytest.mark.django_db(transaction=True, databases=["edge"])

COUNT = 2 * PART + 3


@pytest.fixture(autouse=True)
def stopped() -> Iterator[None]:
    yield
    writer.stop()


def batch(count: int = COUNT) -> Batch:
    entries = [Entry(n, "item:all", f"k{n:03}", n, "s", b"%d" % n, 1) for n in range(1, count + 1)]
    return Batch(realm="catalog", epoch="e", start=0, prev_chain=b"", to=count, head=count, chain=b"c", entries=entries)


def standing() -> tuple[int, bytes, int]:
    row = Cursor.objects.get(realm="catalog")
    return row.seq, bytes(row.chain), Document.objects.count()


async def begin() -> None:
    await writer.run(lambda: Cursor.objects.create(realm="catalog", epoch="e", seq=0, chain=b""))


async def test_the_last_part_moves_the_cursor_and_each_document_is_handed_on_once() -> None:
    await begin()
    with forget_hooks():
        seen: list[str] = []
        applies("item")(lambda topic, key, ver, body: seen.append(key))
        changed = []
        works = apply.parts(batch())
        for number, work in enumerate(works, start=1):
            changed += await writer.run(work)
            is_last = number == len(works)
            expected = (COUNT, b"c", COUNT) if is_last else (0, b"", number * PART)
            assert await writer.run(standing) == expected

    assert len(works) == 3
    assert seen == [key for _, key in changed] == [f"k{n:03}" for n in range(1, COUNT + 1)]


async def test_a_batch_that_was_broken_off_comes_again_and_only_the_rest_is_new() -> None:
    await begin()
    await writer.run(apply.parts(batch())[0])

    changed = [one for work in apply.parts(batch()) for one in await writer.run(work)]

    assert await writer.run(standing) == (COUNT, b"c", COUNT)
    assert len(changed) == COUNT - PART


async def test_parts_of_a_batch_that_does_not_begin_where_the_disk_stands_write_nothing() -> None:
    await begin()
    await writer.run(lambda: Cursor.objects.update(seq=7))

    for work in apply.parts(batch()):
        with pytest.raises(CursorMoved):
            await writer.run(work)

    assert await writer.run(Document.objects.count) == 0


@pytest.mark.parametrize(("count", "parts"), [(0, 1), (1, 1), (PART, 1), (PART + 1, 2), (2 * PART, 2)])
def test_a_small_batch_is_one_part(count: int, parts: int) -> None:
    assert len(apply.parts(batch(count))) == parts
