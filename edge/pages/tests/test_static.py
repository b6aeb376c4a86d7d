from __future__ import annotations

from edge.pages import static
from edge.pages.tests.client import Browser
from sites import assets

files = Browser("tea.localhost", static.serve)


async def test_todays_version_is_kept_for_ever():
    answer = await files.get(assets.url("shop/css/shop.css"), accept_encoding="gzip")

    assert answer.status == 200
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.headers["content-encoding"] == "gzip"
    assert ".btn" in answer.text


async def test_an_older_version_is_asked_for_again_each_time():
    answer = await files.get("/static/0000000000/shop/css/shop.css")
    again = await files.get("/static/0000000000/shop/css/shop.css", if_none_match=answer.headers["etag"])

    assert (answer.status, answer.headers["cache-control"]) == (200, "public, max-age=0, must-revalidate")
    assert (again.status, again.body) == (304, b"")


async def test_a_drawing_of_ours_may_not_run_anything():
    answer = await files.get(assets.url("themes/tea/favicon.svg"))

    assert answer.headers["content-type"] == "image/svg+xml"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_what_is_not_there_is_404_and_a_post_is_405():
    assert (await files.get("/static/shop/nothing.css")).status == 404
    assert (await files.get("/static/../apps.py")).status == 404
    assert (await files.get(assets.url("shop/css/shop.css"), method="POST")).status == 405
