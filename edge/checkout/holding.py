"""Holding what a cart wants while its shopper is at the checkout: ten minutes from each time he opens it.

Adding to a cart holds nothing. Opening the checkout does, inside this edge's own rights; where they are short central
is asked, which recalls what nobody holds elsewhere. What is still missing then is said at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from edge.cart import roots, view
from edge.checkout import reads
from edge.checkout.summary import Summary
from edge.rights import scarce
from edge.rights import service as rights
from edge.rights.keeper import urgent
from sync.contracts.cart import LineKey
from sync.contracts.documents import SiteDoc
from sync.link import LinkDown, RequestFailed
from sync.store.writer import reader, writer

#: how long a shopper waits for central to find units
ASK_S = 2.0
#: what another shopper was given while this one waited is asked for once more
ASKS = 3
#: a page opened again within a minute finds everything held: nothing is written
FRESH_MS = rights.HOLD_MS - 60_000


@dataclass(frozen=True)
class Held:
    """What a cart can order, and `fewer`: key -> units that can be had, of the lines that cannot be had whole.

    `fewer` is empty too when central is out of reach: what lacks is then sold as "stock pending".
    """

    summary: Summary
    fewer: Mapping[LineKey, int] = field(default_factory=dict)


async def hold_cart(site: SiteDoc, cart: str) -> Held:
    """Hold all that the cart can order."""
    summary, is_fresh = await reader.run(lambda: _look(site, cart))
    if is_fresh or not summary.rows:
        return Held(summary)
    short = await find_units(cart, summary.units_by_variant)
    if not short:
        return Held(summary)
    fewer = await note_short(cart, summary, short)
    return Held(summary.without({key for key, units in fewer.items() if not units}), fewer)


async def find_units(cart: str, wanted: Mapping[str, int]) -> dict[str, int] | None:
    """Hold units for a cart, central's where this edge's own are short; what lacks all the same, by variant.

    None: some lack, and central is out of reach.
    """
    short = await writer.run(lambda: hold(cart, wanted))
    for _ in range(ASKS):
        if not short:
            break
        try:
            is_last_word = await urgent.ask(short, timeout=ASK_S)
        except (LinkDown, RequestFailed):
            return None
        short = await writer.run(lambda: hold(cart, wanted))
        if is_last_word:
            break
    return short


def _look(site: SiteDoc, cart: str) -> tuple[Summary, bool]:
    summary = reads.summary_of(site, cart)
    root = roots.stored_root(cart)
    return summary, rights.is_held(root, summary.units_by_variant, for_ms=FRESH_MS)


def hold(cart: str, wanted: Mapping[str, int]) -> dict[str, int]:
    """Inside a job of the writer: `rights.hold` for whatever the cart has become."""
    return rights.hold(roots.stored_root(cart), wanted)


async def note_short(cart: str, summary: Summary, short: Mapping[str, int]) -> dict[LineKey, int]:
    """The cart shows for a while what it could have; key -> units, of lines that want more."""
    has = {variant: summary.units_by_variant[variant] - units for variant, units in short.items()}
    view.stock_changed(scarce.note(has, cart=await roots.root_of(cart)))
    dealt = scarce.deal([(row.card.variant, row.units) for row in summary.rows], has)
    return {row.key: units for row, units in zip(summary.rows, dealt, strict=True) if units < row.units}
