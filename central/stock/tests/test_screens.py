"""The screens of stock, as people use them."""

from __future__ import annotations

import uuid
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.db import connections

from central.catalog.models import Offer, Variant
from central.stock.auditing import look_at_books
from central.stock.models import MAIN, POOL, Balance, Movement, PendingUnits, PlannedSupply, Warehouse
from central.stock.queries import stock_by_warehouse, stock_of
from central.stock.receipts import receive_stock
from central.stock.rules import may_sell_below, set_rules
from central.stock.warehouses import add_warehouse
from central.ui import live
from central.ui.tests import cast
from sync.events import run_due

pytestmark = pytest.mark.django_db(databases=["default", "customers", "catalog", "orders", "work", "stats"])


@pytest.fixture
def tea(node_home: Any) -> UUID:
    cast.site("tea")
    cast.product("tea", "T-1", "Green tea")
    return Offer.objects.get(site="tea").variant_id


@pytest.fixture
def ada(tea: UUID) -> Any:
    return cast.signed_in(cast.staff("ada", "manager", sites=["tea"]))


@pytest.fixture
def north() -> str:
    return add_warehouse("north", name="North").pk


def free(variant: UUID) -> dict[str, int]:
    return {one.warehouse: one.pool for one in stock_by_warehouse([variant])[variant]}


def test_goods_are_received_by_sku_and_barcode_all_or_none(ada: Any, tea: UUID, north: str) -> None:
    Variant.objects.filter(pk=tea).update(barcode="4006381333931")
    form = {"warehouse": north, "ref": "D-7", "note": "van"}

    refused = ada.post("/stock/receive", {**form, "lines": "T-1 4\nNOPE 2"})
    assert refused.status_code == 422 and "NOPE 2" in refused.content.decode()
    assert stock_of([tea])[tea].total == 0

    done = ada.post("/stock/receive", {**form, "lines": "T-1 4\n4006381333931\n4006381333931"})
    assert done.status_code == 302
    assert free(tea) == {MAIN: 0, "north": 6}
    row = Movement.objects.get(variant=tea)
    assert (row.who, row.ref, row.note, row.warehouse) == ("ada", "D-7", "van", "north")


def test_goods_of_other_sites_are_not_known_by_their_codes(ada: Any) -> None:
    cast.site("hush")
    cast.product("hush", "H-1", "Secret")

    answer = ada.post("/stock/receive", {"warehouse": MAIN, "lines": "H-1 4"})

    assert answer.status_code == 422
    assert not Movement.objects.exists()


def test_goods_are_moved_and_what_is_not_there_is_said(ada: Any, tea: UUID, north: str) -> None:
    receive_stock({tea: 5}, who="test")

    done = ada.post("/stock/transfer", {"source": MAIN, "target": north, "lines": "T-1 2"})
    refused = ada.post("/stock/transfer", {"source": MAIN, "target": north, "lines": "T-1 9"})

    assert (done.status_code, refused.status_code) == (302, 422)
    assert free(tea) == {MAIN: 3, "north": 2}


def test_stock_is_raised_and_lowered_from_the_card_with_a_reason(ada: Any, tea: UUID) -> None:
    url = f"/stock/goods/{tea}/change"
    assert ada.post(url, {"warehouse": MAIN, "way": "up", "units": "5", "note": ""}).status_code == 422

    ada.post(url, {"warehouse": MAIN, "way": "up", "units": "5", "note": "found on a shelf"})
    ada.post(url, {"warehouse": MAIN, "way": "down", "units": "2", "note": "broken"})

    assert [(row.change, row.left, row.note) for row in Movement.objects.order_by("id")] == [
        (5, 5, "found on a shelf"),
        (-2, 3, "broken"),
    ]
    assert "found on a shelf" in ada.get(f"/products/{Variant.objects.get(pk=tea).product_id}").content.decode()


def test_a_warehouse_is_made_edited_and_switched_off_by_right_only(ada: Any) -> None:
    form = {"code": "east", "name": "East", "position": "3", "is_pickup": "on"}
    operator = cast.signed_in(cast.staff("oleg", "operator", sites=["tea"]))
    assert operator.post("/stock/warehouses/new", form).status_code == 403

    assert ada.post("/stock/warehouses/new", form).status_code == 302
    page = ada.get("/stock/warehouses/east/edit").content.decode()
    assert "East" in page
    ada.post("/stock/warehouses/east/switch", {"to": "off"})

    row = Warehouse.objects.get(pk="east")
    assert (row.name, row.position, row.is_pickup, row.is_active) == ("East", 3, True, False)
    assert operator.post("/stock/warehouses/east/switch", {"to": "on"}).status_code == 403
    assert "East" in operator.get("/stock/warehouses").content.decode()


def test_the_ledger_is_filtered_and_exported(ada: Any, tea: UUID, north: str) -> None:
    receive_stock({tea: 5}, who="boris", note="Zebra note")
    receive_stock({tea: 1}, who="ada", note="Yak note", warehouse=north)

    def shown(query: str) -> list[bool]:
        page = ada.get(f"/stock/ledger{query}").content.decode()
        return ["Zebra note" in page, "Yak note" in page]

    assert shown("") == [True, True]
    assert shown("?warehouse=north") == [False, True]
    assert shown("?who=bor") == [True, False]
    assert shown("?cause=order") == [False, False]
    assert shown("?goods=green") == [True, True]
    assert shown("?goods=nothing") == [False, False]
    assert shown(f"?goods={tea}") == [True, True]
    assert shown(f"?goods={uuid.uuid4()}") == [False, False]
    file = b"".join(ada.get("/stock/ledger/-/export?format=csv"))
    assert b"Green tea (T-1)" in file and b"boris" in file


def test_an_order_that_waits_is_listed_by_product_and_leaves_when_goods_come(ada: Any, tea: UUID) -> None:
    made = cast.order("tea", number="TEA-A-000007")
    PendingUnits.objects.create(order=made.pk, variant=tea, units=2, placed_at=made.placed_at)

    page = ada.get(f"/stock/waiting?goods={tea}").content.decode()
    assert "TEA-A-000007" in page and "Green tea" in page

    receive_stock({tea: 9}, who="test")
    assert "TEA-A-000007" not in ada.get("/stock/waiting").content.decode()
    assert "TEA-A-000007" in ada.get("/stock/ledger?order=tea-a-000007").content.decode()


def test_a_planned_supply_is_entered_and_comes_in_once(ada: Any, tea: UUID) -> None:
    ada.post(f"/stock/goods/{tea}/plan", {"warehouse": MAIN, "units": "10", "due_on": "2031-02-01", "note": ""})
    supply = PlannedSupply.objects.get()
    assert stock_of([tea])[tea].total == 0
    assert "2031-02-01" in ada.get("/stock/supplies").content.decode()

    first = ada.post(f"/stock/supplies/{supply.pk}/receive", {"units": "9"})
    again = ada.post(f"/stock/supplies/{supply.pk}/receive", {"units": "9"})

    assert (first.status_code, again.status_code) == (302, 422)
    assert stock_of([tea])[tea].total == 9


def test_operators_are_not_shown_what_is_sold_out_where_the_desk_hides_it(ada: Any, tea: UUID) -> None:
    oleg = cast.signed_in(cast.staff("oleg", "operator", sites=["tea"]))
    assert "Green tea" in oleg.get("/products").content.decode()

    ada.post("/stock/rules", {"below": ["tea"], "hiding": ["tea"], "ver": "1", "shown": "{}"})

    assert may_sell_below("tea")
    assert "Green tea" not in oleg.get("/products").content.decode()
    assert "Green tea" in ada.get("/products").content.decode()  # who changes stock sees what lacks
    receive_stock({tea: 1}, who="test")
    run_due()
    assert "Green tea" in oleg.get("/products").content.decode()


def test_the_rules_of_other_sites_stay_as_they_are(ada: Any) -> None:
    cast.site("hush")
    set_rules(["hush"], below=["hush"], hiding=[], by="boss")

    page = ada.get("/stock/rules").content.decode()
    ada.post("/stock/rules", {"below": [], "hiding": [], "ver": "1", "shown": "{}"})

    assert "hush" not in page
    assert may_sell_below("hush")


def test_a_breach_is_red_at_home_and_stands_in_the_audit_for_those_who_see_all_sites(ada: Any, tea: UUID) -> None:
    boss = cast.signed_in(cast.staff("boss", "admin"))
    receive_stock({tea: 5}, who="test")
    look_at_books()
    assert "does not add up" not in boss.get("/").content.decode()

    with connections["orders"].cursor() as cursor:
        cursor.execute("UPDATE stock_balance SET units = units + 1 WHERE place = 'pool'")
    look_at_books()

    assert "The stock ledger does not add up" in boss.get("/").content.decode()
    assert "A balance is not the sum of its movements" in boss.get("/stock/audit").content.decode()
    assert "does not add up" not in ada.get("/").content.decode()
    assert "Green tea" not in ada.get("/stock/audit").content.decode()


def test_the_first_warehouse_is_named_in_the_readers_language_until_it_has_a_name(ada: Any) -> None:
    def shown(language: str) -> str:
        return str(ada.get("/stock/warehouses", headers={"accept-language": language}).content.decode())

    assert "Основной склад" in shown("ru") and "Main warehouse" in shown("en")

    ada.post("/stock/warehouses/main/edit", {"name": "Tula", "position": "10", "ver": "1", "shown": "{}"})

    assert "Tula" in shown("ru") and "Основной склад" not in shown("ru")


def test_books_that_nobody_looked_at_are_not_called_right(ada: Any) -> None:
    assert "Not looked at yet" in ada.get("/stock/audit").content.decode()

    look_at_books()

    assert "The books are right" in ada.get("/stock/audit").content.decode()


def test_moved_goods_are_told_to_the_open_list_by_its_rows(
    ada: Any, tea: UUID, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    receive_stock({tea: 3}, who="test")
    told: list[tuple[str, list[str]]] = []
    monkeypatch.setattr(live, "nudge_soon", lambda topic, *, keys: told.append((topic, list(keys))))

    with django_capture_on_commit_callbacks(using="orders", execute=True):
        receive_stock({tea: 4}, who="test")

    [(topic, [key])] = told
    assert topic == live.STOCK
    assert f'data-live-key="{key}"' in ada.get("/stock").content.decode()
    assert ">7<" in ada.get(f"/stock/-/row/{key}").content.decode()
    assert 'data-live="stock"' in ada.get("/stock/ledger").content.decode()


def test_of_moved_goods_only_who_sees_them_is_told(ada: Any, tea: UUID) -> None:
    receive_stock({tea: 3}, who="test")
    key = str(Balance.objects.get(variant=tea, place=POOL).pk)
    tim = cast.staff("tim", "manager", sites=[])

    assert live.keys_seen_by(User.objects.get(username="ada"), live.STOCK, [key, "999999", "x"]) == [key]
    assert live.keys_seen_by(tim, live.STOCK, [key]) == []
