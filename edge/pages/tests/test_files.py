"""A page as files: whoever reads while it is replaced, whatever stops the writing, gets one whole version."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import brotli
import pytest

from edge.pages import files

OLD, NEW = b"<p>old</p>" * 500, b"<p>new</p>" * 500
#: calls by which a page gets to the disk, in the order they come
STEPS = ("open", "fsync", "unlink", "replace")


@pytest.fixture
def page(tmp_path: Path) -> Path:
    file = files.place(tmp_path, "tea.example", "/p/sencha")
    assert file is not None
    return file


def forms(file: Path) -> dict[str, bytes]:
    """What each form of a page says, unpacked; a form that is not there is left out."""
    found = {"": files.read(file), ".gz": files.read(Path(f"{file}.gz")), ".br": files.read(Path(f"{file}.br"))}
    unpack = {"": bytes, ".gz": gzip.decompress, ".br": brotli.decompress}
    return {suffix: unpack[suffix](body) for suffix, body in found.items() if body is not None}


def test_a_page_lies_in_three_forms_of_one_time(page):
    when = files.write(page, OLD)

    assert forms(page) == {"": OLD, ".gz": OLD, ".br": OLD}
    assert {int(Path(f"{page}{suffix}").stat().st_mtime) for suffix in ("", ".gz", ".br")} == {when}
    assert page.stat().st_mode & 0o777 == 0o644


def test_two_versions_of_one_second_have_two_times(page):
    times = [files.write(page, body) for body in (OLD, NEW, OLD)]

    assert times == sorted(set(times))


def test_packing_it_well_leaves_the_page_and_its_time(page):
    when = files.write(page, OLD)

    files.pack(page, OLD, when)

    assert forms(page) == {"": OLD, ".gz": OLD, ".br": OLD}
    assert int(Path(f"{page}.br").stat().st_mtime) == when


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("nth", range(1, 7))
def test_a_writer_killed_at_any_step_leaves_one_whole_version(page, step, nth):
    files.write(page, OLD)

    _in_a_process_that_dies(step, nth, lambda: files.write(page, NEW))

    found = set(forms(page).values())
    assert found in ({OLD}, {NEW})
    files.sweep(page.parent)
    assert not [each for each in page.parent.iterdir() if each.name.startswith(".writing-")]


@pytest.mark.parametrize("step", ["unlink"])
@pytest.mark.parametrize("nth", range(1, 4))
def test_one_killed_while_it_takes_a_page_away_leaves_no_packed_form_without_it(page, step, nth):
    files.write(page, OLD)

    _in_a_process_that_dies(step, nth, lambda: files.remove(page))

    assert "" in forms(page) or not forms(page)


def test_a_full_disk_leaves_the_old_page(page, monkeypatch):
    files.write(page, OLD)

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        files.write(page, NEW)

    assert forms(page) == {"": OLD, ".gz": OLD, ".br": OLD}
    assert len(list(page.parent.iterdir())) == 3


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/", "index.html"),
        ("/about", "about.html"),
        ("/p/зелёный-чай", "p/зелёный-чай.html"),
        ("/c/green/2", "c/green/2.html"),
    ],
)
def test_an_address_has_its_file(tmp_path, path, name):
    assert files.place(tmp_path, "tea.example", path) == tmp_path / "tea.example" / name


@pytest.mark.parametrize(
    "path", ["/..", "/p/../../etc/passwd", "/p/.hidden", "/p//x", "/p/", "/p/a\x00b", "/p/a\\b", "/p/" + "ж" * 125]
)
def test_an_address_that_no_file_can_stand_for_has_none(tmp_path, path):
    assert files.place(tmp_path, "tea.example", path) is None


def _in_a_process_that_dies(step: str, nth: int, work) -> None:
    """Run `work` in a process that ends, as if killed, right before its `nth` call of `os.<step>`."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    try:
        real, calls = getattr(os, step), 0

        def deadly(*args, **kwargs):
            nonlocal calls
            calls += 1
            if calls == nth:
                os._exit(9)
            return real(*args, **kwargs)

        setattr(os, step, deadly)
        work()
    finally:
        os._exit(0)
