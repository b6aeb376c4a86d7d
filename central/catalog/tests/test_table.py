"""The list of products as a table: taken out, edited, brought in again."""

from __future__ import annotations

import csv
import io
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from central.catalog.actions import Goods, Unit, save_product, set_regional_prices, upsert_category
from central.catalog.editing import Words, translate_goods
from central.catalog.models import Listing, Offer, RegionalPrice, Translation
from central.catalog.reach import show_product
from central.catalog.spoken import note_languages
from central.catalog.tests.make import forget_pointers, make_product, make_site, pointers
from central.catalog.tests.test_import import Desk, counted
from central.cluster import locales
from central.ui.tests import cast

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def desk(tmp_path: Any, node_home: Any) -> Desk:
    make_site("tea", "RUB")
    locales.put_language("tea", "ar", path="/ar", by="test")
    note_languages("tea", ["ar"])
    for region in ("msk", "spb"):
        locales.make_region(region, title=region.title(), by="test")
        locales.put_site_region("tea", region, path=f"/{region}", by="test")
    folder = tmp_path / "files"
    folder.mkdir()
    return Desk(folder)


@pytest.fixture
def ada(desk: Desk) -> Client:
    return cast.signed_in(cast.staff("ada", "admin"))


@pytest.fixture
def goods(desk: Desk) -> UUID:
    """Texts as people write them, units of every kind, one product on two shelves."""
    tea = upsert_category("tea", "Tea")
    green, gifts = upsert_category("tea", "Green", parent=tea.pk), upsert_category("tea", "Gifts")
    boots = save_product(
        "tea",
        Goods(
            [
                Unit("B1", price=10_050, old_price=20_000),
                Unit("B1", "colour=red;size=L", options_title="L, красный", price=11_000, barcode="4006381333931"),
                Unit("B1", "colour=red;size=M", options_title="M, красный", price=12_000),
                Unit("B2", "size=S", options_title="S", price=9_900),
            ],
            title="Boots  of felt",
            text="- warm\n- soft\n\n=1+1",
            brand="Valenki",
            categories=[green.pk],
            attributes=[("Weight", "1 kg")],
        ),
        by="test",
    )
    save_product("tea", Goods([Unit("G1", price=500)], title="@Gift", categories=[green.pk, gifts.pk]), by="test")
    first = Offer.objects.get(variant__sku="B2")
    translate_goods("tea", {boots: {"ar": Words("حذاء", "- دافئ\n- ناعم", {first.pk: "صغير"})}}, by="test")
    set_regional_prices("tea", {("B1", ""): {"msk": 15_000}, ("G1", ""): {"spb": 0}}, by="test")
    gift = Listing.objects.get(title="@Gift")
    show_product("tea", gift.product_id, {"": False, "msk": True}, by="test")
    forget_pointers()
    return boots


def taken(client: Client, kind: str = "csv", **given: str) -> bytes:
    answer = client.get("/products/-/export", {"as": kind, "for": "import", **given})
    assert answer.status_code == 200
    return answer.getvalue() if kind == "xlsx" else b"".join(answer)


def rows_of(file: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.decode("utf-8-sig"))))


def written(rows: list[dict[str, str]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("sort", ["title", "-price", "sku"])
def test_what_was_not_edited_changes_nothing(desk: Desk, ada: Client, goods: UUID, kind: str, sort: str) -> None:
    file = desk.write(taken(ada, kind, sort=sort), f"products.{kind}")

    assert desk.bring(file) == counted(read=5, unchanged=5)

    assert pointers() == []


def test_what_was_edited_is_what_changes(desk: Desk, ada: Client, goods: UUID) -> None:
    rows = rows_of(taken(ada))
    by_key = {(row["sku"], row["options"]): row for row in rows}
    assert by_key["B1", ""]["price:msk"] == "150.00" and by_key["G1", ""]["price:spb"] == "0.00"
    assert by_key["B2", "size=S"]["options_title:ar"] == "صغير"
    assert (by_key["B1", ""]["shown_in"], by_key["G1", ""]["shown_in"]) == ("", "msk")
    by_key["B1", ""].update({"price": "101", "price:msk": "-", "price:spb": "99"})
    by_key["B1", "colour=red;size=M"]["options_title:ar"] = "وسط"
    by_key["G1", ""].update({"title:ar": "هدية", "text": "For a friend", "shown_in": "-msk"})

    counts = desk.bring(written(rows))

    assert counts == counted(read=5, updated=3, unchanged=2)
    prices = {(one.offer.variant.sku, one.region): one.price for one in RegionalPrice.objects.all()}
    assert prices == {("B1", "spb"): 9_900, ("G1", "spb"): 0}
    assert Offer.objects.get(variant__sku="B1", variant__options="").price == 10_100
    gift = Listing.objects.get(title="@Gift")
    assert (gift.text, gift.categories.count(), gift.shown_in) == ("For a friend", 2, {"msk": False})
    words = Translation.objects.get(listing__product=goods)
    medium = Offer.objects.get(variant__options="colour=red;size=M")
    assert (words.title, words.options[medium.pk.hex]) == ("حذاء", "وسط")
    assert Translation.objects.get(listing=gift).title == "هدية"


def test_a_table_is_of_one_site(ada: Client, goods: UUID) -> None:
    make_site("clay", "RUB")
    make_product("clay", "Cup", ("C1",))

    refused = ada.get("/products/-/export", {"as": "csv", "for": "import"}, follow=True)
    assert "choose a site in the filter first" in refused.content.decode()

    assert [row["sku"] for row in rows_of(taken(ada, site="clay"))] == ["C1"]


def test_the_table_is_offered_where_there_is_one(ada: Client, goods: UUID) -> None:
    assert "for=import" in ada.get("/products").content.decode()
    assert "for=import" not in ada.get("/sites").content.decode()
