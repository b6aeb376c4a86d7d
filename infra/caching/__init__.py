"""The program cache: fragments of pages and answers of databases that are kept instead of being made again.

Only what has a name is kept, in three steps from near to far: the memory of the process, the store that `[cache]` of
rialto.toml names (shared by the processes of a node, and there after a restart), the maker. A key holds the values
that the result is made of, so what has changed is never found again; an answer that no value stands for lives for a
few seconds (`lifetime_s`). A store that is away, slow or spoilt costs nothing but the making.

    MENU: Final = Cacheable(name, str)
    html = MENU.get((language, entries), lambda: render(...))

`docs/decisions/0018-program-cache.md` says why, and `docs/reference/program-cache.md` what is kept.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

import msgspec

from infra.caching import sealed
from infra.caching.figures import Counts
from infra.caching.node import node_cache

__all__ = ["NAMED", "Cacheable", "reading_fresh"]

T = TypeVar("T")

#: name -> what is kept under it; `docs/reference/program-cache.md` lists them, and a test compares
NAMED: Final[dict[str, Cacheable[Any]]] = {}

_fresh: ContextVar[bool] = ContextVar("rialto_fresh", default=False)


@contextmanager
def reading_fresh() -> Iterator[None]:
    """Inside, answers that only live for a while are made anew: somebody looks at what he has just changed."""
    token = _fresh.set(True)
    try:
        yield
    finally:
        _fresh.reset(token)


class Cacheable(Generic[T]):
    """One kind of things that may be kept. `kind`: a type msgspec can pack, without personal data or secrets.

    `lifetime_s` None: keys hold all that the thing is made of. `is_shared` False: kept in the memory of a process only.
    """

    def __init__(self, name: str, kind: type[T], *, lifetime_s: float | None = None, is_shared: bool = True) -> None:
        self.name, self.lifetime_s, self.is_shared = name, lifetime_s, is_shared
        self.counts = Counts()
        self._decoder = msgspec.msgpack.Decoder(kind)
        self._making: dict[Hashable, _Turn] = {}
        self._guard = threading.Lock()
        NAMED[name] = self

    def get(self, near: Hashable, make: Callable[[], T], far: Callable[[], object] | None = None) -> T:
        """What is kept under `near`, else what `make` gives. Off the event loop.

        `far`: the same key for the store, when `near` holds objects of this process; text, numbers, bytes and tuples.
        One thread makes a thing while others that want it wait for it.
        """
        cache = node_cache()
        if not cache.is_on:
            return make()
        cache.look()
        key = (self.name, near)
        if not self._must_be_fresh() and (held := cache.near.get(key)) is not None:
            self.counts.near += 1
            return held.value  # type: ignore[no-any-return]
        with self._one_at_a_time(near):
            if not self._must_be_fresh() and (held := cache.near.get(key)) is not None:  # made while we waited
                self.counts.near += 1
                return held.value  # type: ignore[no-any-return]
            return self._fetched(key, near if far is None else far, make)

    def _fetched(self, key: Hashable, far: object, make: Callable[[], T]) -> T:
        cache = node_cache()
        emptied = cache.emptied
        name = ""
        if self.is_shared and cache.has_store:
            name = sealed.name_of(self.name, far() if callable(far) else far)
            if not self._must_be_fresh() and (found := self._from_store(name)) is not None:
                value, until = found
                self.counts.far += 1
                cache.near.put(key, value, until)
                return value
        value = make()
        self.counts.made += 1
        until = time.time() + min(self.lifetime_s or cache.lifetime_s, cache.lifetime_s)
        if cache.emptied == emptied:  # else it may be made of what was to be forgotten
            cache.near.put(key, value, until)
            if name:
                cache.write(name, sealed.seal(name, sealed.pack(value), until), until - time.time())
        return value

    def _from_store(self, name: str) -> tuple[T, float] | None:
        cache = node_cache()
        body = cache.read(name)
        opened = sealed.unseal(name, body) if body is not None else None
        if body is not None and opened is None:
            cache.note_spoilt(self.name)
        if opened is None or opened[1] <= time.time():
            return None
        try:
            return self._decoder.decode(opened[0]), opened[1]
        except msgspec.MsgspecError:  # of another version of the code, which its name should have told apart
            cache.note_spoilt(self.name)
            return None

    def _must_be_fresh(self) -> bool:
        return self.lifetime_s is not None and _fresh.get()

    @contextmanager
    def _one_at_a_time(self, near: Hashable) -> Iterator[None]:
        with self._guard:
            turn = self._making.setdefault(near, _Turn())
            turn.wanted += 1
        try:
            with turn.lock:
                yield
        finally:
            with self._guard:
                turn.wanted -= 1
                if not turn.wanted:
                    del self._making[near]


@dataclass
class _Turn:
    """Of those who want one thing at the same time."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    wanted: int = 0
