"""Search of a shop as a visitor meets it: what he finds, what he never sees, and what follows from news."""

from __future__ import annotations

import json
from urllib.parse import quote, urlencode

import pytest
from msgspec.structs import replace

from edge.pages.tests import make
from edge.pages.tests.conftest import GREEN, SENCHA, THYME
from edge.search.indexer import indexer
from sync.contracts.codec import pack
from sync.contracts.documents import LanguageDoc, ProductWords, RegionDoc
from sync.contracts.search import SearchDoc
from sync.replica import apply_hooks, run_after_apply
from sync.store.edge.models import Document
from sync.store.writer import writer


async def _suggest(visitor, words: str, **more: str) -> dict:
    answer = await visitor.get(f"/_r/search?{urlencode({'q': words, **more})}")
    assert answer.status == 200
    return json.loads(answer.text)


async def _titles(visitor, words: str, **more: str) -> list[str]:
    found = await _suggest(visitor, words, **more)
    return [item["title"] for group in found["groups"] for item in group["items"]]


async def _page(visitor, **query: str) -> str:
    answer = await visitor.get(f"/search?{urlencode(query)}")
    assert answer.status == 200
    return answer.text


async def _arrive(*docs: object, ver: int = 2) -> None:
    await make.arrive(*docs, ver=ver)
    await indexer.catch_up()


async def _tune(**values: object) -> None:
    doc = SearchDoc(site="tea", **values)

    def apply() -> None:
        Document.objects.update_or_create(topic="search:tea", key="tea", defaults={"ver": 2, "body": pack(doc)})
        for hook in apply_hooks("search:tea"):
            hook("search:tea", "tea", 2, pack(doc))

    writer.run_sync(apply)
    await run_after_apply([("search:tea", "tea")])
    await indexer.catch_up()


async def test_goods_are_suggested_with_price_and_address_and_shelves_beside_them(visitor):
    found = await _suggest(visitor, "сенч")
    [goods] = found["groups"]
    assert goods["kind"] == "product"
    [item] = goods["items"]
    assert (item["title"], item["url"], item["has_range"], item["is_on_sale"]) == ("Сенча", "/p/sencha", True, True)
    assert "500" in item["price"]
    assert [group["kind"] for group in (await _suggest(visitor, "травы"))["groups"]] == ["category"]


async def test_answers_are_nobodys_but_the_visitors(visitor):
    for path in ("/_r/search?q=a", "/search?q=a"):
        answer = await visitor.get(path)
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-robots-tag"] == "noindex"
    assert '<meta name="robots" content="noindex">' in await _page(visitor, q="чай")
    assert (await visitor.get("/search", method="POST")).status == 405


async def test_a_sisters_goods_are_not_found(visitor):
    assert await _titles(visitor, "heron") == []


async def test_a_kind_can_be_chosen_beforehand(visitor):
    await _arrive(make.make_category("tea", "herbs", title="Чабрец и мята", position=1))
    assert set(await _titles(visitor, "чабрец")) == {"Чабрец и мята", "Чабрец сушёный"}
    assert await _titles(visitor, "чабрец", kind="category") == ["Чабрец и мята"]
    page = await _page(visitor, q="чабрец", kind="category")
    assert "Чабрец и мята" in page and "Чабрец сушёный" not in page


async def test_part_of_a_phrase_and_what_must_not_be_there(visitor):
    assert "/p/thyme" in await _page(visitor, q="чабрец", phrase="чабрец сушёный")
    assert "/p/thyme" not in await _page(visitor, q="чабрец", **{"not": "мята, чабрец сушеный"})


async def test_nothing_found_comes_with_advice_and_the_words_are_escaped(visitor):
    page = await _page(visitor, q='<script>"дирижабль"', kind="product")
    assert "<script>&quot;" not in page and "&lt;script&gt;" in page
    assert "/search?q=%3Cscript%3E" in page, "a way to search without the conditions"


async def test_a_slip_and_the_wrong_layout_are_named(visitor):
    assert (await _suggest(visitor, "ctyxf"))["corrected"] == "сенча"
    assert "лунцзин" in await _page(visitor, q="лунцхин")


async def test_news_of_a_product_change_its_row(visitor):
    await _arrive(make.make_product("tea", "sencha", title="Генмайча", categories=SENCHA.categories, currency="RUB"))
    assert await _titles(visitor, "сенча") == []
    assert await _titles(visitor, "генмайча") == ["Генмайча"]


async def test_what_is_off_the_shop_is_found_no_more(visitor):
    make.retract(THYME)
    await run_after_apply([(f"product:{THYME.site}", THYME.id)])
    nothing_to_sell = make.make_product("tea", "longjing", title="Лунцзин", variants=[])
    await _arrive(nothing_to_sell)
    assert await _titles(visitor, "чабрец") == []
    assert await _titles(visitor, "лунцзин") == []


async def test_sold_out_goods_stand_behind(visitor):
    other = make.make_product("tea", "dragon", title="Лунцзин весенний", variants=[make.make_variant("DR", 100)])
    await _arrive(other, *make.cards_of(other))
    assert await _titles(visitor, "лунцзин") == ["Лунцзин", "Лунцзин весенний"]
    await _arrive(*make.cards_of(GREEN, is_on_sale=False), ver=3)
    assert await _titles(visitor, "лунцзин") == ["Лунцзин весенний", "Лунцзин"]
    [group] = (await _suggest(visitor, "лунцзин"))["groups"]
    assert [item["is_on_sale"] for item in group["items"]] == [True, False]


async def test_synonyms_of_central_count_at_once(visitor):
    await _tune(synonyms={"ru": [["тимьян", "чабрец"]]})
    assert await _titles(visitor, "тимьян") == ["Чабрец сушёный"]


async def test_a_killed_edge_catches_up_with_what_it_missed(visitor):
    await indexer.stop()
    make.publish(make.make_product("tea", "mint", title="Мята", variants=[make.make_variant("MI", 100)]), ver=5)
    make.retract(THYME)
    await indexer.start()
    await indexer.catch_up()
    assert await _titles(visitor, "мята") == ["Мята"]
    assert await _titles(visitor, "чабрец") == []


async def test_a_rebuild_that_is_asked_for_makes_a_new_file(visitor):
    before = indexer.engine.state("tea-ru")
    await _tune(build=1)
    after = indexer.engine.state("tea-ru")
    assert before is not None and after is not None
    assert after.built_at > before.built_at and after.documents == before.documents
    await _tune(build=1)
    assert indexer.engine.state("tea-ru") == after, "once"
    assert indexer.figures()["tea-ru"]["documents"] == after.documents


async def test_before_there_is_an_index_titles_are_searched(visitor):
    await indexer.stop()
    indexer.engine.drop("tea-ru")
    assert await _titles(visitor, "сенчи") == ["Сенча"]


@pytest.mark.parametrize("engine", ["meilisearch", "sphinx"])
async def test_cut_off_a_shop_with_a_server_engine_searches_by_itself(visitor, engine):
    await _tune(engine=engine)
    assert await _titles(visitor, "сенча") == ["Сенча"]


@pytest.mark.parametrize(
    "query", ["", "q=", "q=%00", "q=%22", "q=a&page=0", "q=a&page=99999", "q=a&kind=admin", f"q={'я' * 300}"]
)
async def test_any_address_is_answered(visitor, query):
    for path in ("/search", "/_r/search"):
        assert (await visitor.get(f"{path}?{query}")).status == 200


async def test_each_language_is_searched_in_its_own_words_and_leads_into_itself(visitor):
    words = {"en": ProductWords(title="Roasted sencha leaves")}
    await _arrive(
        make.make_site(
            "tea", name="Чабрец", language="ru", currency="RUB",
            languages=[LanguageDoc(code="en", name="English", path="/en")],
        ),
        replace(SENCHA, translations=words),
    )  # fmt: skip

    answer = await visitor.get("/en/_r/search?q=leaves+roasting")
    [item] = [item for group in json.loads(answer.text)["groups"] for item in group["items"]]

    assert (item["title"], item["url"]) == ("Roasted sencha leaves", "/en/p/sencha")
    assert await _titles(visitor, "roasting") == []
    assert await _titles(visitor, "сенчу") == ["Сенча"]
    assert 'href="/en/p/sencha"' in (await visitor.get("/en/search?q=leaves")).text


async def test_visitors_of_a_region_find_what_is_shown_there(visitor):
    regions = [RegionDoc(id="msk", title="Москва", path="/msk"), RegionDoc(id="spb", title="Питер", path="/spb")]
    site = make.make_site("tea", name="Чабрец", language="ru", currency="RUB", regions=regions)
    shelf = make.make_category("tea", "sets", title="Сенча в наборах", shown={"msk": False})
    await _arrive(site, shelf, replace(SENCHA, shown={"": False, "msk": True}))

    async def found(base: str) -> set[str]:
        answer = json.loads((await visitor.get(f"{base}/_r/search?q={quote('сенча')}")).text)
        assert answer["total"] == sum(len(group["items"]) for group in answer["groups"])
        return {item["title"] for group in answer["groups"] for item in group["items"]}

    assert await found("") == await found("/spb") == {"Сенча в наборах"}
    assert await found("/msk") == {"Сенча"}
    assert "/p/sencha" not in (await visitor.get(f"/spb/search?q={quote('сенча')}&kind=product")).text
    assert "/p/sencha" in (await visitor.get(f"/msk/search?q={quote('сенча')}&kind=product")).text

    # Moscow comes to lie in a region where it is shown, the other one too
    centre = [RegionDoc(id="centre", title="Центр"), *(replace(each, parent="centre") for each in regions)]
    await _arrive(replace(site, regions=centre), replace(SENCHA, shown={"": False, "centre": True}), ver=3)
    assert "Сенча" in await found("/spb") and "Сенча" not in await found("")

    # How regions lie in one another decides: the product itself stays as it is
    await _arrive(replace(site, regions=regions), ver=4)
    assert "Сенча" not in await found("/spb")

    # Before there is an index
    await indexer.stop()
    indexer.engine.drop("tea-ru")
    await make.arrive(replace(SENCHA, shown={"": False, "msk": True}), ver=5)
    assert await found("/spb") == set() and await found("/msk") == {"Сенча"}
