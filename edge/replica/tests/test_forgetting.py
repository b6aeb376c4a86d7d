"""Pictures no document names any more go, but not before the pages that show them are gone."""

from __future__ import annotations

import hashlib
import time

import pytest

from edge.pages.tests import make
from edge.replica import forgetting, pictures
from edge.replica.models import NeededPicture, UnnamedPicture
from sync.contracts.documents import Picture, PictureSource
from sync.store.writer import reader, writer

DAY = 86_400.0


def kept(number: int) -> str:
    """A file on the disk of this edge; its name."""
    body = b"picture %d" % number
    name = f"{hashlib.sha256(body).hexdigest()}.webp"
    pictures.store(name, body)
    return name


def named(*names: str) -> Picture:
    sources = [PictureSource(type="image/webp", hash=name[:64], ext="webp", width=4, height=3) for name in names]
    return Picture(hash=names[0][:64], ext="webp", width=4, height=3, sources=sources)


async def there(*names: str) -> list[bool]:
    return [pictures.file_of(name).exists() for name in names]


@pytest.fixture
def files(edge) -> list[str]:
    return [kept(number) for number in range(3)]


async def test_what_no_document_names_goes_after_the_days_of_grace(files):
    await make.arrive(make.make_product("tea", "p", pictures=[named(files[0], files[1])]))
    now = time.time()

    assert await forgetting.forget_unnamed(now) == 0
    assert await there(*files) == [True, True, True]
    assert await forgetting.forget_unnamed(now + 2 * DAY) == 0
    assert await forgetting.forget_unnamed(now + 3 * DAY + 1) == 1
    assert await there(*files) == [True, True, False]


async def test_a_picture_named_again_in_time_stays_and_its_days_begin_anew(files):
    now = time.time()
    await forgetting.forget_unnamed(now)

    await make.arrive(make.make_product("tea", "p", pictures=[named(*files)]))
    assert await reader.run(UnnamedPicture.objects.count) == 0
    assert await forgetting.forget_unnamed(now + 4 * DAY) == 0

    await make.arrive(make.make_product("tea", "p", pictures=[]), ver=2)
    assert await forgetting.forget_unnamed(now + 8 * DAY) == 0
    assert await forgetting.forget_unnamed(now + 12 * DAY) == 3
    assert await there(*files) == [False, False, False]


async def test_a_picture_named_between_the_look_at_documents_and_the_deed_stays(files):
    """Documents arrive while the files are looked through: the writer knows what was named meanwhile."""
    now = int(time.time())
    await writer.run(lambda: forgetting._settle(files, files, now))

    await make.arrive(make.make_product("tea", "p", pictures=[named(files[0])]))
    assert await writer.run(lambda: forgetting._settle(files, files, now + int(4 * DAY))) == 2
    assert await there(*files) == [True, False, False]


async def test_a_picture_still_to_be_fetched_that_nothing_names_is_not_asked_for_any_more(edge):
    lost, wanted = "a" * 64 + ".webp", "b" * 64 + ".webp"
    await make.arrive(make.make_product("tea", "p", pictures=[named(lost)]))
    await make.arrive(make.make_product("tea", "p", pictures=[named(wanted)]), ver=2)

    await forgetting.forget_unnamed()

    assert await reader.run(lambda: list(NeededPicture.objects.values_list("name", flat=True))) == [wanted]


def test_what_was_added_is_always_found_and_what_was_not_hardly_ever():
    named = forgetting.Named()
    added = [hashlib.sha256(b"in %d" % number).hexdigest() for number in range(100_000)]
    for one in added:
        named.add(one)

    assert all(one in named for one in added)
    strangers = sum(hashlib.sha256(b"out %d" % number).hexdigest() in named for number in range(100_000))
    assert strangers < 20
