from __future__ import annotations

from sites import assets


def test_a_file_is_named_by_a_version_of_all_files():
    address = assets.url("shop/css/shop.css")

    found = assets.find(address.removeprefix("/static/"))
    assert found is not None
    asset, is_current = found
    assert (asset.path.name, asset.type, is_current) == ("shop.css", "text/css; charset=utf-8", True)


def test_an_older_version_and_none_still_find_the_file():
    for path in ("0123456789/shop/css/shop.css", "shop/css/shop.css"):
        found = assets.find(path)
        assert found is not None and found[1] is False


def test_nothing_outside_the_folders_can_be_had():
    version = assets.manifest().version

    for path in (
        "shop/../apps.py",
        f"{version}/shop/../../apps.py",
        "../assets.py",
        "",
        f"{version}/",
        "themes/tea/hero.html",
    ):
        assert assets.find(path) is None
