"""Asks central every few seconds whether the sign-ins that are in use still stand.

A push tells of each sign-out at once but may be lost; this finds it all the same, and ends open streams too.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging

from edge.account import central
from edge.live import carts as live
from edge.shopper import session
from node.errors import RialtoError
from sync.link import link

logger = logging.getLogger("edge.account")

EVERY_S = 5.0
#: of one question
MOST = 500


class Watch:
    """One per edge process: `watch`."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="sign-ins")

    async def stop(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await look()
            except RialtoError as error:
                logger.info("sign-ins could not be checked: %s", error.code)
            except Exception:
                logger.exception("sign-ins could not be checked")


async def look() -> int:
    """Check the sign-ins of open tabs once; returns how many had ended."""
    if not link.is_up:
        return 0
    open_now = live.watched_handles()
    grants = sorted({known.grant for digest, known in session.signed_in_lately().items() if digest in open_now})
    count = 0
    for start in range(0, len(grants), MOST):
        if ended := await central.ended(grants[start : start + MOST]):
            count += await session.end(ended)
    return count


watch = Watch()
