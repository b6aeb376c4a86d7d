"""What edges tell is taken in as often as it comes, and only in a shape a purge can use."""

from __future__ import annotations

import pytest

from central.cdn.models import StalePage, Zone
from central.cdn.upstream import take_changes
from sync.contracts.codec import pack
from sync.contracts.pages import MOST_CHANGES, PageChange, PagesChanged
from sync.topics import EdgeScope
from sync.upstream import Poison

pytestmark = pytest.mark.django_db(databases=["default"])
EDGE = EdgeScope("a", 1, frozenset({"tea", "toys"}), frozenset({"main"}))


def tell(*changes: PageChange, site: str = "tea") -> None:
    take_changes(EDGE, pack(PagesChanged(site=site, changes=list(changes), at=1)))


def test_the_same_op_twice_is_one_row(shops: Zone) -> None:
    for _ in range(2):
        tell(PageChange(path="/p/a", tags=["s1"]), PageChange(path="/p/b", is_urgent=True), PageChange(path="/p/a"))

    assert set(StalePage.objects.values_list("path", "is_urgent")) == {("/p/a", False), ("/p/b", True)}


def test_changes_of_a_site_without_a_cdn_are_done_with(shops: Zone) -> None:
    tell(PageChange(path="/p/a"), site="toys")

    assert not StalePage.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        PageChange(path="p/a"),
        PageChange(path="//evil.example/"),
        PageChange(path="https://evil.example/"),
        PageChange(path="/p/a b"),
        PageChange(path="/p/чай"),
        PageChange(path="/p/\n"),
        PageChange(path="/" + "p" * 1000),
        PageChange(path="/", tags=["a,b"]),
        PageChange(path="/", tags=["x" * 17]),
        PageChange(path="/", tags=["a"] * 701),
    ],
)
def test_what_no_cdn_could_purge_is_set_aside(shops: Zone, change: PageChange) -> None:
    with pytest.raises(Poison):
        tell(change)


def test_an_op_of_another_shape_is_set_aside(shops: Zone) -> None:
    with pytest.raises(Poison):
        take_changes(EDGE, b"\x80")
    with pytest.raises(Poison):
        tell(*[PageChange(path=f"/{n}") for n in range(MOST_CHANGES + 1)])
    with pytest.raises(Poison):
        tell(PageChange(path="/"), site="mate")
