"""Which function does which job. Filled by decorators in the apps' `handlers` modules, found by that name."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.utils.module_loading import autodiscover_modules


@dataclass(frozen=True)
class JobRun:
    """What a handler is told about the call it is in.

    `key` stays the same over all attempts: make it the idempotency key of what you send. `attempt` counts from 1.
    """

    realm: str
    id: uuid.UUID
    key: str
    handler: str
    attempt: int


#: payload bytes and the run -> a JSON value kept as the job's result, or None
Work = Callable[[bytes, JobRun], Any]


@dataclass(frozen=True)
class Handler:
    """`tries`: attempts before the job is failed for good. `lease_s`: seconds after which a silent run is given up."""

    name: str
    work: Work
    tries: int
    lease_s: int


class UnknownHandler(LookupError):
    """A job names a handler this version does not have."""

    code = "unknown_handler"


_handlers: dict[str, Handler] = {}


def add(handler: Handler) -> None:
    """Raises `ValueError` when two functions claim one name."""
    if handler.name in _handlers:
        raise ValueError(f"two job handlers are called '{handler.name}'")
    _handlers[handler.name] = handler


def find(name: str) -> Handler:
    """Raises `UnknownHandler`."""
    load()
    try:
        return _handlers[name]
    except KeyError as error:
        raise UnknownHandler(name) from error


@cache
def load() -> None:
    """Import every app's `handlers` module, once."""
    autodiscover_modules("handlers")


def name_of(function: Callable[..., Any]) -> str:
    """`orders.make_customer` for `central.orders.handlers.make_customer`: kept in rows, so it names no folder."""
    parts = [part for part in function.__module__.split(".") if part != "handlers"]
    return f"{parts[-1]}.{function.__name__}"
