"""Disks that forget: an SQLite VFS over real files which keeps what was not fsynced in memory and may lose it.

SQLite reads what it wrote; the real file gets it at the fsync. A power cut then leaves in the file what was fsynced
and whatever part of the rest the cut chose (`Cut`). A killed process loses nothing that it wrote: the system still has
it. One connection at a time opens a file (`PRAGMA locking_mode = EXCLUSIVE`: then WAL needs no shared memory).
"""

from __future__ import annotations

import os
import shutil
from enum import Enum
from pathlib import Path
from random import Random
from typing import Any

import apsw

NAME = "rialto-simulated"
SECTOR = 512


class Cut(Enum):
    """What a power cut does to writes that no fsync has covered."""

    ALL = "all are lost"
    PREFIX = "the first few survive, the next is torn at a sector"
    SOME = "any of them survive, in whatever order the disk chose"


class _File:
    """One file: `data` as SQLite sees it, `pending` what the real file does not have yet."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.data = bytearray(path.read_bytes()) if path.exists() else bytearray()
        #: (offset, bytes), or (size, None) for a truncation
        self.pending: list[tuple[int, bytes | None]] = []
        #: the machine has lost it: whoever still holds it open speaks to nobody
        self.is_gone = False
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def flush(self) -> None:
        for at, chunk in self.pending:
            self._put(at, chunk)
        self.pending.clear()

    def cut(self, cut: Cut, rng: Random) -> None:
        """Keep of the pending writes what the cut leaves."""
        if cut is Cut.PREFIX and self.pending:
            whole = rng.randrange(len(self.pending) + 1)
            kept = self.pending[:whole]
            if whole < len(self.pending) and (chunk := self.pending[whole][1]) is not None:
                torn = rng.randrange(len(chunk) // SECTOR + 1) * SECTOR
                kept.append((self.pending[whole][0], chunk[:torn]))
            self.pending = kept
        elif cut is Cut.SOME:
            self.pending = [write for write in self.pending if rng.random() < 0.5]
        else:
            self.pending = []
        self.flush()

    def _put(self, at: int, chunk: bytes | None) -> None:
        if chunk is None:
            os.ftruncate(self._fd, at)
        else:
            os.pwrite(self._fd, chunk, at)

    def close(self) -> None:
        self.is_gone = True
        os.close(self._fd)


class Disk:
    """The directory of one machine. Its faults: it is full, or the power goes at the n-th write or fsync from now."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files: dict[str, _File] = {}
        self.is_full = False
        #: the power is off: nothing can be read or written until `boot`
        self.is_dead = False
        self.dies_in: int | None = None

    def copy_from(self, template: Path) -> None:
        """Begin with the files of a directory."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for path in template.iterdir():
            shutil.copyfile(path, self.folder / path.name)

    def image(self) -> dict[str, bytes]:
        """What a power cut at this moment would leave, file by file: a backup, or a clone."""
        return {path.name: path.read_bytes() for path in sorted(self.folder.iterdir())}

    def restore(self, image: dict[str, bytes], *, keep: tuple[str, ...] = ()) -> None:
        """Put an older image in place of what is there, but for files whose names end as `keep` says. Power is off."""
        self._forget()
        for path in self.folder.iterdir():
            if not path.name.endswith(keep or ("\0",)):
                path.unlink()
        for name, body in image.items():
            if not name.endswith(keep or ("\0",)):
                (self.folder / name).write_bytes(body)

    def lose_power(self, cut: Cut, rng: Random) -> None:
        """Now. What was not fsynced survives as the cut says."""
        self.is_dead = True
        for file in self._files.values():
            file.cut(cut, rng)
        self._forget()

    def kill(self) -> None:
        """The process dies, the machine goes on: what it wrote is there."""
        self.is_dead = True
        for file in self._files.values():
            file.flush()
        self._forget()

    def boot(self) -> None:
        self.is_dead, self.dies_in = False, None

    def close(self) -> None:
        self.is_dead = True
        self._forget()

    def _forget(self) -> None:
        for file in self._files.values():
            file.close()
        self._files.clear()

    # --- what SQLite asks for

    def open(self, path: str) -> _File:
        if path not in self._files:
            self._files[path] = _File(Path(path))
        return self._files[path]

    def delete(self, path: str) -> None:
        if file := self._files.pop(path, None):
            file.close()
        Path(path).unlink(missing_ok=True)

    def step(self, *, is_write: bool = False) -> None:
        """Before each write and fsync. Raises what SQLite is to see."""
        if self.dies_in is not None:
            self.dies_in -= 1
            if self.dies_in <= 0:
                self.is_dead, self.dies_in = True, None
        if self.is_dead:
            raise apsw.IOError("the power is off")
        if is_write and self.is_full:
            raise apsw.FullError("database or disk is full")


class _OpenFile:
    """What SQLite holds of a file; the methods are the VFS's own."""

    def __init__(self, disk: Disk, path: str, *, is_temporary: bool) -> None:
        self._disk, self._path, self._is_temporary = disk, path, is_temporary
        self._file = disk.open(path)

    def xClose(self) -> None:
        if self._is_temporary and not self._file.is_gone:
            self._disk.delete(self._path)

    def xRead(self, amount: int, offset: int) -> bytes:
        if self._disk.is_dead and not self._file.is_gone:
            raise apsw.IOError("the power is off")
        return bytes(self._file.data[offset : offset + amount])

    def xWrite(self, data: bytes, offset: int) -> None:
        if self._file.is_gone:
            return
        self._disk.step(is_write=True)
        file, data = self._file, bytes(data)
        if len(file.data) < offset:
            file.data.extend(bytes(offset - len(file.data)))
        file.data[offset : offset + len(data)] = data
        file.pending.append((offset, data))

    def xTruncate(self, size: int) -> None:
        if self._file.is_gone:
            return
        self._disk.step()
        del self._file.data[size:]
        self._file.pending.append((size, None))

    def xSync(self, flags: int) -> None:
        if self._file.is_gone:
            return
        self._disk.step()
        self._file.flush()

    def xFileSize(self) -> int:
        return len(self._file.data)

    def xLock(self, level: int) -> None:
        pass

    def xUnlock(self, level: int) -> None:
        pass

    def xCheckReservedLock(self) -> bool:
        return False

    def xFileControl(self, op: int, pointer: int) -> bool:
        return False

    def xSectorSize(self) -> int:
        return SECTOR

    def xDeviceCharacteristics(self) -> int:
        return int(apsw.SQLITE_IOCAP_POWERSAFE_OVERWRITE)


class _Vfs(apsw.VFS):
    def __init__(self) -> None:
        self.disks: dict[str, Disk] = {}
        super().__init__(NAME, base="")

    def _disk_of(self, path: str) -> Disk:
        return self.disks[os.path.dirname(path)]

    def xFullPathname(self, name: str) -> str:
        return name

    def xOpen(self, name: Any, flags: list[int]) -> _OpenFile:  # type: ignore[override]  # it has a file's methods
        if name is None:
            raise apsw.CantOpenError("temporary files belong in memory")
        path = name if isinstance(name, str) else name.filename()
        flags[1] = flags[0]
        return _OpenFile(self._disk_of(path), path, is_temporary=bool(flags[0] & apsw.SQLITE_OPEN_DELETEONCLOSE))

    def xDelete(self, path: str, syncdir: bool) -> None:
        disk = self.disks.get(os.path.dirname(path))
        if disk is not None and not disk.is_dead:
            disk.step()
            disk.delete(path)

    def xAccess(self, path: str, flags: int) -> bool:
        return os.path.exists(path)


_vfs: _Vfs | None = None


def _installed() -> _Vfs:
    global _vfs
    if _vfs is None:
        _vfs = _Vfs()
    return _vfs


def mount(disk: Disk) -> None:
    """From now on files in the disk's folder are the disk's."""
    _installed().disks[str(disk.folder)] = disk


def unmount(disk: Disk) -> None:
    disk.close()
    _installed().disks.pop(str(disk.folder), None)
