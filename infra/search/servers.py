"""What engines with a server of their own have in common."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from functools import lru_cache

from django.utils.module_loading import import_string

from infra.search import ENGINES, SERVERS, Engine, Found, Query
from infra.search.errors import NotConfigured
from infra.search.words import other_layout, tokens
from node.config import config


def configured() -> tuple[str, ...]:
    """The search servers this node has an address of."""
    held = config().search
    return tuple(name for name, address in zip(SERVERS, (held.meilisearch_url, held.sphinx), strict=True) if address)


def server(name: str) -> Engine:
    """The engine of that name. Raises `NotConfigured` when the settings say no address."""
    held = config().search
    if name not in configured():
        raise NotConfigured(f"{name} has no address in [search] of rialto.toml", engine=name)
    if name == "meilisearch":
        return _made(name, held.meilisearch_url, held.meilisearch_key)
    host, _, port = held.sphinx.rpartition(":")
    return _made(name, host, int(port))


@lru_cache(maxsize=4)
def _made(name: str, *address: object) -> Engine:
    engine: Engine = import_string(ENGINES[name])(*address)
    return engine


def or_other_layout(ask: Callable[[Query], Found], query: Query) -> Found:
    """What is found; when it is nothing, what the same keys say in the other layout of the keyboard."""
    found = ask(query)
    if found.total or not (meant := other_layout(query.words)):
        return found
    again = ask(dataclasses.replace(query, words=meant))
    return dataclasses.replace(again, corrected=meant.strip()) if again.total else found


def beginning_with(start: str, texts: Iterable[str], limit: int) -> list[str]:
    """Words of `texts` that begin with `start`, those met most first: for engines that keep no list of words."""
    times: dict[str, int] = {}
    for text in texts:
        for word in set(tokens(text)):
            if word.startswith(start):
                times[word] = times.get(word, 0) + 1
    return sorted(times, key=lambda word: (-times[word], len(word), word))[:limit]
