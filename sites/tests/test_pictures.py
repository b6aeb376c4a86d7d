"""A picture in a page: the best file the browser knows, its place kept free, the rest loaded when it is near."""

from __future__ import annotations

import re

from django.template import Context

from sites.rendering import engine
from sync.contracts.documents import Picture, PictureSource

A, B, C, D, E = (sign * 64 for sign in "abcde")


def source(type: str, hash: str, ext: str, width: int) -> PictureSource:
    return PictureSource(type=type, hash=hash, ext=ext, width=width, height=width)


PLAIN = Picture(hash=A, ext="jpg", width=800, height=600)
RICH = Picture(
    hash=E,
    ext="jpg",
    width=800,
    height=600,
    sources=[
        source("image/avif", A, "avif", 400),
        source("image/avif", B, "avif", 800),
        source("image/webp", C, "webp", 400),
        source("image/jpeg", D, "jpg", 400),
        source("image/jpeg", E, "jpg", 800),
    ],
)


def drawn(picture: Picture | None, more: str = "") -> str:
    template = engine().from_string("{% picture picture alt " + more + " %}")
    return str(template.render(Context({"picture": picture, "alt": "Cup & saucer"}))).strip()


def test_the_best_format_stands_first_and_the_plain_one_serves_every_browser():
    html = drawn(RICH)

    assert re.findall(r'<source type="([^"]+)" srcset="([^"]+)"', html) == [
        ("image/avif", f"/_m/{A}.avif 400w, /_m/{B}.avif 800w"),
        ("image/webp", f"/_m/{C}.webp 400w"),
    ]
    assert f'<img src="/_m/{E}.jpg" srcset="/_m/{D}.jpg 400w, /_m/{E}.jpg 800w"' in html
    assert html.count('sizes="(min-width') == 3
    assert html.startswith("<picture>") and html.endswith("</picture>")


def test_its_place_is_kept_free_and_it_is_loaded_when_it_comes_near():
    for html in (drawn(RICH), drawn(PLAIN)):
        assert 'width="800" height="600"' in html
        assert 'loading="lazy" decoding="async"' in html and "fetchpriority" not in html
        assert 'alt="Cup &amp; saucer"' in html


def test_the_picture_a_page_opens_with_is_asked_for_at_once():
    html = drawn(RICH, 'loading="eager" place="gallery"')

    assert 'loading="eager" decoding="async" fetchpriority="high"' in html
    assert "46rem" in html


def test_an_original_or_a_drawing_is_an_image_and_no_more():
    assert "<picture" not in drawn(PLAIN) and "srcset" not in drawn(PLAIN)
    assert drawn(None) == '<span class="no-picture" role="img" aria-label="Cup &amp; saucer"></span>'


def test_a_picture_names_each_of_its_files_once():
    assert RICH.names == [f"{E}.jpg", f"{A}.avif", f"{B}.avif", f"{C}.webp", f"{D}.jpg"]


def test_a_text_that_is_escaped_already_is_not_escaped_twice():
    template = engine().from_string(
        "{% blocktrans asvar words %}{{ alt }}{% endblocktrans %}{% picture picture words %}"
    )
    html = template.render(Context({"picture": PLAIN, "alt": 'Cup & "saucer"'}))

    assert 'alt="Cup &amp; &quot;saucer&quot;"' in html
