"""A shop in two languages and two cities: what each address of it answers with."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.utils import translation
from django.utils.translation import ngettext
from lxml import etree
from msgspec.structs import replace

from edge.asgi import application
from edge.pages.building import build
from edge.pages.tests import make
from edge.pages.tests.client import Browser, Page
from edge.pages.tests.conftest import GREEN, SENCHA, THYME, make_all
from edge.replica import sites as shops
from node.config import config
from sites import editions
from sync.contracts.documents import (
    CategoryWords,
    FeedDoc,
    LanguageDoc,
    Picture,
    ProductWords,
    RegionDoc,
    SeoDoc,
    SiteDoc,
    SiteWords,
    WordsDoc,
)
from sync.store.writer import reader

CUP = "c" * 64
SPB = "spb.tea.localhost"


def shop(**changes) -> SiteDoc:
    return make.make_site(
        "tea", name="Чабрец", language="ru", currency="RUB", about="О лавке",
        languages=[LanguageDoc(code="en", name="English", path="/en", words=SiteWords(name="Thyme", about="Of us"))],
        regions=[
            RegionDoc(id="msk", title="Москва", titles={"en": "Moscow"}, path="/moscow", phone="+7 495"),
            RegionDoc(id="spb", title="Питер", origin=f"http://{SPB}:8499"),
        ],
        **changes,
    )  # fmt: skip


@pytest.fixture
def tea(edge):
    words = {"en": ProductWords(title="Dragon Well", options={GREEN.variants[0].id: "Bag"}, alts={CUP: "A cup of tea"})}
    unit = replace(GREEN.variants[0], prices={"msk": 210000})
    seen = Picture(hash=CUP, ext="svg", width=40, height=30, alt="Чашка чая")
    product = replace(GREEN, translations=words, variants=[unit], pictures=[seen])
    card = replace(make.cards_of(GREEN)[0], prices={"msk": 210000}, titles={"en": ("Dragon Well", "Bag")})
    make.publish(
        shop(),
        make.make_site("ink", name="Inkwell", languages=[LanguageDoc(code="ru", name="Русский", path="/ru")]),
        make.make_category("tea", "green", title="Зелёный чай", translations={"en": CategoryWords(title="Green tea")}),
        product,
    )
    make.publish_goods(SENCHA, THYME)
    make.publish(card, ver=2)


@pytest.fixture
def visitor(tea) -> Browser:
    return Browser("tea.localhost", application)


@pytest.mark.parametrize(
    ("path", "language", "title", "price"),
    [
        ("/p/longjing", "ru", "Лунцзин", "1\xa0990\xa0₽"),
        ("/en/p/longjing", "en", "Dragon Well", "RUB\xa01,990.00"),
        ("/moscow/p/longjing", "ru", "Лунцзин", "2\xa0100\xa0₽"),
        ("/en/moscow/p/longjing", "en", "Dragon Well", "RUB\xa02,100.00"),
    ],
)
async def test_a_product_in_each_language_and_at_the_price_of_the_region(visitor, path, language, title, price):
    page = await visitor.get(path)

    tags = Page(page.text)
    assert page.status == 200 and tags.problems == []
    assert tags.all("html")[0]["lang"] == language
    assert f"<h1>{title}</h1>" in page.text and price in page.text
    assert "set-cookie" not in page.headers and page.headers["cache-control"].startswith("public")


@pytest.mark.parametrize(("path", "alt"), [("/p/longjing", "Чашка чая"), ("/en/p/longjing", "A cup of tea")])
async def test_a_picture_is_described_in_the_language_of_the_page(visitor, path, alt):
    page = Page((await visitor.get(path)).text)

    assert [each["alt"] for each in page.all("img") if CUP in each.get("src", "") and each["alt"]] == [alt]


@pytest.mark.parametrize("kind", ["yml", "google"])
async def test_a_feed_tells_of_its_edition_and_lives_there_alone(visitor, kind):
    make.publish(FeedDoc(site="tea", name="goods", kind=kind, language="en", region="msk"))

    text = (await visitor.get("/en/moscow/feeds/goods.xml")).text

    etree.fromstring(text.encode())
    link, price = ("url", "<price>2100</price>") if kind == "yml" else ("g:link", "<g:price>2100.00 RUB</g:price>")
    assert f"<{link}>http://tea.localhost:8499/en/moscow/p/longjing</{link}>" in text
    assert price in text and "Dragon Well" in text and "Лунцзин" not in text
    for path in ("/feeds/goods.xml", "/en/feeds/goods.xml", "/moscow/feeds/goods.xml"):
        assert (await visitor.get(path)).status == 404


async def test_a_feed_of_the_shop_is_in_its_own_language_and_at_no_other(visitor):
    make.publish(FeedDoc(site="tea", name="goods", kind="yml"))

    assert "Лунцзин" in (await visitor.get("/feeds/goods.xml")).text
    assert (await visitor.get("/en/feeds/goods.xml")).status == 404


async def test_a_region_at_a_host_of_its_own(tea):
    page = await Browser(SPB, application).get("/en/p/longjing")

    assert page.status == 200 and "Dragon Well" in page.text
    assert f'<link rel="canonical" href="http://{SPB}:8499/en/p/longjing">' in page.text


@pytest.mark.parametrize("path", ["/en", "/en/c/green", "/en/p/longjing", "/en/about", "/en/search", "/en/cart"])
async def test_no_link_of_an_edition_leaves_it_but_by_the_switcher_and_the_sisters(visitor, path):
    page = Page((await visitor.get(path)).text)

    own = [each for each in page.all("a") if each["href"].startswith("/") and "data-edition" not in each]
    forms = [each for each in page.all("form") if each.get("action", "").startswith("/")]
    assert own and forms
    assert [each["href"] for each in own if not each["href"].startswith("/en")] == []
    assert [each["action"] for each in forms if not each["action"].startswith("/en/")] == []


async def test_canonical_and_hreflang_agree_and_stay_within_the_region(visitor):
    page = Page((await visitor.get("/en/moscow/c/green")).text)

    links = page.all("link")
    assert [each["href"] for each in links if each["rel"] == "canonical"] == [
        "http://tea.localhost:8499/en/moscow/c/green"
    ]
    assert {each["hreflang"]: each["href"] for each in links if each["rel"] == "alternate"} == {
        "ru": "http://tea.localhost:8499/moscow/c/green",
        "en": "http://tea.localhost:8499/en/moscow/c/green",
        "x-default": "http://tea.localhost:8499/moscow/c/green",
    }


async def test_the_switcher_leads_to_the_same_page_and_takes_the_cart_to_another_host(visitor):
    page = Page((await visitor.get("/en/moscow/c/green")).text)

    choices = {each["data-edition"]: each for each in page.all("a") if "data-edition" in each}
    assert choices["tea~ru~msk"]["href"] == "/moscow/c/green" and "data-hop" not in choices["tea~ru~msk"]
    assert choices["tea~en~"]["href"] == "/en/c/green"
    assert choices["tea~en~spb"]["href"] == f"http://{SPB}:8499/en/c/green"
    assert choices["tea~en~spb"]["data-hop"] == "tea~en~spb"
    assert choices["tea~en~msk"]["aria-current"] == "true"


async def test_a_sister_is_entered_in_the_language_one_reads(visitor):
    page = Page((await visitor.get("/")).text)

    assert {each["href"] for each in page.all("a") if each.get("data-hop") == "ink"} >= {"http://ink.localhost:8499/ru"}


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/en/", "/en"),
        ("/en/about/", "/en/about"),
        ("/ru", "/"),
        ("/ru/p/longjing", "/p/longjing"),
        ("/en/favicon.ico", None),
    ],
)
async def test_an_address_that_only_repeats_another_leads_there(visitor, path, location):
    answer = await visitor.get(path)

    if location is None:
        assert answer.status == 302
    else:
        assert (answer.status, answer.headers["location"]) == (308, location)


async def test_what_no_edition_has_is_not_found_in_its_own_language(visitor):
    answer = await visitor.get("/en/p/none")

    assert answer.status == 404 and Page(answer.text).all("html")[0]["lang"] == "en"


async def test_the_cart_of_an_edition_speaks_its_language(visitor):
    answer = await visitor.get("/en/_r/cart")

    assert answer.status == 200 and answer.headers["cache-control"] == "no-store"


async def test_robots_and_maps_name_every_edition_of_the_host(visitor):
    robots = (await visitor.get("/robots.txt")).text

    assert "Disallow: /cart\n" in robots and "Disallow: /en/moscow/cart\n" in robots
    maps = [line.partition(": ")[2] for line in robots.splitlines() if line.startswith("Sitemap")]
    assert maps == [f"http://tea.localhost:8499{base}/sitemap.xml" for base in ("", "/en", "/moscow", "/en/moscow")]
    assert (await visitor.get("/en/robots.txt")).status == 404
    body = (await visitor.get("/en/sitemap.xml")).text
    assert "<loc>http://tea.localhost:8499/en/p/longjing</loc>" in body
    assert 'hreflang="ru" href="http://tea.localhost:8499/p/longjing"' in body


def _files(folder: Path) -> set[str]:
    return {str(file.relative_to(folder)) for file in folder.rglob("*.html")}


def test_every_edition_lies_as_files_where_its_address_says(maker):
    make_all(maker)

    files = _files(config().pages_dir)
    for place in ("tea.localhost/", "tea.localhost/en/", "tea.localhost/en/moscow/", f"{SPB}/", f"{SPB}/en/"):
        assert f"{place}p/longjing.html" in files
    assert {"tea.localhost/index.html", "tea.localhost/en.html", "tea.localhost/moscow.html"} <= files
    assert (config().pages_dir / "tea.localhost/en/p/longjing.html").read_text().count("Dragon Well")


def test_an_edition_that_is_closed_takes_its_files_along_and_no_others(maker):
    make_all(maker)
    before = _files(config().pages_dir)

    maker.hear(make.publish(shop(), ver=2) and [("site:main", "tea")])
    make.publish(replace(shop(), regions=[]), ver=3)
    shops.forget_all()
    maker.hear([("site:main", "tea")])
    make_all(maker)

    after = _files(config().pages_dir)
    assert after == {name for name in before if "moscow" not in name and not name.startswith(SPB)}


def test_a_regional_price_makes_the_pages_of_that_region_anew_and_no_others(maker):
    make_all(maker)
    written = maker.written
    card = replace(make.cards_of(GREEN)[0], prices={"msk": 220000}, titles={"en": ("Dragon Well", "Bag")})

    maker.hear(make.publish(card, ver=3))
    make_all(maker)

    shown = {name: (config().pages_dir / name).read_text() for name in _files(config().pages_dir)}
    assert [name for name, text in shown.items() if "2\xa0200\xa0₽" in text] != []
    assert all("moscow" in name for name, text in shown.items() if "2\xa0200\xa0₽" in text or "2,200.00" in text)
    assert maker.written > written


def test_a_page_rule_covers_an_address_in_every_edition_and_one_edition_alone(maker):
    from edge.pages.making import allows

    site = make.make_site("tea", languages=[LanguageDoc(code="en", name="English", path="/en")])
    ruled = replace(site, pages=replace(site.pages, excluded=["/c/sale", "/en/about"]))
    main, english = editions.editions_of(ruled)
    assert not allows(main, "/c/sale/2") and not allows(english, "/c/sale/2")
    assert allows(main, "/about") and not allows(english, "/about")


async def test_the_words_of_pages_are_centrals_to_say_and_pages_follow(visitor):
    key = ("words:all", "en")
    assert "To the cart" in (await visitor.get("/en")).text

    await make.arrive(WordsDoc(language="en", words={"To the cart": ["To the basket"]}))

    assert "To the basket" in (await visitor.get("/en")).text
    assert "To the basket" not in (await visitor.get("/")).text
    assert "Your cart is empty" in (await visitor.get("/en/cart")).text  # nobody has another word for that
    assert key in await reader.run(lambda: build(shops.edition_by_key("tea~en~"), "/").reads)
    assert key not in await reader.run(lambda: build(shops.edition_by_key("tea~ru~"), "/").reads)

    await make.arrive(WordsDoc(language="en"), ver=2)
    assert "To the cart" in (await visitor.get("/en")).text


async def test_words_count_in_the_way_of_the_language(visitor):
    rule = "n==1 ? 0 : n==2 ? 1 : 2"
    await make.arrive(WordsDoc(language="en", words={"%(count)s item": ["{0}", "{1}", "{2}"]}, plural=rule))

    with translation.override("en"):
        assert [ngettext("%(count)s item", "%(count)s items", number) for number in (1, 2, 5)] == ["{0}", "{1}", "{2}"]


async def test_a_language_that_runs_from_right_to_left(edge):
    make.publish(make.make_site("tea", language="ar"))
    await make.arrive(WordsDoc(language="ar", words={"Cart": ["سلة"]}))

    page = await Browser("tea.localhost", application).get("/")

    html = Page(page.text).all("html")[0]
    assert (html["lang"], html["dir"]) == ("ar", "rtl")
    assert "سلة" in page.text


async def test_a_shelf_is_sorted_by_what_its_edition_shows(visitor):
    dear = replace(SENCHA, translations={"en": ProductWords(title="Aaa")})
    regional = [replace(each, prices={"msk": 9_900_000}) for each in SENCHA.variants]
    await make.arrive(
        replace(dear, variants=regional), replace(GREEN, translations={"en": ProductWords(title="Zzz")}), ver=5
    )

    async def shown(path: str) -> list[str]:
        text = (await visitor.get(path)).text
        return sorted(("longjing", "sencha"), key=lambda slug: text.index(f'/p/{slug}"'))

    assert await shown("/c/green/cheapest") == ["sencha", "longjing"]
    assert await shown("/moscow/c/green/cheapest") == ["longjing", "sencha"]
    assert await shown("/en/moscow/c/green/dearest") == ["sencha", "longjing"]
    assert await shown("/c/green/by-name") == ["longjing", "sencha"]  # Лунцзин, Сенча
    assert await shown("/en/c/green/by-name") == ["sencha", "longjing"]  # Aaa, Zzz


async def test_patterns_speak_the_language_of_the_page_and_closed_pages_are_closed_in_all(visitor):
    await make.arrive(
        SeoDoc(site="tea", key="kind:product", fields={"title": "Купить {title}", "robots": "noindex"}),
        SeoDoc(site="tea", key="en/kind:product", fields={"title": "Buy {title}"}),
        SeoDoc(site="tea", key="kind:category", fields={"title": "Раздел {title}"}),
    )

    russian, english = (await visitor.get("/p/longjing")).text, (await visitor.get("/en/p/longjing")).text
    assert "<title>Купить Лунцзин</title>" in russian and 'content="noindex"' in russian
    assert "<title>Buy Dragon Well</title>" in english and 'content="noindex"' in english
    assert "hreflang" not in english.partition("</head>")[0]
    assert "<title>Green tea — Thyme</title>" in (await visitor.get("/en/c/green")).text
