"""Zip files that nobody has to trust: looked through before anything opens them, unpacked flat and within limits.

An XLSX is a zip as well. A bomb may lie about its size, so what it says is checked first and what really comes out is
counted before a reader that believes it (calamine is written so) sees the file.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

from central.catalog.errors import ImportRefused

#: all files of an archive together, unpacked
MAX_UNPACKED = 1_000_000_000
MAX_MEMBERS = 20_000
_PIECE = 1 << 16


def is_archive(path: Path) -> bool:
    """Whether it begins as a zip does, whole or not."""
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04"


def is_workbook(path: Path) -> bool:
    """Whether a zip is a sheet of Excel or OpenOffice. Raises `ImportRefused` for a broken zip."""
    with _opened(path) as pack:
        names = set(pack.namelist())
    return bool(names & {"xl/workbook.xml", "xl/workbook.bin", "content.xml"})


def check_archive(path: Path, *, limit: int = MAX_UNPACKED) -> None:
    """Raises `ImportRefused` when it is broken, cut short, has a password, or unpacks to more than `limit` bytes."""
    with _opened(path) as pack:
        budget = limit
        for info in _sound_members(path, pack, limit):
            for piece in _pieces(path, pack, info, limit):
                budget -= len(piece)
                if budget < 0:
                    raise _too_much(path, limit)


def unpack(path: Path, folder: Path, *, limit: int = MAX_UNPACKED) -> list[Path]:
    """Unpack an archive into `folder`, which is made; the files, sorted by their names in the archive.

    Flat, each below a folder of its own number: a name of the archive never says where a file goes.
    Raises `ImportRefused` as `check_archive` does.
    """
    found: list[tuple[str, Path]] = []
    with _opened(path) as pack:
        budget = limit
        for number, info in enumerate(_sound_members(path, pack, limit)):
            base = info.filename.replace("\\", "/").rpartition("/")[2]
            if info.is_dir() or not base or base.startswith("."):
                continue
            target = folder / str(number) / base[-120:]
            target.parent.mkdir(parents=True)
            with target.open("wb") as out:
                for piece in _pieces(path, pack, info, limit):
                    if (budget := budget - len(piece)) < 0:
                        raise _too_much(path, limit)
                    out.write(piece)
            found.append((info.filename, target))
    return [target for _, target in sorted(found)]


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise ImportRefused(
            f"{path.name} is no whole zip file ({error}): it was cut short on its way; send it again"
        ) from error


def _sound_members(path: Path, pack: zipfile.ZipFile, limit: int) -> list[zipfile.ZipInfo]:
    """What the archive says of itself is looked at before a byte is unpacked."""
    members = pack.infolist()
    if len(members) > MAX_MEMBERS:
        raise ImportRefused(f"{path.name} holds {len(members)} files, more than {MAX_MEMBERS}; pack fewer into one")
    if sum(info.file_size for info in members) > limit:
        raise _too_much(path, limit)
    for info in members:
        parts = info.filename.replace("\\", "/").split("/")
        if ".." in parts or info.filename.startswith(("/", "\\")) or ":" in parts[0]:
            raise ImportRefused(
                f"{path.name} names a file outside of itself ('{info.filename[:60]}'): nothing was unpacked; "
                "pack it anew with plain names"
            )
        if info.flag_bits & 1:
            raise ImportRefused(f"{path.name} has a password; save it without one")
    return members


def _pieces(path: Path, pack: zipfile.ZipFile, info: zipfile.ZipInfo, limit: int) -> Iterator[bytes]:
    # Read on to where the packed data really ends, not to where the header says: a bomb lies there.
    info.file_size = limit + 2 * _PIECE
    try:
        with pack.open(info) as member:
            while piece := member.read(_PIECE):
                yield piece
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError) as error:
        raise ImportRefused(f"{path.name} cannot be unpacked ({error}): send it again") from error
    except Exception as error:  # zlib.error and its kin have no common root
        raise ImportRefused(f"{path.name} is broken inside: send it again") from error


def _too_much(path: Path, limit: int) -> ImportRefused:
    return ImportRefused(
        f"{path.name} would unpack to more than {limit / 1_000_000:g} MB: this is a bomb, or too much for one file; "
        "nothing was unpacked; split it"
    )
