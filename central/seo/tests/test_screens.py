"""The screens of patterns, redirects, feeds and migrations, as staff use them."""

from __future__ import annotations

import io
from typing import Any

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import translation

from central.catalog.actions import Goods, Unit, save_product, upsert_category
from central.catalog.models import Category, Listing, Translation
from central.catalog.spoken import note_languages
from central.cluster import locales
from central.cluster.models import SiteLanguage
from central.history.queries import of_record
from central.seo.models import Feed, Redirect, Rule
from central.seo.rules import set_rule, standing
from central.ui.tests import cast
from central.ui.watching import watches
from sites.seo.rules import ROBOTS, kind_key, language_key, page_key, section_key

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


def test_a_feed_of_another_language_says_where_it_lives(desk: Client) -> None:
    post(desk, "/feeds/new", site="tea", kind="yml", name="market")
    feed = Feed.objects.get()
    assert 'name="edition"' not in desk.get(f"/feeds/{feed.pk}/edit").content.decode()
    locales.put_language("tea", "ar", path="/ar", by="test")
    assert 'value="ar~"' in desk.get(f"/feeds/{feed.pk}/edit").content.decode()

    post(desk, f"/feeds/{feed.pk}/edit", ver=str(feed.ver), shown="{}", edition="ar~")

    assert "/ar/feeds/market.xml" in desk.get(f"/feeds/{feed.pk}").content.decode()
    assert "/ar/feeds/market.xml" in desk.get("/feeds").content.decode()
    locales.drop_language("tea", "ar", by="test")
    page = desk.get(f"/feeds/{feed.pk}").content.decode()
    assert "the shop has no such pages any more" in page and "feeds/market.xml" not in page


def test_a_sku_nobody_sells_is_told(desk: Client) -> None:
    post(desk, "/feeds/new", site="tea", kind="yml", name="market")
    feed = Feed.objects.get()

    answer = post(desk, f"/feeds/{feed.pk}/edit", ver=str(feed.ver), shown="{}", without_skus="NO-1")

    assert answer.status_code == 422
    assert "NO-1" in answer.content.decode()


def test_a_stranger_to_a_site_finds_nothing_of_it(desk: Client) -> None:
    for path in ("/seo/ink/patterns/product", "/seo/ink/robots", "/seo/ink/categories"):
        assert desk.get(path).status_code == 404


def english(site: str = "tea") -> None:
    SiteLanguage.objects.create(site_id=site, code="en", name="English", path="/en")
    note_languages(site, ["en"])


def test_a_section_gets_patterns_of_its_own_and_shows_its_goods_alone(desk: Client) -> None:
    green = Category.objects.get()
    black = upsert_category("tea", "Чёрный чай")
    save_product("tea", Goods([Unit("A-1", price=100)], title="Ассам", categories=[black.pk]), by="test")
    address = f"/seo/tea/patterns/product?section={green.pk.hex}"

    assert post(desk, address, title="{title} зелёный", ver="1").status_code == 302

    assert standing("tea")[section_key(green.pk.hex, "product")] == {"title": "{title} зелёный"}
    page = desk.get(address).content.decode()
    assert "Сенча зелёный" in page
    assert "Ассам" not in page
    assert "Ассам зелёный" not in desk.get("/seo/tea/patterns/product").content.decode()
    assert address in desk.get("/seo").content.decode()


def test_a_section_of_another_shop_or_of_none_is_not_there(desk: Client) -> None:
    other = upsert_category("ink", "Чернила")
    green = Category.objects.get(site="tea")

    assert desk.get(f"/seo/tea/patterns/product?section={other.pk.hex}").status_code == 404
    assert desk.get(f"/seo/tea/patterns/home?section={green.pk.hex}").status_code == 404
    assert desk.get(f"/seo/ink/patterns/product?section={other.pk.hex}").status_code == 404


def test_what_stands_around_a_section_is_shown_in_its_empty_fields(desk: Client) -> None:
    outer = Category.objects.get()
    inner = upsert_category("tea", "Китай", parent=outer.pk)
    set_rule("tea", section_key(outer.pk.hex, "category"), {"title": "Всё про {title}"})

    page = desk.get(f"/seo/tea/patterns/category?section={inner.pk.hex}").content.decode()

    assert 'placeholder="Всё про {title}"' in page


def test_patterns_are_written_and_shown_in_each_language_of_the_shop(desk: Client) -> None:
    english()
    Translation.objects.create(listing=Listing.objects.get(), language="en", title="Sencha")
    set_rule("tea", PRODUCT, {"title": "Купить {title}"})

    assert post(desk, "/seo/tea/patterns/product?language=en", title="Buy {title}", ver="1").status_code == 302

    assert standing("tea")[language_key("en", PRODUCT)] == {"title": "Buy {title}"}
    page = desk.get("/seo/tea/patterns/product?language=en").content.decode()
    assert "Buy Sencha" in page
    assert "Купить" not in page
    assert 'name="robots"' not in page
    assert "Купить Сенча" in desk.get("/seo/tea/patterns/product").content.decode()
    assert desk.get("/seo/tea/patterns/product?language=de").status_code == 404


def test_a_page_has_own_words_in_each_language_and_one_address(desk: Client) -> None:
    english()
    listing = Listing.objects.get()
    path = f"/seo/tea/page/product/{listing.product_id}?language=en"

    assert 'name="slug"' not in desk.get(path).content.decode()
    assert post(desk, path, title="The best Sencha", ver="1").status_code == 302

    key = language_key("en", page_key("product", listing.product_id.hex))
    assert standing("tea")[key] == {"title": "The best Sencha"}
    assert "The best Sencha" in desk.get(path).content.decode()


def test_a_rule_keeps_its_history_which_leads_back_to_where_it_is_written(desk: Client) -> None:
    green = Category.objects.get()
    address = f"/seo/tea/patterns/product?section={green.pk.hex}"
    post(desk, address, title="{title} зелёный", ver="1")
    row = Rule.objects.get(key=section_key(green.pk.hex, "product"))

    with translation.override("ru"):
        [entry] = of_record(cast.staff("ada", "admin"), row).entries
        assert watches()["seo.rule"].name_of(str(row.pk)) == "Товары, Зелёный чай"
        assert "Заголовок страницы" in str([field.title for field in entry.rows])
    assert "{title} зелёный" in str(entry.rows)
    assert desk.get(f"/seo/rules/{row.pk}").headers["Location"] == address
    assert desk.get(f"/seo/rules/{set_rule('ink', PRODUCT, {'title': 'x'}).pk}").status_code == 404
