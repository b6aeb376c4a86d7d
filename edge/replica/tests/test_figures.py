"""What an edge tells of how full it is."""

from __future__ import annotations

import pytest

from edge.replica import figures, pictures
from edge.replica.models import NeededPicture
from node.config import config
from sync.store.writer import reader, writer

# Said here too, so that the edge's database is made also in a run that begins with other databases.
pytestmark = pytest.mark.django_db(databases=["edge"], transaction=True)


@pytest.fixture(autouse=True)
def not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "_counted", None)


async def test_pictures_are_counted_by_file_and_those_that_are_missing_too(edge) -> None:
    pictures.store(f"{'a' * 64}.svg", b"12345")
    pictures.store(f"{'b' * 64}.png", b"123")
    (config().media_dir / ".half").write_bytes(b"being written")
    await writer.run(lambda: NeededPicture.objects.create(name=f"{'c' * 64}.svg"))

    told = await reader.run(figures.picture_figures)

    assert told == {"kept": 2, "bytes": 8, "missing": 1}


def test_no_folder_of_pictures_is_none_kept(edge, monkeypatch: pytest.MonkeyPatch) -> None:
    assert figures._count(config().media_dir / "nowhere") == (0, 0)
