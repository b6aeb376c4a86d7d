"""What the shopper is about to buy, in money. Arithmetic only: prices come from line cards, never from the cart."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct

from edge.checkout.errors import BadQuote, CartChanged, PriceChanged
from infra.crypto.signing import b64, unb64
from sync.contracts.cart import Dot, LineKey
from sync.contracts.documents import CardDoc, RateDoc, SiteDoc, card_key
from sync.contracts.money import MICROS, Money
from sync.core.cart import Line

MAX_QUOTE = 256 * 1024


@dataclass(frozen=True)
class Rate:
    """`micros` micro-units of the site's currency for one whole unit of the line's; `ver` 0 when they are one."""

    micros: int = MICROS
    ver: int = 0


@dataclass(frozen=True)
class Row:
    """A line that can be bought. `charged`: the whole line in the site's currency, minor units, halves to the even."""

    key: LineKey
    dots: tuple[Dot, ...]
    units: int
    card: CardDoc
    price_ver: int
    rate: Rate
    charged: int

    @property
    def sum(self) -> Money:
        return Money(self.card.price * self.units, self.card.currency)


UnsoldReason: TypeAlias = Literal["unknown", "not_on_sale", "no_rate", "sold_out"]


@dataclass(frozen=True)
class Unsold:
    """A line that stays in the cart: nobody sells it now, nothing is left, or there is no rate for its currency."""

    key: LineKey
    units: int
    title: str
    reason: UnsoldReason


@dataclass(frozen=True)
class Summary:
    currency: str
    rows: tuple[Row, ...]
    unsold: tuple[Unsold, ...]

    @property
    def goods_total(self) -> int:
        return sum(row.charged for row in self.rows)

    def without(self, gone: Collection[LineKey]) -> Summary:
        """The same without lines of which nothing is left."""
        rows = tuple(row for row in self.rows if row.key not in gone)
        sold_out = tuple(Unsold(row.key, row.units, row.card.title, "sold_out") for row in self.rows if row.key in gone)
        return Summary(self.currency, rows, (*self.unsold, *sold_out))

    @property
    def units_by_variant(self) -> dict[str, int]:
        """Two lines of one variant are one demand on its stock."""
        summed: dict[str, int] = {}
        for row in self.rows:
            summed[row.card.variant] = summed.get(row.card.variant, 0) + row.units
        return summed

    @property
    def foreign(self) -> list[tuple[Money, Money, Rate]]:
        """Per foreign currency: what the lines cost in it, what is charged for them, the rate."""
        found: dict[str, tuple[Money, Money, Rate]] = {}
        for row in self.rows:
            if row.rate.ver:
                own, charged, _ = found.get(
                    row.sum.currency, (Money(0, row.sum.currency), Money(0, self.currency), row.rate)
                )
                found[row.sum.currency] = (own + row.sum, charged + Money(row.charged, self.currency), row.rate)
        return list(found.values())


def summarise(
    lines: Iterable[Line],
    *,
    currency: str,
    cards: Mapping[str, tuple[int, CardDoc]],
    rates: Mapping[str, RateDoc],
) -> Summary:
    """Price the lines of a cart. `cards`: card key -> (version, card); `rates`: "EUR/RUB" -> rate."""
    rows: list[Row] = []
    unsold: list[Unsold] = []
    for line in lines:
        ver, card = cards.get(card_key(*_parts(line.key)), (0, None))
        if card is None:
            unsold.append(Unsold(line.key, line.quantity, line.key.sku, "unknown"))
            continue
        rate = rate_between(card.currency, currency, rates)
        if not card.is_on_sale or rate is None:
            reason: UnsoldReason = "no_rate" if card.is_on_sale else "not_on_sale"
            unsold.append(Unsold(line.key, line.quantity, card.title, reason))
            continue
        charged = Money(card.price * line.quantity, card.currency)
        rows.append(
            Row(
                key=line.key,
                dots=tuple(seen.dot for seen in line.tokens),
                units=line.quantity,
                card=card,
                price_ver=ver,
                rate=rate,
                charged=charged.converted(currency, rate.micros).amount if rate.ver else charged.amount,
            )
        )
    return Summary(currency, tuple(rows), tuple(unsold))


def rate_between(base: str, quote: str, rates: Mapping[str, RateDoc]) -> Rate | None:
    """The published rate, or the reverse of the opposite one; None when central published neither."""
    if base == quote:
        return Rate()
    if doc := rates.get(f"{base}/{quote}"):
        return Rate(doc.micros, doc.ver)
    if doc := rates.get(f"{quote}/{base}"):
        return Rate(max(1, round(MICROS * MICROS / doc.micros)), doc.ver)
    return None


# --- what the page showed ----------------------------------------------------------------------------------------


class QuotedRow(Struct, frozen=True, array_like=True):
    key: LineKey
    dots: list[Dot]
    units: int
    price: int
    currency: str
    rate_micros: int


class Quote(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The page's own memory of what it showed; the server keeps none. It is compared, never believed.

    `order` is the order's id, minted with the page, so that a page makes one order however often it is sent.
    `page_key`: 32 hex digits; the MAC that tells a repeat from another order is under it, and only the page holds it.
    """

    order: str
    page_key: str
    rows: list[QuotedRow]
    deliveries: dict[str, int]
    goods_total: int

    def text(self) -> str:
        return b64(msgspec.json.encode(self))

    @classmethod
    def parse(cls, text: str) -> Quote:
        """Raises `BadQuote`."""
        try:
            quote = msgspec.json.decode(unb64(text[:MAX_QUOTE]), type=cls)
            is_ours = all(
                len(text) == 32 and bytes.fromhex(text).hex() == text for text in (quote.order, quote.page_key)
            )
        except (msgspec.MsgspecError, ValueError) as error:
            raise BadQuote("this page is not one of ours, or was cut short") from error
        if not is_ours:
            raise BadQuote("this page is not one of ours")
        return quote

    @property
    def dots(self) -> set[Dot]:
        return {dot for row in self.rows for dot in row.dots}


def quote_of(summary: Summary, site: SiteDoc, *, order: str, page_key: str) -> Quote:
    return Quote(
        order=order,
        page_key=page_key,
        rows=[
            QuotedRow(row.key, list(row.dots), row.units, row.card.price, row.card.currency, row.rate.micros)
            for row in summary.rows
        ],
        deliveries={method.code: method.price for method in site.deliveries},
        goods_total=summary.goods_total,
    )


def compare(summary: Summary, quote: Quote, *, delivery: str, delivery_price: int) -> None:
    """Whether the page showed what is true now. Raises `CartChanged` or `PriceChanged`."""
    now = {row.key: row for row in summary.rows}
    shown = {row.key: row for row in quote.rows}
    if not now:
        raise CartChanged("the cart is empty")
    if len(shown) != len(quote.rows) or now.keys() != shown.keys():
        raise CartChanged("the cart has changed")
    if any(row.units != shown[key].units for key, row in now.items()):
        raise CartChanged("the cart has changed")
    for key, row in now.items():
        if (row.card.price, row.card.currency) != (shown[key].price, shown[key].currency):
            raise PriceChanged("a price has changed", line=list(_parts(key)), price=row.card.price)
        if row.rate.micros != shown[key].rate_micros:
            raise PriceChanged("an exchange rate has changed", line=list(_parts(key)))
    if quote.goods_total != summary.goods_total or quote.deliveries.get(delivery) != delivery_price:
        raise PriceChanged("the total has changed", total=summary.goods_total + delivery_price)


def only_seen(lines: Iterable[Line], dots: set[Dot]) -> list[Line]:
    """The lines as far as the page showed them: what came into the cart since stays in it."""
    seen_lines = []
    for line in lines:
        tokens = tuple(seen for seen in line.tokens if seen.dot in dots)
        if tokens:
            seen_lines.append(Line(line.key, sum(seen.left for seen in tokens), tokens))
    return seen_lines


def _parts(key: LineKey) -> tuple[str, str, str]:
    return key.site, key.sku, key.options
