"""Keeps this edge in rights: renews the lease, asks for units before they run out, returns what it does not need.

each 2 s      what has ended is sealed, holds that nobody came back for end
each 10 s     the lease is renewed: one row here, one at central, whatever the number of rights
at once       goods just sold, held or put into a cart: asked for when less than half of what is wanted is here
each minute   goods nobody wants here at the moment: a few are asked for, to sell while cut off; the surplus goes back
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import TypeVar

import msgspec
from msgspec import Struct

from edge.replica import sites
from edge.rights import lease, pace, service
from node import clock
from node.errors import RialtoError
from sync.contracts.codec import pack, unpack
from sync.contracts.stock import Answer, Ask, GrantDoc, Recall, Renew, Renewed
from sync.link import LinkDown, link
from sync.replica import told
from sync.store.edge.models import Document
from sync.store.writer import reader, writer

logger = logging.getLogger(__name__)

#: units an edge likes to have of goods of its own shops that nobody buys at the moment; central gives fewer of few
IDLE_UNITS = 20
#: seconds
LOOK_S = 2.0
RENEW_S = 10.0
ROUND_S = 60.0
#: cut off there is nothing to renew; the clocks are noted all the same
NOTE_S = 60.0
#: central was asked about idle goods: not again for so long
IDLE_EVERY_S = 480.0
#: between two looks at goods that are selling
SOON_S = 0.25
REQUEST_S = 10.0
CHUNK = 500
#: rights written at a time: hundreds in one job would hold up every order that waits for the writer
AT_ONCE = 25

T = TypeVar("T")


class _Card(Struct):
    """As much of a line card as stock needs."""

    variant: str
    site: str = ""
    is_on_sale: bool = True


async def ask(wanted: Mapping[str, int], *, must: bool, timeout: float, is_idle: bool = False) -> Answer:  # noqa: ASYNC109
    """Ask central for rights and keep what it gives. Raises `sync.link.LinkDown`, `RequestFailed`."""
    asked_at = lease.boottime_ms()
    answer = await _answered(Ask(wanted=dict(wanted), must=must, is_idle=is_idle), timeout)
    await _keep(answer.grants, asked_at)
    return answer


async def _answered(question: Ask, timeout: float) -> Answer:  # noqa: ASYNC109
    """Central's answer. A connection that breaks often stands again at once: a shopper who waits is asked for anew."""
    deadline = clock.monotonic() + timeout
    while True:
        try:
            return unpack(await link.request("ask_stock", pack(question), timeout=timeout), Answer)
        except LinkDown:
            if not question.must or not await link.comes_back(within=deadline - clock.monotonic()):
                raise
            timeout = deadline - clock.monotonic()
            if timeout <= 0:
                raise
        knows = await reader.run(partial(service.grants_known, question.wanted))
        question = msgspec.structs.replace(question, knows=knows)


class Urgent:
    """What shoppers wait for: one question to central at a time, for all who came while the last one was under way.

    A hundred shoppers of one last unit are two questions, not a hundred that central answers too late. Lives on the
    event loop.
    """

    def __init__(self) -> None:
        #: times since the start that a shopper waited for central, whether or not with others
        self.waits = 0
        self._wanted: dict[str, int] = {}
        self._answer: asyncio.Future[Mapping[str, int]] | None = None
        self._asker: asyncio.Task[None] | None = None

    async def ask(self, short: Mapping[str, int], *, timeout: float) -> bool:  # noqa: ASYNC109
        """Get units; whether that was central's last word: it has no more of what is still missing.

        `timeout`: of each question. Raises `LinkDown`, `RequestFailed`.
        """
        self.waits += 1
        for variant, units in short.items():
            self._wanted[variant] = self._wanted.get(variant, 0) + units
        if self._answer is None:
            self._answer = asyncio.get_running_loop().create_future()
        mine = self._answer
        if self._asker is None or self._asker.done():
            self._asker = asyncio.create_task(self._run(timeout), name="urgent-ask")
        left = await asyncio.shield(mine)
        return all(not left.get(variant) for variant in short)

    async def _run(self, timeout: float) -> None:  # noqa: ASYNC109
        gone: Mapping[str, int] = {}
        while (answer := self._answer) is not None:
            wanted, self._wanted, self._answer = self._wanted, {}, None
            # Who came while central was saying that there is nothing left has his answer.
            gone = {variant: 0 for variant, units in gone.items() if not units and variant in wanted}
            try:
                rest = {variant: units for variant, units in wanted.items() if variant not in gone}
                left = (await ask(rest, must=True, timeout=timeout)).left if rest else {}
            except BaseException as error:
                gone = {}
                answer.set_exception(error if isinstance(error, Exception) else LinkDown("the node is stopping"))
                answer.exception()  # somebody may have gone away meanwhile
                if not isinstance(error, Exception):
                    raise
            else:
                gone = {**left, **gone}
                answer.set_result(gone)


urgent = Urgent()


async def renew() -> None:
    """Ask central to let us sell on from all we have. Raises `sync.link.LinkDown`, `RequestFailed`."""
    asked_at = lease.boottime_ms()
    body = await link.request("renew_stock", pack(Renew()), timeout=REQUEST_S)
    ttl_s = unpack(body, Renewed).ttl_s
    if ttl_s:
        await writer.run(lambda: service.extend(asked_at, ttl_s))


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
        self._unhear: Callable[[], None] = _nothing
        #: loop time of the next of each; 0 is at once
        self._renew_at = self._round_at = self._note_at = 0.0
        #: variant -> loop time when central may be asked about it again though nobody wants it here
        self._idle_at: dict[str, float] = {}

    async def start(self) -> None:
        """Before a shop is open: what a reboot, a suspend or a long stop has ended is sealed first."""
        self._soon = asyncio.Event()
        loop = asyncio.get_running_loop()
        await writer.run(service.wake)
        await reader.run(pace.load)
        self._unhear = pace.on_news(lambda: writer.post(loop, self._soon.set))
        self._task = asyncio.create_task(self._run(), name="rights-keeper")

    async def stop(self) -> None:
        task, self._task = self._task, None
        self._unhear()
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await writer.run(pace.write)

    async def round(self) -> None:
        """All of it once, as after a link has come up. Raises `sync.link.LinkDown`."""
        self._renew_at = self._round_at = 0.0
        self._idle_at.clear()
        await self._tend(asyncio.get_running_loop().time())

    async def _run(self) -> None:
        loop, was_up = asyncio.get_running_loop(), False
        while True:
            try:
                await self._look(loop.time())
                if link.is_up and not was_up:
                    self._renew_at = self._round_at = 0.0
                    self._idle_at.clear()
                was_up = link.is_up
                if was_up:
                    await self._tend(loop.time())
            except RialtoError as error:
                logger.info("rights: central did not answer (%s); trying again", error.code)
                was_up = False
            except Exception:
                logger.exception("rights: a round failed; trying again")
                self._round_at = loop.time() + ROUND_S
            await asyncio.sleep(SOON_S)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._soon.wait(), LOOK_S)

    async def _look(self, now: float) -> None:
        """What needs nobody else."""
        if await reader.run(service.is_anything_over):
            await writer.run(_end_what_is_over)
        if now >= self._note_at:
            self._note_at = now + NOTE_S
            await writer.run(_note)

    async def _tend(self, now: float) -> None:
        if now >= self._renew_at:
            await renew()
            self._renew_at, self._note_at = now + RENEW_S, now + NOTE_S
        self._soon.clear()
        await self._ask_for(pace.news())
        if now >= self._round_at:
            await self._ask_for(pace.wanted_lately())
            await self._settle_idle(now)
            self._round_at = now + ROUND_S

    async def _ask_for(self, variants: Collection[str]) -> None:
        """Units of goods that somebody wants, where less than half of what is wanted is here."""
        for part in _chunks((await reader.run(lambda: _low(variants))).items()):
            await ask(dict(part), must=False, timeout=REQUEST_S)

    async def _settle_idle(self, now: float) -> None:
        """Goods that nobody wants here: a few of our own shops' are kept, the surplus of all goes back."""
        idle = await reader.run(_idle)
        due = {variant: units for variant, units in idle.items() if self._idle_at.get(variant, 0.0) <= now}
        for part in _chunks(due.items()):
            answer = await ask(dict(part), must=False, timeout=REQUEST_S, is_idle=True)
            surplus = await reader.run(partial(_surplus, answer.keep))
            for few in _chunks(surplus.items(), AT_ONCE):
                await writer.run(partial(service.give_back, dict(few)))
            self._idle_at |= dict.fromkeys(dict(part), now + IDLE_EVERY_S)
        # Wanted again and idle again, it is due at once.
        self._idle_at = {variant: at for variant, at in self._idle_at.items() if variant in idle}


def _nothing() -> None: ...


keeper = Keeper()


def _low(variants: Collection[str]) -> dict[str, int]:
    """Variant -> units to ask for."""
    wanted: dict[str, int] = {}
    for part in _chunks(sorted(variants)):
        lacking = {variant: pace.units_lacking(variant, free) for variant, free in service.free_units(part).items()}
        wanted |= {variant: units for variant, units in lacking.items() if units}
    return wanted


def _idle() -> dict[str, int]:
    """Variant -> units to ask for, 0 for what there is enough of: what is here, and what our own shops sell."""
    free = service.free_of_all()
    own = _sold_by_our_shops()
    return {
        variant: max(0, IDLE_UNITS - free.get(variant, 0)) if variant in own else 0
        for variant in sorted(own | {variant for variant, units in free.items() if units})
        if pace.is_idle(variant)
    }


def _sold_by_our_shops() -> set[str]:
    ours = sites.own_ids()
    bodies = Document.objects.filter(topic__startswith="card:", body__isnull=False).values_list("body", flat=True)
    cards = (unpack(bytes(body), _Card) for body in bodies if body is not None)
    return {card.variant for card in cards if card.is_on_sale and card.variant and (not ours or card.site in ours)}


def _surplus(keep: Mapping[str, int]) -> dict[str, int]:
    """What is free above what central lets us keep, of goods that nobody has asked for meanwhile."""
    free = service.free_units(variant for variant in keep if pace.is_idle(variant))
    return {variant: units - keep[variant] for variant, units in free.items() if units > keep[variant]}


def _end_what_is_over() -> None:
    service.release_expired()
    service.seal_ended()


def _note() -> None:
    service.note_clocks()
    pace.write()


def _chunks(items: Iterable[T], size: int = CHUNK) -> Iterable[list[T]]:
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part
