"""Heads by rules, old addresses, robots.txt, the map of a site and its feeds, as an edge serves them cut off."""

from __future__ import annotations

import gzip

import pytest
from lxml import etree

from edge.pages import documents, hits
from edge.pages.cache import pages
from edge.pages.tests import make
from edge.pages.tests.client import Browser
from edge.pages.tests.conftest import GREEN, SENCHA, THYME
from edge.pages.tests.test_dirty import ALL, GREENS, filled, gone  # noqa: F401
from node import config as node_config
from sites.seo import sitemap
from sites.seo.rules import EVERY, ROBOTS, kind_key, page_key, section_key
from sites.tests.sitemaps import read_sitemap
from sync.contracts.documents import FeedDoc, LevelDoc, RedirectDoc, SeoDoc

FEED = FeedDoc(site="tea", name="market", kind="yml")


def rule(key: str, **fields: str) -> SeoDoc:
    return SeoDoc(site="tea", key=key, fields=fields)


def redirect(source: str, target: str, status: int = 301) -> RedirectDoc:
    return RedirectDoc(site="tea", source=source, target=target, status=status)


@pytest.mark.parametrize(
    ("key", "dirtied"),
    [
        (kind_key("product"), {"/p/longjing", "/p/sencha", "/p/thyme"}),
        (kind_key("category"), {*GREENS, "/c/herbs"}),
        (kind_key(EVERY), set(ALL)),
        (section_key(make.hex_of("tea", "green"), "product"), {"/p/longjing", "/p/sencha"}),
        (page_key("product", THYME.id), {"/p/thyme"}),
        (page_key("home"), {"/"}),
    ],
)
async def test_a_rule_touches_exactly_the_pages_that_read_it(filled, key, dirtied):  # noqa: F811
    await make.arrive(rule(key, title="{title} {shop} new"))

    assert gone() == dirtied
    for path in dirtied:
        assert "new</title>" in (await filled.get(path)).text


async def test_an_old_address_leads_to_the_new_one(visitor):
    make.publish(redirect("/old-tea", "/p/longjing"), redirect("/index.php?id=7", "/p/sencha", 308))

    assert (await visitor.get("/old-tea")).headers["location"] == "/p/longjing"
    assert (await visitor.get("/old-tea/")).status == 301
    found = await visitor.get("/index.php?id=7")
    assert (found.status, found.headers["location"]) == (308, "/p/sencha")
    assert (await visitor.get("/index.php?id=8")).status == 404
    assert (await visitor.get("/old-tea?utm=1")).headers["location"] == "/p/longjing?utm=1"


async def test_a_page_that_exists_goes_before_a_redirect(visitor):
    make.publish(redirect("/p/longjing", "/p/sencha"))

    assert (await visitor.get("/p/longjing")).status == 200


async def test_the_sorted_and_later_pages_of_a_renamed_shelf_follow_it(visitor):
    make.publish(redirect("/c/old", "/c/green"))

    assert (await visitor.get("/c/old/cheapest")).headers["location"] == "/c/green/cheapest"
    assert (await visitor.get("/c/old/3")).headers["location"] == "/c/green/3"
    assert (await visitor.get("/c/old/")).headers["location"] == "/c/green"


async def test_a_new_redirect_is_served_though_the_404_page_is_in_memory(visitor):
    assert (await visitor.get("/gone")).status == 404

    await make.arrive(redirect("/gone", "/"))

    assert (await visitor.get("/gone")).status == 301


async def test_hits_are_counted_by_the_address_that_was_found(visitor):
    hits.forget()
    make.publish(redirect("/old-tea", "/p/longjing"))

    for path in ("/old-tea", "/old-tea/", "/nothing"):
        await visitor.get(path)

    told = hits.take()
    assert told is not None
    assert [(each.site, each.source, each.hits) for each in told.hits] == [("tea", "/old-tea", 2)]
    assert hits.take() is None


async def test_a_secure_shop_sends_who_comes_in_the_clear_to_https(visitor):
    make.publish(make.make_site("tea", origin="https://tea.localhost"), ver=5)

    with node_config.overridden(trusted_proxies=["127.0.0.1"]):
        found = await visitor.get("/p/longjing", x_forwarded_proto="http")
        page = await visitor.get("/p/longjing", x_forwarded_proto="https")
    believed = await visitor.get("/p/longjing", x_forwarded_proto="http")

    assert (found.status, found.headers["location"]) == (308, "https://tea.localhost/p/longjing")
    assert believed.status == 200  # anybody can say so; only a proxy of ours is believed
    assert page.status == 200
    assert page.headers["strict-transport-security"] == "max-age=31536000"
    assert "upgrade-insecure-requests" in page.headers["content-security-policy"]


async def test_a_second_host_name_leads_to_the_first(visitor):
    hosts = ["tea.localhost", "chai.localhost"]
    make.publish(make.make_site("tea", origin="http://tea.localhost", hosts=hosts), ver=5)

    found = await Browser("chai.localhost").get("/p/longjing?page=2")

    assert (found.status, found.headers["location"]) == (308, "http://tea.localhost/p/longjing?page=2")
    assert (await visitor.get("/p/longjing")).status == 200


async def test_no_page_of_a_secure_shop_names_anything_of_it_by_http(visitor):
    make.publish(make.make_site("tea", origin="https://tea.localhost", language="ru"), ver=5)

    for path in ALL:
        assert "http://tea." not in (await visitor.get(path)).text


async def test_robots_txt_follows_its_rules_at_once(visitor):
    before = await visitor.get("/robots.txt")
    assert before.text.endswith("Sitemap: http://tea.localhost:8499/sitemap.xml\n")

    make.publish(rule(ROBOTS, closed="/c/herbs", extra="# ours"))

    after = await visitor.get("/robots.txt")
    assert "Disallow: /c/herbs\n" in after.text
    assert after.headers["etag"] != before.headers["etag"]


async def test_the_map_names_every_page_once_and_follows_the_goods(visitor):
    found = read_sitemap((await visitor.get("/sitemap.xml")).body)

    paths = [address.removeprefix("http://tea.localhost:8499") for address in found.addresses]
    assert sorted(paths) == sorted(["/", "/about", "/c/green", "/c/herbs", "/p/longjing", "/p/sencha", "/p/thyme"])

    tag = (await visitor.get("/sitemap.xml")).headers["etag"]
    make.retract(THYME)

    after = await visitor.get("/sitemap.xml", if_none_match=tag)
    assert after.status == 200
    assert len(read_sitemap(after.body).addresses) == 6
    again = await visitor.get("/sitemap.xml", if_none_match=after.headers["etag"])
    assert (again.status, again.body) == (304, b"")


async def test_a_map_that_is_too_long_is_an_index_of_parts_that_together_name_each_page_once(visitor, monkeypatch):
    whole = read_sitemap((await visitor.get("/sitemap.xml")).body).addresses
    monkeypatch.setattr(sitemap, "MOST_ADDRESSES", 3)
    monkeypatch.setattr(documents, "_BATCH", 2)

    index = read_sitemap((await visitor.get("/sitemap.xml")).body)

    assert index.parts == [f"http://tea.localhost:8499/sitemap-{number}.xml" for number in (1, 2, 3)]
    found = []
    for number in (1, 2, 3):
        found += read_sitemap((await visitor.get(f"/sitemap-{number}.xml")).body).addresses
    assert found == whole
    assert (await visitor.get("/sitemap-4.xml")).status == 404


async def test_a_feed_is_made_of_what_the_edge_holds(visitor):
    make.publish(FEED)
    level(GREEN.variants[0].id, "in")
    level(SENCHA.variants[0].id, "low")
    level(SENCHA.variants[1].id, "out")

    answer = await visitor.get("/feeds/market.xml", accept_encoding="gzip")

    root = etree.fromstring(gzip.decompress(answer.body))
    offers = {offer.get("id"): offer.get("available") for offer in root.findall("shop/offers/offer")}
    assert offers["LJ"] == "true"
    assert sorted(offers.values()) == ["false", "false", "true", "true"]
    assert answer.headers["content-type"] == "application/xml; charset=utf-8"
    plain = await visitor.get("/feeds/market.xml")
    assert etree.fromstring(plain.body).find("shop/offers") is not None


async def test_a_feed_has_a_new_tag_when_a_level_or_its_own_choice_changes(visitor):
    make.publish(FEED)
    tags = [(await visitor.get("/feeds/market.xml")).headers["etag"]]

    level(GREEN.variants[0].id, "in")
    tags.append((await visitor.get("/feeds/market.xml")).headers["etag"])
    make.publish(FeedDoc(site="tea", name="market", kind="google"), ver=2)
    tags.append((await visitor.get("/feeds/market.xml")).headers["etag"])

    assert len(set(tags)) == 3


async def test_a_feed_nobody_made_is_not_there(visitor):
    assert (await visitor.get("/feeds/market.xml")).status == 404
    make.publish(FEED)
    make.retract(FEED)
    assert (await visitor.get("/feeds/market.xml")).status == 404


def level(variant: str, word: str) -> None:
    make.publish_entries([("level:tea", variant, LevelDoc(level=word))])


async def test_a_head_of_a_file_has_no_body(visitor):
    answer = await visitor.get("/sitemap.xml", method="HEAD")

    assert (answer.status, answer.body) == (200, b"")
    assert len(pages) == 0
