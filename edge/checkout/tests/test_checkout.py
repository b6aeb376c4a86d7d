from __future__ import annotations

import asyncio
import logging

import msgspec
import pytest

from edge.cart import service as carts
from edge.checkout import placing
from edge.checkout.errors import log_failure
from edge.checkout.models import Order
from edge.checkout.tests import make
from edge.rights import keeper as keeping
from edge.rights.models import Hold, Right
from sync.contracts.cart import Dot, LineKey
from sync.contracts.codec import pack, unpack
from sync.contracts.documents import RateDoc
from sync.contracts.orders import Person, PlacedOrder, person_info
from sync.contracts.stock import Answer, Ask, GrantDoc
from sync.core.cart import EMPTY, add, join, quantity
from sync.link import LinkDown
from sync.store.edge.models import Outgoing
from sync.store.writer import reader, writer

pytestmark = pytest.mark.django_db(databases=["edge"], transaction=True)

ASSAM = LineKey("tea", "assam")
PEN = LineKey("ink", "pen", "nib=F")


class PretendCentral:
    """The far end of the link. Out of reach unless a test says what there is."""

    def __init__(self) -> None:
        self.is_up = False
        self.stock: dict[str, int] = {}
        self.asked: list[Ask] = []

    async def comes_back(self, *, within: float) -> bool:
        return self.is_up

    async def request(self, kind: str, body: bytes, *, timeout: float) -> bytes:  # noqa: ASYNC109
        if not self.is_up:
            raise LinkDown
        ask = unpack(body, Ask)
        self.asked.append(ask)
        grants: list[GrantDoc] = []
        for variant, units in ask.wanted.items():
            given = min(units, self.stock.get(variant, 0))
            self.stock[variant] = self.stock.get(variant, 0) - given
            if given:
                grants.append(make.grant(variant, given, f"{len(self.asked)}{variant[0]}"[-1]))
        return pack(Answer(grants=grants, left={variant: self.stock.get(variant, 0) for variant in ask.wanted}))


@pytest.fixture(autouse=True)
def central(monkeypatch):
    pretend = PretendCentral()
    monkeypatch.setattr(keeping, "link", pretend)
    return pretend


async def fill(*adds: tuple[LineKey, int], client: str = "a", cart: str = make.CART) -> None:
    whole = EMPTY
    for seq, (key, units) in enumerate(adds, start=1):
        whole = join(whole, add(Dot(client * 16, seq), key, units, price_ref=1, hlc=seq))
    await carts.join_state(cart, whole)


async def take_out(key: LineKey) -> None:
    op = await reader.run(lambda: carts.set_line(make.CART, key, 0))
    await carts.take_ops(make.CART, [op], group="main")


@pytest.fixture
async def filled(shop):
    await fill((ASSAM, 2), (PEN, 1))
    await writer.run(lambda: make.give(make.grant("1" * 32, 10), make.grant("2" * 32, 10, "b")))


#: (held, sold) of the tea once the checkout was opened and nothing ordered: the shopper may come back to it
HELD = (2, 0)


def orders() -> list[Order]:
    return reader.run_sync(lambda: list(Order.objects.order_by("number")))


def sent(kind: str = "order") -> list[bytes]:
    rows = Outgoing.objects.filter(kind=kind).order_by("n")
    return reader.run_sync(lambda: [bytes(body) for body in rows.values_list("body", flat=True)])


def placed() -> PlacedOrder:
    (body,) = sent()
    return unpack(body, PlacedOrder)


def rights() -> dict[str, tuple[int, int]]:
    rows = reader.run_sync(lambda: list(Right.objects.all()))
    return {right.variant[0]: (right.held, right.sold) for right in rows}


def in_cart(key: LineKey) -> int:
    return reader.run_sync(lambda: quantity(carts.load(make.CART), key))


# --- the page


async def test_the_page_shows_the_lines_of_all_shops_and_the_converted_total(shopper, filled):
    html = await shopper.page()

    quote = make.quote_on(html)
    assert [(row.key, row.units, row.price, row.currency) for row in quote.rows] == [
        (ASSAM, 2, 350_00, "RUB"),
        (PEN, 1, 19_99, "EUR"),
    ]
    assert quote.goods_total == 700_00 + 1_999_00
    assert "1 EUR = 100 RUB" in html
    assert "Ассам" in html and "Pen" in html and "Ink" in html
    assert (await shopper.get("/checkout")).headers["Cache-Control"] == "no-store"


async def test_an_empty_cart_has_nothing_to_order(shopper, shop):
    html = await shopper.page()

    assert 'name="quote"' not in html and "/cart" in html


# --- an order


async def test_an_order_is_made_sealed_and_sent(shopper, filled, central_keys):
    answer = await shopper.buy()

    assert answer.status_code == 303
    (order,) = orders()
    assert answer.headers["Location"] == f"/order/{order.secret}"
    made = placed()
    assert bytes(order.body) == sent()[0]
    assert (made.number, made.site, made.edge, made.currency) == ("TEA-A-000001", "tea", "a", "RUB")
    assert (made.goods_total, made.delivery_price, made.total) == (2_699_00, 300_00, 2_999_00)
    assert [(line.key, line.units, line.price, line.currency, line.charged) for line in made.lines] == [
        (ASSAM, 2, 350_00, "RUB", 700_00),
        (PEN, 1, 19_99, "EUR", 1_999_00),
    ]
    assert [(line.rate_micros, line.rate_ver, line.price_ver, line.pending) for line in made.lines] == [
        (1_000_000, 0, 1, 0),
        (100_000_000, 7, 1, 0),
    ]
    assert [[(use.grant[0], use.units) for use in line.uses] for line in made.lines] == [[("a", 2)], [("b", 1)]]
    person = unpack(central_keys.open(made.person.sealed, info=person_info(made.id)), Person)
    assert person == Person(
        name=make.NAME,
        phone="+70007654321",
        email=make.EMAIL,
        address=make.ADDRESS,
        comment=make.COMMENT,
        language="ru",
        state_url=f"http://tea.localhost/order/{order.secret}",
    )
    assert rights() == {"1": (0, 2), "2": (0, 1)}
    assert (in_cart(ASSAM), in_cart(PEN)) == (0, 0)
    assert [unpack(body, dict)["sold"] for body in sent("grant_report")] == [2, 1]


async def test_what_came_into_the_cart_since_stays_in_it(shopper, filled):
    quote = make.hidden_quote(await shopper.page())
    await fill((ASSAM, 3), client="b")

    assert (await shopper.buy(quote)).status_code == 303

    assert (in_cart(ASSAM), in_cart(PEN)) == (3, 0)
    assert placed().lines[0].units == 2


async def test_numbers_count_by_site_and_name_a_later_epoch(filled):
    def numbers() -> list[str]:
        return [placing.next_number("tea", "a", epoch) for epoch in (1, 1, 2)] + [placing.next_number("ink", "c", 1)]

    assert await writer.run(numbers) == ["TEA-A-000001", "TEA-A-000002", "TEA-A2-000003", "INK-C-000001"]


# --- sent twice


async def test_a_page_sent_again_gives_the_same_order(shopper, filled):
    quote = make.hidden_quote(await shopper.page())

    first, again = await shopper.buy(quote), await shopper.buy(quote)

    assert (first.status_code, again.status_code) == (303, 303)
    assert first.headers["Location"] == again.headers["Location"]
    assert len(orders()) == len(sent()) == 1
    assert rights()["1"] == (0, 2)


async def test_ten_clicks_at_once_make_one_order(shopper, filled):
    quote = make.hidden_quote(await shopper.page())

    answers = await asyncio.gather(*[shopper.buy(quote) for _ in range(10)])

    assert {(answer.status_code, answer.headers["Location"]) for answer in answers} == {
        (303, f"/order/{orders()[0].secret}")
    }
    assert len(orders()) == len(sent()) == 1


async def test_ten_clicks_at_once_are_one_order_also_when_units_lack(shopper, filled, central):
    central.is_up, central.stock = True, {"1" * 32: 5}
    await fill((ASSAM, 13), client="b")
    quote = make.hidden_quote(await shopper.page())

    answers = await asyncio.gather(*[shopper.buy(quote) for _ in range(10)])

    assert [answer.status_code for answer in answers] == [303] * 10
    assert sum(use.units for use in placed().lines[0].uses) == 15
    assert len(central.asked) == 1


async def test_a_sent_page_sent_with_other_contents_is_refused(shopper, filled):
    quote = make.hidden_quote(await shopper.page())
    await shopper.buy(quote)

    answer = await shopper.buy(quote, comment="something else")

    assert (answer.status_code, answer.headers["X-Rialto-Error"]) == (409, "order_id_reused")
    assert len(orders()) == 1


async def test_many_orders_at_once_never_sell_more_than_there_is(shopper, filled, central):
    central.is_up = True

    async def one(number: int) -> int:
        cart = f"{number:032x}"
        await carts.join_state(cart, add(Dot(f"{number:016x}", 1), ASSAM, 1, price_ref=1, hlc=1))
        own = type(shopper)(await make.cookie(cart))
        return (await own.buy((await own.get("/_r/checkout")).json()["quote"])).status_code

    codes = await asyncio.gather(*[one(number) for number in range(25)])

    assert sorted(codes) == [303] * 10 + [409] * 15
    assert rights()["1"] == (0, 10)
    assert await reader.run(Hold.objects.count) == 0


# --- prices


async def test_a_changed_price_is_shown_and_nothing_typed_is_lost(shopper, filled):
    quote = make.hidden_quote(await shopper.page())
    await writer.run(lambda: make.put_card(msgspec.structs.replace(make.ASSAM, price=400_00), 2))

    answer = await shopper.buy(quote)

    html = answer.content.decode()
    assert (answer.status_code, answer.headers["X-Rialto-Error"]) == (409, "price_changed")
    assert make.quote_on(html).goods_total == 800_00 + 1_999_00
    assert all(text in html for text in (make.NAME, make.PHONE, make.EMAIL, make.ADDRESS, make.COMMENT))
    assert (orders(), sent(), rights()["1"], in_cart(ASSAM)) == ([], [], HELD, 2)
    assert (await shopper.buy(make.hidden_quote(html))).status_code == 303
    assert placed().lines[0].price == 400_00


async def test_a_forged_price_is_refused_and_nothing_is_done(shopper, filled):
    quote = make.quote_on(await shopper.page())
    cheap = [msgspec.structs.replace(row, price=1) for row in quote.rows]
    forged = msgspec.structs.replace(quote, rows=cheap, goods_total=2)

    answer = await shopper.buy(forged.text())

    assert (answer.status_code, answer.headers["X-Rialto-Error"]) == (409, "price_changed")
    assert (orders(), sent(), rights()["1"], in_cart(ASSAM)) == ([], [], HELD, 2)


async def test_a_changed_rate_is_shown(shopper, filled):
    quote = make.hidden_quote(await shopper.page())
    await writer.run(
        lambda: make.put("rate:all", "EUR/RUB", RateDoc(base="EUR", quote="RUB", micros=101_000_000, ver=8), 2)
    )

    answer = await shopper.buy(quote)

    assert (answer.status_code, answer.headers["X-Rialto-Error"]) == (409, "price_changed")


async def test_a_line_removed_in_another_tab_is_not_ordered(shopper, filled):
    quote = make.hidden_quote(await shopper.page())
    await take_out(PEN)

    answer = await shopper.buy(quote)

    assert (answer.status_code, answer.headers["X-Rialto-Error"]) == (409, "cart_changed")
    assert (orders(), rights()["1"]) == ([], HELD)


# --- stock


async def test_central_gives_what_this_edge_lacks(shopper, filled, central):
    central.is_up, central.stock = True, {"1" * 32: 100}
    await fill((ASSAM, 11), client="b")

    assert (await shopper.buy()).status_code == 303

    assert central.asked == [Ask(wanted={"1" * 32: 3}, must=True)]
    assert [use.units for use in placed().lines[0].uses] == [10, 3]
    assert placed().lines[0].pending == 0


async def test_nothing_free_anywhere_corrects_the_cart_and_says_what_is_left(shopper, filled, central):
    await fill((ASSAM, 18), client="b")
    quote = make.hidden_quote(await shopper.page())
    central.is_up, central.stock = True, {"1" * 32: 1}

    answer = await shopper.buy(quote)

    html = answer.content.decode()
    assert (answer.status_code, answer.headers["X-Rialto-Error"]) == (409, "not_enough")
    assert (in_cart(ASSAM), in_cart(PEN)) == (11, 1)
    assert [row.units for row in make.quote_on(html).rows] == [11, 1]
    assert make.NAME in html
    assert (orders(), sent()) == ([], [])
    assert (
        sum(held for held, _ in reader.run_sync(held_and_sold)) == 11 + 1
    )  # what there is is kept for the page that says so
    assert (await shopper.buy(make.hidden_quote(html))).status_code == 303
    assert sum(use.units for use in placed().lines[0].uses) == 11


async def test_a_machine_is_told_what_is_left(shopper, filled, central):
    await fill((ASSAM, 9), client="b")
    quote = make.hidden_quote(await shopper.page())
    central.is_up = True

    answer = await shopper.post("/checkout", {**make.TYPED, "quote": quote}, accept="application/json")

    assert answer.status_code == 409
    assert answer.json()["error"] == "not_enough"
    assert answer.json()["left"] == {"tea\x1fassam\x1f": 10}


# --- opening the checkout


async def test_opening_the_checkout_holds_what_the_cart_wants_and_again_only_the_difference(shopper, filled):
    await shopper.page()
    assert (rights()["1"], rights()["2"]) == ((2, 0), (1, 0))

    await fill((ASSAM, 3), client="b")
    await take_out(PEN)
    await shopper.page()

    assert (rights()["1"], rights()["2"]) == ((5, 0), (0, 0))


async def test_a_short_edge_asks_central_as_the_checkout_is_opened(shopper, filled, central):
    central.is_up, central.stock = True, {"1" * 32: 5}
    await fill((ASSAM, 11), client="b")

    html = await shopper.page()

    assert "not_enough" not in html and in_cart(ASSAM) == 13
    assert central.asked == [Ask(wanted={"1" * 32: 3}, must=True)]
    assert sum(units for units, _ in reader.run_sync(held_and_sold)) == 13 + 1


async def test_what_cannot_be_had_is_said_as_the_checkout_is_opened_and_the_cart_is_corrected(shopper, filled, central):
    central.is_up = True
    await fill((ASSAM, 9), client="b")
    await writer.run(lambda: Right.objects.filter(variant="2" * 32).delete())

    html = await shopper.page()

    assert (in_cart(ASSAM), in_cart(PEN)) == (10, 1)
    assert 'data-error="not_enough"' in html and "data-gone" in html and "Pen" in html.split("data-gone")[1][:300]
    assert [(row.key, row.units) for row in make.quote_on(html).rows] == [(ASSAM, 10)]


async def test_what_is_sold_out_stays_in_the_cart_marked_while_the_rest_is_ordered(shopper, filled, central):
    quote = make.hidden_quote(await shopper.page())
    central.is_up = True
    await writer.run(lambda: (Hold.objects.all().delete(), Right.objects.filter(variant="2" * 32).delete()))

    refused = await shopper.buy(quote)

    html = refused.content.decode()
    assert (refused.status_code, refused.headers["X-Rialto-Error"]) == (409, "not_enough")
    tea, pen = (await shopper.get("/_r/cart")).json()["lines"]
    assert (tea["is_sold"], pen["is_sold"], pen["left"], pen["notes"], pen["qty"]) == (True, False, 0, ["sold_out"], 1)
    unsold = (await shopper.get("/_r/checkout")).json()["unsold"]
    assert [(line["key"][1], line["reason"]) for line in unsold] == [("pen", "sold_out")]
    assert (await shopper.buy(make.hidden_quote(html))).status_code == 303
    assert [line.key for line in placed().lines] == [ASSAM]
    assert (in_cart(ASSAM), in_cart(PEN)) == (0, 1)


async def test_a_storefront_of_ones_own_is_told_what_is_left_and_its_cart_stands(shopper, filled, central):
    central.is_up = True
    await fill((ASSAM, 9), client="b")

    summary = (await shopper.get("/_r/checkout")).json()

    assert [line["left"] for line in summary["lines"]] == [10, None]
    assert in_cart(ASSAM) == 11


async def test_a_storefront_of_ones_own_is_told_at_once_what_is_sold_out(shopper, filled, central):
    central.is_up = True
    await writer.run(lambda: Right.objects.filter(variant="2" * 32).delete())

    for _ in range(2):
        summary = (await shopper.get("/_r/checkout")).json()
        assert [line["key"][1] for line in summary["lines"]] == ["assam"]
        assert [(line["key"][1], line["reason"]) for line in summary["unsold"]] == [("pen", "sold_out")]


async def test_a_checkout_opened_again_at_once_writes_nothing(shopper, filled):
    await shopper.page()
    until = await reader.run(lambda: list(Hold.objects.values_list("until", flat=True)))

    await shopper.page()

    assert await reader.run(lambda: list(Hold.objects.values_list("until", flat=True))) == until


async def test_two_carts_that_fit_alone_but_not_together(shopper, filled, central):
    central.is_up = True
    other = "d" * 32
    await fill((ASSAM, 6), client="b")
    await fill((ASSAM, 4), cart=other, client="c")
    theirs = type(shopper)(await make.cookie(other))
    mine, quote = make.hidden_quote(await shopper.page()), (await theirs.get("/_r/checkout")).json()["quote"]

    codes = [(await shopper.buy(mine)).status_code, (await theirs.buy(quote)).status_code]

    assert codes == [303, 409]
    assert reader.run_sync(lambda: quantity(carts.load(other), ASSAM)) == 2


def held_and_sold() -> list[tuple[int, int]]:
    return list(Right.objects.values_list("held", "sold"))


async def test_out_of_reach_of_central_what_no_right_covers_is_pending(shopper, filled):
    await fill((ASSAM, 10), client="b")

    answer = await shopper.buy()

    assert answer.status_code == 303
    assert [(line.units, line.pending) for line in placed().lines] == [(12, 2), (1, 0)]
    assert rights()["1"] == (0, 10)
    html = (await shopper.get(answer.headers["Location"])).content.decode()
    assert html.count("data-pending") == 2  # said above, and at the line


# --- bad input


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"phone": "call me"}, "phone"),
        ({"email": "nobody"}, "email"),
        ({"address": ""}, "address"),
        ({"delivery": "drone"}, "delivery"),
        ({"payment": "shells"}, "payment"),
        ({"consent": ""}, "consent"),
    ],
)
async def test_a_wrong_field_is_named_and_the_rest_is_kept(shopper, filled, typed, field):
    quote = make.hidden_quote(await shopper.page())

    answer = await shopper.post("/checkout", {**make.TYPED, "quote": quote, **typed}, accept="application/json")
    page = await shopper.buy(quote, **typed)

    assert (answer.status_code, list(answer.json()["fields"])) == (422, [field])
    assert page.status_code == 422
    assert make.COMMENT in page.content.decode()
    assert (orders(), rights()["1"]) == ([], HELD)


async def test_a_pickup_needs_no_address_and_sends_none(shopper, filled, central_keys):
    await shopper.buy(delivery="pickup")

    made = placed()
    assert (made.delivery_price, made.total) == (0, made.goods_total)
    assert unpack(central_keys.open(made.person.sealed, info=person_info(made.id)), Person).address == ""


@pytest.mark.parametrize("quote", ["", "forged", "e30"])
async def test_a_page_that_is_not_ours_is_refused_kindly(shopper, filled, quote):
    answer = await shopper.buy(quote)

    assert (answer.status_code, answer.headers["X-Rialto-Error"]) == (400, "bad_quote")
    assert make.NAME in answer.content.decode()


async def test_another_sites_form_is_refused(shopper, filled):
    quote = make.hidden_quote(await shopper.page())

    answer = await shopper.post("/checkout", {**make.TYPED, "quote": quote}, **{"sec-fetch-site": "cross-site"})

    assert (answer.status_code, answer.json()["error"]) == (403, "cross_site")
    assert orders() == []


async def test_a_body_of_a_megabyte_is_refused(shopper, filled):
    answer = await shopper.buy("x", comment="x" * 1_000_000)

    assert (answer.status_code, answer.json()["error"]) == (413, "too_large")


async def test_a_node_that_knows_no_key_of_central_takes_no_order(shopper, filled):
    from sync.store.edge.models import Document

    await writer.run(lambda: Document.objects.filter(topic="sealing_key:all").delete())

    answer = await shopper.buy()

    assert (answer.status_code, answer.headers["X-Rialto-Error"]) == (503, "not_ready")
    assert (orders(), rights()["1"]) == ([], HELD)


# --- personal data


def traces(edge_home, caplog) -> list[str]:
    """Where a piece of what was typed can be found: on the edge's disk or in its log."""
    from django.db import connections

    database = connections["edge"].settings_dict["NAME"]
    files = [path for path in edge_home.rglob("*") if path.is_file()]
    files += [path for suffix in ("", "-wal", "-shm") if (path := type(edge_home)(f"{database}{suffix}")).exists()]
    found = []
    for text in (make.NAME, "Выдуманная", "765-43-21", "7654321", make.EMAIL, "adelaida", "Небывалая", make.COMMENT):
        found += [f"{text} in {path.name}" for path in files if text.encode() in path.read_bytes()]
        found += [f"{text} in the log" for record in caplog.records if text in _everything(record)]
    return found


def _everything(record: logging.LogRecord) -> str:
    """All that any handler could ever print of a record, locals of its traceback included."""
    parts = [record.getMessage(), repr(record.args), repr(record.__dict__)]
    trace = record.exc_info[2] if record.exc_info else None
    while trace is not None:
        parts.append(repr(trace.tb_frame.f_locals))
        trace = trace.tb_next
    return "".join(parts)


async def test_nothing_of_the_person_is_on_the_disk_or_in_the_log(shopper, filled, edge_home, caplog):
    caplog.set_level(logging.DEBUG)

    answer = await shopper.buy()
    await shopper.get(answer.headers["Location"])
    await shopper.buy("forged")

    assert len(orders()) == 1
    writer.stop()
    reader.stop()
    assert traces(edge_home, caplog) == []


@pytest.mark.parametrize("where", ["seal_person", "compare", "_placed"])
async def test_nothing_of_the_person_is_left_by_an_error_of_ours(
    shopper, filled, edge_home, caplog, monkeypatch, where
):
    caplog.set_level(logging.DEBUG)

    def fail(*args: object, **kwargs: object) -> None:
        raise ValueError(f"cannot handle {make.NAME} {make.PHONE} {make.EMAIL}")

    monkeypatch.setattr(placing, where, fail)

    answer = await shopper.buy()

    assert (answer.status_code, answer.headers["X-Rialto-Error"]) == (500, "checkout_failed")
    assert make.NAME in answer.content.decode()  # the shopper does not type again
    assert (orders(), rights()["1"], in_cart(ASSAM)) == ([], HELD, 2)
    assert "ValueError at" in caplog.text
    writer.stop()
    reader.stop()
    assert traces(edge_home, caplog) == []


async def test_the_orders_page_shows_no_person_and_is_known_by_its_secret_only(shopper, filled):
    await shopper.buy()
    (order,) = orders()

    answer = await shopper.get(f"/order/{order.secret}")
    html = answer.content.decode()

    assert answer.status_code == 200
    assert "TEA-A-000001" in html and "Ассам" in html
    assert not any(text in html for text in (make.NAME, "765", make.EMAIL, "Небывалая"))
    for wrong in (order.pk, order.number, "x" * 43):
        assert (await shopper.get(f"/order/{wrong}")).status_code == 404
    assert answer.headers["Referrer-Policy"] == "origin"


def test_the_log_line_of_an_error_has_no_text(caplog):
    try:
        int(make.NAME)
    except ValueError as error:
        log_failure(error)

    assert make.NAME not in caplog.text and "ValueError" in caplog.text
