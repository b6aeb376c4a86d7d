"""The switch in the top bar: the cluster, a group of sites, one site, over every list."""

from __future__ import annotations

from typing import Any

import pytest

from central.accounts.actions import give_sites
from central.cluster.groups import make_group
from central.ui.tests import cast

pytestmark = pytest.mark.django_db(databases=["default", "orders", "catalog", "customers"])


@pytest.fixture(autouse=True)
def world(node_home: Any) -> None:
    for site in ("tea", "clay", "ink"):
        cast.site(site)
        cast.order(site, number=f"{site.upper()}-1")
        cast.cart(site, f"SKU-{site}")
    make_group("pots", title="Pots and leaves", sites=["tea", "clay"], by="test")


def numbers(client: Any, path: str = "/orders") -> set[str]:
    page = client.get(path).content.decode()
    return {site for site in ("tea", "clay", "ink") if f"{site.upper()}-1" in page}


def test_a_group_narrows_every_list_and_card_to_its_sites() -> None:
    ada = cast.signed_in(cast.staff("ada", "admin"))

    ada.post("/choose-site", {"in_view": "group:pots"})

    assert numbers(ada) == {"tea", "clay"}
    assert numbers(ada, "/orders/lines") == {"tea", "clay"}
    assert numbers(ada, "/") == {"tea", "clay"}
    assert 'class="count">2<' in ada.get("/carts").content.decode()
    assert "Pots and leaves" in ada.get("/orders").content.decode()


def test_a_group_shows_nobody_more_than_his_sites() -> None:
    client = cast.signed_in(cast.staff("olga", "manager", sites=["tea", "ink"]))

    client.post("/choose-site", {"in_view": "group:pots"})

    assert numbers(client) == {"tea"}


def test_a_group_without_a_site_of_his_cannot_be_chosen() -> None:
    client = cast.signed_in(cast.staff("olga", "manager", sites=["ink"]))

    client.post("/choose-site", {"in_view": "group:pots"})

    assert numbers(client) == {"ink"}
    assert "Pots and leaves" not in client.get("/orders").content.decode()


def test_a_site_that_was_taken_away_is_in_view_no_more() -> None:
    user = cast.staff("olga", "manager", sites=["tea", "ink"])
    client = cast.signed_in(user)
    client.post("/choose-site", {"in_view": "site:tea"})
    assert numbers(client) == {"tea"}

    give_sites(user, ["ink"])

    assert numbers(client) == {"ink"}
