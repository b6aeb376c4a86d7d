from __future__ import annotations

import pytest

from sites.seo import robots, sitemap
from sites.seo.patterns import BadPattern
from sites.seo.tests import make
from sites.tests.sitemaps import read_sitemap


def test_robots_txt_closes_what_is_of_a_shopper_and_names_the_map():
    text = robots.robots_txt([make.site()], {"closed": "/sale\n/cart\n", "extra": "Clean-param: utm_source /\n# note"})

    lines = text.splitlines()
    assert lines.count("Disallow: /cart") == 1
    assert "Disallow: /sale" in lines
    assert "Clean-param: utm_source /" in lines
    assert lines[-1] == "Sitemap: https://tea.example/sitemap.xml"


def test_a_shop_that_is_not_open_yet_keeps_robots_out():
    assert robots.robots_txt([make.site()], {"is_closed": "yes"}) == "User-agent: *\nDisallow: /\n"


@pytest.mark.parametrize(
    "rules",
    [{"closed": "sale"}, {"closed": "/"}, {"closed": "/a b"}, {"extra": "Disalow: /x"}, {"extra": "#\n" * 300}],
)
def test_lines_that_robots_cannot_read_are_refused(rules):
    with pytest.raises(BadPattern):
        robots.check_robots(rules)


def test_a_map_is_read_back_with_its_languages_and_days():
    others = [("ru", "https://tea.example/p/a&b"), ("en", "https://tea.example/en/p/a&b")]
    places = [sitemap.Place("https://tea.example/p/a&b", "2027-01-31", others), sitemap.Place("https://tea.example/")]

    found = read_sitemap("".join(sitemap.write_urlset(places)))

    assert found.addresses == ["https://tea.example/p/a&b", "https://tea.example/"]
    assert found.days == {"https://tea.example/p/a&b": "2027-01-31"}
    assert found.languages["https://tea.example/p/a&b"] == dict(others)


@pytest.mark.parametrize(("path", "number"), [("/sitemap-1.xml", 1), ("/sitemap-12.xml", 12)])
def test_a_part_is_known_by_its_number(path, number):
    assert sitemap.part_of(path) == number


@pytest.mark.parametrize("path", ["/sitemap.xml", "/sitemap-0.xml", "/sitemap-01.xml", "/sitemap-x.xml", "/sitemap-1"])
def test_other_spellings_are_no_part(path):
    assert sitemap.part_of(path) is None


@pytest.mark.parametrize("languages", [1, 2, 5])
def test_a_full_part_of_the_longest_addresses_keeps_both_limits(languages):
    address = "https://" + "a" * 60 + ".example/p/" + "%D1%8F" * 120
    others = [(f"l{number}", address) for number in range(languages)] if languages > 1 else []
    line = len("".join(sitemap.write_urlset([sitemap.Place(address, "2027-01-31", others)])))

    size = sitemap.part_size(languages)

    assert size <= sitemap.MOST_ADDRESSES
    assert size * line <= sitemap.MOST_BYTES
