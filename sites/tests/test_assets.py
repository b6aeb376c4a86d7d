from __future__ import annotations

import re
import shutil

import pytest

from sites import assets, minifying


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


@pytest.fixture
def shelf_of_files(tmp_path, monkeypatch):
    """Our own static files, in a folder where a test may change them."""
    for root, folder in assets.ROOTS.items():
        shutil.copytree(folder, tmp_path / root)
    monkeypatch.setattr(assets, "ROOTS", {root: tmp_path / root for root in assets.ROOTS})
    _forget()
    yield tmp_path
    monkeypatch.undo()
    _forget()


def _forget():
    assets.manifest.cache_clear()
    assets._modules.cache_clear()


def _names(theme="tea"):
    return [
        *assets.styles(theme, is_minified=True, is_joined=True),
        *assets.scripts(is_minified=True, is_joined=True)[0],
    ]


def test_every_file_of_ours_can_be_minified_and_joined():
    assert assets.manifest().left == {}


def test_a_joined_file_changes_its_name_when_its_content_does_and_only_then(shelf_of_files):
    css, js = _names()
    ink = _names("ink")[0]
    with (shelf_of_files / "themes/tea/theme.css").open("a") as file:
        file.write("\n.new { color: red; }\n")
    _forget()

    assert _names()[0] != css
    assert (_names()[1], _names("ink")[0]) == (js, ink)


def test_a_joined_file_follows_the_pictures_it_shows(shelf_of_files):
    css = _names()[0]
    (shelf_of_files / "themes/tea/ornament.svg").write_text("<svg/>")
    _forget()

    assert _names()[0] != css


def test_each_address_of_a_page_is_kept_for_ever_and_has_the_bytes_it_is_named_by():
    for theme in ("tea", "ink", "clay"):
        for minified in (False, True):
            for joined in (False, True):
                found = assets.styles(theme, is_minified=minified, is_joined=joined)
                loaded, early = assets.scripts(is_minified=minified, is_joined=joined)
                for address in (*found, *loaded, *early):
                    asset, is_current = assets.find(address.removeprefix("/static/"))
                    assert is_current and asset.read(), address
                assert (len(found), len(loaded), bool(early)) == ((1, 1, False) if joined else (4, 2, True))


def test_minified_styles_and_scripts_are_smaller_and_their_pictures_are_there():
    plain = assets.manifest().files["joined/tea.css"].read()
    minified = assets.manifest().files["joined/tea.min.css"].read()

    assert len(minified) < len(plain) * 0.9
    for address in re.findall(rb'url\("?/static/([^")]+)', minified):
        assert assets.find(address.decode())[1] is True
    assert b"ornament.svg" in minified


@pytest.mark.parametrize("made", ["", "a{b:c", "a { b: c; }"], ids=["nothing", "half", "not settled"])
def test_a_file_that_the_minifier_breaks_is_served_as_it_is_and_told_of(shelf_of_files, monkeypatch, caplog, made):
    def broken(text):
        return made if "--hurt" in text else text if text != made else "x"

    monkeypatch.setitem(minifying._BY_KIND, "css", broken)
    with (shelf_of_files / "shop/css/cart.css").open("a") as file:
        file.write(".x { --hurt: 1; }\n")

    source = (shelf_of_files / "shop/css/cart.css").read_bytes()
    assert assets.manifest().files["min/shop/css/cart.css"].read() == source
    assert {"shop/css/cart.css", "joined/tea.css"} <= assets.manifest().left.keys()
    assert "shop/css/cart.css is served as it is" in caplog.text
    assert b"--hurt" in assets.find(_names()[0].removeprefix("/static/"))[0].read()


def test_modules_that_cannot_be_joined_are_loaded_one_by_one(shelf_of_files):
    with (shelf_of_files / "shop/js/order.js").open("a") as file:
        file.write("\nexport default 1;\n")

    loaded, early = assets.scripts(is_minified=True, is_joined=True)

    assert [name.rpartition("/")[2] for name in loaded] == ["main.js", "order.js"]
    assert {name.rpartition("/")[2] for name in early} >= {"cart.js", "store.js"}
    assert "joined/shop.js" in assets.manifest().left
