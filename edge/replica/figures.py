"""Pictures and the disk in the heartbeat."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from edge.replica.models import NeededPicture
from node.config import config
from sync.figures import tells

#: counting 100,000 files takes a second, a hundred no time: it may take this share of a core's time
SHARE = 0.01

#: when to count again, and what was counted: folder, files, bytes
_counted: tuple[float, Path, int, int] | None = None


@tells("pictures")
def picture_figures() -> dict[str, int]:
    """`kept` files and their bytes, `missing`: named by a document and not fetched yet."""
    kept, size = _pictures(config().media_dir)
    return {"kept": kept, "bytes": size, "missing": NeededPicture.objects.count()}


@tells("disk")
def disk_figures() -> dict[str, int]:
    """Bytes of the SQLite database with its write-ahead log, and free on its disk."""
    database = config().edge_database
    files = [database, database.with_name(f"{database.name}-wal")]
    size = sum(file.stat().st_size for file in files if file.exists())
    return {"database": size, "free": shutil.disk_usage(database.parent).free}


def _pictures(folder: Path) -> tuple[int, int]:
    global _counted
    began = time.monotonic()
    if _counted is None or _counted[1] != folder or began >= _counted[0]:
        count, size = _count(folder)
        took = time.monotonic() - began
        _counted = (began + took / SHARE, folder, count, size)
    return _counted[2:]


def _count(folder: Path) -> tuple[int, int]:
    count = size = 0
    for below, _folders, names in os.walk(folder):
        for name in names:
            if not name.startswith("."):  # one that is being written
                count += 1
                size += os.stat(os.path.join(below, name)).st_size
    return count, size
