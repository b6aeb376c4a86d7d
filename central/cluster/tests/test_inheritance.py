"""Settings a site takes from its parent, override by override, lock by lock."""

from __future__ import annotations

from typing import Any

import pytest

from central.cluster import actions
from central.cluster.errors import BadField
from central.cluster.inheritance import Origin, standings
from central.cluster.models import Site
from central.cluster.tests.make import changes_of, make_site
from central.cluster.tests.test_sites import recorded, state_topic
from sync.contracts.codec import unpack
from sync.contracts.documents import SiteDoc

pytestmark = pytest.mark.django_db(databases=["default"])


@pytest.fixture(autouse=True)
def family() -> None:
    """`ink` takes its currency and its phone from `clay`, which takes its currency from `tea`."""
    make_site("tea", currency="RUB", theme="tea", texts={"phone": "1"})
    make_site("clay", currency="EUR", theme="clay", parent="tea", inherits=["currency"], texts={"phone": "2"})
    make_site("ink", currency="USD", parent="clay", inherits=["currency", "texts.phone"], texts={"phone": "3"})


def standing(site: str, name: str) -> tuple[Any, Origin, str, Any]:
    sites = {row.pk: row for row in Site.objects.all()}
    found = standings(sites[site], sites)[name]
    return found.value, found.origin, found.source, found.own


def edit(site: str, **fields: Any) -> list[tuple[str, str, int]]:
    """What the edit has published."""
    before = len(recorded())
    actions.edit_site(site, by="ann", **fields)
    return recorded()[before:]


def test_each_setting_says_where_it_comes_from() -> None:
    assert standing("tea", "currency") == ("RUB", Origin.OWN, "tea", "RUB")
    assert standing("ink", "currency") == ("RUB", Origin.INHERITED, "tea", "USD")
    assert standing("ink", "texts.phone") == ("2", Origin.INHERITED, "clay", "3")
    assert standing("clay", "theme") == ("clay", Origin.OWN, "clay", "clay")


def test_a_document_carries_what_stands() -> None:
    read = state_topic("site").read("site:main", ["ink"])["ink"][1]
    assert read is not None

    document = unpack(read, SiteDoc)

    assert (document.currency, document.phone) == ("RUB", "2")


def test_a_change_above_republishes_exactly_who_has_another_value_now() -> None:
    published = edit("clay", texts={"phone": "20"}, theme="ink")

    assert published == [("site:main", "clay", 2), ("site:main", "ink", 2)]
    assert standing("ink", "texts.phone")[0] == "20"
    change = changes_of("ink")[-1]
    assert (change.who, change.as_whom, change.after["texts"]["phone"]) == ("ann", "site:clay", "20")
    assert (changes_of("clay")[-1].who, changes_of("clay")[-1].as_whom) == ("ann", "")
    assert edit("clay", theme="clay") == [("site:main", "clay", 3)]


def test_a_change_reaches_down_the_whole_line() -> None:
    published = edit("tea", currency="GBP")

    assert published == [("site:main", "tea", 2), ("site:main", "clay", 2), ("site:main", "ink", 2)]
    assert {site.currency for site in Site.objects.all()} == {"GBP"}


def test_a_lock_puts_the_parent_s_value_in_place_and_the_own_one_comes_back() -> None:
    edit("tea", locks=["theme", "texts.phone"])

    assert standing("clay", "theme") == ("tea", Origin.LOCKED, "tea", "clay")
    assert standing("ink", "texts.phone") == ("1", Origin.LOCKED, "tea", "3")

    edit("tea", locks=[])

    assert standing("clay", "theme") == ("clay", Origin.OWN, "clay", "clay")
    assert standing("ink", "texts.phone") == ("2", Origin.INHERITED, "clay", "3")


def test_a_lock_that_changes_no_value_publishes_nobody_below_and_still_keeps_the_own_value() -> None:
    edit("clay", theme="tea")

    assert edit("tea", locks=["theme"]) == []

    edit("tea", theme="ink")
    edit("tea", locks=[])
    assert standing("clay", "theme") == ("tea", Origin.OWN, "clay", "tea")


def test_a_value_given_under_a_lock_waits() -> None:
    edit("tea", locks=["theme"])

    edit("clay", theme="ink")

    assert standing("clay", "theme") == ("tea", Origin.LOCKED, "tea", "ink")


def test_a_value_of_its_own_ends_the_inheriting_of_that_setting_only() -> None:
    edit("ink", currency="CHF")

    assert standing("ink", "currency") == ("CHF", Origin.OWN, "ink", "CHF")
    assert standing("ink", "texts.phone")[1] == Origin.INHERITED


def test_the_same_value_given_again_leaves_it_inherited() -> None:
    assert edit("ink", currency="RUB", texts={"phone": "2"}) == []
    assert standing("ink", "currency") == ("RUB", Origin.INHERITED, "tea", "USD")


def test_a_site_without_a_parent_has_its_own_values_again() -> None:
    edit("clay", parent="")

    assert standing("clay", "currency") == ("EUR", Origin.OWN, "clay", "EUR")
    assert standing("ink", "currency") == ("EUR", Origin.INHERITED, "clay", "USD")


def test_an_inherited_cart_group_takes_the_site_out_of_the_old_one() -> None:
    edit("clay", inherits=["cart_group"])

    published = edit("tea", cart_group="other")

    assert published == [
        ("site:main", "tea", 2),
        ("site:other", "tea", 2),
        ("site:main", "clay", 3),
        ("site:other", "clay", 3),
    ]


@pytest.mark.parametrize("parent", ["tea", "clay", "ink"])
def test_no_site_stands_under_itself(parent: str) -> None:
    with pytest.raises(BadField) as refused:
        edit("tea", parent=parent)

    assert "parent" in refused.value.fields
    assert Site.objects.get(pk="tea").parent_id is None


def test_sites_stand_at_most_five_deep() -> None:
    make_site("four", parent="ink")
    make_site("five", parent="four")

    with pytest.raises(BadField):
        make_site("six", parent="five")
    make_site("top")
    with pytest.raises(BadField):
        edit("tea", parent="top")


def test_a_setting_nobody_knows_is_not_inherited() -> None:
    edit("ink", inherits=["currency", "name", "node"], locks=["colour"])

    site = Site.objects.get(pk="ink")
    assert (site.inherits, site.locks) == (["currency"], [])


@pytest.mark.parametrize("colour", ["#ffff00", "#f0f0f0", "#80d0ff"])
def test_a_colour_too_pale_for_a_badge_is_refused(colour: str) -> None:
    with pytest.raises(BadField) as refused:
        edit("tea", colour=colour)

    assert set(refused.value.fields) == {"colour"}


@pytest.mark.parametrize("colour", ["#0b7285", "#000000", "#d9480f", "#2f6f4e"])
def test_a_colour_that_is_seen_is_taken(colour: str) -> None:
    edit("tea", colour=colour)

    assert Site.objects.get(pk="tea").colour == colour


def test_a_pale_colour_of_old_hinders_no_other_edit() -> None:
    Site.objects.filter(pk="tea").update(colour="#ffff00")

    edit("tea", name="New")

    assert Site.objects.get(pk="tea").name == "New"
