"""Workbooks and XML read as the same table a CSV is."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from central.catalog.importing.run import Options, import_files
from central.catalog.models import Listing, Offer
from central.catalog.tests.files import workbook
from central.catalog.tests.make import DATABASES, make_site
from central.stock.queries import stock_of

pytestmark = pytest.mark.django_db(databases=DATABASES)

HEADER = ["Артикул", "Название", "Категория", "Цена", "Остаток"]


@pytest.fixture(autouse=True)
def shop(node_home: Path) -> None:
    make_site("tea", "RUB")


def bring(path: Path, told: list[str] | None = None, **options: object) -> dict[str, int]:
    lines = told if told is not None else []
    return asdict(import_files([path], "tea", Options(**options), tell=lines.append))  # type: ignore[arg-type]


def shown() -> list[tuple[str, str, int, int]]:
    offers = Offer.objects.select_related("variant", "listing").order_by("variant__sku")
    stock = stock_of([offer.variant_id for offer in offers])
    return [(one.variant.sku, one.listing.title, one.price, stock[one.variant_id].total) for one in offers]


def test_a_workbook_is_read_as_people_see_it(tmp_path: Path) -> None:
    path = tmp_path / "goods.xlsx"
    path.write_bytes(workbook([HEADER, [1001, "Сенча", "Чай > Зелёный", 199.5, 5], ["T2", "Ассам", "Чай", 250, 0]]))

    assert bring(path) == {"read": 2, "created": 2, "updated": 0, "unchanged": 0, "refused": 0}
    assert shown() == [("1001", "Сенча", 19_950, 5), ("T2", "Ассам", 25_000, 0)]


def test_a_refused_row_of_a_workbook_has_its_number_in_the_sheet(tmp_path: Path) -> None:
    path = tmp_path / "goods.xlsx"
    path.write_bytes(
        workbook([HEADER, ["T1", "Two\nlines", "Tea", 1, 1], ["T2", "Bad", "Tea", "dear", 1]], first_row=3)
    )
    told: list[str] = []

    assert bring(path, told)["refused"] == 1

    assert any("line 6: price: 'dear' is no amount" in line for line in told)


def test_xml_is_read_by_the_element_that_repeats(tmp_path: Path) -> None:
    path = tmp_path / "goods.xml"
    path.write_text(
        '<?xml version="1.0"?><shop xmlns="urn:a"><name>x</name><offers>'
        '<offer sku="T1"><title>Sencha</title><price currency="RUB">10.50</price><stock>3</stock></offer>'
        '<offer sku="T2"><title>Assam</title><price>12</price><stock>4</stock></offer></offers></shop>'
    )

    assert (
        bring(path, map=_map(tmp_path, '{"columns": {"sku": "@sku", "title": "title", "price": "price"}}'))["created"]
        == 2
    )
    assert shown() == [("T1", "Sencha", 1_050, 0), ("T2", "Assam", 1_200, 0)]


def test_a_map_says_which_element_is_one_item(tmp_path: Path) -> None:
    path = tmp_path / "goods.xml"
    path.write_text(
        "<a><list><good><code>T1</code><name>Sencha</name><cost>5</cost>"
        "<sizes><size>S</size><size>L</size></sizes></good></list><x/><x/><x/></a>"
    )
    columns = '"sku": "code", "title": "name", "price": "cost", "attribute:Sizes": "sizes/size"'
    said = '{"record": "good", "columns": {' + columns + "}}"

    bring(path, map=_map(tmp_path, said))

    assert Listing.objects.get().attributes == [["Sizes", "S; L"]]


def _map(folder: Path, text: str) -> Path:
    path = folder / "map.json"
    path.write_text(text)
    return path
