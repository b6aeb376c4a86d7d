"""Screens of regions, and of the languages and regions of a shop."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from central.cluster import locales
from central.cluster.documents import site_doc
from central.cluster.models import Region, Site, SiteLanguage, SiteRegion
from central.cluster.tests.make import make_site
from central.ui.tests import cast
from sites.editions import edition

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def ada(node_home: Any) -> Client:
    make_site("tea", language="ru", texts={"about": "О чае", "phone": "+7 800"})
    locales.make_region("centre", title="Centre", by="tests")
    locales.make_region("msk", title="Moscow", parent="centre", position=2, by="tests")
    locales.make_region("tul", title="Tula", parent="centre", position=1, by="tests")
    locales.make_region("east", title="A far place", by="tests", position=1)
    return cast.signed_in(cast.staff("ada", "admin"))


def form_of(client: Client, address: str) -> dict[str, Any]:
    form = client.get(address).context["form"]
    shown = {name: form[name].value() for name in form.fields if not form.fields[name].disabled}
    ticked = {name: value for name, value in shown.items() if value not in (None, False)}
    return {**ticked, **dict(form.hidden_values)}


def test_regions_stand_below_the_one_around_them(ada: Client) -> None:
    page = ada.get("/regions").content.decode()

    at = [page.index(f"{title} <span") for title in ("Centre", "Tula", "Moscow", "A far place")]
    assert at == sorted(at)


def test_a_language_is_added_beside_the_original(ada: Client) -> None:
    page = ada.get("/sites/tea/languages/new").content.decode()
    assert "О чае" in page

    answer = ada.post(
        "/sites/tea/languages/new", {"code": "ar", "path": "/ar", "to_name": "شاي", "to_about": "عن الشاي"}
    )

    assert answer.status_code == 302
    row = SiteLanguage.objects.get()
    assert (row.code, row.name, row.path, row.words) == ("ar", "العربية", "/ar", {"name": "شاي", "about": "عن الشاي"})


def test_words_of_a_language_from_right_to_left_are_written_so(ada: Client) -> None:
    locales.put_language("tea", "ar", path="/ar", by="tests")

    page = ada.get("/sites/tea/languages/ar").content.decode()

    assert 'lang="ar" dir="rtl"' in page


def test_a_wrong_address_is_told_beside_its_field(ada: Client) -> None:
    answer = ada.post("/sites/tea/languages/new", {"code": "en", "path": "/cart"})

    assert answer.status_code == 422
    assert answer.context["form"].errors["path"] == ["the shop uses this address itself"]
    assert not SiteLanguage.objects.exists()


def test_a_language_is_changed_and_taken_away(ada: Client) -> None:
    locales.put_language("tea", "en", path="/en", by="tests", words={"name": "Tea"})

    ada.post("/sites/tea/languages/en", form_of(ada, "/sites/tea/languages/en") | {"to_about": "About tea"})
    assert SiteLanguage.objects.get().words == {"name": "Tea", "about": "About tea"}

    ada.post("/sites/tea/languages/en/drop")
    assert not SiteLanguage.objects.exists()


def test_what_is_inherited_stands_as_a_hint(ada: Client) -> None:
    locales.put_site_region("tea", "centre", phone="+7 495", by="tests")
    locales.put_site_region("tea", "msk", path="/moscow", by="tests")

    page = ada.get("/sites/tea/regions/msk").content.decode()

    assert 'placeholder="+7 495"' in page
    assert 'placeholder="О чае"' in page


def test_a_shop_gets_prices_of_delivery_in_a_region(ada: Client) -> None:
    filled = form_of(ada, "/sites/tea/regions/new")
    sent = {"region": "msk", "path": "/moscow", "has_deliveries": "on", "courier": "on", "courier_price": "150"}

    answer = ada.post("/sites/tea/regions/new", filled | sent)

    assert answer.status_code == 302
    row = SiteRegion.objects.get()
    assert row.payments is None
    assert {way["code"]: way["price"] for way in row.deliveries}["courier"] == 15_000


def test_ways_of_a_region_are_called_in_each_language(ada: Client) -> None:
    locales.put_language("tea", "en", path="/en", by="tests", words={"deliveries": {"courier": ("Courier", "")}})
    courier = {"code": "courier", "title": "Курьер по Москве", "price": 15_000, "needs_address": True, "note": ""}
    locales.put_site_region("tea", "centre", by="tests", translations={"en": {"payments": {"cash": ("Cash", "Here")}}})
    cash = {"code": "cash", "title": "Наличными", "provider": "cash_on_delivery", "needs_central": False, "note": ""}
    locales.put_site_region("tea", "msk", path="/moscow", by="tests", deliveries=[courier], payments=[cash])
    page = ada.get("/sites/tea/regions/msk")
    named = page.context["form"].fields["in_en_deliveries_courier_title"]
    assert str(named.label) == "Курьер по Москве: called"
    assert named.widget.attrs["placeholder"] == "Courier"
    assert page.context["form"].fields["in_en_payments_cash_note"].widget.attrs["placeholder"] == "Here"
    assert "in_en_deliveries_pickup_title" not in page.context["form"].fields

    filled = form_of(ada, "/sites/tea/regions/msk")
    ada.post("/sites/tea/regions/msk", filled | {"in_en_deliveries_courier_title": "Courier in Moscow"})

    assert SiteRegion.objects.get(region="msk").translations == {
        "en": {"deliveries": {"courier": ["Courier in Moscow", ""]}}
    }
    there = edition(site_doc(Site.objects.get()), "en", "msk")
    assert there is not None
    assert [way.title for way in there.deliveries] == ["Courier in Moscow"]
    assert form_of(ada, "/sites/tea/regions/msk")["in_en_deliveries_courier_title"] == "Courier in Moscow"


def test_what_a_way_was_called_is_kept_while_the_region_does_not_have_it(ada: Client) -> None:
    locales.put_language("tea", "en", path="/en", by="tests")
    said = {"en": {"deliveries": {"drone": ["By drone", ""]}}}
    locales.put_site_region("tea", "msk", path="/moscow", by="tests", translations=said)

    ada.post("/sites/tea/regions/msk", form_of(ada, "/sites/tea/regions/msk") | {"phone": "+7 495"})

    row = SiteRegion.objects.get()
    assert (row.phone, row.translations) == ("+7 495", said)


def test_a_region_in_use_is_kept_and_the_reason_told(ada: Client) -> None:
    locales.put_site_region("tea", "msk", path="/moscow", by="tests")

    page = ada.post("/regions/msk/delete", follow=True).content.decode()

    assert "It is needed by: Tea." in page
    assert Region.objects.filter(pk="msk").exists()


def test_who_is_limited_to_a_site_changes_no_regions(ada: Client) -> None:
    locales.put_site_region("tea", "msk", path="/moscow", by="tests")
    ben = cast.signed_in(cast.staff("ben", "admin", sites=["tea"]))

    assert ben.get("/regions/msk").status_code == 200
    assert ben.post("/regions/msk", {"title": "x"}).status_code == 403
    assert ben.get("/regions/new").status_code == 404
    assert ben.post("/regions/msk/delete").status_code == 404
    assert ben.get("/regions/tul").status_code == 404
    assert Region.objects.get(pk="msk").title == "Moscow"


def test_the_page_of_a_shop_lists_every_address(ada: Client) -> None:
    locales.put_language("tea", "en", path="/en", by="tests")
    locales.put_site_region("tea", "msk", path="/moscow", by="tests")

    page = ada.get("/sites/tea/editions").content.decode()

    for path in ("", "/en", "/moscow", "/en/moscow"):
        assert f'href="https://tea.example{path}"' in page
