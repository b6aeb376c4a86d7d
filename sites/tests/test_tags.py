"""Tags of pages: short, of one site only, and never a part of a list."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sites import tags

names = st.text(min_size=1, max_size=20)


def test_a_product_page_is_purged_by_its_site_its_kind_its_category_and_itself() -> None:
    found = tags.page_tags("tea", "product", categories=["green"], products=["t1"])

    assert found == (
        tags.site_tag("tea"),
        tags.kind_tag("tea", "product"),
        tags.category_tag("tea", "green"),
        tags.product_tag("tea", "t1"),
    )
    assert [tag[0] for tag in found] == ["s", "k", "c", "p"]


@given(names, names, st.lists(names, max_size=5), st.lists(names, max_size=5))
def test_tags_are_short_and_may_stand_in_a_header(
    site: str, kind: str, categories: list[str], goods: list[str]
) -> None:
    found = tags.page_tags(site, kind, categories=categories, products=goods)

    assert all(len(tag) == 12 and tag.isalnum() and tag.isascii() for tag in found)
    assert len(set(found)) == len(found)


@given(names, names)
def test_two_sites_share_no_tag(one: str, other: str) -> None:
    if one != other:
        assert not set(tags.page_tags(one, "home", categories=["a"])) & set(
            tags.page_tags(other, "home", categories=["a"])
        )


@given(st.integers(0, 1500), st.integers(0, 1500))
def test_too_many_tags_become_coarser_and_are_never_cut(categories: int, goods: int) -> None:
    found = tags.page_tags("tea", "home", categories=map(str, range(categories)), products=map(str, range(goods)))

    assert len(tags.header(found)) <= tags.MOST_BYTES
    counts = {letter: sum(tag[0] == letter for tag in found) for letter in "skcp"}
    assert counts["s"] == 1  # whatever else goes, it can be purged with its site
    assert counts["c"] in (0, categories)
    assert counts["p"] in (0, goods)
