"""Who watches an order's page, and when there is news for him."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager

from sync.replica import after_apply, on_central_ack
from sync.topics import name_of

#: a comment this often keeps proxies from closing a quiet stream
BEAT_S = 15.0

_is_stopping = False
_watchers: dict[str, set[asyncio.Event]] = defaultdict(set)


async def news_of(order: str) -> AsyncIterator[bool]:
    """True at once and after each piece of news of an order, False each 15 s without any."""
    with _watching(order) as news:
        news.set()
        while True:
            try:
                await asyncio.wait_for(news.wait(), BEAT_S)
            except TimeoutError:
                yield False
                continue
            if _is_stopping:
                return
            news.clear()
            yield True


def stop() -> None:
    """The node stops: end every stream. On the event loop."""
    global _is_stopping
    _is_stopping = True
    tell(list(_watchers))


def tell(orders: Iterable[str]) -> None:
    """There is news of these orders. On the event loop."""
    for order in orders:
        for news in _watchers.get(order, ()):
            news.set()


@after_apply
def states_changed(entries: list[tuple[str, str]]) -> None:
    tell(key for topic, key in entries if name_of(topic) == "order_state")


@on_central_ack("order")
def orders_acked(refs: list[str]) -> None:
    tell(refs)


@contextmanager
def _watching(order: str) -> Iterator[asyncio.Event]:
    news = asyncio.Event()
    _watchers[order].add(news)
    try:
        yield news
    finally:
        _watchers[order].discard(news)
        if not _watchers[order]:
            del _watchers[order]
