"""A shop with a search server at central, from its catalogue to a visitor's page: both ends, the link and searchd.

Central publishes, the edge hears of it over a real WebSocket, asks central over the same one, and central asks searchd.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from central.catalog.tests.make import make_product
from central.cluster.models import Site
from central.search import actions, indexing
from central.search.queries import settings_of
from central.ui.tests import cast
from edge.pages.documents import products_from
from edge.pages.tests.client import Browser
from edge.pages.tests.conftest import edge  # noqa: F401
from edge.replica import sites as shops
from edge.search import asking, tuning
from edge.search.indexer import indexer
from infra.search import servers
from infra.search.tests import searchd
from node import config as node_config
from node.config import Search as SearchConfig
from node.realms import CATALOG, CLUSTER
from sync.contracts.codec import pack, unpack
from sync.contracts.search import SearchAsk, SearchReply
from sync.discover import load_central
from sync.link import RequestFailed, link
from sync.store.edge.highwater import HighWater
from sync.tests import house
from sync.threads import lanes

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(databases=["default", "catalog", "orders", "edge"], transaction=True),
    pytest.mark.skipif(not searchd.program(), reason="no searchd on PATH (Debian: apt-get install sphinxsearch)"),
]


@pytest.fixture
def db_of_edge(transactional_db: None) -> None:
    """The edge's database beside central's."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[None]:
    folder = tmp_path / "searchd"
    folder.mkdir()
    with (
        searchd.server(folder, ["tea-en"]) as port,
        node_config.overridden(search=SearchConfig(sphinx=f"127.0.0.1:{port}")),
    ):
        servers._made.cache_clear()
        yield
        servers._made.cache_clear()


@pytest.fixture
async def wire(edge: None, server: None) -> AsyncIterator[house.Proxy]:  # noqa: F811
    """The edge `a` of the shop `tea`, linked through a wire that can be cut; searchd has the shop's two teas."""
    load_central()
    HighWater.beside_database(1).path.unlink(missing_ok=True)
    await house.in_thread(_catalogue)
    tuning.forget_all()
    asking.forget_all()
    async with house.central(realms=(CATALOG, CLUSTER)) as here:
        settings = here.settings("a")
        scope = here.directory.nodes["a"].scope
        here.directory.change("a", scope=replace(scope, sites=frozenset({"tea"}), groups=frozenset({"main"})))
        proxy = house.Proxy(here.port)
        await proxy.start()
        await link.start(replace(settings, url=f"http://127.0.0.1:{proxy.port}"))
        try:
            await house.until_db(lambda: shops.site("tea") and tuning.tuning_of("tea").engine == "sphinx")
            await house.in_thread(_index)
            await indexer.start()
            yield proxy
            await indexer.stop()
        finally:
            await link.stop()
            await proxy.stop()
    lanes.stop()


def _catalogue() -> None:
    cast.site("tea", origin="http://tea.localhost", language="en")
    make_product("tea", "Sencha", ("S1",))
    make_product("tea", "Gyokuro", ("G1",))
    actions.tune("tea", by="anna", engine="sphinx")


def _index() -> None:
    indexing.schedule(Site.objects.get(pk="tea"))
    indexing.build("tea-en")


async def found(words: str) -> list[str]:
    from edge.asgi import application

    answer = await Browser("tea.localhost", application).get(f"/_r/search?{urlencode({'q': words})}")
    assert answer.status == 200
    groups: list[dict[str, Any]] = json.loads(answer.text)["groups"]
    return [item["title"] for group in groups for item in group["items"]]


def _say_at_the_server_alone(word: str) -> None:
    """A word of a good that only the server's index has: whoever finds it was answered by the server."""
    entries = indexing._all_entries(Site.objects.get(pk="tea"), "en")
    [sencha] = [each for each in entries if each.title == "Sencha"]
    servers.server("sphinx").put("tea-en", settings_of("tea", "en"), [replace(sencha, text=word)])


async def test_a_visitor_is_answered_by_the_server_and_while_cut_off_by_the_edge_alone(wire: house.Proxy) -> None:
    await house.in_thread(lambda: _say_at_the_server_alone("samovar"))

    assert await found("samovar") == ["Sencha"]
    assert await found("gyok") == ["Gyokuro"]

    wire.cut()
    assert await found("samovar") == []
    assert await found("gyok") == ["Gyokuro"]

    wire.heal()
    assert await link.comes_back(within=20)
    asking.forget_all()  # else the server is left alone for a few seconds
    assert await found("samovar") == ["Sencha"]


async def test_a_new_good_is_found_at_the_server_by_the_shop_that_sells_it_alone(wire: house.Proxy) -> None:
    await house.in_thread(lambda: make_product("tea", "Matcha", ("M1",)))
    await house.until_db(lambda: "Matcha" in {each.title for each in products_from(shops.site("tea"))})
    await house.in_thread(indexing.follow)

    question = SearchAsk(site="tea", language="en", words="matcha")
    reply = unpack(await link.request("search_ask", pack(question), timeout=5), SearchReply)
    with pytest.raises(RequestFailed) as refused:
        await link.request("search_ask", pack(msgspec.structs.replace(question, site="toys")), timeout=5)

    assert [kind for _, kind in reply.hits] == ["product"]
    assert refused.value.code == "no_server_engine"
