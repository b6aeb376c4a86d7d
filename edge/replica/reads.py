"""Reads of documents that remember what was read, so that a page knows which news makes it stale."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from sync.contracts.codec import unpack
from sync.store.edge import sql

T = TypeVar("T")

#: (full topic, key) of a document, or ("list", name) of a list
Dep = tuple[str, str]
LIST: Final = "list"

#: what a page shows of a longer list: (kind, arguments), see `edge.replica.windows`
Window = tuple[str, tuple[Any, ...]]


class Reads(dict[Dep, int]):
    """What was read: dependency -> version, 0 for one that was missed, or a list.

    `windows`: the parts of lists that were looked through, each with what was seen. A list may change outside of them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.windows: dict[Window, list[str]] = {}


_recorder: ContextVar[Reads | None] = ContextVar("reads", default=None)
_CHUNK: Final = 500


@dataclass(frozen=True)
class Held(Generic[T]):
    """A document and its version."""

    doc: T
    ver: int


@contextmanager
def recording() -> Iterator[Reads]:
    """What is read inside the block, by this thread."""
    reads = Reads()
    token = _recorder.set(reads)
    try:
        yield reads
    finally:
        _recorder.reset(token)


def note(topic: str, key: str, ver: int = 0) -> None:
    reads = _recorder.get()
    if reads is not None:
        reads[topic, key] = ver


def note_list(name: str) -> None:
    """The order or the members of a list were read; `changes.announce_lists` tells that they changed."""
    note(LIST, name)


def note_window(window: Window, seen: list[str]) -> None:
    """Of its lists only this part was looked at, and it showed `seen`."""
    reads = _recorder.get()
    if reads is not None:
        reads.windows[window] = seen


def read(topic: str, key: str, kind: type[T]) -> Held[T] | None:
    return read_many(topic, [key], kind).get(key)


def read_many(topic: str, keys: Sequence[str], kind: type[T]) -> dict[str, Held[T]]:
    """The documents among `keys` that exist, by key."""
    found: dict[str, Held[T]] = {}
    for start in range(0, len(keys), _CHUNK):
        part = keys[start : start + _CHUNK]
        rows = sql.fetch(
            "SELECT key, ver, body FROM sync_edge_document "  # noqa: S608
            f"WHERE topic = ? AND body IS NOT NULL AND key IN ({sql.marks(part)})",
            [topic, *part],
        )
        found |= {key: Held(unpack(body, kind), ver) for key, ver, body in rows}
    for key in keys:
        note(topic, key, found[key].ver if key in found else 0)
    return found


class Shared(Generic[T]):
    """A value read from the database once and kept until `forget`. A forget during a read is not lost."""

    def __init__(self, load: Callable[[], T]) -> None:
        self._load = load
        self._value: T | None = None
        self._age = 0
        self._kept_age = -1

    def known(self) -> T | None:
        """What is remembered and still good, None when it has to be read."""
        return self._value if self._kept_age == self._age else None

    def get(self) -> T:
        if self._value is not None and self._kept_age == self._age:
            return self._value
        age = self._age
        value = self._load()
        # Kept under the age it began with: had `forget` come meanwhile, the next `get` reads again
        self._value, self._kept_age = value, age
        return value

    def forget(self) -> None:
        self._age += 1
