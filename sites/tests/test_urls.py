from __future__ import annotations

import pytest

from sites import urls
from sites.urls import Address


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("/", Address("home")),
        ("/about", Address("about")),
        ("/p/longjing", Address("product", "longjing")),
        ("/p/Чабрец", Address("product", "Чабрец")),
        ("/c/green", Address("category", "green")),
        ("/c/green/2", Address("category", "green", "position", 2)),
        ("/c/green/cheapest", Address("category", "green", "price")),
        ("/c/green/dearest/13", Address("category", "green", "-price", 13)),
        ("/c/by-name/by-name", Address("category", "by-name", "title")),
    ],
)
def test_an_address_and_its_path_name_each_other(path, address):
    from urllib.parse import unquote

    assert urls.parse(path) == address
    assert unquote(address.path) == path


NONE = """
//  /p  /p/  /p/a/b  /c/  /c/a/  /c/a/1  /c/a/02  /c/a/0  /c/a/-1  /c/a/2/3  /c/a/x  /c/a/cheapest/  /c/a/10000
/c/a/٢  /c/a/99999999999999999999  /about/us  /x  /c//2
"""


@pytest.mark.parametrize("path", ["", *NONE.split()])
def test_a_second_spelling_of_an_address_is_none(path):
    assert urls.parse(path) is None


def test_a_slug_cannot_leave_its_place():
    assert urls.product("../cart?x#y") == "/p/..%2Fcart%3Fx%23y"
