"""One contract for every engine: the embedded one, a stand-in of Meilisearch, and a real searchd."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.search import Engine, Entry, Query, Settings
from infra.search.embedded import EmbeddedEngine
from infra.search.errors import NoIndex, Unavailable
from infra.search.meili import MeilisearchEngine
from infra.search.sphinx import SphinxEngine
from infra.search.tests import meili, searchd

INDEX = "tea-ru"
SETTINGS = Settings("ru", (("чайник", "kettle", "заварник"), ("пуэр", "шу пуэр")))
GOODS = [
    Entry(id="p1", kind="product", title="Чайник глиняный", words="Yixing CH-100", text="Для зелёного чая.",
          facets={"brand": ["Yixing"], "shelf": ["ware"]}, position=3),
    Entry(id="p2", kind="product", title="Зелёный чай Сенча", words="Uji", text="Собран весной.",
          facets={"brand": ["Uji"], "shelf": ["tea", "green"]}, position=1),
    Entry(id="p3", kind="product", title="Чёрный чай Ассам", words="Assam", text="Крепкий, к завтраку с молоком.",
          facets={"brand": ["Assam"], "shelf": ["tea"]}, is_on_sale=False, position=0),
    Entry(id="p4", kind="product", title="Чашки для чая", words="Uji", text="Две чашки в коробке.",
          facets={"brand": ["Uji"], "shelf": ["ware"]}, position=2),
    Entry(id="p5", kind="product", title="Travel mugs, running dry", words="Steel", text="Keeps warm.",
          facets={"brand": ["Steel & \"Co\""]}, position=5),
    Entry(id="c1", kind="category", title="Чай", text="Все сорта.", position=0),
]  # fmt: skip


@pytest.fixture(scope="module", params=["embedded", "meilisearch", "sphinx"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder = tmp_path_factory.mktemp("search")
    if request.param == "embedded":
        yield EmbeddedEngine(folder)
    elif request.param == "meilisearch":
        with meili.server() as url:
            yield MeilisearchEngine(url, meili.KEY)
    else:
        if not searchd.program():
            pytest.skip("no searchd on PATH (Debian: apt-get install sphinxsearch)")
        with searchd.server(folder, [INDEX, "ink-en"]) as port:
            yield SphinxEngine("127.0.0.1", port)


@pytest.fixture
def index(engine: Engine) -> str:
    """Built anew for each test, in the place of the last one's."""
    fresh = engine.make(INDEX, SETTINGS)
    engine.put(fresh, SETTINGS, GOODS)
    engine.swap(INDEX, fresh)
    return INDEX


def _ids(engine: Engine, index: str, words: str = "", **more: object) -> list[str]:
    return [hit.id for hit in engine.query(index, SETTINGS, Query(words=words, **more)).hits]  # type: ignore[arg-type]


def test_a_word_is_found_in_any_form_and_case(engine: Engine, index: str) -> None:
    assert _ids(engine, index, "ЧАЙНИКИ") == ["p1"]
    assert _ids(engine, index, "чашкой") == ["p4"]
    assert _ids(engine, index, "mug run") == ["p5"]


def test_yo_is_ye(engine: Engine, index: str) -> None:
    assert _ids(engine, index, "чёрный") == _ids(engine, index, "черный") == ["p3"]


def test_all_words_have_to_be_there(engine: Engine, index: str) -> None:
    assert _ids(engine, index, "зеленый сенча") == ["p2"]
    assert _ids(engine, index, "сенча ассам") == []


def test_keys_pressed_in_the_other_layout(engine: Engine, index: str) -> None:
    found = engine.query(index, SETTINGS, Query(words="xfqybr"))
    assert [hit.id for hit in found.hits] == ["p1"]
    assert found.corrected == "чайник"
    assert _ids(engine, index, "ьгпы") == ["p5"]


def test_synonyms(engine: Engine, index: str) -> None:
    assert _ids(engine, index, "kettle") == ["p1"]
    assert _ids(engine, index, "заварники") == ["p1"]


def test_as_one_types(engine: Engine, index: str) -> None:
    assert _ids(engine, index, "сен", is_start=True) == ["p2"]
    assert _ids(engine, index, "зеленый се", is_start=True) == ["p2"]
    assert all(word.startswith("чай") for word in engine.suggest(index, SETTINGS, "зеленый чай", 5))
    assert "чайник" in engine.suggest(index, SETTINGS, "чайн", 5)


def test_title_before_text_and_on_sale_before_sold_out(engine: Engine, index: str) -> None:
    found = _ids(engine, index, "чай")
    assert found.index("p1") > found.index("p2"), "p1 has it in its text"
    assert found.index("p3") > found.index("p4"), "p3 cannot be bought"
    assert found.index("p2") < found.index("p4"), "as typed before another form"


def test_part_of_a_phrase(engine: Engine, index: str) -> None:
    assert _ids(engine, index, phrase="чашки в коробке") == ["p4"]
    assert _ids(engine, index, phrase="коробке чашки") == []
    assert set(_ids(engine, index, "чай", phrase="чай сенча")) == {"p2"}


def test_a_part_of_a_phrase_that_must_not_be_there(engine: Engine, index: str) -> None:
    found = _ids(engine, index, "чай", without=("чай сенча", "к завтраку"))
    assert "p2" not in found and "p3" not in found and "p4" in found


def test_kinds_are_chosen_and_counted(engine: Engine, index: str) -> None:
    found = engine.query(index, SETTINGS, Query(words="чай", kinds=("category",)))
    assert [hit.id for hit in found.hits] == ["c1"]
    assert found.total == 1
    assert dict(found.kinds) == {"category": 1, "product": 4}


def test_facets_are_chosen_and_counted(engine: Engine, index: str) -> None:
    found = engine.query(index, SETTINGS, Query(words="чай", facets={"shelf": ["tea"]}))
    assert {hit.id for hit in found.hits} == {"p2", "p3"}
    assert dict(found.facets["brand"]) == {"Uji": 1, "Assam": 1}
    assert _ids(engine, index, "mugs", facets={"brand": ['Steel & "Co"']}) == ["p5"]


def test_facets_are_refused_and_what_has_none_is_found(engine: Engine, index: str) -> None:
    words = Query(words="чай", not_facets={"brand": ["Uji", "Yixing"]})
    assert {hit.id for hit in engine.query(index, SETTINGS, words).hits} == {"p3", "c1"}
    both = Query(not_facets={"brand": ["Uji"], "shelf": ["ware"]})
    assert {hit.id for hit in engine.query(index, SETTINGS, both).hits} == {"p3", "p5", "c1"}


def test_no_words_are_no_condition_and_signs_find_nothing(engine: Engine, index: str) -> None:
    assert len(_ids(engine, index)) == len(GOODS)
    assert _ids(engine, index, '"*)(-') == []


@pytest.mark.parametrize(
    "words", ['чай"', "чай*", "-чай", "чай) OR (", "NEAR(чай)", "'; DROP", "чай\x00", "@title чай"]
)
def test_what_people_type_is_never_a_statement(engine: Engine, index: str, words: str) -> None:
    engine.query(index, SETTINGS, Query(words=words, phrase=words, without=(words,), is_start=True))


def test_pages(engine: Engine, index: str) -> None:
    whole = _ids(engine, index, "чай")
    assert _ids(engine, index, "чай", limit=2) + _ids(engine, index, "чай", limit=9, offset=2) == whole
    assert engine.query(index, SETTINGS, Query(words="чай", limit=1)).total == len(whole)


def test_put_replaces_and_delete_removes(engine: Engine, index: str) -> None:
    engine.put(index, SETTINGS, [Entry(id="p2", kind="product", title="Матча", position=1)])
    assert _ids(engine, index, "сенча") == []
    assert _ids(engine, index, "матча") == ["p2"]
    engine.delete(index, ["p2", "never-there"])
    assert _ids(engine, index, "матча") == []
    state = engine.state(index)
    assert state is not None and state.documents == len(GOODS) - 1


def test_a_rebuild_is_seen_whole_or_not_at_all(engine: Engine, index: str) -> None:
    fresh = engine.make(index, SETTINGS)
    engine.put(fresh, SETTINGS, GOODS[1:2])
    assert _ids(engine, index, "чайник") == ["p1"], "the older one answers"
    engine.swap(index, fresh)
    assert _ids(engine, index, "чайник") == []
    assert _ids(engine, index, "сенча") == ["p2"]


def test_an_index_that_was_never_built(engine: Engine) -> None:
    assert engine.state("ink-en") is None
    with pytest.raises(NoIndex):
        engine.query("ink-en", SETTINGS, Query(words="ink"))
    engine.drop("ink-en")


def test_other_synonyms_without_a_rebuild(engine: Engine, index: str) -> None:
    changed = Settings("ru", (("сенча", "sencha"),))
    engine.configure(index, changed)
    assert [hit.id for hit in engine.query(index, changed, Query(words="sencha")).hits] == ["p2"]
    engine.configure(index, SETTINGS)


@pytest.mark.parametrize(
    "dead", [lambda: MeilisearchEngine("http://127.0.0.1:9", "x"), lambda: SphinxEngine("127.0.0.1", 9)]
)
def test_a_server_that_is_away(dead: object) -> None:
    with pytest.raises(Unavailable):
        dead().query(INDEX, SETTINGS, Query(words="чай"))  # type: ignore[operator]


def test_a_wrong_key() -> None:
    with meili.server() as url, pytest.raises(Unavailable):
        MeilisearchEngine(url, "another").query(INDEX, SETTINGS, Query(words="чай"))


def test_slips_are_forgiven_without_a_server(tmp_path: Path) -> None:
    engine = EmbeddedEngine(tmp_path)
    fresh = engine.make(INDEX, SETTINGS)
    engine.put(fresh, SETTINGS, GOODS)
    engine.swap(INDEX, fresh)
    found = engine.query(INDEX, SETTINGS, Query(words="зеленый чайнек"))
    assert [hit.id for hit in found.hits] == ["p1"]
    assert found.corrected == "зеленый чайник"
    assert _ids(engine, INDEX, "senxa") == []
    assert _ids(engine, INDEX, "асам") == ["p3"]
    assert _ids(engine, INDEX, "чайне", is_start=True) == ["p1"]
    assert _ids(engine, INDEX, "цяшки") == [], "two slips in a short word are another word"


def test_a_build_that_was_cut_short_is_gone_on_with(tmp_path: Path) -> None:
    first = EmbeddedEngine(tmp_path)
    fresh = first.make(INDEX, SETTINGS)
    first.put(fresh, SETTINGS, GOODS[:2])
    first.close()
    second = EmbeddedEngine(tmp_path)
    assert second.make(INDEX, SETTINGS) == fresh
    assert set(second.marks(fresh)) == {"p1", "p2"}
    second.put(fresh, SETTINGS, GOODS[2:])
    second.swap(INDEX, fresh)
    assert second.state(INDEX).documents == len(GOODS)  # type: ignore[union-attr]
    assert [each.name for each in tmp_path.glob("*.building*")] == []
