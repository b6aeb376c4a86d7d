from __future__ import annotations

import pytest
from msgspec.structs import replace

from edge.pages.tests import make
from edge.replica import sites
from sync.join import Joined
from sync.replica import run_after_apply


@pytest.fixture
def group(edge):
    make.publish(make.make_site("tea"), make.make_site("clay", node="b"), make.make_site("far", group="other"))


@pytest.mark.parametrize("host", ["tea.localhost", "TEA.localhost:8401", "tea.localhost.", " tea.localhost:80"])
def test_a_host_names_its_site_whatever_its_spelling(group, host):
    found = sites.site_of(host)

    assert found is not None and found.id == "tea"


@pytest.mark.parametrize("host", ["", "localhost", "tea.localhost.evil.example", "[::1]:8401", "tea", ":"])
def test_another_host_names_none(group, host):
    assert sites.site_of(host) is None


async def test_a_site_is_found_on_the_event_loop_too(group):
    assert sites.site_of("tea.localhost") == make.make_site("tea")


def test_sisters_are_the_open_shops_of_the_same_group(group):
    assert [each.id for each in sites.sister_sites(make.make_site("tea"))] == ["clay"]


async def test_news_of_a_site_are_seen_at_once(group):
    assert sites.site_of("tea.localhost") is not None

    await make.arrive(make.make_site("tea", hosts=["chai.localhost"]), ver=2)

    assert sites.site_of("tea.localhost") is None
    assert sites.site_of("chai.localhost") is not None
    await make.arrive(make.make_site("clay", node="b", is_active=False), ver=2)
    assert sites.sister_sites(make.make_site("tea")) == ()


async def test_a_site_that_is_gone_is_forgotten(group):
    await run_after_apply(make.retract(make.make_site("tea")))

    assert sites.site_of("tea.localhost") is None


def test_a_sisters_host_is_not_answered_for(group, monkeypatch):
    """Its pages are not here, and its carts live on its own edge."""
    node = Joined(node="a", name="a", epoch=1, sites=["tea"], central_url="", central_key="", sealing_keys=[])
    monkeypatch.setattr(sites, "joined", lambda home: node)
    sites.forget_all()

    assert sites.site_of("tea.localhost") is not None
    assert sites.site_of("clay.localhost") is None
    assert sites.site("clay") is not None


def test_shelves_are_read_anew_after_a_change(group):
    tea = make.make_site("tea")
    assert sites.categories_of(tea) == ()
    shelf = make.make_category("tea", "green")

    make.publish(shelf)

    # already at the commit: pages are made between it and the news on the event loop
    assert sites.categories_of(tea) == (shelf,)
    make.publish(replace(shelf, title="Green"), ver=2)
    assert sites.shell_of(tea).categories[0].title == "Green"
