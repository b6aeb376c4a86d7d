"""The cache of this process: its memory, its store behind a guard, and its part of the node's figures.

The guard: a call that fails or is slow shuts the store out for a while, at each new failure for longer, so that an
outage costs each process one short wait now and then and no page fails of it. It is logged once as it begins and once
as it ends.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from infra.caching.figures import CacheFigures, KindFigures
from infra.caching.near import Near
from infra.caching.stores import PATIENCE_S, Store, store_of
from node.config import Cache, Config, config
from node.errors import Refused
from node.places import make_private, runtime_dir

logger = logging.getLogger("infra.caching")

R = TypeVar("R")

#: a store that failed is left alone for so long, twice as long after each failure that follows
PAUSE_S: Final = 5.0
LONGEST_PAUSE_S: Final = 60.0
#: how soon a process hears that the cache was emptied, and how often it writes down its figures
_LOOK_S: Final = 1.0
_TELL_S: Final = 5.0


class CannotEmpty(Refused):
    """The store does not answer, so what lies there cannot be thrown away."""

    code = "cache_away"
    status = 503


class NodeCache:
    """`home`: of the node; what its processes tell one another of the cache lies there under `run/cache`."""

    def __init__(self, settings: Cache, home: Path) -> None:
        self.settings = settings
        self.is_on = settings.backend != "none"
        self.lifetime_s = float(settings.lifetime)
        self.near = Near(settings.entries)
        self.errors = 0
        #: why the store is left alone, "" while it answers
        self.error = ""
        self._store: Store | None = None
        self._folder = runtime_dir(home) / "cache"
        self._shut_until = self._pause_s = 0.0
        self._looked_at = self._told_at = 0.0
        self._emptied_at = self._mark()
        #: how often the cache was emptied since this process began
        self.emptied = 0
        self._tells = False
        self._lock = threading.Lock()
        self.has_store = settings.backend not in ("memory", "none")

    # --- emptying ---------------------------------------------------------------------------------------------------

    def look(self) -> None:
        """Once a second: whether somebody has emptied the cache; and tell the others how we do, now and then."""
        now = time.monotonic()
        if now - self._looked_at < _LOOK_S:
            return
        self._looked_at = now
        if (mark := self._mark()) != self._emptied_at:
            self._emptied_at = mark
            self.emptied += 1
            self.near.clear()
        if self._tells and now - self._told_at >= _TELL_S:
            self.tell()

    def empty(self) -> None:
        """Throw everything away, in all processes of the node within a second. Raises `CannotEmpty`."""
        with contextlib.suppress(OSError):
            make_private(self._folder)
            (self._folder / "emptied").write_text(f"{time.time_ns()}\n")
        self._emptied_at = self._mark()
        self.emptied += 1
        self.near.clear()
        if self.has_store:
            self._shut_until = 0.0
            if not self._call(_cleared, is_quick=False):
                raise CannotEmpty(f"the cache does not answer: {self.error}")

    def _mark(self) -> int:
        try:
            return (self._folder / "emptied").stat().st_mtime_ns
        except OSError:
            return 0

    # --- the store --------------------------------------------------------------------------------------------------

    def read(self, name: str) -> bytes | None:
        return self._call(lambda store: store.read(name))

    def write(self, name: str, body: bytes, lifetime_s: float) -> None:
        self._call(lambda store: store.write(name, body, lifetime_s))

    def note_spoilt(self, kind: str) -> None:
        """Something of ours lies there and cannot be read."""
        self.errors += 1
        logger.warning("what the cache keeps of '%s' was spoilt; it is made anew", kind)

    def _call(self, call: Callable[[Store], R], *, is_quick: bool = True) -> R | None:
        """None also when the store is shut out or fails."""
        if not self.has_store or time.monotonic() < self._shut_until:
            return None
        began = time.monotonic()
        try:
            store = self._store = self._store or store_of(self.settings)
            assert store is not None  # noqa: S101
            answer = call(store)
        except Exception as error:
            self._shut(f"{type(error).__name__}: {' '.join(str(error).split())[:200]}")
            return None
        took = time.monotonic() - began
        if is_quick and took > PATIENCE_S * 2:
            self._shut(f"slow: {took:.1f} s for one call")
        elif self.error:
            logger.warning("the cache (%s) answers again", self.settings.backend)
            self.error, self._pause_s = "", 0.0
        return answer

    def _shut(self, why: str) -> None:
        with self._lock:
            self.errors += 1
            self._pause_s = min(max(PAUSE_S, self._pause_s * 2), LONGEST_PAUSE_S)
            self._shut_until = time.monotonic() + self._pause_s
            if not self.error:
                logger.warning("the cache (%s) is left out until it answers: %s", self.settings.backend, why)
            self.error = why

    # --- figures ----------------------------------------------------------------------------------------------------

    def begin_telling(self) -> None:
        """This process serves: its counts belong to the node's figures while it runs."""
        self._tells = True
        self.tell()

    def tell(self) -> None:
        """Write down this process's counts, for whoever asks another process of the node."""
        self._told_at = time.monotonic()
        with contextlib.suppress(OSError):
            make_private(self._folder)
            file = self._folder / f"{os.getpid()}.json"
            fresh = file.with_suffix(".new")
            fresh.write_bytes(msgspec.json.encode(self.own_figures()))
            fresh.replace(file)

    def own_figures(self) -> CacheFigures:
        """Of this process alone, without asking the store."""
        from infra.caching import NAMED

        kinds = [
            KindFigures(name=name, near=one.counts.near, far=one.counts.far, made=one.counts.made)
            for name, one in sorted(NAMED.items())
        ]
        return CacheFigures(
            backend=self.settings.backend,
            error=self.error,
            entries=len(self.near),
            bytes=self.near.size,
            errors=self.errors,
            kinds=kinds,
        )

    def figures(self) -> CacheFigures:
        """Of the node: this process, the others that run, and what the store tells of itself."""
        if self._tells:
            self.tell()
        told = [self.own_figures(), *self._others()]
        counts: dict[str, KindFigures] = {}
        for one in (kind for figures in told for kind in figures.kinds):
            before = counts.get(one.name, KindFigures(name=one.name))
            counts[one.name] = KindFigures(
                name=one.name, near=before.near + one.near, far=before.far + one.far, made=before.made + one.made
            )
        entries: int | None = sum(one.entries or 0 for one in told)
        size: int | None = sum(one.bytes or 0 for one in told)
        if self.has_store:
            entries, size = self._call(lambda store: store.size(), is_quick=False) or (None, None)
        return CacheFigures(
            backend=self.settings.backend,
            error=self.error or next((one.error for one in told if one.error), ""),
            entries=entries,
            bytes=size,
            errors=sum(one.errors for one in told),
            kinds=[counts[name] for name in sorted(counts)],
        )

    def _others(self) -> list[CacheFigures]:
        found = []
        with contextlib.suppress(OSError):
            for file in self._folder.glob("*.json"):
                pid = int(file.stem) if file.stem.isdecimal() else 0
                if pid == os.getpid():
                    continue
                try:
                    if not _runs(pid):
                        file.unlink(missing_ok=True)
                        continue
                    found.append(msgspec.json.decode(file.read_bytes(), type=CacheFigures))
                except (OSError, msgspec.MsgspecError):
                    continue
        return found


def _cleared(store: Store) -> bool:
    store.clear()
    return True


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return pid > 0


_made: tuple[Config, NodeCache] | None = None
_making = threading.Lock()


def node_cache() -> NodeCache:
    """The one of this process, made of the settings as they are now."""
    settings = config()
    made = _made
    return made[1] if made is not None and made[0] is settings else _made_of(settings)


def _made_of(settings: Config) -> NodeCache:
    global _made
    with _making:
        if _made is None:
            _made = (settings, NodeCache(settings.cache, settings.home))
        elif _made[0] is not settings:
            before, cache = _made
            is_same = (before.cache, before.home) == (settings.cache, settings.home)
            _made = (settings, cache if is_same else NodeCache(settings.cache, settings.home))
        return _made[1]


def start_anew() -> None:
    """Forget everything this process keeps; for tests."""
    global _made
    _made = None
