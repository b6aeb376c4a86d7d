"""Search at central: what edges are told, what they tell, and a server that follows the catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.utils import timezone

from central.catalog.actions import delist, upsert_category
from central.catalog.tests.make import make_product, make_site
from central.cluster.models import Site, SiteLanguage
from central.search import actions, indexing, queries
from central.search.answers import search
from central.search.errors import FewSynonyms, NoServerEngine, StaleSynonyms
from central.search.models import SearchedWords, ServerIndex, Synonyms, ToldCount
from central.search.upstream import take_in_counts
from infra.search import servers
from infra.search.tests import meili
from node import config as node_config
from node.config import Search as SearchConfig
from node.realms import CATALOG, atomic
from sync.contracts.codec import pack, unpack
from sync.contracts.search import SearchAsk, SearchCount, SearchCounts, SearchDoc, SearchReply
from sync.discover import load_central
from sync.numbering import number_batch
from sync.topics import EdgeScope, topic_of
from sync.upstream import Poison

pytestmark = pytest.mark.django_db(databases=["default", "catalog", "orders"], transaction=True)

EDGE = EdgeScope("a", 1, frozenset({"tea"}), frozenset({"main"}))


@pytest.fixture(autouse=True)
def loaded(node_home: object) -> None:
    load_central()


def _doc() -> SearchDoc | None:
    found = topic_of("search:tea").read("search:tea", ["tea"])  # type: ignore[union-attr]
    return unpack(found["tea"][1], SearchDoc) if found else None


# --- what edges are told ------------------------------------------------------------------------------------------


def test_a_shop_nobody_has_tuned_is_told_nothing():
    assert _doc() is None
    assert topic_of("search:tea").page("search:tea", "", 9) == []  # type: ignore[union-attr]


def test_every_change_is_published_with_a_higher_version():
    actions.tune("tea", by="anna", suggestions=5)
    made = actions.add_synonyms("tea", "ru", " чайник ,  заварник, чайник ", by="anna")
    actions.edit_synonyms(made.pk, by="anna", seen_ver=1, words="чайник, kettle")
    row = actions.build_anew("tea", by="anna")
    assert row.ver == 4
    assert _doc() == SearchDoc(site="tea", suggestions=5, build=1, synonyms={"ru": [["чайник", "kettle"]]})
    actions.remove_synonyms(made.pk, by="anna")
    assert _doc().synonyms == {}  # type: ignore[union-attr]


@pytest.mark.parametrize("words", ["", "чай", "чай, ,", "чай, !!", "чай,чай"])
def test_one_word_is_no_synonym(words):
    with pytest.raises(FewSynonyms):
        actions.add_synonyms("tea", "ru", words, by="anna")


def test_who_comes_second_does_not_overwrite():
    made = actions.add_synonyms("tea", "ru", "a, b", by="anna")
    actions.edit_synonyms(made.pk, by="boris", seen_ver=1, words="a, c")
    with pytest.raises(StaleSynonyms):
        actions.edit_synonyms(made.pk, by="anna", seen_ver=1, words="a, d")
    assert Synonyms.objects.get().words == "a, c"


# --- what edges tell ----------------------------------------------------------------------------------------------


def _tell(*counts: SearchCount, edge: EdgeScope = EDGE) -> None:
    with atomic(CATALOG):
        take_in_counts(edge, pack(SearchCounts(counts=list(counts))))


def _count(words: str = "чай", times: int = 1, in_vain: int = 0, **more: str) -> SearchCount:
    values = {"site": "tea", "language": "ru", "day": "2026-11-26", **more}
    return SearchCount(words=words, times=times, in_vain=in_vain, **values)


def _words() -> list[tuple[str, int, int]]:
    return list(SearchedWords.objects.order_by("words").values_list("words", "times", "in_vain"))


def test_counts_add_up_over_nodes_and_days_and_a_repeat_adds_nothing():
    _tell(_count(times=3, in_vain=1))
    _tell(_count(times=3, in_vain=1))
    _tell(_count(times=5, in_vain=1))
    _tell(_count(times=3, in_vain=1))  # an older telling that came late
    _tell(_count(times=2, day="2026-11-27"))
    _tell(_count(times=4), edge=EdgeScope("b", 1, frozenset({"tea"}), frozenset({"main"})))
    assert _words() == [("чай", 11, 1)]


@pytest.mark.parametrize(
    "bad",
    [
        _count("anna@example.com"), _count("79001234567"), _count("Чай"), _count(times=1, in_vain=2), _count(times=-1),
        _count(day="yesterday"), _count("я" * 61),
    ],
)  # fmt: skip
def test_what_no_edge_of_ours_tells_is_set_aside(bad):
    with pytest.raises(Poison):
        _tell(bad)
    assert _words() == []


def test_of_another_edges_shop_nothing_is_counted():
    _tell(_count(site="clay"), _count())
    assert _words() == [("чай", 1, 0)]


def test_old_words_are_forgotten():
    today = timezone.now().date()
    with atomic(CATALOG):
        actions.add_searches("tea", "ru", "старое", today - timedelta(days=500), 1, 0)
        actions.add_searches("tea", "ru", "новое", today, 1, 0)
        ToldCount.objects.create(
            node="a", day=date(2020, 1, 1), site="tea", language="ru", words="x", times=1, in_vain=0
        )
    actions.forget_old()
    assert _words() == [("новое", 1, 0)]
    assert not ToldCount.objects.exists()


# --- a server -----------------------------------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[None]:
    with (
        meili.server() as url,
        node_config.overridden(search=SearchConfig(meilisearch_url=url, meilisearch_key=meili.KEY)),
    ):
        servers._made.cache_clear()
        yield
        servers._made.cache_clear()


def _ask(words: str, site: str = "tea", edge: EdgeScope = EDGE) -> SearchReply:
    return unpack(search(edge, pack(SearchAsk(site=site, language="en", words=words))), SearchReply)


def _built(*titles: str) -> None:
    site = make_site("tea")
    for at, title in enumerate(titles):
        make_product("tea", title, (f"T{at}",))
    number_batch(CATALOG)
    actions.tune("tea", by="anna", engine="meilisearch")
    indexing.schedule(site)
    indexing.build("tea-en")


def test_a_build_takes_goods_and_shelves_and_is_asked_by_the_shops_edge_alone(server):
    _built("Sencha", "Gyokuro")
    assert [kind for _, kind in _ask("sencha").hits] == ["product"]
    row = ServerIndex.objects.get()
    assert (row.state, row.documents, row.trouble) == ("ready", 2, "")
    with pytest.raises(NoServerEngine):
        _ask("sencha", edge=EdgeScope("x", 1, frozenset({"toys"}), frozenset({"other"})))


def test_the_index_follows_the_log(server):
    _built("Sencha")
    product = make_product("tea", "Matcha", ("M1",))
    upsert_category("tea", "Powders")
    number_batch(CATALOG)
    assert _ask("matcha").total == 0
    indexing.follow()
    assert _ask("matcha").total == 1
    assert [kind for _, kind in _ask("powder").hits] == ["category"]
    delist("tea", product, by="anna")
    number_batch(CATALOG)
    indexing.follow()
    assert _ask("matcha").total == 0


def test_each_language_of_a_shop_is_built_in_its_own_words(server):
    _built("Sencha")
    site = Site.objects.get(pk="tea")
    words = {"name": "Tees", "about": "Geröstete Blätter aus Uji"}
    SiteLanguage.objects.create(site=site, code="de", name="Deutsch", path="/de", words=words)

    indexing.schedule(site)
    for row in ServerIndex.objects.order_by("name"):
        indexing.build(row.name)

    found = unpack(search(EDGE, pack(SearchAsk(site="tea", language="de", words="Geröstete"))), SearchReply)
    assert [kind for _, kind in found.hits] == ["page"]
    assert _ask("Geröstete").total == 0 and _ask("sencha").total == 1


def test_synonyms_reach_the_server(server):
    _built("Sencha")
    actions.add_synonyms("tea", "en", "sencha, greenest", by="anna")
    number_batch(CATALOG)
    indexing.follow()
    assert _ask("greenest").total == 1


def test_a_log_that_began_anew_means_a_build(server):
    _built("Sencha")
    ServerIndex.objects.update(epoch="another")
    indexing.follow()
    assert ServerIndex.objects.get().state == "building"
    assert _ask("sencha").total == 1, "the old one answers meanwhile"


def test_a_server_that_is_away_is_seen_and_the_rest_goes_on(server):
    _built("Sencha")
    with node_config.overridden(search=SearchConfig(meilisearch_url="http://127.0.0.1:9")):
        servers._made.cache_clear()
        make_product("tea", "Matcha", ("M1",))
        number_batch(CATALOG)
        indexing.follow()
    assert ServerIndex.objects.get().trouble == "search_unavailable"
    servers._made.cache_clear()
    indexing.follow()
    assert ServerIndex.objects.get().trouble == ""


def test_what_an_edge_says_of_itself_is_only_numbers_to_us():
    site = make_site("tea")
    tuned = queries.search_of("tea")
    [index] = queries.indexes_of([site], {"tea": tuned})["tea"]
    assert (index.name, index.is_there, index.documents) == ("tea-en", False, 0)
