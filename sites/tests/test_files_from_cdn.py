"""A shop's files come from a CDN for the types and pages it is on for, and from the shop otherwise."""

from __future__ import annotations

from msgspec.structs import replace

from sites import urls
from sites.rendering import Shell, render_page
from sites.tests.test_shelf import SITE
from sync.contracts.documents import MediaDoc, SiteDoc


def shop(**media: object) -> SiteDoc:
    return replace(SITE, media=MediaDoc(**media))  # type: ignore[arg-type]


def test_without_a_cdn_every_file_is_the_shops_own() -> None:
    assert urls.file(shop(), "/_m/a.webp") == "/_m/a.webp"


def test_types_and_sections_decide() -> None:
    site = shop(origins={"": "https://cdn.example"}, types=["webp"], sections=["/p/"])

    assert urls.file(site, "/_m/a.webp", "/p/x") == "https://cdn.example/_m/a.webp"
    assert urls.file(site, "/static/1/shop/js/main.js", "/p/x") == "/static/1/shop/js/main.js"
    assert urls.file(site, "/_m/a.webp", "/c/x") == "/_m/a.webp"


def test_a_region_has_its_own_host_and_the_rest_everybodys() -> None:
    site = shop(origins={"": "https://cdn.example", "eu": "https://eu.example"})

    assert urls.file(site, "/_m/a.webp", "/", "eu") == "https://eu.example/_m/a.webp"
    assert urls.file(site, "/_m/a.webp", "/", "asia") == "https://cdn.example/_m/a.webp"


def test_a_page_names_the_cdn_for_styles_and_scripts_and_itself_for_what_is_a_shoppers() -> None:
    html = render_page(shop(origins={"": "https://cdn.example"}), "about", {"path": "/about", "shell": Shell()})

    assert 'href="https://cdn.example/static/' in html
    assert 'src="https://cdn.example/static/' in html
    assert "https://cdn.example/cart" not in html
