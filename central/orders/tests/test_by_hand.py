"""An order taken at the telephone: looked up, written down, placed, refused."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pytest

from central.catalog.models import Offer
from central.orders.models import Order
from central.stock.queries import stock_of
from central.stock.receipts import receive_stock
from central.stock.rules import set_rules
from central.ui.tests import cast
from sync.events import run_due

pytestmark = pytest.mark.django_db(databases=["default", "customers", "catalog", "orders", "work", "stats"])

SAID = {"site": "tea", "phone": "8 900 123-45-67", "name": "Anna", "delivery": "pickup", "payment": "cash",
        "address": "", "comment": "call before", "email": "", "consent": "on", "q": ""}  # fmt: skip


@pytest.fixture
def tea(node_home: Any) -> Offer:
    cast.site("tea")
    cast.site("hush")
    cast.product("tea", "T-1", "Green tea")
    cast.product("hush", "H-1", "Green secret")
    offer = Offer.objects.get(site="tea")
    receive_stock({offer.variant_id: 3}, who="test")
    return offer


@pytest.fixture
def ada(tea: Offer) -> Any:
    return cast.signed_in(cast.staff("ada", "manager", sites=["tea"]))


def page(answer: Any) -> str:
    return str(answer.content.decode())


def line(offer: Offer, units: int) -> dict[str, Any]:
    return {"line": [str(offer.pk)], "units": [str(units)]}


def token(client: Any) -> str:
    found = re.search(r'name="token" value="([0-9a-f]{32})"', page(client.get("/orders/new")))
    assert found
    return found[1]


def test_goods_are_found_with_what_is_free_added_and_taken_out(ada: Any, tea: Offer) -> None:
    found = page(ada.post("/orders/new", {**SAID, "q": "green", "look": "1"}))
    assert f'name="add" value="{tea.pk}"' in found and "Green secret" not in found and ">3<" in found

    once = page(ada.post("/orders/new", {**SAID, "add": str(tea.pk)}))
    twice = page(ada.post("/orders/new", {**SAID, **line(tea, 1), "add": str(tea.pk)}))
    out = page(ada.post("/orders/new", {**SAID, **line(tea, 2), "drop": str(tea.pk)}))

    assert 'data-line="T-1"' in once and re.search(r'name="units"[^>]*value="2"', twice)
    assert "data-line" not in out and 'value="8 900 123-45-67"' in out
    assert not Order.objects.exists()


def test_an_order_is_placed_once_however_often_it_is_sent(ada: Any, tea: Offer) -> None:
    form = {**SAID, **line(tea, 2), "token": token(ada)}

    first, again = ada.post("/orders/new", form), ada.post("/orders/new", form)

    order = Order.objects.get()
    assert first["Location"] == again["Location"] == f"/orders/{order.pk}"
    assert (order.number, order.goods_total, order.site) == ("TEA-DESK-000001", 90_000, "tea")
    assert stock_of([tea.variant_id])[tea.variant_id].pool == 1
    run_due()
    card = page(ada.get(f"/orders/{order.pk}"))
    assert "Anna" in card and "call before" in card


def test_a_client_of_ours_is_known_by_his_phone_and_filled_in(ada: Any, tea: Offer) -> None:
    ada.post("/orders/new", {**SAID, **line(tea, 1), "token": token(ada)})
    run_due()

    known = page(ada.post("/orders/new", {**SAID, "name": "", "phone": "+79001234567", "look": "1"}))
    blind = cast.signed_in(cast.staff("bob", "manager", sites=["hush"]))
    hidden = page(blind.post("/orders/new", {**SAID, "site": "hush", "name": "", "look": "1"}))

    assert 'name="name" value="Anna"' in known and "A client of ours" in known
    assert "Anna" not in hidden and "A new client" in hidden


def test_too_few_are_refused_with_what_is_left_unless_the_desk_may_sell_below(ada: Any, tea: Offer) -> None:
    form = {**SAID, **line(tea, 5), "token": token(ada)}

    refused = ada.post("/orders/new", form, headers={"accept-language": "ru"})
    assert refused.status_code == 422 and "T-1: осталось 3" in page(refused)
    assert 'value="5"' in page(refused) and not Order.objects.exists()

    set_rules(["tea"], below=["tea"], hiding=[], by="test")
    ada.post("/orders/new", form)

    assert Order.objects.get().pending_units == 2


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"phone": "12"}, "This is no phone number"),
        ({"name": ""}, "This field is required"),
        ({"consent": ""}, "This field is required"),
        ({"line": [], "units": []}, "Choose what is ordered"),
        ({"delivery": "rocket"}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_placed(ada: Any, tea: Offer, wrong: Any, words: str) -> None:
    answer = ada.post("/orders/new", {**SAID, **line(tea, 1), "token": token(ada), **wrong})

    assert answer.status_code == 422 and words in page(answer)
    assert not Order.objects.exists()


def test_it_takes_the_right_and_goods_of_other_sites_are_not_taken(tea: Offer, ada: Any) -> None:
    assert cast.signed_in(cast.staff("vera", "viewer")).get("/orders/new").status_code == 403
    assert "New order" in page(ada.get("/orders"))
    secret = Offer.objects.get(site="hush")

    answer = ada.post("/orders/new", {**SAID, "site": "hush", **line(secret, 1), "token": UUID(int=1).hex})

    assert answer.status_code == 422 and "Green secret" not in page(answer)
    assert not Order.objects.exists()
