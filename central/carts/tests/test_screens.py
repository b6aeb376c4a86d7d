"""Live carts: of one's own sites only, without a name that is not to be seen."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pytest

from central.carts import actions, owners
from central.carts.models import Cart
from central.carts.owners import Owner
from central.ui import live
from central.ui.tests import cast
from sync.contracts.cart import CartAlias, CartDelta, Dot, LineKey, Taking
from sync.core import cart as core

pytestmark = pytest.mark.django_db(databases=["default", "orders", "catalog", "customers"])

TEA, CUP = LineKey("tea", "TEA-1"), LineKey("clay", "CLAY-1")
MIXED, CLAY_ONLY = "a" * 32, "b" * 32


def put(cart: str, client: str, key: LineKey, units: int) -> core.Cart:
    state = core.add(Dot(client * 16, 1), key, units, hlc=int(client, 16))
    actions.join_delta(CartDelta(cart=cart, delta=core.encode(state)))
    return state


@pytest.fixture(autouse=True)
def world(node_home: Any) -> None:
    cast.site("tea")
    cast.site("clay", currency="EUR")
    cast.product("tea", "TEA-1", "Tea leaves", price=45_000)
    cast.product("clay", "CLAY-1", "Clay cup", price=700)
    put(MIXED, "1", TEA, 2)
    put(MIXED, "2", CUP, 3)
    put(CLAY_ONLY, "3", CUP, 1)


@pytest.fixture
def olga() -> Any:
    return cast.signed_in(cast.staff("olga", "operator", sites=["tea"]))


def text(client: Any, path: str = "/carts") -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    main = re.search(r"<main.*</main>", answer.content.decode(), re.DOTALL)
    return re.sub(r"[\s\u00a0\u202f]+", " ", re.sub("<[^>]*>", " ", main[0] if main else ""))


def ref(cart: str) -> UUID:
    return Cart.objects.get(pk=cart).ref


def test_every_cart_stands_with_its_units_and_value_in_each_currency() -> None:
    shown = text(cast.signed_in(cast.staff("ada", "admin")))

    assert "Live carts 2" in shown
    assert "Tea leaves + 1" in shown
    assert "£" not in shown
    assert re.search(r"₽ ?900", shown)
    assert re.search(r"€ ?21\.00", shown)
    assert "Anonymous" in shown


def test_lines_of_other_sites_are_counted_and_not_shown(olga: Any) -> None:
    shown = text(olga)

    assert "Live carts 1" in shown
    assert "2 + 3 elsewhere" in shown
    assert "Clay" not in shown
    assert "L-clay" not in shown
    card = text(olga, f"/carts/{ref(MIXED)}")
    assert "Tea leaves" in card
    assert "3 more units of sites you may not see." in card
    assert "Clay" not in card


def test_a_cart_without_a_line_of_ones_sites_is_not_there(olga: Any) -> None:
    assert olga.get(f"/carts/{ref(CLAY_ONLY)}").status_code == 404
    assert olga.get(f"/carts/-/row/{ref(CLAY_ONLY)}").status_code == 404


def test_the_view_in_the_top_bar_and_the_filter_choose_by_site() -> None:
    ada = cast.signed_in(cast.staff("ada", "admin"))
    assert "Live carts 1" in text(ada, "/carts?site=tea")

    ada.post("/choose-site", {"in_view": "site:tea"})

    assert "Live carts 1" in text(ada)


def test_the_shoppers_capability_is_on_no_screen() -> None:
    ada = cast.signed_in(cast.staff("ada", "admin"))

    for path in ("/carts", f"/carts/{ref(MIXED)}", "/carts/-/export?as=csv"):
        assert MIXED not in b"".join(ada.get(path)).decode()


def test_an_emptied_cart_and_one_that_was_linked_away_are_left_out() -> None:
    state = put("c" * 32, "4", TEA, 1)
    taken = core.dec(Dot("5" * 16, 1), [Taking(Dot("4" * 16, 1), state.tokens[Dot("4" * 16, 1)], 1)])
    actions.join_delta(CartDelta(cart="c" * 32, delta=core.encode(taken)))
    assert Cart.objects.get(pk="c" * 32).units == 0

    actions.link_carts(CartAlias(source=CLAY_ONLY, target=MIXED, hlc=9, link_id="link"))

    shown = text(cast.signed_in(cast.staff("ada", "admin")))
    assert "Live carts 1" in shown
    assert Cart.objects.get(pk=MIXED).units == 6
    assert Cart.objects.get(pk=CLAY_ONLY).sites == []


def test_a_name_needs_a_sign_in_and_the_right_to_customers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owners, "_read", lambda carts: {MIXED: Owner(UUID(int=1), "Ann Example")})
    without = cast.staff("vera", "viewer")
    from django.contrib.auth.models import Permission

    without.user_permissions.add(Permission.objects.get(codename="see_carts"))

    assert "Ann Example" in text(cast.signed_in(cast.staff("ada", "admin")))
    shown = text(cast.signed_in(without))
    assert "Ann Example" not in shown
    assert "Signed in" in shown


def test_goods_that_are_sold_no_more_have_no_price() -> None:
    put("d" * 32, "6", LineKey("tea", "GONE-1"), 2)

    card = text(cast.signed_in(cast.staff("ada", "admin")), f"/carts/{ref('d' * 32)}")

    assert "GONE-1" in card
    assert "not on sale any more" in card


def test_carts_need_their_right() -> None:
    client = cast.signed_in(cast.staff("vera", "viewer"))

    assert client.get("/carts").status_code == 403
    assert client.get(f"/carts/{ref(MIXED)}").status_code == 403


def test_a_change_is_told_to_the_sites_it_had_and_has(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    told: list[tuple[set[str], list[str]]] = []
    monkeypatch.setattr(live, "nudge_soon", lambda topic, *, sites, keys: told.append((set(sites), list(keys))))

    with django_capture_on_commit_callbacks(using="orders", execute=True):
        put(CLAY_ONLY, "7", TEA, 1)

    assert told == [({"tea", "clay"}, [str(ref(CLAY_ONLY))])]
