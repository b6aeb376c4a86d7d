"""What a first visitor is offered: by the languages of his browser and the place of his address."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from mmdb_writer import MMDBWriter
from msgspec.structs import replace
from netaddr import IPSet

from edge.asgi import application
from edge.pages.tests import make
from edge.pages.tests.client import Browser
from edge.places.suiting import region_at, suited, tags
from edge.replica import sites as shops
from node import config as node_config
from node.config import config
from sites import editions
from sync.contracts.documents import LanguageDoc, RegionDoc, SiteDoc

REGIONS = [
    RegionDoc(id="ru", title="Россия", places=["RU"]),
    RegionDoc(
        id="msk", title="Москва", titles={"en": "Moscow"}, parent="ru", path="/moscow", places=["524901", "RU-MOW"]
    ),
    RegionDoc(id="khimki", title="Химки", parent="msk", places=["550280"]),
]


def shop(**changes) -> SiteDoc:
    languages = [
        LanguageDoc(code="en", name="English", path="/en"),
        LanguageDoc(code="pt-br", name="Português", path="/pt"),
    ]
    return make.make_site("tea", language="ru", languages=languages, regions=REGIONS, **changes)


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("en-GB,en;q=0.8,ru;q=0.9", ["en-gb", "ru", "en"]),
        ("*, de;q=0", []),
        ("de;q=x, fr", ["fr"]),
        ("", []),
        (",".join(["xx"] * 5000), ["xx"] * 20),
    ],
)
def test_what_a_browser_speaks(header: str, found: list[str]) -> None:
    assert tags(header) == found


@pytest.mark.parametrize(
    ("accepted", "places", "found"),
    [
        ("en-US", [], "tea~en~"),
        ("pt", [], "tea~pt-br~"),
        ("de, en;q=0.5", [], "tea~en~"),
        ("de", [], "tea~ru~"),
        ("ru", ["524901", "RU-MOW", "RU"], "tea~ru~msk"),
        ("en", ["550280", "RU"], "tea~en~msk"),  # a suburb without pages: those of its city
        ("ru", ["RU"], "tea~ru~"),  # the country has no pages of its own
        ("ru", ["DE"], "tea~ru~"),
    ],
)
def test_which_edition_suits(accepted: str, places: list[str], found: str) -> None:
    site = shop()

    assert editions.key_of(suited(editions.editions_of(site), site, accepted, places)) == found


def test_the_smallest_place_counts() -> None:
    assert region_at(REGIONS, ["550280", "RU"], {"", "msk"}) == "msk"
    assert region_at(REGIONS, ["RU"], {"", "msk"}) is None


@pytest.fixture
def places(edge, tmp_path):
    file = tmp_path / "places.mmdb"
    write(file, 524901, "Moscow", "MOW")
    with node_config.overridden(**{**vars_of(), "places_file": file, "trusted_proxies": ["127.0.0.1"]}):
        make.publish(shop())
        yield file


def vars_of() -> dict[str, object]:
    return {"home": config().home, "media_dir": config().media_dir, "pages_dir": config().pages_dir}


def write(file: Path, city: int, name: str, division: str) -> None:
    made = MMDBWriter(6, "Test-City", languages=["en"], ipv4_compatible=True)
    found = {
        "city": {"geoname_id": city, "names": {"en": name}},
        "subdivisions": [{"iso_code": division}],
        "country": {"iso_code": "RU"},
    }
    made.insert_network(IPSet(["203.0.113.0/24"]), found)
    fresh = file.with_suffix(".new")
    made.to_db_file(str(fresh))
    fresh.replace(file)


async def where(path: str = "/c/green", *, accepted: str = "ru", address: str = "203.0.113.9", at: str = "/_r/where"):
    async def behind_a_proxy(scope, receive, send):
        await application({**scope, "client": ("127.0.0.1", 1)}, receive, send)

    headers = {"accept-language": accepted, "x-forwarded-for": address}
    answer = await Browser("tea.localhost", behind_a_proxy).get(f"{at}?path={path}", **headers)
    assert answer.status == 200 and answer.headers["cache-control"] == "no-store" and "set-cookie" not in answer.headers
    return json.loads(answer.body)


async def test_a_visitor_from_moscow_is_asked_whether_he_is(places) -> None:
    offer = await where()

    assert (offer["url"], offer["edition"], offer["moves"]) == ("/moscow/c/green", "tea~ru~msk", False)
    assert offer["text"] == "Ваш регион — Москва?"


async def test_he_is_asked_in_the_language_he_would_go_on_in(places) -> None:
    offer = await where("/moscow/c/green", accepted="en", at="/moscow/_r/where")

    assert (offer["url"], offer["text"], offer["yes"]) == (
        "/en/moscow/c/green",
        "Continue in this language?",
        "English",
    )


async def test_whoever_is_right_where_he_is_is_not_asked(places) -> None:
    assert (await where("/moscow", at="/moscow/_r/where"))["url"] == ""
    assert (await where(address="198.51.100.1"))["url"] == ""


async def test_a_shop_may_lead_there_at_once_or_leave_it_be(places) -> None:
    make.publish(shop(detection="move"), ver=2)
    shops.forget_all()
    assert (await where())["moves"] is True

    make.publish(shop(detection="off"), ver=3)
    shops.forget_all()
    assert (await where(accepted="en"))["url"] == ""


async def test_the_file_may_be_replaced_broken_or_gone_while_the_shop_sells(places) -> None:
    assert (await where())["edition"] == "tea~ru~msk"

    places.write_bytes(b"no database at all")
    assert (await where())["url"] == ""
    write(places, 1, "Elsewhere", "XX")
    assert (await where())["url"] == ""
    write(places, 524901, "Moscow", "MOW")
    assert (await where())["edition"] == "tea~ru~msk"
    places.unlink()
    assert (await where())["url"] == ""


async def test_a_path_that_is_no_path_of_the_shop_leads_nowhere_else(places) -> None:
    assert (await where("//evil.example/"))["url"] == "/moscow"


def test_a_shop_without_editions_asks_nothing(places) -> None:
    site = replace(shop(), languages=[], regions=[])

    assert suited(editions.editions_of(site), site, "en", ["RU-MOW"]) is site
