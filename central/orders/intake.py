"""Whether an order can be taken in at all: arithmetic and shape, no database."""

from __future__ import annotations

import re
from uuid import UUID

from central.orders.errors import BrokenOrder
from sync.contracts.money import MICROS, Money
from sync.contracts.orders import OrderLine, PlacedOrder

MAX_LINES = 300
MAX_AMOUNT = 10**15

_NUMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{2,35}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_HEX = re.compile(r"[0-9a-f]{32}")


def check(placed: PlacedOrder) -> None:
    """Raises `BrokenOrder`: an edge never makes such an order, so it is kept aside and looked at."""
    _refuse_if(not placed.lines, "an order has a line at least")
    _refuse_if(len(placed.lines) > MAX_LINES, f"an order has {MAX_LINES} lines at most")
    _refuse_if(not _NUMBER.fullmatch(placed.number), "this is no order number")
    _refuse_if(not _HEX.fullmatch(placed.cart) or placed.taken.cart != placed.cart, "the order names no cart")
    _refuse_if(bool(placed.customer) and not _HEX.fullmatch(placed.customer), "the order names no customer")
    _refuse_if(not _CURRENCY.fullmatch(placed.currency), "this is no currency")
    _check_lengths(placed)
    for line in placed.lines:
        _check_line(line, placed.currency)
    _refuse_if(placed.goods_total != sum(line.charged for line in placed.lines), "the lines do not add up")
    _refuse_if(not 0 <= placed.delivery_price <= MAX_AMOUNT, "the price of delivery is out of range")
    _refuse_if(placed.total != placed.goods_total + placed.delivery_price, "the total does not add up")


def _check_line(line: OrderLine, currency: str) -> None:
    _refuse_if(not 1 <= line.units <= 1_000_000 or not 0 <= line.pending <= line.units, "a line counts no units")
    _refuse_if(not 0 <= line.price <= MAX_AMOUNT, "a price is out of range")
    _refuse_if(not _CURRENCY.fullmatch(line.currency), "a line has no currency")
    _refuse_if(not 1 <= line.rate_micros <= 10**15, "a rate is out of range")
    _refuse_if(line.currency == currency and line.rate_micros != MICROS, "a rate within one currency")
    _refuse_if(min(line.price_ver, line.rate_ver) < 0, "a version is below zero")
    try:
        UUID(line.variant)
    except ValueError as error:
        raise BrokenOrder("a line names no variant") from error
    due = Money(line.price, line.currency).times(line.units).converted(currency, line.rate_micros)
    _refuse_if(line.charged != due.amount, "a line is not charged at its price and rate")


def _check_lengths(placed: PlacedOrder) -> None:
    texts = [
        (placed.site, 20), (placed.edge, 20), (placed.delivery, 40), (placed.delivery_title, 120),
        (placed.payment, 40), (placed.payment_provider, 40), (placed.consent_text, 40), (placed.referer, 4000),
        (placed.person.key_id, 40), (placed.region, 20), (placed.language, 16),
        *((line.key.site, 20) for line in placed.lines),
        *((line.key.sku, 128) for line in placed.lines),
        *((line.key.options, 512) for line in placed.lines),
        *((line.title, 300) for line in placed.lines),
        *((line.options_title, 512) for line in placed.lines),
    ]  # fmt: skip
    for text, most in texts:
        _refuse_if(len(text) > most or "\0" in text, "a text is too long or holds a NUL")
    _refuse_if(len(placed.utm) > 20 or any(len(k) + len(v) > 600 for k, v in placed.utm.items()), "too much utm")
    _refuse_if(not 0 <= placed.seconds_on_site <= 10**9, "a time on the site is out of range")
    _refuse_if(not 0 < placed.placed_at < 10**14 or not 0 < placed.consent_at < 10**14, "a moment is out of range")


def _refuse_if(wrong: bool, why: str) -> None:
    if wrong:
        raise BrokenOrder(why)
