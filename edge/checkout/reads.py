"""Reads of the edge's database for checkout and the order's page. Call them in the reader's threads."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import msgspec

from edge.cart import roots
from edge.cart import service as carts
from edge.cart.cards import cards_now
from edge.checkout.models import Order
from edge.checkout.summary import Summary, only_seen, summarise
from edge.replica import sites
from edge.rights import scarce
from sites import editions
from sync.contracts.cart import Dot, LineKey
from sync.contracts.codec import unpack
from sync.contracts.documents import CardDoc, OrderStateDoc, RateDoc, SiteDoc, card_key
from sync.contracts.orders import PlacedOrder
from sync.core.cart import lines
from sync.store.edge import documents, sql


def summary_of(site: SiteDoc, cart: str, *, only: Collection[Dot] | None = None) -> Summary:
    """The cart, priced for this site, without what is known to be sold out.

    With `only`, no more of it than those tokens: what a page showed, of which an order says itself what is left.
    """
    shown = lines(carts.load(cart))
    if only is not None:
        shown = only_seen(shown, set(only))
    keys = [card_key(line.key.site, line.key.sku, line.key.options) for line in shown]
    found = cards_now(f"card:{site.group}", keys)
    cards = {key: (ver, _in_open_shop(editions.card_in(site, card))) for key, (ver, card) in found.items()}
    rates = documents.all_of("rate:all", RateDoc)
    summary = summarise(shown, currency=site.currency, cards=cards, rates=rates)
    return summary if only is not None else summary.without(_sold_out(cart, summary))


def _sold_out(cart: str, summary: Summary) -> set[LineKey]:
    wanted = summary.units_by_variant
    if not (left := scarce.left_for(roots.stored_root(cart), wanted)):
        return set()
    dealt = scarce.deal([(row.card.variant, row.units) for row in summary.rows], left)
    return {row.key for row, units in zip(summary.rows, dealt, strict=True) if not units}


def _in_open_shop(card: CardDoc) -> CardDoc:
    """A shop that is switched off sells nothing, whatever its cards say."""
    home = sites.site(card.site)
    is_open = home is not None and home.is_active
    return card if is_open else msgspec.structs.replace(card, is_on_sale=False)


def order_by_id(order: str) -> Order | None:
    # Nearly always none, which plain SQL says at a tenth of the cost.
    is_made = sql.fetch_one("SELECT 1 FROM edge_checkout_order WHERE id = ?", [order]) is not None
    return Order.objects.filter(pk=order).first() if is_made else None


def order_by_secret(secret: str, site: str) -> Order | None:
    """An order's page belongs to the shop it was placed in."""
    return Order.objects.filter(secret=secret, site=site).first()


@dataclass(frozen=True)
class Shown:
    """What the order's page may show: no personal data."""

    order: Order
    placed: PlacedOrder
    state: OrderStateDoc | None

    @property
    def has_pending(self) -> bool:
        if self.state is not None:
            return self.state.pending_units > 0
        return any(line.pending for line in self.placed.lines)


def shown(order: Order) -> Shown:
    placed = unpack(bytes(order.body), PlacedOrder)
    return Shown(order, placed, state_of(order, placed.edge))


def state_of(order: Order, node: str) -> OrderStateDoc | None:
    """What central last said of the order; None before it has it."""
    return documents.get(f"order_state:{node}", order.pk, OrderStateDoc)
