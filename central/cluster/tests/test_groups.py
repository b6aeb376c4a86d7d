"""Groups of sites for management."""

from __future__ import annotations

from typing import Any

import pytest

from central.cluster.errors import BadField, NameTaken, UnknownGroup, UnknownSite
from central.cluster.groups import edit_group, make_group
from central.cluster.models import Site, SiteGroup
from central.cluster.tests.make import changes_of, make_site
from central.ui import sites as looks
from central.ui.tests import cast

pytestmark = pytest.mark.django_db(databases=["default", "customers", "orders"])


def group_of(site: str) -> str | None:
    return Site.objects.get(pk=site).group_id


def test_a_group_takes_its_sites_out_of_the_group_they_were_in() -> None:
    make_site("tea")
    make_site("clay")
    make_group("one", title="One", sites=["tea", "clay"], by="ann")

    make_group("two", title="Two", sites=["clay"], by="ann")

    assert (group_of("tea"), group_of("clay")) == ("one", "two")
    change = changes_of("clay")[-1]
    assert (change.who, change.before, change.after) == ("ann", {"group_id": "one"}, {"group_id": "two"})


def test_a_site_that_is_no_longer_ticked_stands_in_no_group() -> None:
    make_site("tea")
    make_group("one", title="One", sites=["tea"], by="ann")

    edit_group("one", title="Uno", sites=[], by="ann")

    assert group_of("tea") is None
    assert SiteGroup.objects.get().title == "Uno"


def test_groups_nest_and_a_group_holds_the_sites_below_it() -> None:
    for site in ("tea", "clay", "ink"):
        make_site(site)
    make_group("all", title="All", sites=["ink"], by="ann")
    make_group("table", title="Table", parent="all", sites=["clay"], by="ann")
    make_group("cups", title="Cups", parent="table", sites=["tea"], by="ann")

    assert looks.sites_of_group(None, "table") == {"clay", "tea"}
    assert looks.sites_of_group(None, "all") == {"clay", "tea", "ink"}
    assert looks.looks(None)["tea"].group == "cups"
    assert looks.groups(None)["cups"] == looks.GroupLook("cups", "Cups", "table")


def test_a_group_never_stands_under_itself() -> None:
    make_group("one", title="One", by="ann")
    make_group("two", title="Two", parent="one", by="ann")

    for parent in ("one", "two"):
        with pytest.raises(BadField):
            edit_group("one", title="One", parent=parent, by="ann")
    assert SiteGroup.objects.get(pk="one").parent is None


def test_groups_are_at_most_five_deep_also_when_a_whole_branch_moves() -> None:
    for level in range(1, 6):
        make_group(f"l{level}", title="x", parent=f"l{level - 1}" if level > 1 else "", by="ann")
    make_group("other", title="x", by="ann")

    with pytest.raises(BadField):
        make_group("l6", title="x", parent="l5", by="ann")
    with pytest.raises(BadField):
        edit_group("l1", title="x", parent="other", by="ann")
    assert SiteGroup.objects.count() == 6


def test_a_wrong_group_makes_nothing() -> None:
    make_group("one", title="One", by="ann")

    with pytest.raises(NameTaken):
        make_group("one", title="Again", by="ann")
    with pytest.raises(BadField):
        make_group("Bad id", title="x", by="ann")
    with pytest.raises(UnknownGroup):
        make_group("two", title="x", parent="nowhere", by="ann")
    with pytest.raises(UnknownSite):
        make_group("two", title="x", sites=["nowhere"], by="ann")
    assert SiteGroup.objects.count() == 1


def test_groups_are_made_and_changed_on_their_screen(node_home: Any) -> None:
    make_site("tea")
    ada = cast.signed_in(cast.staff("ada", "admin"))

    made = ada.post("/site-groups/new", {"id": "one", "title": "One", "sites": ["tea"]})
    changed = ada.post("/site-groups/one", {"title": "Uno", "sites": ["tea"]})

    assert (made.status_code, changed.status_code) == (302, 302)
    assert (SiteGroup.objects.get().title, group_of("tea")) == ("Uno", "one")
    assert "Uno" in ada.get("/site-groups").content.decode()


def test_who_is_limited_to_sites_sees_their_groups_and_changes_none(node_home: Any) -> None:
    make_site("tea")
    make_site("clay")
    make_group("one", title="Group one", sites=["tea"], by="ann")
    make_group("two", title="Group two", sites=["clay"], by="ann")
    eva = cast.signed_in(cast.staff("eva", "admin", sites=["tea"]))

    page = eva.get("/site-groups").content.decode()

    assert "Group one" in page
    assert "Group two" not in page
    make_site("ink")
    edit_group("one", sites=["tea", "ink"], parent="two", by="ann")
    form = eva.get("/site-groups/one").context["form"]
    assert (form.may_edit, form.initial["sites"], form.fields["sites"].choices) == (False, ["tea"], [("tea", "Tea")])
    assert form.initial["parent"] == ""
    assert eva.post("/site-groups/one", {"title": "Mine"}).status_code == 403
    assert eva.post("/site-groups/new", {"id": "mine", "title": "Mine"}).status_code == 404
    assert SiteGroup.objects.get(pk="one").title == "Group one"
