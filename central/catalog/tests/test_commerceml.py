"""An exchange with 1C: goods wait for offers, offers become units, prices of the trade stay at central."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from central.catalog.documents import card_docs, listings_whole, product_docs
from central.catalog.importing import runs
from central.catalog.importing.command import import_by_source, needs_source
from central.catalog.models import (
    ImportRun,
    ImportSource,
    Listing,
    Offer,
    PrivatePrice,
    SourceItem,
    SourceTerm,
    Variant,
)
from central.catalog.tests import exchange
from central.catalog.tests.exchange import import_xml, offer, offers_xml, price
from central.catalog.tests.files import archive
from central.catalog.tests.make import DATABASES, forget_pointers, make_site, pointers
from central.stock.queries import stock_of
from sync.contracts.codec import pack

pytestmark = pytest.mark.django_db(databases=DATABASES)


@pytest.fixture
def source(node_home: Path) -> ImportSource:
    make_site("shoes", "RUB")
    return ImportSource.objects.create(title="1C", sites=["shoes"], created_by="test")


def bring(source: ImportSource, data: bytes, name: str = "import.xml", *, is_dry: bool = False) -> ImportRun:
    """One run from its file to its end, as the worker does it."""
    run = runs.take_file(source, name, [data], by="ada")
    ImportRun.objects.filter(pk=run.pk).update(state="checking" if is_dry else "running")
    runs.do_run(run.pk)
    run.refresh_from_db()
    return run


def report(run: ImportRun, *, is_dry: bool = False) -> list[dict[str, Any]]:
    return runs.lines_of(runs.report_of(run, is_dry=is_dry))[0]


def units() -> dict[str, tuple[str, int]]:
    """What the shop sells: key -> (title with options, price)."""
    offers = Offer.objects.select_related("variant", "listing").filter(is_active=True, listing__is_active=True)
    return {str(one.variant): (f"{one.listing.title}/{one.options_title}", one.price) for one in offers}


def stocks() -> dict[str, int]:
    variants = {one.pk: str(one) for one in Variant.objects.all()}
    return {variants[pk]: one.total for pk, one in stock_of(variants).items()}


def test_goods_wait_for_their_offers_and_then_are_sold(source: ImportSource) -> None:
    first = bring(source, import_xml())

    assert (first.state, first.counts) == ("done", {"read": 2, "created": 2})
    assert units() == {}
    assert {line["why"] for line in report(first)} == {"waits for its offer"}

    second = bring(source, offers_xml(), "offers.xml")

    assert (second.state, second.error) == ("done", "")
    assert second.counts == {"read": 4, "created": 3, "refused": 1}
    assert units() == {
        "B-1 (размер=38)": ("Сапоги зимние/38", 171_950),
        "B-1 (характеристика=39)": ("Сапоги зимние/39", 180_000),
        "L-1": ("Шнурки/", 5_000),
    }
    assert stocks() == {"B-1 (размер=38)": 7, "B-1 (характеристика=39)": 0, "L-1": 100}
    boots = Listing.objects.get(title="Сапоги зимние")
    assert (boots.text, boots.attributes, boots.product.brand) == ("Тёплые.", [["Сезон", "Зима"]], "Колодка")
    (shelf,) = boots.categories.all()
    assert shelf.parent is not None
    assert (shelf.parent.title, shelf.title) == ("Обувь", "Сапоги")


def test_an_offer_without_its_product_is_refused_by_name(source: ImportSource) -> None:
    bring(source, import_xml())

    run = bring(source, offers_xml(), "offers.xml")

    (refused,) = [line for line in report(run) if line["outcome"] == "refused"]
    assert "its product ghost was never sent by this source" in refused["why"]
    assert refused["cells"] == ["ghost", "X-1", "Призрак"]


def test_a_purchase_price_stays_at_central(source: ImportSource) -> None:
    bring(source, archive({"import.xml": import_xml(), "offers.xml": offers_xml()}), "exchange.zip")

    kept = PrivatePrice.objects.get()

    assert (kept.kind, kept.price, kept.variant.options) == ("purchase", 90_000, "размер=38")
    published = b"".join(pack(one) for one in product_docs(list(listings_whole(Listing.objects.all()))))
    published += b"".join(pack(one) for one in card_docs(list(Offer.objects.select_related("variant", "listing"))))
    assert pack(171_950) in published
    assert pack(90_000) not in published


def test_a_second_exchange_changes_nothing(source: ImportSource) -> None:
    both = archive({"offers.xml": offers_xml(), "import.xml": import_xml()})
    assert bring(source, both, "exchange.zip").counts == {"read": 6, "created": 5, "refused": 1}
    forget_pointers()

    assert bring(source, both, "exchange.zip").counts == {"read": 6, "unchanged": 5, "refused": 1}
    assert pointers() == []


def test_a_look_at_an_exchange_leaves_no_trace(source: ImportSource) -> None:
    both = archive({"import.xml": import_xml(), "offers.xml": offers_xml()})

    run = bring(source, both, "exchange.zip", is_dry=True)

    assert (run.state, run.counts) == ("ready", {"read": 6, "created": 5, "refused": 1})
    assert (Listing.objects.count(), SourceItem.objects.count(), SourceTerm.objects.count()) == (0, 0, 0)
    assert pointers() == []
    assert stocks() == {}


def test_a_changed_text_and_a_changed_price_are_the_only_changes(source: ImportSource) -> None:
    bring(source, archive({"import.xml": import_xml(), "offers.xml": offers_xml()}), "exchange.zip")

    goods = bring(source, import_xml(exchange.GOODS.replace("Шнурки", "Шнурки белые")))
    offers = bring(source, offers_xml(offer("laces", "L-1", "Шнурки", price("t-retail", "60"))), "offers.xml")

    assert (goods.counts, offers.counts) == ({"read": 2, "updated": 1, "unchanged": 1}, {"read": 1, "updated": 1})
    assert report(goods)[0]["changes"] == {"title": ["Шнурки", "Шнурки белые"]}
    assert report(offers)[0]["changes"] == {"price": [5_000, 6_000]}
    assert units()["L-1"] == ("Шнурки белые/", 6_000)


def test_a_deleted_product_leaves_the_shop_and_comes_back(source: ImportSource) -> None:
    bring(source, archive({"import.xml": import_xml(), "offers.xml": offers_xml()}), "exchange.zip")
    gone = exchange.GOODS.replace("<Товар><Ид>laces", '<Товар Статус="Удален"><Ид>laces')

    bring(source, import_xml(gone))
    assert "L-1" not in units()

    bring(source, import_xml())
    assert "L-1" in units()


def test_prices_and_rests_may_come_in_files_of_their_own(source: ImportSource) -> None:
    bare = "<Предложение><Ид>laces</Ид><Артикул>L-1</Артикул><Наименование>Шнурки</Наименование></Предложение>"
    rests = (
        "<Предложение><Ид>laces</Ид><Остатки><Остаток><Склад><Ид>w-1</Ид><Количество>8</Количество></Склад></Остаток>"
        "</Остатки></Предложение>"
    )
    prices = f"<Предложение><Ид>laces</Ид><Цены>{price('t-retail', '50')}</Цены></Предложение>"
    bring(source, import_xml())

    waits = bring(source, offers_xml(bare), "offers.xml")
    bring(source, offers_xml(prices), "prices.xml")
    bring(source, offers_xml(rests), "rests.xml")

    assert [line["why"] for line in report(waits)] == ["waits for its price"]
    assert (units(), stocks()) == ({"L-1": ("Шнурки/", 5_000)}, {"L-1": 8})


def test_the_classifier_may_come_alone_and_goods_without_it(source: ImportSource) -> None:
    bring(source, exchange.CLASSIFIER.encode(), "classifier.xml")
    bring(source, import_xml(classifier=""))
    bring(source, offers_xml(), "offers.xml")

    assert Listing.objects.get(title="Сапоги зимние").categories.get().title == "Сапоги"


def test_the_mapping_says_which_price_and_which_warehouse(source: ImportSource) -> None:
    source.mapping = {"prices": {"t-buy": "retail", "Розничная": "wholesale"}, "warehouses": ["Дальний"]}
    source.save()
    bring(source, archive({"import.xml": import_xml(), "offers.xml": offers_xml()}), "exchange.zip")

    assert units() == {"B-1 (размер=38)": ("Сапоги зимние/38", 90_000)}
    assert stocks() == {"B-1 (размер=38)": 4}
    assert PrivatePrice.objects.get().kind == "wholesale"


def test_two_price_types_of_which_none_is_the_retail_one_are_asked_about(source: ImportSource) -> None:
    types = exchange.TYPES.replace("Розничная", "Особая")
    bring(source, import_xml())

    run = bring(source, offers_xml(types=types), "offers.xml")

    assert run.state == "failed"
    assert "no price type is the retail price (“Особая”, “Закупочная”)" in run.error
    assert units() == {}


def test_two_products_of_one_article_are_not_made_one(source: ImportSource) -> None:
    twin = exchange.GOODS.replace("<Артикул>L-1", "<Артикул>B-1")

    run = bring(source, import_xml(twin))

    (refused,) = [line for line in report(run) if line["outcome"] == "refused"]
    assert "already that of another product (boots)" in refused["why"]


def test_a_file_cut_short_changes_nothing(source: ImportSource) -> None:
    run = bring(source, import_xml()[:-60])

    assert run.state == "failed"
    assert run.error.startswith("import.xml: line")
    assert SourceItem.objects.count() == 0


def test_the_command_brings_the_files_of_an_exchange_in(node_home: Path, tmp_path: Path) -> None:
    make_site("shoes", "RUB")
    files = [tmp_path / "import.xml", tmp_path / "offers.xml"]
    files[0].write_bytes(import_xml())
    files[1].write_bytes(offers_xml())
    assert [needs_source(file) for file in files] == [True, True]

    looked = import_by_source(files, "shoes", "1C", is_dry=True, tell=lambda line: None)
    assert (looked.created, Listing.objects.count()) == (5, 0)
    counts = import_by_source(files, "shoes", "1C", is_dry=False, tell=lambda line: None)

    assert (counts.read, counts.created, counts.refused) == (6, 5, 1)
    assert "L-1" in units()


def test_barcodes_come_with_goods_and_with_offers(source: ImportSource) -> None:
    goods = exchange.GOODS.replace("<Артикул>L-1</Артикул>", "<Артикул>L-1</Артикул><Штрихкод>4600000000001</Штрихкод>")
    offers = exchange.OFFERS.replace("<Ид>boots#38</Ид>", "<Ид>boots#38</Ид><Штрихкод>4600000000038</Штрихкод>")
    assert goods != exchange.GOODS and offers != exchange.OFFERS

    bring(source, import_xml(goods))
    bring(source, offers_xml(offers), "offers.xml")

    found = {str(one): one.barcode for one in Variant.objects.all()}
    assert sorted(found.values()) == ["", "4600000000001", "4600000000038"]
    again = bring(source, import_xml(goods.replace("4600000000001", "4600000000002")))
    assert again.counts["updated"] == 1
    assert Variant.objects.get(sku="L-1").barcode == "4600000000002"
