"""Which open tabs watch which cart, and what there is to tell them.

Streams live on the event loop; commits happen in the writer's thread, so news crosses by `writer.post`. A
stream keeps no queue: it is told that there is news and reads the newest view, so a slow tab costs one view and no
more.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from node import clock
from sync.link import link
from sync.store.writer import writer

#: how long an edge follows a cart that no tab has open
IDLE_S = 30 * 60


@dataclass(eq=False)
class Watcher:
    """One open stream. `acks`: dots central has taken in since the stream last looked."""

    root: str
    #: hash of the browser's handle
    handle: bytes = b""
    news: asyncio.Event = field(default_factory=asyncio.Event)
    acks: set[str] = field(default_factory=set)
    #: its handle is good for nothing any more: the stream ends, and the tab dials again with what it has now
    is_over: bool = False


_loop: asyncio.AbstractEventLoop | None = None
_is_ending = False
_watchers: dict[str, set[Watcher]] = defaultdict(set)
#: root -> when it was last asked for (monotonic seconds)
_followed: dict[str, float] = {}


def start() -> None:
    """Bind to the running loop; once per process."""
    global _loop, _is_ending
    _loop, _is_ending = asyncio.get_running_loop(), False
    link.on_change(lambda is_up: everyone())


def end_streams() -> None:
    """Every stream ends and none begins; ops that are under way still finish. On the loop."""
    global _is_ending
    _is_ending = True
    _wake_all()


def stop() -> None:
    """End every stream and forget the loop."""
    global _loop
    end_streams()
    _loop = None


def is_running() -> bool:
    return _loop is not None and not _is_ending


def follow(root: str) -> None:
    """The cart is open here: ask central for its news."""
    if root not in _followed:
        link.subscribe(root)
    _followed[root] = clock.monotonic()


def leave_idle(now: float | None = None) -> list[str]:
    """Stop following carts that nobody has had open for half an hour; returns their roots."""
    now = clock.monotonic() if now is None else now
    idle = [root for root, used in _followed.items() if not _watchers.get(root) and now - used > IDLE_S]
    for root in idle:
        del _followed[root]
        link.unsubscribe(root)
    return idle


def watch(root: str, handle: bytes = b"") -> Watcher:
    watcher = Watcher(root, handle)
    _watchers[root].add(watcher)
    follow(root)
    watcher.news.set()
    return watcher


def unwatch(watcher: Watcher) -> None:
    _watchers[watcher.root].discard(watcher)
    if not _watchers[watcher.root]:
        del _watchers[watcher.root]
        _followed[watcher.root] = clock.monotonic()


def changed(root: str) -> None:
    """A cart has changed. From any thread."""
    _on_loop(lambda: _wake(root))


def moved(source: str, target: str) -> None:
    """A cart was joined into another: whoever watches it watches the other now. From any thread."""
    _on_loop(lambda: _move(source, target))


def rebound(handle: bytes, root: str) -> None:
    """A browser's handle leads to another cart now: so do its open tabs. On the loop."""
    for watcher in [one for watchers in _watchers.values() for one in watchers if one.handle == handle]:
        if watcher.root != root:
            unwatch(watcher)
            watcher.root = root
            _watchers[root].add(watcher)
            follow(root)
            watcher.news.set()


def hang_up(handle: bytes) -> None:
    """End the streams of a handle that leads elsewhere now. On the loop."""
    for watcher in [one for watchers in _watchers.values() for one in watchers if one.handle == handle]:
        watcher.is_over = True
        watcher.news.set()


def watched_handles() -> frozenset[bytes]:
    """Hashes of the handles that have a stream open."""
    return frozenset(watcher.handle for watchers in _watchers.values() for watcher in watchers)


def acked(dots: Mapping[str, Iterable[str]]) -> None:
    """Root -> dots central has taken in. On the loop."""
    for root, names in dots.items():
        for watcher in _watchers.get(root, ()):
            watcher.acks.update(names)
            watcher.news.set()


def looked_at(within_s: float) -> list[str]:
    """The carts that some tab has open, or that were asked for so lately. On the loop."""
    since = clock.monotonic() - within_s
    return [root for root, used in _followed.items() if used >= since or _watchers.get(root)]


def watched() -> list[str]:
    """The carts that some tab has open. On the loop."""
    return list(_watchers)


def wake(roots: Iterable[str]) -> None:
    """What these carts are shown as has changed, though they have not. On the loop."""
    for root in roots:
        _wake(root)


def everyone() -> None:
    """Something that every tab shows has changed (the link). From any thread."""
    _on_loop(_wake_all)


def _wake(root: str) -> None:
    for watcher in _watchers.get(root, ()):
        watcher.news.set()


def _wake_all() -> None:
    for root in list(_watchers):
        _wake(root)


def _move(source: str, target: str) -> None:
    for watcher in _watchers.pop(source, set()):
        watcher.root = target
        _watchers[target].add(watcher)
        watcher.news.set()
    if target in _watchers or source in _followed:
        # Also where no tab is open just now: central may have linked the target further, or know more of it.
        follow(target)
    _wake(target)


def _on_loop(work: Callable[[], object]) -> None:
    loop = _loop
    if loop is None or loop.is_closed():
        # No server in this process (a test, a command): whoever asks is on his own thread.
        work()
        return
    try:
        is_here = asyncio.get_running_loop() is loop
    except RuntimeError:
        is_here = False
    if is_here:
        work()
    else:
        writer.post(loop, work)
