from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from central.catalog.models import Offer
from central.stock import granting, leases, receipts
from central.stock.models import Grant
from central.stock.queries import check_balance
from central.ui.tests import cast
from sync.topics import EdgeScope

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture(autouse=True)
def nobody_is_told(monkeypatch):
    monkeypatch.setattr("sync.hub.tell", lambda node, kind, body: None)


@pytest.fixture
def frozen() -> Grant:
    """Ten units of tea that the edge `a` held when it was last heard of."""
    cast.site("tea")
    cast.product("tea", "ASSAM", "Assam")
    variant = Offer.objects.get(site="tea").variant_id
    receipts.receive_stock({variant: 10}, who="anna")
    (made,) = granting.grant_rights(EdgeScope("a", 1, frozenset(), frozenset()), {variant: 10}, must=True)
    leases.freeze_overdue(timezone.now() + timedelta(days=3))
    return made


def desk(role: str, **more: object) -> Client:
    client = Client()
    client.force_login(cast.staff(f"the-{role}", role, **more))
    return client


def test_the_list_shows_what_edges_hold_and_filters_what_is_frozen(frozen: Grant) -> None:
    ada = desk("admin")

    page = ada.get("/stock/rights").content.decode()
    frozen_only = ada.get("/stock/rights?state=frozen").content.decode()
    open_only = ada.get("/stock/rights?state=open").content.decode()

    assert "Assam" in page and "Assam" in frozen_only and "Assam" not in open_only
    assert f"/stock/rights/of/{frozen.pk}" in page


def test_writing_off_asks_for_a_reason_and_is_on_the_card(frozen: Grant) -> None:
    ada = desk("admin")
    url = f"/stock/rights/of/{frozen.pk}/write-off"

    assert ada.post(url, {"reason": ""}).status_code == 422
    frozen.refresh_from_db()
    assert frozen.state == "frozen"
    ada.post(url, {"reason": "The machine burned"})

    frozen.refresh_from_db()
    assert (frozen.state, frozen.lost, frozen.written_off_by) == ("written_off", 10, "the-admin")
    card = ada.get(f"/stock/rights/of/{frozen.pk}").content.decode()
    assert "The machine burned" in card and url not in card
    assert check_balance() == []


def test_who_may_only_look_writes_nothing_off(frozen: Grant) -> None:
    olga = desk("operator")

    assert olga.get(f"/stock/rights/of/{frozen.pk}").status_code == 200
    assert olga.post(f"/stock/rights/of/{frozen.pk}/write-off", {"reason": "no"}).status_code == 403
    frozen.refresh_from_db()
    assert frozen.state == "frozen"


def test_rights_to_goods_of_other_sites_are_not_there(frozen: Grant) -> None:
    cast.site("ink")
    stranger = desk("manager", sites=["ink"])

    assert "Assam" not in stranger.get("/stock/rights").content.decode()
    assert stranger.get(f"/stock/rights/of/{frozen.pk}").status_code == 404
    assert stranger.post(f"/stock/rights/of/{frozen.pk}/write-off", {"reason": "no"}).status_code == 404
