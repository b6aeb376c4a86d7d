"""Asking edges to give back what no shopper holds there, and waiting a moment for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

from central.stock.queries import edges_holding, pools
from sync import hub
from sync.contracts.codec import pack
from sync.contracts.stock import Recall

#: how long somebody who waits for units is kept waiting
RECALL_S = 1.5
_LOOK_EVERY_S = 0.05
_is_waited: ContextVar[bool] = ContextVar("is_waited", default=True)


@contextmanager
def nobody_waits() -> Iterator[None]:
    """Inside, edges are asked as ever, and what they have not given back counts as refused at once."""
    token = _is_waited.set(False)
    try:
        yield
    finally:
        _is_waited.reset(token)


def gather_in_pool(wanted: Mapping[UUID, int]) -> bool:
    """Ask edges for what lacks in the pool, and wait for it 1.5 s at most; whether it is there. Nothing is held."""

    def lacking() -> dict[UUID, int]:
        there = pools(wanted)
        left = {variant: units - there.get(variant, 0) for variant, units in wanted.items()}
        return {variant: units for variant, units in left.items() if units > 0}

    if (short := lacking()) and recall(short):
        retry(lambda: not lacking() or not edges_holding(lacking()))
    return not lacking()


def recall(wanted: Mapping[UUID, int], *, but: str = "") -> bool:
    """Ask the edges that hold units for them; whether there was anybody to ask."""
    holders = edges_holding(wanted)
    asked = False
    for node, variants in holders.items():
        if node != but:
            hub.tell(node, "recall", pack(Recall(wanted={variant.hex: wanted[variant] for variant in variants})))
            asked = True
    return asked


def retry(attempt: Callable[[], bool]) -> None:
    """Try until it succeeds, for `RECALL_S` at most; not once where nobody waits."""
    if not _is_waited.get():
        return
    deadline = time.monotonic() + RECALL_S
    while time.monotonic() < deadline:
        time.sleep(_LOOK_EVERY_S)
        if attempt():
            return
