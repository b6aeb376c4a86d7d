"""The card of a product: its words in both languages, pictures, where it is shown, a product made by hand."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from central.catalog.models import Listing, PictureAlt, Product, ProductPicture, Variant
from central.catalog.tests.make import forget_pointers, pointers, svg
from central.catalog.topics import _read_products
from central.orders.tests.make import realm_away
from central.stock.queries import stock_of
from central.stock.receipts import receive_stock
from central.ui.tests import cast
from sync.contracts.codec import unpack
from sync.contracts.documents import ProductDoc

pytestmark = pytest.mark.django_db(databases=["default", "catalog", "orders"])


@pytest.fixture(autouse=True)
def world(node_home: Any) -> None:
    for site in ("tea", "clay"):
        cast.site(site)
    cast.product("tea", "T-1", "Иван-чай зелёный")
    receive_stock({Variant.objects.get(sku="T-1").pk: 5}, who="storekeeper")
    forget_pointers()


@pytest.fixture
def ada() -> Any:
    return cast.signed_in(cast.staff("ada", "admin"))


@pytest.fixture
def tea() -> UUID:
    return Listing.objects.get(site="tea").product_id


def document(product: UUID, site: str = "tea") -> ProductDoc:
    body = _read_products(f"product:{site}", [product.hex])[product.hex][1]
    assert body is not None
    return unpack(body, ProductDoc)


def words(client: Any, address: str, **changed: str) -> dict[str, str]:
    """The form of words as a browser sends it: with the values it was shown."""
    form = client.get(address).context["form"]
    return {**dict(form.hidden_values), **{key: value or "" for key, value in form.initial.items()}, **changed}


def upload(client: Any, product: UUID, *files: bytes) -> Any:
    named = [SimpleUploadedFile(f"p{at}.svg", data) for at, data in enumerate(files)]
    return client.post(f"/products/{product}/pictures", {"pictures": named}, follow=True)


def pictures(product: UUID) -> list[str]:
    return list(ProductPicture.objects.filter(product=product).order_by("position").values_list("media_id", flat=True))


def test_words_in_both_languages_are_kept_and_the_shops_own_go_out_once(ada: Any, tea: UUID) -> None:
    address = f"/products/{tea}/words/tea"
    sent = words(ada, address, title_ru="Кипрей", title_en="Fireweed tea", text_ru="Собран летом.")

    assert ada.post(address, sent).status_code == 302
    published = pointers()
    assert ada.post(address, words(ada, address)).status_code == 302

    assert (document(tea).title, document(tea).text) == ("Кипрей", "Собран летом.")
    assert [topic for topic, _key, _ver in published] == ["product:tea", "card:main"]
    assert pointers() == published
    page = ada.get(f"/products/{tea}").content.decode()
    assert "Fireweed tea" in page and "Кипрей" in page


@pytest.mark.parametrize("text", ["ЗЕЛЕНЫЙ", "зелёный чай", "t-1", "GREEN"])
def test_the_list_finds_by_either_language_and_by_sku(ada: Any, tea: UUID, text: str) -> None:
    address = f"/products/{tea}/words/tea"
    ada.post(address, words(ada, address, title_en="Green fireweed"))

    assert "Иван-чай" in ada.get("/products", {"q": text}).content.decode()
    assert "Иван-чай" not in ada.get("/products", {"q": f"{text} black"}).content.decode()


def test_two_people_change_the_words_and_the_second_chooses(ada: Any, tea: UUID) -> None:
    address = f"/products/{tea}/words/tea"
    mine, theirs = (words(ada, address, title_ru=title) for title in ("Мой чай", "Их чай"))
    ada.post(address, theirs)

    answer = ada.post(address, mine)

    assert answer.status_code == 409
    assert "Мой чай" in answer.content.decode() and "Их чай" in answer.content.decode()
    assert Listing.objects.get(site="tea").title == "Их чай"


def test_pictures_are_added_ordered_and_taken_away(ada: Any, tea: UUID) -> None:
    upload(ada, tea, svg("111111"), svg("222222"), svg("333333"))
    one, two, three = pictures(tea)

    for sha, deed in ((three, "first"), (one, "later"), (two, "remove")):
        ada.post(f"/products/{tea}/pictures/{sha}", {"do": deed})

    assert pictures(tea) == [three, one]
    assert [picture.hash for picture in document(tea).pictures] == [three, one]


def test_a_new_main_picture_makes_each_shops_card_anew_and_another_does_not(ada: Any, tea: UUID) -> None:
    cast.product("clay", "T-1", "Чай в чашке")
    forget_pointers()

    upload(ada, tea, svg("111111"))
    first = sorted(topic for topic, _key, _ver in pointers())
    forget_pointers()
    upload(ada, tea, svg("222222"))

    assert first == ["card:main", "card:main", "product:clay", "product:tea"]
    assert sorted(topic for topic, _key, _ver in pointers()) == ["product:clay", "product:tea"]


@pytest.mark.parametrize("data", [b"not a picture", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", b""])
def test_what_is_no_picture_is_named_and_refused(ada: Any, tea: UUID, data: bytes) -> None:
    answer = upload(ada, tea, data, svg("222222"))

    if data:
        assert "p0.svg: This is no picture that can be kept." in answer.content.decode()
    assert len(pictures(tea)) == 1


def test_a_picture_is_described_in_the_language_of_the_shop(ada: Any, tea: UUID) -> None:
    upload(ada, tea, svg("111111"))
    [sha] = pictures(tea)
    assert document(tea).pictures[0].alt == "Иван-чай зелёный"

    ada.post(f"/products/{tea}/pictures/{sha}", {"do": "alt", "alt_ru": "Пачка на столе", "alt_en": "A pack"})

    assert document(tea).pictures[0].alt == "Пачка на столе"
    assert PictureAlt.objects.count() == 2


def test_shared_pictures_are_not_changed_by_who_does_not_see_all_the_sites(tea: UUID) -> None:
    cast.product("clay", "T-1", "Чай в чашке")
    eva = cast.signed_in(cast.staff("eva", "admin", sites=["clay"]))

    page = eva.get(f"/products/{tea}").content.decode()

    assert "Чай в чашке" in page and "Иван-чай" not in page
    assert "1 more site sells it" in page
    assert upload(eva, tea, svg("111111")).status_code == 404
    assert eva.get(f"/products/{tea}/words/tea").status_code == 404
    assert eva.post(f"/products/{tea}/switch/tea", {"to": "off"}).status_code == 404
    assert (pictures(tea), Listing.objects.get(site="tea").is_active) == ([], True)


def test_a_product_is_switched_off_and_on_and_keeps_what_it_was(ada: Any, tea: UUID) -> None:
    for to, state in (("off", "switched off"), ("on", "on sale")):
        page = ada.post(f"/products/{tea}/switch/tea", {"to": to}, follow=True).content.decode()
        assert state in page

    assert document(tea).title == "Иван-чай зелёный"


def test_the_card_tells_where_units_lie_and_how_they_came(ada: Any, tea: UUID) -> None:
    page = ada.get(f"/products/{tea}").content.decode()

    assert "outside → free" in page and "storekeeper" in page


def test_the_history_says_who_changed_which_words(ada: Any, tea: UUID) -> None:
    address = f"/products/{tea}/words/tea"
    ada.post(address, words(ada, address, title_ru="Кипрей"))

    page = ada.get(f"/products/{tea}", {"tab": "history"}).content.decode()

    assert "Кипрей" in page and "Иван-чай зелёный" in page and "ada" in page


def test_stock_away_the_rest_of_the_card_stands(ada: Any, tea: UUID) -> None:
    with realm_away("orders"):
        page = ada.get(f"/products/{tea}").content.decode()

    assert "The stock does not answer" in page and "Иван-чай" in page


def test_a_product_is_made_by_hand_with_price_stock_and_picture(ada: Any) -> None:
    sent = {
        "site": "tea", "sku": "N-1", "title": "Новый чай", "options": "size=L", "text": "", "price": "99,50",
        "stock": "7", "picture": SimpleUploadedFile("a.svg", svg("123456")),
    }  # fmt: skip

    answer = ada.post("/products/new", sent)

    variant = Variant.objects.get(sku="N-1")
    assert answer["Location"] == f"/products/{variant.product_id}"
    assert (variant.options, variant.offers.get().price, variant.offers.get().options_title) == ("size=L", 9950, "L")
    assert (stock_of([variant.pk])[variant.pk].total, len(pictures(variant.product_id))) == (7, 1)


def test_a_unit_that_is_sold_already_is_not_made_again(ada: Any) -> None:
    sent = {"site": "tea", "sku": "T-1", "title": "Другой", "options": "", "text": "", "price": "1", "stock": ""}

    answer = ada.post("/products/new", sent)

    assert answer.status_code == 422
    assert "sells T-1 already" in answer.content.decode()
    assert Product.objects.count() == 1


def test_filters_find_what_has_no_picture_and_what_is_switched_off(ada: Any, tea: UUID) -> None:
    cast.product("clay", "C-1", "Чашка")
    upload(ada, tea, svg("111111"))
    ada.post(f"/products/{tea}/switch/tea", {"to": "off"})

    def found(**query: str) -> list[bool]:
        page = ada.get("/products", query).content.decode()
        return [name in page for name in ("Иван-чай", "Чашка")]

    assert found(no_picture="1") == found(state="on") == found(site="clay") == [False, True]
    assert found(state="off") == [True, False]


def test_barcodes_are_kept_found_by_and_name_one_unit_each(ada: Any, tea: UUID) -> None:
    variant = Variant.objects.get(product=tea)
    cast.product("tea", "OTHER-1", "Other goods")
    other = Variant.objects.get(sku="OTHER-1")
    Variant.objects.filter(pk=other.pk).update(barcode="4600000000000")
    form = {"ver": "1", "shown": "{}"}

    done = ada.post(f"/products/{tea}/barcodes", {**form, variant.pk.hex: "4006381333931"})
    taken = ada.post(f"/products/{tea}/barcodes", {**form, variant.pk.hex: "4600000000000"})

    assert (done.status_code, taken.status_code) == (302, 422)
    variant.refresh_from_db()
    assert variant.barcode == "4006381333931"
    assert variant.sku in ada.get("/products?q=4006381333931").content.decode()
    assert "4006381333931" in ada.get(f"/products/{tea}").content.decode()
