"""The media store: files by content, under the sha256 of their bytes.

A name says what is inside, so a file never changes, any copy of it is as good as another, and a picture used twice
lies there once. Bytes lie in a Django storage (`STORAGES["media"]`), so S3 through django-storages is a setting;
without one they lie under `config().media_dir`.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, Storage, storages

NAME = re.compile(r"[0-9a-f]{64}\.(svg|avif|webp|jpg|png|gif)")

CONTENT_TYPES = {
    "svg": "image/svg+xml",
    "avif": "image/avif",
    "webp": "image/webp",
    "jpg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
}


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True)
class MediaStore:
    """`put` and `read` by name, `<sha256>.<ext>`; two letters of the hash are the last folder.

    `folder` parts files for people who look into the storage ("tea/green"); it has to be named again to read them.
    """

    storage: Storage

    def put(self, data: bytes, ext: str, *, folder: str = "") -> str:
        """Keep the bytes and return their sha256 in hex; kept already, nothing is written."""
        sha256 = sha256_of(data)
        path = self._path(f"{sha256}.{ext}", folder)
        if self.storage.exists(path) and self.storage.size(path) != len(data):
            self.storage.delete(path)  # a writer was killed half way
        if not self.storage.exists(path):
            saved = self.storage.save(path, ContentFile(data))
            # Two writers of one content: the second was given another name, and the first is as good.
            if saved != path:
                self.storage.delete(saved)
        return sha256

    def read(self, name: str, *, folder: str = "") -> bytes:
        """Raises `FileNotFoundError`, also for a name that is none."""
        with self.storage.open(self._path(name, folder), "rb") as file:
            return bytes(file.read())

    def has(self, name: str, *, folder: str = "") -> bool:
        return bool(NAME.fullmatch(name)) and self.storage.exists(self._path(name, folder))

    def remove(self, name: str, *, folder: str = "") -> None:
        """Take a file away; one that is not there is no error."""
        self.storage.delete(self._path(name, folder))

    def _path(self, name: str, folder: str) -> str:
        if not NAME.fullmatch(name):
            raise FileNotFoundError(name)
        return "/".join([*filter(None, folder.split("/")), name[:2], name])


def media_store() -> MediaStore:
    """The store of this node."""
    if "media" in settings.STORAGES:
        return MediaStore(storages["media"])
    from node.config import config

    return MediaStore(FileSystemStorage(location=config().media_dir))
