"""Feeds of a site as central keeps and looks at them."""

from __future__ import annotations

from typing import Any

import pytest

from central.catalog import topics as goods_topics  # noqa: F401 - registers them
from central.catalog.actions import Goods, Unit, save_product, set_regional_prices, upsert_category
from central.catalog.editing import Words, translate_goods
from central.catalog.levels import write_levels
from central.catalog.models import Variant
from central.catalog.spoken import note_languages
from central.catalog.tests.make import DATABASES, make_site
from central.cluster import locales
from central.seo import topics  # noqa: F401 - registers them
from central.seo.errors import BadFeed
from central.seo.feeds import drop_feed, edition_of, look_at, save_feed
from sites.seo.patterns import BadPattern
from sync.contracts.codec import unpack
from sync.contracts.documents import FeedDoc, LevelDoc
from sync.store.central.models import Outbox
from sync.topics import StateTopic, topic_of

pytestmark = pytest.mark.django_db(databases=DATABASES)


@pytest.fixture(autouse=True)
def tea(node_home: Any) -> None:
    make_site("tea")
    green = upsert_category("tea", "Зелёный чай")
    save_product("tea", Goods([Unit("S-1", price=100)], title="Сенча", categories=[green.pk]), by="test")
    save_product("tea", Goods([Unit("S-2", price=200)], title="Пуэр"), by="test")


def topic(full: str) -> StateTopic:
    found = topic_of(full)
    assert isinstance(found, StateTopic)
    return found


def test_a_feed_is_a_document_until_it_is_deleted_and_its_name_is_free_again():
    row = save_feed("tea", "market", kind="yml", choice={"min_price": 150}, fields={"name": "{title}"})

    [(key, ver, body)] = topic("feed:tea").page("feed:tea", "", 10)
    assert unpack(body, FeedDoc) == FeedDoc(
        site="tea", name="market", kind="yml", min_price=150, fields={"name": "{title}"}
    )
    with pytest.raises(BadFeed):
        save_feed("tea", "market", kind="google")
    drop_feed(row.pk)
    assert topic("feed:tea").read("feed:tea", [key]) == {key: (ver + 1, None)}
    assert save_feed("tea", "market", kind="google").ver == ver + 2


def test_a_look_tells_the_items_and_their_problems():
    look = look_at(save_feed("tea", "market", kind="yml"))

    assert [item.unit.sku for item, _ in look.items] == ["S-1", "S-2"]
    assert ("no_category", 1) in [(problem.code, count) for problem, count in look.problems]
    assert look.looked_at == 2


def test_only_goods_in_stock_are_those_the_ledger_has():
    variant = Variant.objects.get(sku="S-1").pk
    write_levels({variant: ("low", 5)})
    row = save_feed("tea", "market", kind="yml", choice={"in_stock_only": True})

    assert [item.unit.sku for item, _ in look_at(row).items] == ["S-1"]
    (ver, body) = topic("level:tea").read("level:tea", [variant.hex])[variant.hex]
    assert (ver, unpack(body or b"", LevelDoc).level) == (5, "low")
    assert Outbox.objects.using("catalog").filter(topic="level:tea", key=variant.hex, ver=5).count() == 1


def test_a_look_is_in_the_words_and_at_the_prices_of_the_edition():
    locales.put_language("tea", "ar", path="/ar", by="test")
    note_languages("tea", ["ar"])
    locales.make_region("msk", title="Москва", by="test")
    locales.put_site_region("tea", "msk", path="/msk", by="test")
    set_regional_prices("tea", {("S-1", ""): {"msk": 150}}, by="test")
    sencha = Variant.objects.get(sku="S-1").product_id
    translate_goods("tea", {sencha: {"ar": Words("سنشا")}}, by="test")

    row = save_feed("tea", "market", kind="yml", choice={"language": "ar", "region": "msk"})

    [item, _] = [item for item, _ in look_at(row).items]
    assert (item.product.title, item.price) == ("سنشا", 150)
    assert item.url == "http://tea.localhost:8401/ar/msk/p/sencha"

    locales.drop_language("tea", "ar", by="test")
    assert edition_of(row) is None


@pytest.mark.parametrize(
    ("name", "changes", "error"),
    [
        ("Bad name", {}, BadFeed),
        ("x", {"choice": {"min_price": 9, "max_price": 1}}, BadFeed),
        ("x", {"choice": {"language": "de"}}, BadFeed),
        ("x", {"choice": {"region": "msk"}}, BadFeed),
        ("x", {"fields": {"name": "{prise}"}}, BadPattern),
    ],
)
def test_a_feed_that_cannot_be_is_refused(name, changes, error):
    with pytest.raises(error):
        save_feed("tea", name, kind="yml", **changes)

    assert topic("feed:tea").page("feed:tea", "", 10) == []
