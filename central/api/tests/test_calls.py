"""What the API answers: the key's own sites and rights, one shape of refusals, one effect of a repeated call."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from central.api.models import RememberedCall
from central.api.tests.caller import refused
from central.catalog.models import ImportSource, Listing, Offer, Product, RegionalPrice, Translation
from central.cluster import locales
from central.orders.models import Order, OrderChange
from central.stock.warehouses import add_warehouse
from sync.events import run_due

pytestmark = pytest.mark.django_db(databases=["default", "catalog", "orders", "customers", "work", "stats"])


# --- what a key sees -----------------------------------------------------------------------------------------------


def test_a_key_lists_what_its_sites_have(caller, shops) -> None:
    made = caller()

    assert [one["id"] for one in made.get("sites").json()["items"]] == ["tea"]
    assert [one["title"] for one in made.get("units").json()["items"]] == ["Tea goods"]
    assert [one["number"] for one in made.get("orders").json()["items"]] == ["TEA-A-000001"]
    assert made.get("key").json()["sites"] == ["tea"]


def test_what_is_of_another_site_is_not_there(caller, shops) -> None:
    made, theirs = caller(), shops["hush"]
    be_in("hush", "far")
    product = Listing.objects.get(site="hush").product_id

    for method, path, body in [
        ("GET", "sites/hush", None),
        ("GET", "sites/hush/languages", None),
        ("GET", "sites/hush/regions", None),
        ("GET", "regions/far", None),
        ("GET", f"orders/{theirs.pk}", None),
        ("GET", f"products/{product}?site=hush", None),
        ("POST", f"orders/{theirs.pk}/status", {"to": "confirmed"}),
        ("PATCH", f"orders/{theirs.pk}", {"note": "x"}),
        ("PATCH", f"products/{product}", {"site": "hush", "title": "x"}),
        ("PUT", "prices", {"site": "hush", "sku": "Hush-1", "price": 1}),
        ("PUT", "prices", {"site": "hush", "sku": "Hush-1", "region": "far", "price": 1}),
        ("PUT", "stock", {"site": "hush", "sku": "Hush-1", "units": 1}),
        ("POST", "products", {"site": "hush", "title": "x", "units": [{"sku": "n", "price": 1}]}),
    ]:
        answer = made.ask(method, path, body)
        assert answer.status_code == 404, (method, path, answer.content)
        assert "Hush goods" not in answer.content.decode()

    assert Order.objects.get(pk=theirs.pk).ver == theirs.ver
    assert Offer.objects.get(site="hush").price == 45_000


def test_people_are_shown_to_keys_that_may_see_them(caller, shops) -> None:
    run_due()
    order = shops["tea"].pk

    told, untold = caller(), caller(rights=["see_orders"])

    contact = told.get(f"orders/{order}").json()["contact"]
    assert contact["phone"].startswith("+")
    answer = untold.get(f"orders/{order}")
    assert (answer.json()["contact"], answer.json()["note"]) == (None, None)
    assert contact["name"] not in answer.content.decode()
    assert told.get(f"orders?search={contact['phone'].replace('+', '%2B')}").json()["items"] != []
    assert untold.get(f"orders?search={contact['phone'].replace('+', '%2B')}").json()["items"] == []


def test_lists_go_on_by_their_cursor(caller, shops) -> None:
    made = caller(sites=["tea", "hush"])

    first = made.get("orders?limit=1").json()
    second = made.get(f"orders?limit=1&cursor={first['next']}").json()
    units = made.get("units?limit=1").json()

    assert {one["number"] for one in first["items"] + second["items"]} == {"TEA-A-000001", "HUSH-A-000001"}
    assert second["next"] == ""
    assert [one["title"] for one in made.get(f"units?limit=1&cursor={units['next']}").json()["items"]] == ["Tea goods"]


# --- what a key changes --------------------------------------------------------------------------------------------


def test_an_order_is_moved_in_the_name_of_the_key(caller, shops) -> None:
    made, order = caller(), shops["tea"]
    to = made.get(f"orders/{order.pk}").json()["moves"][0]

    answer = made.post(f"orders/{order.pk}/status", {"to": to, "note": "by a script"})

    assert (answer.status_code, answer.json()["status"]) == (200, to)
    assert answer["ETag"] == f'"{answer.json()["ver"]}"'
    assert OrderChange.objects.filter(order=order, kind="status").get().by == f"key:{made.key.prefix}"


@pytest.mark.parametrize("by_header", [True, False])
def test_a_change_of_what_somebody_changed_meanwhile_brings_how_it_is_now(caller, shops, by_header: bool) -> None:
    made, order = caller(), shops["tea"]
    made.ask("PATCH", f"orders/{order.pk}", {"note": "first"})
    body, headers = {"note": "second"}, {}
    if by_header:
        headers["if_match"] = f'"{order.ver}"'
    else:
        body["ver"] = order.ver

    answer = made.ask("PATCH", f"orders/{order.pk}", body, **headers)

    assert refused(answer) == (409, "stale_order")
    assert answer.json()["current"]["note"] == "first"
    assert Order.objects.get(pk=order.pk).note == "first"


def test_a_product_is_made_and_changed(caller, shops) -> None:
    made = caller()
    body = {"site": "tea", "title": "Oolong", "text": "Half dark.", "units": [{"sku": "OOL-50", "price": 52_000}]}

    new = made.post("products", body)
    product, ver = new.json()["id"], new.json()["ver"]
    changed = made.ask("PATCH", f"products/{product}", {"site": "tea", "title": "Oolong, dark"}, if_match=f'"{ver}"')
    stale = made.ask("PATCH", f"products/{product}", {"site": "tea", "title": "Third", "ver": ver})
    priced = made.ask("PUT", "prices", {"site": "tea", "sku": "OOL-50", "price": 60_000})
    stocked = made.ask("PUT", "stock", {"site": "tea", "sku": "OOL-50", "units": 12})
    again = made.post("products", body)

    assert (new.status_code, new.json()["units"][0]["price"]) == (201, 52_000)
    assert (changed.json()["title"], changed.json()["text"]) == ("Oolong, dark", "Half dark.")
    assert (*refused(stale), stale.json()["current"]["title"]) == (409, "stale_product", "Oolong, dark")
    assert (priced.json()["price"], stocked.json()["stock"]) == (60_000, 12)
    assert refused(again) == (409, "unit_taken")
    assert refused(made.ask("PUT", "prices", {"site": "tea", "sku": "OOL-50", "price": 1, "ver": 1})) == (
        409,
        "stale_product",
    )


def be_in(site: str, *regions: str) -> None:
    for region in regions:
        locales.make_region(region, title=region.title(), by="test")
        locales.put_site_region(site, region, path=f"/{region}", by="test")


def test_a_product_is_made_and_changed_in_further_languages_and_regions(caller, shops) -> None:
    made = caller()
    locales.put_language("tea", "ar", path="/ar", by="test")
    be_in("tea", "msk", "spb")
    unit = {"sku": "OOL-50", "options": "size=L", "price": 52_000, "regional_prices": {"msk": 55_000}}
    words = {"title": "شاي", "options": [{"sku": "OOL-50", "options": "size=L", "title": "كبير"}]}
    body = {"site": "tea", "title": "Oolong", "units": [unit], "translations": {"ar": words}}

    new = made.post("products", body).json()
    changes = {"ar": {"text": "نص", "attributes": [["الوزن", "50"]]}}
    changed = made.ask("PATCH", f"products/{new['id']}", {"site": "tea", "translations": changes}).json()
    there = {"site": "tea", "sku": "OOL-50", "options": "size=L"}
    priced = made.ask("PUT", "prices", {**there, "region": "spb", "price": 60_000})
    taken = made.ask("PUT", "prices", {**there, "region": "msk", "price": None})
    bared = made.ask(
        "PATCH", f"products/{new['id']}", {"site": "tea", "translations": {"ar": {"text": "", "attributes": []}}}
    ).json()

    assert new["units"][0]["regional_prices"] == {"msk": 55_000}
    assert new["translations"] == {"ar": {**words, "text": "", "attributes": []}}
    assert changed["translations"] == {"ar": {**words, **changes["ar"]}}
    assert changed["ver"] == new["ver"] + 1
    assert priced.json()["regional_prices"] == {"msk": 55_000, "spb": 60_000}
    assert taken.json()["regional_prices"] == {"spb": 60_000} and taken.json()["price"] == 52_000
    assert bared["translations"] == new["translations"]
    assert made.get("units?search=OOL-50").json()["items"][0]["regional_prices"] == {"spb": 60_000}


def test_a_product_is_shown_in_some_regions_and_everywhere_again(caller, shops) -> None:
    made = caller()
    be_in("tea", "msk")
    seen = made.get("units").json()["items"][0]
    path = f"products/{seen['product']}/shown"

    hidden = made.ask("PUT", path, {"site": "tea", "regions": {"": False, "msk": True}, "ver": None})
    assert hidden.json()["shown_in"] == {"": False, "msk": True}
    stale = made.ask("PUT", path, {"site": "tea", "regions": {}, "ver": hidden.json()["ver"] - 1})
    assert refused(stale) == (409, "stale_product")
    assert stale.json()["current"]["shown_in"] == {"": False, "msk": True}

    assert made.ask("PUT", path, {"site": "tea", "regions": {}}).json()["shown_in"] == {}


def test_a_price_of_a_region_somebody_changed_meanwhile_is_not_painted_over(caller, shops) -> None:
    made = caller()
    be_in("tea", "msk")
    seen = made.get("units").json()["items"][0]["ver"]
    body = {"site": "tea", "sku": "Tea-1", "region": "msk"}
    assert made.ask("PUT", "prices", {**body, "price": 1_000, "ver": seen}).status_code == 200

    stale = made.ask("PUT", "prices", {**body, "price": 2_000, "ver": seen})

    assert refused(stale) == (409, "stale_product")
    assert stale.json()["current"]["regional_prices"] == {"msk": 1_000}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "prices", {"sku": "Tea-1", "region": "far", "price": 1}),
        ("PUT", "prices", {"sku": "Tea-1", "region": "msk", "price": 1, "old_price": 2}),
        ("PUT", "prices", {"sku": "Tea-1", "price": None}),
        ("PUT", "products/{product}/shown", {"regions": {"far": True}}),
        ("PATCH", "products/{product}", {"translations": {"de": {"title": "Tee"}}}),
        ("PATCH", "products/{product}", {"translations": {"ru": {"title": "x"}}}),
        ("PATCH", "products/{product}", {"translations": {"en": {"options": [{"sku": "no", "title": "x"}]}}}),
        ("PATCH", "products/{product}", {"translations": {"en": {"title": "x" * 301}}}),
        ("POST", "products", {"title": "x", "units": [{"sku": "n", "price": 1, "regional_prices": {"far": 1}}]}),
    ],
)
def test_what_no_language_or_region_of_the_shop_has_is_refused(caller, shops, method, path, body) -> None:
    be_in("tea", "msk")
    product = Listing.objects.get(site="tea").product_id

    answer = caller().ask(method, path.format(product=product), {"site": "tea", **body})

    assert answer.status_code == 422 and answer.json()["message"]
    assert not RegionalPrice.objects.exists() and not Translation.objects.exists()


def test_the_languages_and_regions_of_a_site_are_listed(caller, shops) -> None:
    made = caller()
    locales.put_language(
        "tea", "ar", path="/ar", words={"name": "شاي", "deliveries": {"courier": ("بريد", "")}}, by="t"
    )
    be_in("hush", "far")
    locales.make_region("ru", title="Россия", titles={"en": "Russia"}, places=["RU"], by="test")
    locales.make_region("msk", title="Москва", parent="ru", position=3, by="test")
    way = {"code": "courier", "title": "Courier", "price": 500, "needs_address": True, "note": "today"}
    locales.put_site_region("tea", "msk", path="/msk", phone="+7 495", deliveries=[way], by="test")
    locales.put_site_region("tea", "ru", email="ru@example.com", by="test")

    own, arabic = made.get("sites/tea/languages").json()["items"]
    russia, moscow = made.get("sites/tea/regions").json()["items"]

    assert (own["code"], own["is_own"], own["words"]["name"]) == ("ru", True, "")
    assert (arabic["code"], arabic["name"], arabic["url"].endswith("/ar")) == ("ar", "العربية", True)
    assert arabic["words"]["deliveries"] == {"courier": {"title": "بريد", "note": ""}}
    assert (russia["region"], russia["url"], russia["email"], russia["deliveries"]) == (
        "ru",
        "",
        "ru@example.com",
        None,
    )
    assert (moscow["parent"], moscow["url"].endswith("/msk"), moscow["phone"]) == ("ru", True, "+7 495")
    assert moscow["deliveries"] == [{"code": "courier", "title": "Courier", "note": "today", "price": 500}]
    assert {one["id"] for one in made.get("regions").json()["items"]} == {"ru", "msk"}
    assert made.get("regions/ru").json() == {
        "id": "ru", "title": "Россия", "titles": {"en": "Russia"}, "parent": "", "position": 0, "places": ["RU"],
    }  # fmt: skip


def test_what_a_source_feeds_a_key_does_not_write(caller, shops) -> None:
    made = caller()
    source = ImportSource.objects.create(title="Maker", sites=["tea"], is_master=True, created_by="test")
    Product.objects.update(master=source)
    product = Offer.objects.get(variant__sku="Tea-1").variant.product_id

    answers = [
        made.ask("PATCH", f"products/{product}", {"site": "tea", "title": "Mine"}),
        made.ask("PUT", "prices", {"site": "tea", "sku": "Tea-1", "price": 1}),
        made.ask("PUT", "stock", {"site": "tea", "sku": "Tea-1", "units": 1}),
    ]

    assert [refused(one) for one in answers] == [(409, "field_fed")] * 3


# --- a call that is sent again -------------------------------------------------------------------------------------


def test_a_call_sent_again_is_answered_again_and_done_once(caller, shops) -> None:
    made = caller()
    body = {"site": "tea", "title": "Oolong", "units": [{"sku": "OOL-50", "price": 52_000}]}

    first = made.post("products", body, idempotency_key="one")
    again = made.post("products", body, idempotency_key="one")
    other = made.post("products", {**body, "title": "Else"}, idempotency_key="one")
    elsewhere = caller().post("products", body, idempotency_key="one")

    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)
    assert (again["ETag"], again["Idempotency-Replayed"]) == (first["ETag"], "true")
    assert refused(other) == (422, "idempotency_key_reused")
    assert refused(elsewhere) == (409, "unit_taken")  # another key's names are its own
    assert Listing.objects.filter(site="tea", title="Oolong").count() == 1


def test_a_call_under_way_is_not_begun_twice_and_a_dead_one_is_taken_over(caller, shops) -> None:
    made = caller()
    made.post("products", {"no": "product"}, idempotency_key="one")
    RememberedCall.objects.update(status=None)

    assert refused(made.post("products", {"no": "product"}, idempotency_key="one")) == (409, "under_way")
    RememberedCall.objects.update(began_at=timezone.now() - timedelta(minutes=2))
    assert refused(made.post("products", {"no": "product"}, idempotency_key="one")) == (422, "bad_input")


def test_an_answer_that_is_remembered_shows_no_person_in_the_database(caller, shops) -> None:
    run_due()
    made, order = caller(), shops["tea"]

    answer = made.ask("PATCH", f"orders/{order.pk}", {"note": "call Anna"}, idempotency_key="one")

    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM api_rememberedcall")
        stored = bytes(cursor.fetchone()[0])
    assert answer.json()["contact"]["name"].encode() not in stored
    assert b"Anna" not in stored


# --- what is no call -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status", "code"),
    [
        ("POST", "products", b"{", {}, 400, "bad_request"),
        ("POST", "products", b"\xff\xfe", {}, 400, "bad_request"),
        ("POST", "products", {"title": "x"}, {}, 422, "bad_input"),
        ("PUT", "prices", {"site": "tea", "sku": "Tea-1", "price": "1"}, {}, 422, "bad_input"),
        ("PUT", "prices", {"site": "tea", "sku": "Tea-1", "price": 1, "colour": 1}, {}, 422, "bad_input"),
        ("POST", "products", b"a=1", {"content_type": "text/plain"}, 415, "not_json"),
        ("POST", "products", b" " * 1_000_001, {}, 413, "too_large"),
        ("DELETE", "orders", None, {}, 405, "method_not_allowed"),
        ("GET", "nothing", None, {}, 404, "not_found"),
        ("GET", "orders/nothing", None, {}, 422, "bad_input"),
        ("GET", "orders?limit=0", None, {}, 422, "bad_input"),
        ("POST", "products", {}, {"idempotency_key": "x" * 101}, 400, "bad_request"),
    ],
)
def test_what_is_no_call_is_refused_in_one_shape(
    caller, method: str, path: str, body: Any, headers: dict[str, str], status: int, code: str
) -> None:
    answer = caller().ask(method, path, body, **headers)

    assert refused(answer) == (status, code)
    assert answer["Content-Type"].startswith("application/json")
    assert answer["Cache-Control"] == "no-store"


def test_the_document_is_open_and_names_every_call(client) -> None:
    answer = client.get("/api/v1/openapi.json")

    said = json.loads(answer.content)
    assert said["openapi"].startswith("3.1")
    assert "/api/v1/orders/{order}/status" in said["paths"]
    for path in said["paths"].values():
        for call in path.values():
            assert call["security"] == [{"key": []}]
            assert "401" in call["responses"]


def test_stock_is_told_and_corrected_by_warehouse(caller, shops) -> None:
    add_warehouse("north", name="North", position=5)
    made = caller()
    unit = {"site": "tea", "sku": "Tea-1"}

    listed = made.get("warehouses").json()["items"]
    put = made.ask("PUT", "stock", {**unit, "units": 4, "warehouse": "north"})
    made.ask("PUT", "stock", {**unit, "units": 6})
    refusal = made.ask("PUT", "stock", {**unit, "units": 4, "warehouse": "nowhere"})

    assert [one["code"] for one in listed] == ["north", "main"]
    assert put.status_code == 200
    assert refused(refusal) == (404, "unknown_warehouse")
    told = made.get("stock?site=tea&sku=Tea-1").json()
    assert [(one["warehouse"], one["free"]) for one in told["items"]] == [("north", 6), ("main", 0)]
    assert refused(made.get("stock?site=tea&sku=nothing")) == (404, "unknown_unit")
