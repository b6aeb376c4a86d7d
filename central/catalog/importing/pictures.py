"""Pictures beside a file, by name: a folder, or an archive unpacked for the length of an import."""

from __future__ import annotations

import os
import re
import shutil
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from central.catalog.actions import keep_pictures
from central.catalog.errors import ImportRefused
from central.catalog.keys import name_key
from central.catalog.models import Media
from infra.storage.inspect import MAX_BYTES, BadPicture
from infra.storage.media import sha256_of
from node.errors import WrongUse

_PICTURE = re.compile(r"\.(jpe?g|png|webp|gif|svg)$", re.IGNORECASE)
#: all pictures of an archive together; more is no shop's, or a bomb
MAX_UNPACKED = 4_000_000_000

_BESIDE = ("images", "pictures", "photos", "images.tar.gz", "images.tgz", "images.tar", "images.zip")


def found_beside(file: Path) -> Path | None:
    """`images/`, `images.tar.gz` and the like in the file's folder; `<file's name>-images` first."""
    names = [f"{file.stem}-{name}" for name in _BESIDE] + list(_BESIDE)
    return next((file.parent / name for name in names if (file.parent / name).exists()), None)


class PictureBox:
    """Pictures by the name of a file or by sku, kept in the media store when they are first asked for."""

    def __init__(self, source: Path | None, *, is_dry: bool = False) -> None:
        """Raises `ImportRefused` when the source is neither a folder nor an archive that can be read."""
        self.source = source
        self.is_dry = is_dry
        self.warnings: list[str] = []
        self._temporary: str | None = None
        self._by_name: dict[str, Path] = {}
        self._by_stem: dict[str, list[Path]] = {}
        self._kept: dict[Path, str | None] = {}
        if source is not None:
            self._index(source)

    def __enter__(self) -> PictureBox:
        return self

    def __exit__(self, *_: object) -> None:
        if self._temporary:
            shutil.rmtree(self._temporary, ignore_errors=True)

    def forget(self) -> None:
        """The transaction that kept pictures was undone."""
        self._kept.clear()

    def __len__(self) -> int:
        return len(self._by_name)

    def of(self, names: list[str], skus: list[str]) -> tuple[list[str], list[str]]:
        """(sha256 of the pictures found, names not found): by the names given, or else by sku."""
        found: dict[str, None] = {}
        missing = []
        for name in names:
            path = self._by_name.get(name_key(name.replace("\\", "/").rpartition("/")[2]))
            sha = self._keep(path) if path else None
            if sha:
                found[sha] = None
            else:
                missing.append(name)
        if not names:
            for sku in filter(None, dict.fromkeys(skus)):
                for path in self._by_stem.get(name_key(sku), ()):
                    if sha := self._keep(path):
                        found[sha] = None
        return list(found), missing

    def _keep(self, path: Path) -> str | None:
        """Its sha256, None when it is no picture; a picture known by its content is not looked at again."""
        if path not in self._kept:
            data = path.read_bytes() if path.stat().st_size <= MAX_BYTES else b""
            sha = sha256_of(data)
            try:
                self._kept[path] = sha if Media.objects.filter(pk=sha).exists() else self._new(data)
            except BadPicture as error:
                self._kept[path] = None
                self.warnings.append(f"{path.name}: {error}")
        return self._kept[path]

    def _new(self, data: bytes) -> str:
        return keep_pictures([data], only_rows=self.is_dry)[0]

    # --- where they lie -------------------------------------------------------------------------------------------

    def _index(self, source: Path) -> None:
        if not source.exists():
            raise WrongUse(f"there are no pictures at {source}")
        folder = source if source.is_dir() else self._unpack(source)
        for path in sorted(folder.rglob("*")):
            if not _PICTURE.search(path.name) or not path.is_file():
                continue
            self._by_name.setdefault(name_key(path.name), path)
            # "X1.jpg" is X1's; "X1-2.jpg" and "X1_2.jpg" are more of it, unless X1-2 is a sku of its own.
            stem = name_key(path.stem)
            self._by_stem.setdefault(stem, []).append(path)
            if more := re.fullmatch(r"(.+)[-_]\d{1,2}", stem):
                self._by_stem.setdefault(more[1], []).append(path)

    def _unpack(self, archive: Path) -> Path:
        self._temporary = tempfile.mkdtemp(prefix="rialto-import-")
        folder = Path(self._temporary)
        try:
            budget = MAX_UNPACKED
            for number, (name, size, open_member) in enumerate(_members(archive)):
                base = name.replace("\\", "/").rpartition("/")[2]
                if not _PICTURE.search(base) or size > MAX_BYTES:
                    continue
                if (budget := budget - size) < 0:
                    raise ImportRefused(f"{archive.name} unpacks to more than {MAX_UNPACKED} bytes")
                # Flat, in a folder of its own number: a name of the archive never says where a file goes.
                target = folder / str(number) / os.path.basename(base)
                target.parent.mkdir()
                with open_member() as data, target.open("wb") as out:
                    shutil.copyfileobj(data, out, 1 << 16)
        except (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError) as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise ImportRefused(f"the pictures {archive.name} cannot be unpacked: {error}") from error
        return folder


Member = tuple[str, int, Callable[[], IO[bytes]]]


def _members(archive: Path) -> Iterator[Member]:
    """(name, bytes, opener) of the plain files of a tar (however pressed) or a zip."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as pack:
            for info in pack.infolist():
                if not info.is_dir():
                    yield info.filename, info.file_size, lambda info=info: pack.open(info)  # type: ignore[misc]
        return
    with tarfile.open(archive, "r:*") as tar:
        for member in tar:
            if member.isreg():
                yield member.name, member.size, lambda member=member: tar.extractfile(member)  # type: ignore[misc]
