"""Central's words of shops' pages, as this edge holds them, in use in this process. Off the event loop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from edge.replica.reads import read
from sites import words
from sync.contracts.codec import unpack
from sync.contracts.documents import WordsDoc
from sync.store.edge import sql
from sync.store.writer import reader

TOPIC: Final = "words:all"

#: language -> version of the document in use
_used: dict[str, int] = {}
_lock = threading.Lock()
_listeners: list[Callable[[], None]] = []


def note(language: str) -> None:
    """A page in this language is made: it depends on the words, and must not be made of older ones."""
    held = read(TOPIC, language, WordsDoc)
    if held is not None:
        _use(language, held.ver, held.doc)


def load() -> None:
    """All that is held; at the start of a process, and after news."""
    rows = sql.fetch("SELECT key, ver, body FROM sync_edge_document WHERE topic = ? AND body IS NOT NULL", [TOPIC])
    for language, ver, body in rows:
        if _used.get(language) != ver:
            _use(language, ver, unpack(bytes(body), WordsDoc))
    with _lock:
        for language in _used.keys() - {row[0] for row in rows}:
            words.forget(language)
            del _used[language]


def listen(hook: Callable[[], None]) -> Callable[[], None]:
    """Called on the event loop when other words are in use: what was made of the old ones is stale."""
    _listeners.append(hook)
    return hook


async def hear(entries: list[tuple[str, str]]) -> None:
    """These documents, (full topic, key), have changed. On the event loop."""
    if any(topic == TOPIC for topic, _ in entries):
        await reader.run(load)
        for hook in _listeners:
            hook()


def _use(language: str, ver: int, doc: WordsDoc) -> None:
    with _lock:
        if _used.get(language) != ver:
            words.use(doc)
            _used[language] = ver


def forget_all() -> None:
    """Another database stands behind this process now (tests)."""
    with _lock:
        for language in _used:
            words.forget(language)
        _used.clear()
