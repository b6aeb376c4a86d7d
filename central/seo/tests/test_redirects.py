"""Old addresses lead straight to the page, whatever happened in between."""

from __future__ import annotations

from typing import Any

import pytest

from central.catalog.actions import Goods, Unit, rename_address, save_product, upsert_category
from central.catalog.models import Listing
from central.catalog.tests.make import DATABASES, make_site
from central.seo import redirects, topics, upstream  # noqa: F401 - registers them
from central.seo.errors import BadAddress, RedirectLoop
from central.seo.looking import look_at
from central.seo.models import Redirect
from central.seo.redirects import Wanted, drop_redirect, restore_redirect, set_redirect, set_redirects
from central.seo.rules import Place, set_rule
from sites.seo.rules import kind_key, section_key
from sync.contracts.codec import pack, unpack
from sync.contracts.documents import RedirectDoc
from sync.contracts.seo import RedirectHits, SourceHits
from sync.store.central.models import Outbox
from sync.topics import EdgeScope, StateTopic, topic_of
from sync.upstream import _receivers

pytestmark = pytest.mark.django_db(databases=DATABASES)


@pytest.fixture(autouse=True)
def tea(node_home: Any) -> None:
    make_site("tea")


def leads(site: str = "tea") -> dict[str, str]:
    return dict(Redirect.objects.filter(site=site, is_active=True).values_list("source", "target"))


def put(source: str, target: str) -> Redirect:
    return set_redirect("tea", Wanted(source, target), by="test")


def goods(slug: str | None = None, title: str = "Сенча") -> None:
    save_product("tea", Goods([Unit("S-1", price=100)], title=title, slug=slug), by="test")


def test_a_product_that_gets_another_address_is_found_under_all_it_ever_had():
    goods()
    for slug in ("green-sencha", "sencha-uji", "best-sencha"):
        goods(slug)

    assert leads() == dict.fromkeys(["/p/sencha", "/p/green-sencha", "/p/sencha-uji"], "/p/best-sencha")


def test_a_page_that_takes_its_old_address_back_leads_nowhere_from_there():
    goods("one")
    goods("two")
    goods("one")

    assert leads() == {"/p/two": "/p/one"}


def test_a_renamed_category_leads_on_and_a_clash_gets_a_suffix():
    upsert_category("tea", "Травы")
    green = upsert_category("tea", "Зелёный чай")

    assert rename_address("tea", green.pk, "Травы") == "travy-2"

    assert leads() == {"/c/zelyony-chay": "/c/travy-2"}


def test_a_new_redirect_to_an_old_address_goes_to_the_end_and_takes_the_others_along():
    put("/b", "/p/x")
    put("/a", "/b")
    put("/p/x", "/p/y")

    assert leads() == {"/a": "/p/y", "/b": "/p/y", "/p/x": "/p/y"}


@pytest.mark.parametrize(("source", "target"), [("/a", "/a"), ("/b", "/a"), ("/%D1%8F", "/я")])
def test_a_loop_is_refused_and_nothing_changes(source, target):
    put("/a", "/b")

    with pytest.raises(RedirectLoop):
        put(source, target)

    assert leads() == {"/a": "/b"}


@pytest.mark.parametrize(
    ("source", "target", "field"),
    [
        ("/a*", "/b", "source"),
        ("a", "/b", "source"),
        ("/", "/b", "source"),
        ("/cart", "/b", "source"),
        ("/feeds/x.xml", "/b", "source"),
        ("/a#top", "/b", "source"),
        ("/" + "a" * 600, "/b", "source"),
        ("/a", "b", "target"),
        ("/a", "//evil.example/", "target"),
        ("/a", "http://plain.example/", "target"),
        ("/a", "/b c", "target"),
        ("/a", "javascript:alert(1)", "target"),
    ],
)
def test_an_address_no_redirect_can_have_is_refused_by_its_field(source, target, field):
    with pytest.raises(BadAddress) as refusal:
        put(source, target)

    assert refusal.value.data["field"] == field
    assert leads() == {}


def test_addresses_are_kept_in_one_spelling():
    put("https://old.example/%D1%87%D0%B0%D0%B9/?id=7", "http://tea.localhost:8401/чай")

    [(source, target)] = leads().items()
    assert source == "/чай/?id=7"
    assert target == "/%D1%87%D0%B0%D0%B9" or target.startswith("http")


def test_what_is_deleted_is_gone_at_the_edge_too_and_comes_back_with_a_newer_version():
    row = put("/a", "/b")
    topic = topic_of("redirect:tea")
    assert isinstance(topic, StateTopic)

    drop_redirect(row.pk)

    (ver, body) = topic.read("redirect:tea", ["/a"])["/a"]
    assert body is None
    assert topic.page("redirect:tea", "", 10) == []
    assert Outbox.objects.using("catalog").filter(topic="redirect:tea", op="d", ver=ver).exists()
    restore_redirect(row.pk)
    (again, body) = topic.read("redirect:tea", ["/a"])["/a"]
    assert again > ver
    assert body is not None
    assert unpack(body, RedirectDoc).target == "/b"


def test_a_sheet_is_taken_row_by_row_and_says_what_it_left_out():
    count, refused = set_redirects(
        "tea", [Wanted("/a", "/b"), Wanted("bad", "/b"), Wanted("/b", "/a")], cause=Redirect.Cause.FILE, by="test"
    )

    assert (count, sorted(refused)) == (1, [1, 2])
    assert leads() == {"/a": "/b"}


def test_visits_are_counted_for_sites_of_the_node_alone():
    put("/a", "/b")
    told = RedirectHits([SourceHits("tea", "/a", 3), SourceHits("tea", "/none", 1), SourceHits("tea", "/a", -9)])
    receive = _receivers["redirect_hits"].handle

    receive(EdgeScope("x", 1, frozenset({"other"}), frozenset()), [pack(told)])
    assert Redirect.objects.get().hits == 0
    receive(EdgeScope("a", 1, frozenset({"tea"}), frozenset()), [pack(told), pack(told)])

    assert Redirect.objects.get().hits == 6


def test_a_new_address_is_made_by_the_pattern_of_the_site():
    set_rule("tea", kind_key("product"), {"alias": "{brand} {title} {sku}"})

    save_product("tea", Goods([Unit("S-1", price=100)], title="Сенча", brand="Уджи"), by="test")

    assert Listing.objects.get().slug == "udzhi-sencha-s-1"


def test_in_a_section_the_nearest_pattern_makes_the_address():
    leaf = upsert_category("tea", "Листовой")
    green = upsert_category("tea", "Зелёный", parent=leaf.pk)
    other = upsert_category("tea", "Чёрный")
    set_rule("tea", kind_key("product"), {"alias": "{title}"})
    set_rule("tea", section_key(leaf.pk.hex, "product"), {"alias": "list {title}"})
    made = [("Сенча", [green.pk]), ("Ассам", [other.pk]), ("Пуэр", None)]

    for at, (title, shelves) in enumerate(made):
        save_product("tea", Goods([Unit(f"S-{at}", price=100)], title=title, categories=shelves), by="test")
    set_rule("tea", section_key(green.pk.hex, "product"), {"alias": "{title} {sku}"})
    save_product("tea", Goods([Unit("G-9", price=100)], title="Гёкуро", categories=[other.pk, green.pk]), by="test")
    save_product("tea", Goods([Unit("S-0", price=100)], title="Сенча весенняя"), by="test")

    slugs = dict(Listing.objects.values_list("title", "slug"))
    assert slugs["Ассам"] == "assam"
    assert slugs["Пуэр"] == "puer"
    assert slugs["Сенча весенняя"] == "list-sencha", "a good that has an address keeps it"
    assert slugs["Гёкуро"] == "gyokuro-g-9"


def test_a_new_shelf_is_addressed_by_the_pattern_of_the_section_it_lies_in():
    leaf = upsert_category("tea", "Листовой")
    set_rule("tea", section_key(leaf.pk.hex, "category"), {"alias": "{section} {title}"})
    set_rule("tea", section_key(leaf.pk.hex, "product"), {"alias": "no {title}"})

    assert upsert_category("tea", "Белый", parent=leaf.pk).slug == "listovoy-bely"
    assert upsert_category("tea", "Белый чай").slug == "bely-chay"


def test_the_look_shows_which_address_a_page_would_get():
    leaf = upsert_category("tea", "Листовой")
    save_product("tea", Goods([Unit("S-1", price=100)], title="Сенча", categories=[leaf.pk]), by="test")
    place = Place("product", section=leaf.pk.hex)
    set_rule("tea", kind_key("product"), {"alias": "{title} {sku}"})

    [standing] = look_at("tea", place, {})
    [typed] = look_at("tea", place, {"alias": "list {title}"})

    assert standing.lines[0][1] == "/p/sencha-s-1"
    assert typed.lines[0][1] == "/p/list-sencha"
