"""Keeps this edge in rights: asks for units before they run out, renews what it holds, returns what is recalled."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import islice
from typing import TypeVar

from msgspec import Struct

from edge.rights import lease, service
from edge.rights.models import Hold, Right
from node.errors import RialtoError
from sync.contracts.codec import pack, unpack
from sync.contracts.stock import Answer, Ask, GrantDoc, Recall, Renew, Renewed
from sync.link import link
from sync.replica import told
from sync.store.edge.models import Document
from sync.store.writer import reader, writer

logger = logging.getLogger(__name__)

#: units an edge likes to have of each card; central gives at most the edge's share of the pool
TARGET_UNITS = 20
LOOK_S = 2.0
#: a full round: what is low is asked for, what is held is renewed
ROUND_S = 60.0
CHUNK = 500
#: grants written at a time: hundreds in one job would hold every order up for half a second
AT_ONCE = 25
REQUEST_S = 10.0

T = TypeVar("T")


class _Card(Struct):
    """As much of a line card as stock needs."""

    variant: str
    is_on_sale: bool = True


async def ask(wanted: dict[str, int], *, must: bool, timeout: float) -> Answer:  # noqa: ASYNC109
    """Ask central for rights and keep what it gives. Raises `sync.link.LinkDown`."""
    asked_at = lease.boottime_ms()
    body = await link.request("ask_stock", pack(Ask(wanted=wanted, must=must)), timeout=timeout)
    answer = unpack(body, Answer)
    await _keep(answer.grants, asked_at)
    return answer


async def renew(grants: Sequence[str]) -> None:
    """Ask central to let us sell on from these grants. Raises `sync.link.LinkDown`."""
    asked_at = lease.boottime_ms()
    body = await link.request("renew_stock", pack(Renew(grants=list(grants))), timeout=REQUEST_S)
    await _keep(unpack(body, Renewed).grants, asked_at)


async def _keep(grants: Sequence[GrantDoc], asked_at: int) -> None:
    for part in _chunks(grants, AT_ONCE):
        await writer.run(partial(service.add_grants, part, asked_at))


@told("recall")
async def on_recall(body: bytes) -> None:
    """Central needs units for a shopper elsewhere: give back what nobody holds here."""
    recall = unpack(body, Recall)
    await writer.run(lambda: service.give_back(recall.wanted))


class Keeper:
    """A task for the life of the process. What it fails to do now it tries again in the next round."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None
        self._soon = asyncio.Event()

    async def start(self) -> None:
        self._soon = asyncio.Event()
        await writer.run(service.release_all)
        self._task = asyncio.create_task(self._run(), name="rights-keeper")

    async def stop(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def look_soon(self) -> None:
        """Units were sold or refused: do not wait for the next round."""
        self._soon.set()

    async def round(self) -> None:
        """Renew what is held, ask for what is low. Raises `sync.link.LinkDown`."""
        for grants in _chunks(await reader.run(_open_grants)):
            await renew(grants)
        for part in _chunks((await reader.run(_low)).items()):
            await ask(dict(part), must=False, timeout=REQUEST_S)

    async def _run(self) -> None:
        loop, next_round, was_up = asyncio.get_running_loop(), 0.0, False
        while True:
            try:
                if await reader.run(_has_expired_holds):
                    await writer.run(service.release_expired)
                is_due = self._soon.is_set() or loop.time() >= next_round or not was_up
                was_up = link.is_up
                if was_up and is_due:
                    self._soon.clear()
                    await self.round()
                    next_round = loop.time() + ROUND_S
            except RialtoError as error:
                logger.info("rights: central did not answer (%s); trying again", error.code)
                was_up = False
            except Exception:
                logger.exception("rights: a round failed; trying again")
                next_round = loop.time() + ROUND_S
            await asyncio.sleep(LOOK_S)


keeper = Keeper()


def _open_grants() -> list[str]:
    return list(Right.objects.filter(is_closed=False).order_by("grant").values_list("grant", flat=True))


def _low() -> dict[str, int]:
    """Variant -> units to ask for: each card of our cart groups that is on sale and less than half provided."""
    bodies = Document.objects.filter(topic__startswith="card:", body__isnull=False).values_list("body", flat=True)
    cards = (unpack(bytes(body), _Card) for body in bodies if body is not None)
    variants = sorted({card.variant for card in cards if card.is_on_sale and card.variant})
    wanted: dict[str, int] = {}
    for part in _chunks(variants):
        free = service.free_units(part)
        wanted |= {variant: TARGET_UNITS - units for variant, units in free.items() if units * 2 < TARGET_UNITS}
    return wanted


def _has_expired_holds() -> bool:
    return Hold.objects.filter(until__lte=lease.boottime_ms()).exists()


def _chunks(items: Iterable[T], size: int = CHUNK) -> Iterable[list[T]]:
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part
