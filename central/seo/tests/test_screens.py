"""The screens of patterns, redirects, feeds and migrations, as staff use them."""

from __future__ import annotations

import io
from typing import Any

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from central.catalog.actions import Goods, Unit, save_product, upsert_category
from central.catalog.models import Listing
from central.seo.models import Feed, Redirect
from central.seo.rules import standing
from central.ui.tests import cast
from sites.seo.rules import ROBOTS, kind_key, page_key

REALMS = ["default", "customers", "catalog", "orders", "work", "stats"]
pytestmark = pytest.mark.django_db(databases=REALMS)
PRODUCT = kind_key("product")


@pytest.fixture
def desk(node_home: Any) -> Client:
    cast.site("tea", language="ru")
    cast.site("ink")
    green = upsert_category("tea", "Зелёный чай")
    save_product("tea", Goods([Unit("S-1", price=19_900)], title="Сенча", categories=[green.pk]), by="test")
    return cast.signed_in(cast.staff("anna", "manager", sites=["tea"]))


def post(desk: Client, path: str, **fields: Any) -> Any:
    return desk.post(path, fields)


def test_a_pattern_is_saved_and_shown_on_real_goods(desk: Client) -> None:
    answer = post(desk, "/seo/tea/patterns/product", title="{title} за {price}", ver="1")

    assert answer.status_code == 302
    assert standing("tea")[PRODUCT] == {"title": "{title} за {price}"}
    page = desk.get("/seo/tea/patterns/product").content.decode()
    assert "Сенча за 199" in page


def test_the_look_follows_what_is_typed_and_says_nothing_of_a_broken_pattern(desk: Client) -> None:
    assert "Купить Сенча" in post(desk, "/seo/tea/patterns/product/look", title="Купить {title}").content.decode()
    assert "Сенча" in post(desk, "/seo/tea/patterns/product/look", title="{broken").content.decode()
    assert standing("tea") == {}


def test_an_unknown_token_is_told_beside_its_field_and_nothing_is_saved(desk: Client) -> None:
    answer = post(desk, "/seo/tea/patterns/product", title="{prise}", ver="1")

    assert answer.status_code == 422
    assert "{prise}" in answer.content.decode()
    assert standing("tea") == {}


def test_a_page_gets_its_own_values_and_another_address(desk: Client) -> None:
    listing = Listing.objects.get()
    path = f"/seo/tea/page/product/{listing.product_id}"

    assert post(desk, path, description="Своё", slug="Лучшая Сенча", ver="1").status_code == 302

    listing.refresh_from_db()
    assert listing.slug == "luchshaya-sencha"
    assert Redirect.objects.get().target == "/p/luchshaya-sencha"
    assert standing("tea")[page_key("product", listing.product_id.hex)] == {"description": "Своё"}


def test_robots_txt_is_checked_and_saved(desk: Client) -> None:
    assert post(desk, "/seo/tea/robots", extra="Disalow: /", ver="1").status_code == 422
    assert post(desk, "/seo/tea/robots", closed="/sale\n/old", is_closed="", ver="1").status_code == 302

    assert standing("tea")[ROBOTS] == {"closed": "/sale\n/old"}


def test_a_redirect_is_made_by_hand_and_a_loop_is_told_at_its_field(desk: Client) -> None:
    assert post(desk, "/redirects/new", site="tea", source="/a", target="/b", answer="301").status_code == 302

    answer = post(desk, "/redirects/new", site="tea", source="/b", target="/a", answer="301")

    assert answer.status_code == 422
    assert dict(Redirect.objects.values_list("source", "target")) == {"/a": "/b"}
    assert "/a" in desk.get("/redirects").content.decode()


def book(rows: list[list[str]]) -> SimpleUploadedFile:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as made:
        sheet = made.add_worksheet()
        for at, row in enumerate(rows):
            sheet.write_row(at, 0, row)
    return SimpleUploadedFile("sheet.xlsx", out.getvalue())


@pytest.mark.parametrize(
    "file",
    [
        SimpleUploadedFile("a.csv", "Откуда;Куда\n/a;/b\nплохо;/c\n".encode()),
        book([["to", "from"], ["/b", "/a"], ["/c", "bad"]]),
    ],
    ids=["csv", "xlsx"],
)
def test_a_sheet_is_taken_row_by_row(desk: Client, file: SimpleUploadedFile) -> None:
    answer = post(desk, "/redirects/sheet", site="tea", file=file)

    assert dict(Redirect.objects.values_list("source", "target")) == {"/a": "/b"}
    assert "3" in answer.content.decode()


def test_a_sheet_for_another_site_is_refused(desk: Client) -> None:
    answer = post(desk, "/redirects/sheet", site="ink", file=SimpleUploadedFile("a.csv", b"from,to\n/a,/b\n"))

    assert answer.status_code == 422
    assert not Redirect.objects.exists()


def test_a_feed_is_made_chosen_and_looked_at(desk: Client) -> None:
    assert post(desk, "/feeds/new", site="tea", kind="yml", name="market", title="Маркет").status_code == 302
    feed = Feed.objects.get()
    changes = {"only_skus": "S-1", "min_price": "100", "element_name": "{brand} {title}", "title": "Маркет"}

    answer = post(desk, f"/feeds/{feed.pk}/edit", ver=str(feed.ver), shown="{}", **changes)

    assert answer.status_code == 302
    feed.refresh_from_db()
    assert feed.choice["only_products"] == [Listing.objects.get().product_id.hex]
    assert (feed.choice["min_price"], feed.fields) == (10_000, {"name": "{brand} {title}"})
    page = desk.get(f"/feeds/{feed.pk}").content.decode()
    assert "Сенча" in page
    assert "/feeds/market.xml" in page


def test_a_sku_nobody_sells_is_told(desk: Client) -> None:
    post(desk, "/feeds/new", site="tea", kind="yml", name="market")
    feed = Feed.objects.get()

    answer = post(desk, f"/feeds/{feed.pk}/edit", ver=str(feed.ver), shown="{}", without_skus="NO-1")

    assert answer.status_code == 422
    assert "NO-1" in answer.content.decode()


def test_a_stranger_to_a_site_finds_nothing_of_it(desk: Client) -> None:
    for path in ("/seo/ink/patterns/product", "/seo/ink/robots", "/seo/ink/categories"):
        assert desk.get(path).status_code == 404
