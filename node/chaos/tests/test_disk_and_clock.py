"""A disk that is full and a clock that is stepped, in processes of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from node.chaos.stepped import write_step
from node.places import ROOT

pytestmark = pytest.mark.slow

FILL = """
import os, sys
from pathlib import Path
from node.chaos import disk
folder = Path(sys.argv[1])
if not (disk.leave_mounts() and disk.mount_small(folder)):
    sys.exit("may not mount")
disk.SIZE_MB = 1
(folder / "kept").write_bytes(b"kept")
disk.fill(folder)
try:
    with (folder / "more").open("wb", buffering=0) as file:
        file.write(bytes(4096))
    print("written")
except OSError as error:
    print(error.errno, (folder / "kept").read_text())
disk.empty(folder)
(folder / "more").write_bytes(bytes(4096))
print("room again")
"""

LIMIT = """
import os, sys
from pathlib import Path
from node.chaos import disk
path = Path(sys.argv[1]) / "file"
disk.forbid_growth(os.getpid(), 0)
try:
    path.write_bytes(b"more")
except OSError as error:
    code = error.errno
disk.forbid_growth(os.getpid(), None)
path.write_bytes(b"more")
print(code)
"""


def run(code: str, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, words)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_small_disk_is_full_has_room_again_and_is_gone_with_its_process(tmp_path: Path) -> None:
    done = run(FILL, tmp_path / "data")

    if "may not mount" in done.stderr:
        pytest.skip("mounting needs root: chaos limits the growth of files instead")
    assert done.stdout.split() == ["28", "kept", "room", "again"], done.stderr  # ENOSPC
    assert list((tmp_path / "data").iterdir()) == []


def test_where_nothing_can_be_mounted_no_file_of_a_process_grows(tmp_path: Path) -> None:
    assert run(LIMIT, tmp_path).stdout.split() == ["27"]  # EFBIG


def test_a_stepped_clock_shows_another_time_and_goes_back(tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    write_step(clock, 0)
    argv = [sys.executable, "-P", "-m", "node.chaos.stepped", str(clock), "node.chaos.tests.say_time", "word"]
    with subprocess.Popen(argv, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:  # fmt: skip
        assert child.stdin and child.stdout
        said = []
        for seconds in (0, -86_400, 90, 0):
            write_step(clock, seconds)
            child.stdin.write("?\n")
            child.stdin.flush()
            said.append(child.stdout.readline().split())
        child.stdin.close()

    assert said == [["0", "0", "word"], ["-86400", "-86400", "word"], ["90", "90", "word"], ["0", "0", "word"]]
