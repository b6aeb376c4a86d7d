"""What an edge does with what central publishes: each edge app declares its hooks in a module `applies.py`."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sync.topics import name_of

#: (full topic, key, ver, body); body None = deleted
Apply = Callable[[str, str, int, bytes | None], None]
#: (key, body)
ApplyFact = Callable[[str, bytes], None]
#: [(full topic, key)]
AfterApply = Callable[[list[tuple[str, str]]], "Awaitable[None] | None"]
#: refs given to `enqueue`
Acked = Callable[[list[str]], "Awaitable[None] | None"]
Told = Callable[[bytes], "Awaitable[None] | None"]

F = TypeVar("F", bound=Callable[..., object])

_applies: dict[str, list[Apply]] = {}
_facts: dict[str, list[ApplyFact]] = {}
_after: list[AfterApply] = []
_acked: dict[str, list[Acked]] = {}
_told: dict[str, list[Told]] = {}
_fenced: list[Callable[[], None]] = []
_schemas: dict[str, int] = {}


def applies(topic: str, *, schema: int = 1) -> Callable[[F], F]:
    """`(full topic, key, ver, body | None)`, inside the writer's transaction, only for a version above the held one.

    `topic` is the name without its audience. `schema` is the newest body this code can read: HELLO tells it.
    A hook that raises parks the document: the raw row is kept, the stream goes on.
    """

    def register(hook: F) -> F:
        _applies.setdefault(topic, []).append(hook)  # type: ignore[arg-type]
        _schemas[topic] = max(schema, _schemas.get(topic, schema))
        return hook

    return register


def applies_fact(topic: str, *, schema: int = 1) -> Callable[[F], F]:
    """`(key, body)`, inside the writer's transaction. The same fact may come more than once."""

    def register(hook: F) -> F:
        _facts.setdefault(topic, []).append(hook)  # type: ignore[arg-type]
        _schemas[topic] = max(schema, _schemas.get(topic, schema))
        return hook

    return register


def after_apply(hook: F) -> F:
    """`([(full topic, key)])`, on the event loop, after the commit; may be a coroutine function."""
    _after.append(hook)  # type: ignore[arg-type]
    return hook


def on_central_ack(kind: str) -> Callable[[F], F]:
    """`([ref])` of the ops of one kind, on the event loop, after central's commit was acked; perhaps more than once."""

    def register(hook: F) -> F:
        _acked.setdefault(kind, []).append(hook)  # type: ignore[arg-type]
        return hook

    return register


def told(kind: str) -> Callable[[F], F]:
    """`(body)` of a message central pushed with `sync.hub.tell`, on the event loop. Such a message may be lost."""

    def register(hook: F) -> F:
        _told.setdefault(kind, []).append(hook)  # type: ignore[arg-type]
        return hook

    return register


def when_fenced(hook: F) -> F:
    """`()`, inside the writer's transaction, perhaps more than once: what this disk holds of the past is not its own.

    It was rolled back or copied, or the node has begun a new epoch: another disk may have gone on from the same past.
    """
    _fenced.append(hook)  # type: ignore[arg-type]
    return hook


def schemas() -> dict[str, int]:
    """Topic name -> newest schema this edge can read."""
    return dict(_schemas)


def apply_hooks(full: str) -> list[Apply]:
    return _applies.get(name_of(full), [])


def fact_hooks(full: str) -> list[ApplyFact]:
    return _facts.get(name_of(full), [])


def run_fenced() -> None:
    for hook in _fenced:
        hook()


async def run_after_apply(entries: list[tuple[str, str]]) -> None:
    for hook in _after:
        await _call(hook, entries)


async def run_acked(kind: str, refs: list[str]) -> None:
    for hook in _acked.get(kind, []):
        await _call(hook, refs)


async def run_told(kind: str, body: bytes) -> None:
    for hook in _told.get(kind, []):
        await _call(hook, body)


async def _call(hook: Callable[..., object], *args: object) -> None:
    result = hook(*args)
    if inspect.isawaitable(result):
        await result


class forget_hooks:
    """Within the block only the hooks registered in it exist (tests)."""

    def __enter__(self) -> None:
        self._kept = [dict(_applies), dict(_facts), dict(_acked), dict(_told), dict(_schemas)]
        self._after, self._fenced = list(_after), list(_fenced)
        for table in (_applies, _facts, _acked, _told, _schemas):
            table.clear()
        _after.clear()
        _fenced.clear()

    def __exit__(self, *error: object) -> None:
        for table, kept in zip((_applies, _facts, _acked, _told, _schemas), self._kept, strict=True):
            table.clear()  # type: ignore[attr-defined]
            table.update(kept)  # type: ignore[attr-defined]
        _after[:], _fenced[:] = self._after, self._fenced
