"""Carts that are looked at say what is left, and are corrected, before their shoppers come to the checkout.

Central is asked one question at a time, each ten seconds at most: of goods of which an open cart wants more than this
edge may sell. A line that wants more than is left is set to it; one of which nothing is left stays, is not counted,
and counts again when there is some. While nobody can ask central nothing is corrected: what lacks is sold as pending.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from edge.cart import cards, service, view
from edge.live import carts as live
from edge.replica.sites import site as site_by_id
from edge.rights import scarce
from edge.rights import service as rights
from node.errors import RialtoError
from sync.contracts.cart import LineKey
from sync.contracts.codec import pack, unpack
from sync.contracts.documents import card_key
from sync.contracts.stock import MOST_LEFT, Left, LeftAsk
from sync.core.cart import Line, lines
from sync.link import link
from sync.store.writer import reader

logger = logging.getLogger(__name__)

#: seconds
LOOK_S = 2.0
ASK_EVERY_S = 10.0
ASK_S = 5.0
#: a page without JavaScript is looked at for so long after it was sent
PAGE_S = 60.0

#: variant -> units that a cart wants
Wants = Mapping[str, int]
#: root -> (the cart's version, `cards.news`, what it wants): a look at a thousand carts must not hold an op up
Known = Mapping[str, tuple[int, int, Wants]]


class Limits:
    """A task for the life of the process."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None
        self._ask_at = 0.0
        #: variant -> loop time when central was last asked about it: where there are too many, the oldest go first
        self._asked_at: dict[str, float] = {}
        self._known: Known = {}

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="cart-limits")

    async def stop(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        scarce.forget_all()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                await self.look()
            except RialtoError as error:
                logger.info("limits of carts: central did not answer (%s); trying again", error.code)
            except Exception:
                logger.exception("limits of carts: a look failed; trying again")

    async def look(self) -> None:
        """Ask if it is time and there is something to ask; show and correct. Raises `LinkDown`, `RequestFailed`."""
        view.stock_changed(scarce.forget_old() if link.is_up else scarce.forget_all())
        now = asyncio.get_running_loop().time()
        open_carts = live.looked_at(PAGE_S)
        if not link.is_up or now < self._ask_at or not open_carts:
            return
        before = self._known
        self._known = await reader.run(lambda: _known(open_carts, before))
        wants = {root: wanted for root, (_, _, wanted) in self._known.items()}
        beyond = await reader.run(lambda: _beyond_our_rights(wants))
        if not beyond:
            return
        self._ask_at = now + ASK_EVERY_S
        left = await self._ask(beyond, now)
        few = {variant: units for variant, units in left.items() if units <= beyond[variant]}
        view.stock_changed(scarce.note(few) | scarce.is_plenty(left.keys() - few.keys()))
        for root in [root for root, wanted in wants.items() if not few.keys().isdisjoint(wanted)]:
            if fewer := await reader.run(lambda root=root: _too_many(root)):  # type: ignore[misc]
                await service.set_units(root, fewer)

    async def _ask(self, wanted: Mapping[str, int], now: float) -> Mapping[str, int]:
        asked = sorted(wanted, key=lambda variant: (self._asked_at.get(variant, 0.0), variant))[:MOST_LEFT]
        self._asked_at = {variant: at for variant, at in self._asked_at.items() if variant in wanted}
        self._asked_at |= dict.fromkeys(asked, now)
        # One more than is wanted: so "just as many" is told from "enough".
        question = LeftAsk(wanted={variant: wanted[variant] + 1 for variant in asked})
        return unpack(await link.request("stock_left", pack(question), timeout=ASK_S), Left).left


limits = Limits()


def _known(roots: Collection[str], before: Known) -> Known:
    """What carts want; of those that stand as they stood `before` it is known."""
    news = cards.news()
    found = {}
    for root in roots:
        version, _ = service.load_version(root, is_root=True)
        known = before.get(root)
        found[root] = known if known and known[:2] == (version, news) else (version, news, _wants(root))
    return found


def _wants(root: str) -> Wants:
    wanted: dict[str, int] = defaultdict(int)
    for variant, line in _sold_lines(root):
        wanted[variant] += line.quantity
    return wanted


def _sold_lines(root: str) -> Sequence[tuple[str, Line]]:
    """(variant, line) of the lines that can be ordered now, as far as stock goes."""
    shown = lines(service.load_version(root, is_root=True)[1])
    by_topic: dict[str, list[Line]] = defaultdict(list)
    for line in shown:
        home = site_by_id(line.key.site)
        if home is not None and home.is_active:
            by_topic[f"card:{home.group}"].append(line)
    found: dict[LineKey, str] = {}
    for topic, its in by_topic.items():
        known = cards.cards_of(topic, [_card_key(line) for line in its])
        on_sale = {key: card.variant for key, (_, card) in known.items() if card.is_on_sale and card.variant}
        found |= {line.key: on_sale[_card_key(line)] for line in its if _card_key(line) in on_sale}
    return [(found[line.key], line) for line in shown if line.key in found]


def _card_key(line: Line) -> str:
    return card_key(line.key.site, line.key.sku, line.key.options)


def _beyond_our_rights(wants: Mapping[str, Wants]) -> dict[str, int]:
    """Variant -> the most that a cart wants, where that is more than it holds and this edge may sell."""
    by_variant: dict[str, dict[str, int]] = defaultdict(dict)
    for root, wanted in wants.items():
        for variant, units in wanted.items():
            by_variant[variant][root] = units
    free = rights.free_units(by_variant)
    short = {variant: carts for variant, carts in by_variant.items() if max(carts.values()) > free[variant]}
    held = rights.held_by_carts(short)
    return {
        variant: max(carts.values())
        for variant, carts in short.items()
        if any(units - held.get((variant, root), 0) > free[variant] for root, units in carts.items())
    }


def _too_many(root: str) -> dict[LineKey, int]:
    """Key -> units that are left, of lines that want more of what there is."""
    shown = _sold_lines(root)
    left = scarce.left_for(root, {variant for variant, _ in shown})
    dealt = scarce.deal([(variant, line.quantity) for variant, line in shown], left)
    return {line.key: units for (_, line), units in zip(shown, dealt, strict=True) if 0 < units < line.quantity}
