"""Making an order: price it again, find the units, seal the person, then one transaction, then it is confirmed.

price    what the page showed is compared with what is true now                     409 price_changed, cart_changed
units    what the cart holds, then this edge's rights; short: central is asked, 2 s   409 not_enough
         central out of reach: accepted as "stock pending"
seal     name, phone, address to central's key, before anything touches the disk
commit   rights sold + cart taken + number + order + outbox, in one job of the writer; it returns after the fsync
"""

from __future__ import annotations

import asyncio
import secrets
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from weakref import WeakValueDictionary

from msgspec import structs

from edge.cart import roots
from edge.cart import service as carts
from edge.checkout import form as forms
from edge.checkout import holding, reads
from edge.checkout.errors import BadForm, CartChanged, NotEnough, OrderIdReused
from edge.checkout.form import CONSENT_TEXT, Checked, Form
from edge.checkout.models import Order
from edge.checkout.node import ThisNode, this_node
from edge.checkout.sealing import seal_person
from edge.checkout.summary import Quote, Summary, compare
from edge.rights import service as rights
from node import clock
from sites import urls
from sync.contracts.cart import CartDelta
from sync.contracts.codec import pack
from sync.contracts.documents import SiteDoc, card_key
from sync.contracts.orders import GrantUse, OrderLine, PlacedOrder, SealedPerson
from sync.core.cart import decode, order_cause, taken_units
from sync.store.edge import sql
from sync.store.edge.outbox import enqueue
from sync.store.writer import reader, writer


@dataclass(frozen=True, repr=False)
class Draft:
    """All that the transaction needs; the person is sealed by now."""

    site: SiteDoc
    node: ThisNode
    cart: str
    quote: Quote
    summary: Summary
    checked: Checked
    person: SealedPerson
    fingerprint: bytes
    secret: str
    #: who is signed in, "" for a guest
    customer: str


#: two posts of one page make one order
_at_work: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()


async def order_typed(
    site: SiteDoc, cart: str | None, typed: Form, quote: Quote, *, customer: str = ""
) -> tuple[Order, bool]:
    """The order of what was typed on a page that showed `quote`, and whether it is new. Raises a `CheckoutError`.

    `customer`: who is signed in. A repeat is answered whatever the cart, the prices and the shop's ways are now: it was
    placed already.
    """
    mark = forms.fingerprint(typed, quote)
    checked, wrong = forms.check(typed, site)
    if checked is None:
        if known := await reader.run(lambda: reads.order_by_id(quote.order)):
            return same(known, mark), False
        raise BadForm("a field is wrong", fields=wrong)
    return await place(site, cart or "", quote, checked, mark, customer=customer)


async def place(
    site: SiteDoc, cart: str, quote: Quote, checked: Checked, fingerprint: bytes, *, customer: str = ""
) -> tuple[Order, bool]:
    """Make the order, or find the one this page made before; and whether it is new. Raises a `CheckoutError`."""
    lock = _at_work.setdefault(quote.order, asyncio.Lock())
    async with lock:
        draft = await reader.run(lambda: _draft(site, cart, quote, checked, fingerprint, customer))
        if isinstance(draft, Order):
            return same(draft, fingerprint), False
        made = await writer.run(lambda: commit(draft))
        return made or await _with_central(draft), True


def _draft(
    site: SiteDoc, cart: str, quote: Quote, checked: Checked, fingerprint: bytes, customer: str
) -> Draft | Order:
    """What is to be made; the order itself when this page made it before."""
    if known := reads.order_by_id(quote.order):
        return known
    if not quote.dots:
        _check_sold_out(site, cart)
    summary = reads.summary_of(site, cart, only=quote.dots)
    compare(summary, quote, delivery=checked.delivery.code, delivery_price=checked.delivery.price)
    # The address of the order's page travels sealed with the person: central's mails name it.
    secret = secrets.token_urlsafe(32)
    person = structs.replace(checked.person, state_url=urls.absolute(site, f"/order/{secret}"))
    return Draft(
        site=site,
        node=this_node(),
        cart=cart,
        quote=quote,
        summary=summary,
        checked=checked,
        person=seal_person(person, quote.order),
        fingerprint=fingerprint,
        secret=secret,
        customer=customer,
    )


def _check_sold_out(site: SiteDoc, cart: str) -> None:
    """The page had nothing to order. Raises `NotEnough` when that is because goods are sold out."""
    gone = [line.key for line in reads.summary_of(site, cart).unsold if line.reason == "sold_out"]
    if gone:
        raise NotEnough("nothing of it is left", left={card_key(key.site, key.sku, key.options): 0 for key in gone})


def same(known: Order, fingerprint: bytes) -> Order:
    """The order this very page made. Raises `OrderIdReused` when the page was sent with other contents."""
    if not secrets.compare_digest(bytes(known.fingerprint), fingerprint):
        raise OrderIdReused("this order was placed already")
    return known


async def _with_central(draft: Draft) -> Order:
    """Our rights do not cover the order: ask central. Out of its reach the rest is sold as "stock pending"."""
    summary = draft.summary
    wanted = summary.units_by_variant
    short = await holding.find_units(draft.cart, wanted)
    if short is None:
        return _made(await writer.run(lambda: commit(draft, may_be_pending=True)))
    if made := await writer.run(lambda: commit(draft)):
        return made
    # What there is stays held: the page that comes now asks for no more than that.
    short = short or await writer.run(lambda: holding.hold(draft.cart, wanted))
    fewer = await holding.note_short(draft.cart, summary, short)
    await carts.set_units(draft.cart, fewer)
    raise NotEnough(
        "there are not that many left",
        left={card_key(key.site, key.sku, key.options): units for key, units in fewer.items()},
    )


def _made(order: Order | None) -> Order:
    if order is None:
        raise CartChanged("the order was not made")
    return order


def commit(draft: Draft, *, may_be_pending: bool = False) -> Order | None:
    """The order's one transaction; belongs inside a job of the writer. None: units lack, nothing is changed."""
    order = draft.quote.order
    if known := reads.order_by_id(order):
        return same(known, draft.fingerprint)
    wanted = draft.summary.units_by_variant
    uses = rights.sell(roots.stored_root(draft.cart), wanted, partly=may_be_pending)
    if uses is None:
        return None
    taken = carts.take_for_order(draft.cart, order, sorted(draft.quote.dots))
    _check_taken(taken, draft.summary, order)
    placed = _placed(draft, taken, uses)
    body = pack(placed)
    made = Order(
        id=order,
        secret=draft.secret,
        number=placed.number,
        site=placed.site,
        cart=placed.cart,
        placed_at=placed.placed_at,
        body=body,
        fingerprint=draft.fingerprint,
        has_email=bool(draft.checked.person.email),
    )
    _insert(made)
    enqueue("orders", "order", body, ref=order)
    return made


def _insert(made: Order) -> None:
    """In plain SQL: the model's own way costs more than the rest of the order."""
    columns = [field.attname for field in Order._meta.concrete_fields]
    sql.execute(
        f"INSERT INTO edge_checkout_order ({', '.join(columns)}) VALUES ({sql.marks(columns)})",  # noqa: S608
        [getattr(made, column) for column in columns],
    )


def next_number(site: str, node: str, epoch: int) -> str:
    """ "TEA-A-000042". A node whose disk was lost counts from 1 again, so its epoch is part of the number."""
    [(last,)] = sql.fetch(
        "INSERT INTO edge_checkout_counter (site, last) VALUES (?, 1) "
        "ON CONFLICT (site) DO UPDATE SET last = last + 1 RETURNING last",
        [site],
    )
    edge = f"{node}{epoch}" if epoch > 1 else node
    return f"{site}-{edge}-{last:06d}".upper()


def _placed(draft: Draft, taken: CartDelta, uses: Mapping[str, list[GrantUse]]) -> PlacedOrder:
    now = clock.time_ms()
    delivery, payment = draft.checked.delivery, draft.checked.payment
    return PlacedOrder(
        id=draft.quote.order,
        number=next_number(draft.site.id, draft.node.id, draft.node.epoch),
        site=draft.site.id,
        edge=draft.node.id,
        cart=taken.cart,
        placed_at=now,
        currency=draft.site.currency,
        lines=_lines(draft.summary, uses),
        delivery=delivery.code,
        delivery_title=delivery.title,
        delivery_price=delivery.price,
        payment=payment.code,
        payment_provider=payment.provider,
        goods_total=draft.summary.goods_total,
        total=draft.summary.goods_total + delivery.price,
        person=draft.person,
        taken=taken,
        consent_at=now,
        consent_text=CONSENT_TEXT,
        customer=draft.customer,
        region=draft.site.region,
        language=draft.site.language,
    )


def _lines(summary: Summary, uses: Mapping[str, list[GrantUse]]) -> list[OrderLine]:
    """The lines with the rights spent on each; what no right covers is pending."""
    left: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for variant, spent in uses.items():
        left[variant] = [(use.grant, use.units) for use in spent]
    lines = []
    for row in summary.rows:
        spent_here, rest = _take(left[row.card.variant], row.units)
        left[row.card.variant] = rest
        lines.append(
            OrderLine(
                key=row.key,
                variant=row.card.variant,
                title=row.card.title,
                options_title=row.card.options_title,
                units=row.units,
                price=row.card.price,
                currency=row.card.currency,
                price_ver=row.price_ver,
                charged=row.charged,
                rate_micros=row.rate.micros,
                rate_ver=row.rate.ver,
                uses=[GrantUse(grant=grant, units=units) for grant, units in spent_here],
                pending=row.units - sum(units for _, units in spent_here),
            )
        )
    return lines


def _take(uses: list[tuple[str, int]], units: int) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """Split a list of uses after so many units."""
    taken, rest = [], []
    for grant, count in uses:
        here = min(count, units)
        units -= here
        if here:
            taken.append((grant, here))
        if count > here:
            rest.append((grant, count - here))
    return taken, rest


def _check_taken(taken: CartDelta, summary: Summary, order: str) -> None:
    # The cart may have changed since it was priced: then this transaction is undone, and the page shows the new cart.
    found = taken_units(decode(taken.delta), order_cause(order))
    if {key: units for key, units in found.items() if units} != {row.key: row.units for row in summary.rows}:
        raise CartChanged("the cart has changed")
