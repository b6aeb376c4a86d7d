"""What a source may change: its fields, its master's items, texts of its language."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from central.catalog.importing import runs
from central.catalog.importing.models import ImportRun, ImportSource
from central.catalog.importing.run import import_files
from central.catalog.models import Listing, Offer
from central.catalog.tests.make import DATABASES, make_site
from central.stock.queries import stock_of

pytestmark = pytest.mark.django_db(databases=DATABASES)

HEADER = "sku,title,brand,price,stock\n"


@pytest.fixture(autouse=True)
def shop(node_home: Path) -> None:
    make_site("tea", "RUB")


def source(title: str, **more: Any) -> ImportSource:
    return ImportSource.objects.create(title=title, sites=["tea"], created_by="test", **more)


def bring(one: ImportSource, rows: str) -> list[dict[str, Any]]:
    """The report of one run that was written."""
    run = runs.take_file(one, "goods.csv", [(HEADER + rows).encode()], by="ada")
    ImportRun.objects.filter(pk=run.pk).update(state="running")
    runs.do_run(run.pk)
    run.refresh_from_db()
    assert run.state == "done", run.error
    return runs.lines_of(runs.report_of(run, is_dry=False))[0]


def shown() -> tuple[str, str, int, int]:
    offer = Offer.objects.select_related("listing__product").get()
    stock = stock_of([offer.variant_id])[offer.variant_id].total
    return offer.listing.title, offer.listing.product.brand, offer.price, stock


def test_what_a_master_wrote_no_other_source_overwrites(tmp_path: Path) -> None:
    bring(source("Maker", is_master=True, fields=["title", "brand", "price"]), "T1,Sencha,Maker,10,5\n")

    (line,) = bring(source("Dealer"), "T1,Cheap tea,Dealer,1,7\n")

    assert shown() == ("Sencha", "Maker", 1_000, 7)
    assert line["outcome"] == "updated"
    assert line["changes"] == {"stock": [5, 7]}
    assert line["why"] == "brand, price, title: left alone, “Maker” is their master"


def test_a_row_of_which_nothing_is_left_says_so() -> None:
    bring(source("Maker", is_master=True), "T1,Sencha,Maker,10,5\n")

    (line,) = bring(source("Dealer"), "T1,Cheap tea,Dealer,1,7\n")

    assert shown() == ("Sencha", "Maker", 1_000, 5)
    assert (line["outcome"], line["why"]) == (
        "kept",
        "brand, price, title, stock: left alone, “Maker” is their master",
    )


def test_a_file_from_the_command_line_is_no_master_either(tmp_path: Path) -> None:
    bring(source("Maker", is_master=True), "T1,Sencha,Maker,10,5\n")
    file = tmp_path / "goods.csv"
    file.write_text(HEADER + "T1,Cheap tea,Dealer,1,7\n")

    import_files([file], "tea")

    assert shown() == ("Sencha", "Maker", 1_000, 5)


def test_a_source_updates_only_its_fields_and_a_new_item_comes_whole() -> None:
    bring(source("Maker"), "T1,Sencha,Maker,10,5\n")
    dealer = source("Dealer", fields=["price"])

    bring(dealer, "T1,Other,Other,12,9\n")
    assert shown() == ("Sencha", "Maker", 1_200, 5)

    bring(dealer, "T2,Assam,Dealer,3,4\n")
    assert Listing.objects.filter(title="Assam").exists()


def test_a_source_that_makes_nothing_new_refuses_what_is() -> None:
    (line,) = bring(source("Dealer", makes_new=False), "T1,Sencha,Maker,10,5\n")

    assert (line["outcome"], line["why"]) == ("refused", "is not in the catalogue, and this source makes no new items")
    assert Listing.objects.count() == 0


def test_texts_of_another_language_are_left() -> None:
    bring(source("Maker"), "T1,Sencha,Maker,10,5\n")

    bring(source("Russian", language="ru"), "T1,Сенча,Maker,11,5\n")

    assert shown() == ("Sencha", "Maker", 1_100, 5)
