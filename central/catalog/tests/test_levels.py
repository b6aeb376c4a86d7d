"""How much there is, told to the catalogue by the ledger of another realm."""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.db import connections
from typer.testing import CliRunner

from central.catalog.goods_cli import app
from central.catalog.levels import note_levels, write_levels
from central.catalog.models import Listing, Offer, StockLevel, Variant
from central.catalog.reindexing import reindex
from central.orders.tests.make import realm_away
from central.stock.levels import LOW_UNITS
from central.stock.models import Balance, Movement
from central.stock.receipts import receive_stock, set_stock
from central.ui import live
from central.ui.tests import cast
from node.realms import CENTRAL_REALMS, ORDERS, alias_of
from sync.events import run_due
from sync.store.jobs.models import Job

DATABASES = [alias_of(realm) for realm in CENTRAL_REALMS]
pytestmark = pytest.mark.django_db(databases=DATABASES)


@pytest.fixture(autouse=True)
def world(node_home: Path) -> None:
    cast.site("tea")


@pytest.fixture
def cup() -> UUID:
    cast.product("tea", "C-1", "Чашка")
    return Variant.objects.get().pk


def told() -> dict[str, str]:
    return dict(StockLevel.objects.values_list("variant__sku", "level"))


def jobs() -> int:
    return Job.objects.using(ORDERS).filter(handler__endswith="note_stock_levels").count()


@pytest.mark.parametrize(("units", "level"), [(0, "out"), (1, "low"), (LOW_UNITS, "low"), (LOW_UNITS + 1, "in")])
def test_what_the_ledger_holds_is_told_in_a_word(cup: UUID, units: int, level: str) -> None:
    set_stock(cup, 100, who="test")
    run_due()

    set_stock(cup, units, who="test")
    run_due()

    assert told() == {"C-1": level}


def test_a_change_within_a_level_costs_no_event(cup: UUID) -> None:
    set_stock(cup, 100, who="test")
    before = jobs()

    set_stock(cup, 99, who="test")
    receive_stock({cup: 7}, who="test")

    assert (before, jobs()) == (1, 1)


def test_events_that_come_late_twice_and_in_any_order_end_as_a_fresh_reading() -> None:
    draw = random.Random(7)
    for number in range(8):
        cast.product("tea", f"C-{number}", f"Чашка {number}")
    cups = list(Variant.objects.order_by("sku").values_list("pk", flat=True))
    for _ in range(40):
        set_stock(draw.choice(cups), draw.choice([0, 2, 9]), who="test")
        if draw.random() < 0.3:
            note_levels(draw.sample(cups, 3))
    run_due()
    by_events = told()

    StockLevel.objects.all().delete()
    reindex()

    assert by_events == {sku: level for sku, level in told().items() if sku in by_events}
    assert {sku for sku, level in told().items() if level != "out"} <= by_events.keys()


def test_older_news_does_not_replace_newer(cup: UUID) -> None:
    write_levels({cup: ("low", 9)})

    write_levels({cup: ("in", 8)})

    assert told() == {"C-1": "low"}


def test_a_ledger_out_of_a_backup_is_taken_over_by_the_command(cup: UUID) -> None:
    set_stock(cup, 100, who="test")
    write_levels({cup: ("out", 10**9)})
    Listing.objects.update(search_key="")

    done = CliRunner().invoke(app, ["reindex", "--json"])

    assert (done.exit_code, json.loads(done.stdout)) == (0, {"products": 1, "units": 1})
    assert told() == {"C-1": "in"}
    assert Listing.objects.get().search_key == "чашка c-1 c 1"
    with connections["orders"].cursor() as cursor:  # row by row the ledger cannot be deleted
        cursor.execute(f"TRUNCATE {Movement._meta.db_table}, {Balance._meta.db_table}")
    reindex()
    assert told() == {"C-1": "out"}


def test_the_list_is_filtered_by_level_and_knows_it_while_the_stock_is_away(cup: UUID) -> None:
    cast.product("tea", "B-1", "Блюдце")
    set_stock(cup, 2, who="test")
    run_due()
    ada = cast.signed_in(cast.staff("ada", "admin"))

    def found(*levels: str) -> list[bool]:
        page = ada.get("/products", {"level": levels}).content.decode()
        return [name in page for name in ("Чашка", "Блюдце")]

    with realm_away("orders"):
        assert found("low") == [True, False]
        assert found("in") == [False, False]
        assert found("out") == [False, True]
        assert found("low", "out") == [True, True]
        assert "few left" in ada.get("/products").content.decode()


@pytest.mark.asyncio
@pytest.mark.django_db(databases=DATABASES, transaction=True)
async def test_open_lists_are_told(cup: UUID) -> None:
    layer: Any = get_channel_layer()
    own = await layer.new_channel()
    await layer.group_add(live.group(live.PRODUCTS, "tea"), own)

    await database_sync_to_async(write_levels)({cup: ("low", 1)})

    told = await asyncio.wait_for(layer.receive(own), 10)
    assert told["keys"] == [str(await database_sync_to_async(lambda: Offer.objects.get().pk)())]
