from __future__ import annotations

import gzip
import os
import time
from pathlib import Path

import brotli
import pytest

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


async def test_a_file_goes_out_in_the_smallest_form_the_browser_takes():
    address = assets.styles("tea", is_minified=True, is_joined=True)[0]
    plain = await files.get(address)
    forms = {coding: await files.get(address, accept_encoding=coding) for coding in ("br", "gzip, br", "gzip")}

    assert [each.headers["content-encoding"] for each in forms.values()] == ["br", "br", "gzip"]
    assert brotli.decompress(forms["br"].body) == gzip.decompress(forms["gzip"].body) == plain.body
    assert len({plain.headers["etag"], *(each.headers["etag"] for each in forms.values())}) == 3
    assert plain.headers["cache-control"] == "public, max-age=31536000, immutable"


async def test_a_range_of_a_file():
    address = assets.url("shop/css/shop.css")
    whole = await files.get(address)
    size = len(whole.body)

    part = await files.get(address, range="bytes=10-19")
    assert (part.status, part.body) == (206, whole.body[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{size}"
    assert part.headers["content-length"] == "10"
    assert (await files.get(address, range="bytes=-5")).body == whole.body[-5:]
    assert (await files.get(address, range=f"bytes={size - 3}-")).body == whole.body[-3:]
    beyond = await files.get(address, range=f"bytes={size}-")
    assert (beyond.status, beyond.headers["content-range"], beyond.body) == (416, f"bytes */{size}", b"")


@pytest.mark.parametrize("asked", ["bytes=5-2", "bytes=0-1,4-5", "lines=0-1", "bytes=-", "bytes=a-b"])
async def test_what_is_no_single_range_gets_the_whole(asked):
    answer = await files.get(assets.url("shop/css/shop.css"), range=asked)

    assert (answer.status, "content-range" in answer.headers) == (200, False)


async def test_a_range_of_another_version_is_the_whole_of_this_one():
    address = assets.url("shop/css/shop.css")
    tag = (await files.get(address)).headers["etag"]

    assert (await files.get(address, range="bytes=0-1", if_range=tag)).status == 206
    assert (await files.get(address, range="bytes=0-1", if_range='"other"')).status == 200


def test_files_are_laid_for_a_web_server_packed_and_once(tmp_path):
    laid = static.lay(tmp_path)

    root = tmp_path / static.FOLDER.parent
    for address in (
        *assets.styles("tea", is_minified=True, is_joined=True),
        *assets.scripts(is_minified=True, is_joined=True)[0],
        assets.url("shop/css/account.css", is_minified=True),
        assets.url("themes/tea/favicon.svg"),
    ):
        file = root / address.removeprefix("/")
        asset, _ = assets.find(address.removeprefix("/static/"))
        assert file.read_bytes() == asset.read()
        assert gzip.decompress(Path(f"{file}.gz").read_bytes()) == asset.read()
        assert brotli.decompress(Path(f"{file}.br").read_bytes()) == asset.read()
    assert laid > 40
    assert static.lay(tmp_path) == 0


def test_files_of_an_earlier_version_stay_for_a_month(tmp_path):
    root = tmp_path / static.FOLDER
    for name, days in (("young", 29), ("old", 31)):
        (root / name).mkdir(parents=True)
        os.utime(root / name, (time.time() - days * 86_400,) * 2)

    static.lay(tmp_path)

    assert ((root / "young").exists(), (root / "old").exists()) == (True, False)
