from __future__ import annotations

import pytest

from edge.checkout.errors import BadQuote, CartChanged, PriceChanged
from edge.checkout.summary import Quote, Rate, Summary, compare, only_seen, quote_of, rate_between, summarise
from sync.contracts.cart import Dot, LineKey
from sync.contracts.documents import CardDoc, DeliveryMethod, RateDoc, SiteDoc, card_key
from sync.contracts.money import Money
from sync.core.cart import EMPTY, Cart, add, join, lines

TEA, INK = LineKey("tea", "assam"), LineKey("ink", "pen", "nib=F")
RATES = {"EUR/RUB": RateDoc(base="EUR", quote="RUB", micros=98_500_000, ver=7)}


def card(key: LineKey, price: int, currency: str, *, variant: str = "", is_on_sale: bool = True) -> CardDoc:
    return CardDoc(
        site=key.site,
        sku=key.sku,
        options=key.options,
        variant=variant or key.sku,
        title=key.sku.title(),
        options_title="",
        slug=key.sku,
        price=price,
        currency=currency,
        is_on_sale=is_on_sale,
    )


def cards(*found: CardDoc, ver: int = 3) -> dict[str, tuple[int, CardDoc]]:
    return {card_key(one.site, one.sku, one.options): (ver, one) for one in found}


def cart(*adds: tuple[LineKey, int]) -> Cart:
    whole = EMPTY
    for seq, (key, units) in enumerate(adds, start=1):
        whole = join(whole, add(Dot("a" * 16, seq), key, units, hlc=seq))
    return whole


BOTH = cards(card(TEA, 350_00, "RUB"), card(INK, 19_99, "EUR"))
SITE = SiteDoc(
    id="tea",
    name="Tea",
    label="Tea",
    colour="#0b7285",
    origin="http://tea.localhost",
    hosts=["tea.localhost"],
    language="ru",
    currency="RUB",
    theme="tea",
    group="main",
    node="a",
    deliveries=[DeliveryMethod(code="courier", title="Courier", price=300_00, needs_address=True)],
)


def priced(whole: Cart, found: dict[str, tuple[int, CardDoc]] = BOTH) -> Summary:
    return summarise(lines(whole), currency="RUB", cards=found, rates=RATES)


def test_lines_keep_their_price_and_are_charged_in_the_shops_currency():
    summary = priced(cart((TEA, 2), (INK, 3)))

    assert [(row.sum, row.charged, row.rate) for row in summary.rows] == [
        (Money(700_00, "RUB"), 700_00, Rate(1_000_000, 0)),
        (Money(59_97, "EUR"), 5_907_04, Rate(98_500_000, 7)),  # 59.97 × 98.5 = 5907.045, half to the even
    ]
    assert summary.goods_total == 700_00 + 5_907_04
    assert summary.foreign == [(Money(59_97, "EUR"), Money(5_907_04, "RUB"), Rate(98_500_000, 7))]


def test_what_nobody_sells_stays_out_of_the_sum():
    found = cards(card(TEA, 100, "RUB", is_on_sale=False), card(INK, 100, "USD"))

    summary = priced(cart((TEA, 1), (INK, 1), (LineKey("tea", "gone"), 4)), found)

    assert summary.rows == ()
    assert [(line.key.sku, line.reason) for line in summary.unsold] == [
        ("assam", "not_on_sale"),
        ("pen", "no_rate"),
        ("gone", "unknown"),
    ]


def test_two_lines_of_one_variant_are_one_demand():
    other = LineKey("clay", "assam")
    found = cards(card(TEA, 1, "RUB", variant="v"), card(other, 1, "RUB", variant="v"))

    assert priced(cart((TEA, 2), (other, 3)), found).units_by_variant == {"v": 5}


def test_a_rate_may_be_the_reverse_of_the_published_one():
    assert rate_between("RUB", "EUR", RATES) == Rate(10_152, 7)
    assert rate_between("EUR", "EUR", {}) == Rate()
    assert rate_between("USD", "EUR", RATES) is None


def quote(summary: Summary) -> Quote:
    return Quote.parse(quote_of(summary, SITE, order="0" * 32, page_key="1" * 32).text())


def agree(summary: Summary, shown: Quote, price: int = 300_00) -> None:
    compare(summary, shown, delivery="courier", delivery_price=price)


def test_an_unchanged_page_agrees_and_ignores_what_came_in_since():
    whole = cart((TEA, 2), (INK, 1))
    shown = quote(priced(whole))

    later = join(whole, add(Dot("b" * 16, 1), TEA, 5, hlc=9))
    seen = summarise(only_seen(lines(later), shown.dots), currency="RUB", cards=BOTH, rates=RATES)

    agree(seen, shown)
    assert [row.units for row in seen.rows] == [2, 1]


@pytest.mark.parametrize(
    "found",
    [
        cards(card(TEA, 350_01, "RUB"), card(INK, 19_99, "EUR")),
        cards(card(TEA, 350_00, "RUB"), card(INK, 19_99, "RUB")),
    ],
)
def test_a_changed_price_is_told(found):
    shown = quote(priced(cart((TEA, 2), (INK, 1))))

    with pytest.raises(PriceChanged):
        agree(priced(cart((TEA, 2), (INK, 1)), found), shown)


def test_a_changed_rate_or_delivery_price_is_told():
    whole = cart((INK, 1))
    shown = quote(priced(whole))
    dearer = {"EUR/RUB": RateDoc(base="EUR", quote="RUB", micros=98_500_001, ver=8)}

    with pytest.raises(PriceChanged):
        agree(summarise(lines(whole), currency="RUB", cards=BOTH, rates=dearer), shown)
    with pytest.raises(PriceChanged):
        agree(priced(whole), shown, price=1)


@pytest.mark.parametrize("change", [{"price": 1}, {"units": 1}, {"rate_micros": 1}, {"currency": "EUR"}])
def test_a_forged_page_is_never_believed(change):
    summary = priced(cart((TEA, 2), (INK, 1)))
    shown = quote(summary)
    forged = Quote(
        order=shown.order,
        page_key=shown.page_key,
        rows=[type(row)(**{**{f: getattr(row, f) for f in row.__struct_fields__}, **change}) for row in shown.rows],
        deliveries=shown.deliveries,
        goods_total=shown.goods_total,
    )

    with pytest.raises((PriceChanged, CartChanged)):
        agree(summary, forged)


def test_a_forged_total_is_never_believed():
    summary = priced(cart((TEA, 2)))
    shown = quote(summary)

    with pytest.raises(PriceChanged):
        agree(
            summary,
            Quote(
                order=shown.order, page_key=shown.page_key, rows=shown.rows, deliveries=shown.deliveries, goods_total=1
            ),
        )


def test_another_cart_is_told():
    shown = quote(priced(cart((TEA, 2), (INK, 1))))

    for other in (cart((TEA, 1), (INK, 1)), cart((TEA, 2)), EMPTY):
        with pytest.raises(CartChanged):
            agree(priced(other), shown)


@pytest.mark.parametrize("text", ["", "!", "e30", "bnVsbA", "x" * 300_000])
def test_a_page_that_is_not_ours_is_refused(text):
    with pytest.raises(BadQuote):
        Quote.parse(text)


def test_an_order_id_of_another_form_is_refused():
    shown = quote(priced(cart((TEA, 1))))

    for order in ("../../etc", "A" * 32, "0" * 31, "0" * 64):
        forged = Quote(order=order, page_key=shown.page_key, rows=[], deliveries={}, goods_total=0)
        with pytest.raises(BadQuote):
            Quote.parse(forged.text())
