"""A field that its master source feeds: locked at the desk, taken over by who may, and then left by every source."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from central.catalog import actions, editing
from central.catalog.errors import BadGoods, FieldFed
from central.catalog.feeding import feeds_of, give_back, take_over
from central.catalog.importing import runs
from central.catalog.importing.models import ImportRun, ImportSource
from central.catalog.models import FieldOverride, Listing, Offer, Product
from central.catalog.tests.make import svg
from central.stock.queries import stock_of
from central.ui.tests import cast
from node.realms import CENTRAL_REALMS, alias_of

pytestmark = pytest.mark.django_db(databases=[alias_of(realm) for realm in CENTRAL_REALMS])

HEADER = "sku,title,text,price,stock\n"


@pytest.fixture(autouse=True)
def world(node_home: Path) -> None:
    cast.site("tea")
    cast.site("clay")


def source(title: str = "Maker", **more: Any) -> ImportSource:
    more = {"sites": ["tea"], "is_master": True, **more}
    return ImportSource.objects.create(title=title, created_by="test", **more)


def bring(one: ImportSource, rows: str) -> list[dict[str, Any]]:
    """The report of one run that was written."""
    run = runs.take_file(one, "goods.csv", [(HEADER + rows).encode()], by="ada")
    ImportRun.objects.filter(pk=run.pk).update(state="running")
    runs.do_run(run.pk)
    run.refresh_from_db()
    assert run.state == "done", run.error
    return runs.lines_of(runs.report_of(run, is_dry=False))[0]


@pytest.fixture
def maker() -> ImportSource:
    one = source(fields=["title", "price", "stock"])
    bring(one, "T1,Sencha,Green.,10,5\n")
    return one


@pytest.fixture
def tea(maker: ImportSource) -> UUID:
    return Product.objects.get().pk


def shown() -> tuple[str, int, int]:
    offer = Offer.objects.select_related("listing").get(site="tea")
    return offer.listing.title, offer.price, stock_of([offer.variant_id])[offer.variant_id].total


def ada(role: str = "admin") -> Any:
    return cast.signed_in(cast.staff("ada", role))


def test_what_is_fed_no_person_writes(tea: UUID) -> None:
    with pytest.raises(FieldFed):
        actions.set_price("tea", "T1", "", 2_000, by="ada")
    with pytest.raises(FieldFed):
        editing.edit_words("tea", tea, editing.Words("Mine", "Green."), {}, by="ada")

    editing.edit_words("tea", tea, editing.Words("Sencha", "Mine."), {}, by="ada")

    assert shown() == ("Sencha", 1_000, 5)
    assert Listing.objects.get().text == "Mine."  # a field the source does not write


def test_what_was_taken_over_no_source_writes_until_it_is_given_back(maker: ImportSource, tea: UUID) -> None:
    for field in ("price", "stock"):
        take_over("tea", tea, field, by="ada")
    actions.set_price("tea", "T1", "", 2_000, by="ada")

    (line,) = bring(maker, "T1,Sencha 2,Green.,11,9\n")

    assert shown() == ("Sencha 2", 2_000, 5)
    assert (line["outcome"], line["why"]) == ("updated", "price, stock: left alone, people took them over")
    give_back("tea", tea, "price", by="ada")
    bring(maker, "T1,Sencha 2,Green.,11,9\n")
    assert shown() == ("Sencha 2", 1_100, 5)


def test_another_source_finds_both_the_master_and_people(maker: ImportSource, tea: UUID) -> None:
    take_over("tea", tea, "price", by="ada")

    (line,) = bring(source("Dealer", is_master=False), "T1,Cheap,Green.,1,5\n")

    assert shown() == ("Sencha", 1_000, 5)
    assert line["why"] == "title: left alone, “Maker” is their master; price: left alone, people took them over"


def test_a_sites_own_fields_are_taken_over_for_it_alone_and_shared_ones_for_all(tea: UUID) -> None:
    ImportSource.objects.update(sites=["tea", "clay"])
    actions.save_product("clay", actions.Goods([actions.Unit("T1", price=100)], title="Cup"), by="test")

    take_over("tea", tea, "title", by="ada")
    take_over("tea", tea, "stock", by="ada")

    fed = feeds_of([(tea, "tea"), (tea, "clay")])
    locked = {site: [name for name, one in fields.items() if one.is_locked] for (_, site), fields in fed.items()}
    assert locked == {"tea": ["price"], "clay": ["title", "price"]}


def test_texts_of_another_language_and_sites_of_no_source_are_free(tea: UUID) -> None:
    actions.save_product("clay", actions.Goods([actions.Unit("T1", price=100)], title="Cup"), by="test")
    ImportSource.objects.update(language="de")

    fed = feeds_of([(tea, "tea"), (tea, "clay")])

    assert {site: sorted(fields) for (_, site), fields in fed.items()} == {"tea": ["price", "stock"], "clay": ["stock"]}


def test_nothing_is_taken_over_that_nobody_feeds(tea: UUID) -> None:
    with pytest.raises(BadGoods):
        take_over("tea", tea, "brand", by="ada")

    assert not FieldOverride.objects.exists()


def test_the_desk_locks_names_the_source_and_hands_over(tea: UUID) -> None:
    desk = ada()
    card, words = f"/products/{tea}", f"/products/{tea}/words/tea"
    priced = {"site": "tea", "sku": "T1", "options": "", "price": "20"}

    locked, form, cell = desk.get(card), desk.get(words).content.decode(), desk.post("/products/price", priced)
    stock = desk.post("/products/stock", {**priced, "stock": "7"})
    assert "Fed by “Maker”" in locked.content.decode() and 'name="price"' not in locked.content.decode()
    assert "Fed by “Maker”. Take it over" in form
    assert (cell.status_code, stock.status_code, shown()) == (422, 422, ("Sencha", 1_000, 5))
    assert "“Maker” feeds this field" in cell.content.decode()

    for field in ("price", "stock"):
        desk.post(f"/products/{tea}/feed/tea", {"field": field, "do": "take"})
    desk.post("/products/price", priced)
    desk.post("/products/stock", {**priced, "stock": "7"})

    assert shown() == ("Sencha", 2_000, 7)
    page = desk.get(card).content.decode()
    assert "taken over by ada" in page and 'name="price"' in page
    assert "Taken over from its source" in desk.get(f"{card}?tab=history").content.decode()


def test_pictures_that_are_fed_are_shown_and_not_changed(maker: ImportSource, tea: UUID) -> None:
    ImportSource.objects.update(fields=[])
    desk, picture = ada(), actions.keep_picture(svg())

    page = desk.get(f"/products/{tea}").content.decode()
    with pytest.raises(FieldFed):
        editing.set_pictures(tea, [picture], by="ada")

    assert "feeds the pictures" in page and 'name="pictures"' not in page
    take_over("tea", tea, "picture", by="ada")
    editing.set_pictures(tea, [picture], by="ada")
    assert 'name="pictures"' in desk.get(f"/products/{tea}").content.decode()


def test_without_the_right_nothing_is_taken_over(tea: UUID) -> None:
    desk = ada("viewer")

    assert desk.post(f"/products/{tea}/feed/tea", {"field": "price", "do": "take"}).status_code == 403
    assert "Take over" not in desk.get(f"/products/{tea}").content.decode()
    assert not FieldOverride.objects.exists()


def test_what_all_sites_share_is_not_taken_over_by_who_does_not_see_them_all(tea: UUID) -> None:
    actions.save_product("clay", actions.Goods([actions.Unit("T1", price=100)], title="Cup"), by="test")
    desk = cast.signed_in(cast.staff("bob", "manager", sites=["tea"]))

    answers = [
        desk.post(f"/products/{tea}/feed/tea", {"field": field, "do": "take"}).status_code
        for field in ("stock", "price")
    ]

    assert answers == [404, 302]
