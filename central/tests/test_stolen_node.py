"""What a stolen node key gets out of every question and every op there is: what is its own node's, and nothing else.

`Thief` is node `x` of a cart group of its own; everything here is node `a`'s or another group's. A question or op that
an app adds must be tried here too, or the first test fails.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from central.carts.models import Cart
from central.catalog import assortment
from central.catalog.models import Offer
from central.cdn import accounts
from central.cdn.models import StalePage
from central.orders.models import Order
from central.orders.tests.make import make_placed
from central.pages.models import BrokenLink as BrokenRow
from central.pages.models import SpeedSpan
from central.search.actions import tune
from central.search.models import SearchedWords
from central.seo.redirects import Wanted, set_redirect
from central.shoppers.queries import return_address
from central.shoppers.tests import make
from central.stock import granting, receipts
from central.stock.models import Grant
from central.ui.tests import cast
from node.errors import RialtoError
from node.realms import realm_of_alias
from sync import hub, intake, questions
from sync.contracts.cart import CartAlias, CartDelta, CartState
from sync.contracts.codec import pack, unpack
from sync.contracts.frames import Op
from sync.contracts.ids import new_cart_id
from sync.contracts.join import JoinAnswer
from sync.contracts.links import BrokenLink, BrokenLinks
from sync.contracts.orders import KeptOrder
from sync.contracts.pages import PageChange, PagesChanged
from sync.contracts.questions import Answered, Question
from sync.contracts.search import SearchAsk, SearchCount, SearchCounts
from sync.contracts.seo import RedirectHits, SourceHits
from sync.contracts.shoppers import (
    AccountOrderAsk,
    AccountOrdersAsk,
    AliveAsk,
    AliveReply,
    BeginAsk,
    ClaimAsk,
    ClaimReply,
    ExchangeAsk,
    ShopperLeft,
    WhoAsk,
    WhoReply,
)
from sync.contracts.speed import WINDOW_S, SpeedFigure, SpeedTold
from sync.contracts.stock import MOST_LEFT, Answer, Ask, GrantReport, Left, LeftAsk, Renew, Renewed
from sync.discover import load_central
from sync.store.central.models import Quarantine
from sync.topics import EdgeScope
from sync.upstream import _answers, _receivers, answer_of

REALMS = ["default", "customers", "catalog", "orders", "work", "stats"]
pytestmark = [pytest.mark.slow, pytest.mark.django_db(databases=REALMS)]

A = EdgeScope(node="a", epoch=1, sites=frozenset({"tea"}), groups=frozenset({"main"}))
THIEF = EdgeScope(node="x", epoch=1, sites=frozenset({"toys"}), groups=frozenset({"other"}))


@pytest.fixture(autouse=True)
def shops(node_home: Any) -> None:
    load_central()
    cast.site("tea", cart_group="main", origin=make.TEA)
    cast.site("toys", cart_group="other")
    cast.node("a", "tea")
    cast.node("x", "toys")
    assortment._sites.clear()


def ask(kind: str, body: Any, edge: EdgeScope = THIEF) -> bytes:
    answerer = answer_of(kind)
    assert answerer is not None
    return answerer(edge, pack(body))


def refusal(kind: str, body: Any) -> str:
    with pytest.raises(RialtoError) as refused:
        ask(kind, body)
    return refused.value.code


def send(kind: str, body: Any, *, realm: str = "orders", edge: EdgeScope = THIEF) -> str:
    """The reason for which the op was set aside, "" when it was taken in."""
    first = (Quarantine.objects.using(realm).filter(edge=edge.node).count() + 1) or 1
    intake.take_ops(edge, realm_of_alias(realm), first, [Op(kind, pack(body))])
    held = Quarantine.objects.using(realm).filter(edge=edge.node, n=first).first()
    return held.reason if held else ""


# --- each kind, and what it gives the thief ----------------------------------------------------------------------


def foreign_goods_are_not_granted() -> None:
    cast.product("tea", "T-1", "Tea")
    variant = Offer.objects.get(site="tea").variant_id
    receipts.receive_stock({variant: 100}, who="tests")

    for must in (False, True):
        answer = unpack(ask("ask_stock", Ask(wanted={variant.hex: 50}, must=must)), Answer)
        assert (answer.grants, answer.left) == ([], {})

    assert unpack(ask("ask_stock", Ask(wanted={variant.hex: 50}), A), Answer).grants


def of_foreign_goods_nobody_hears_what_is_left() -> None:
    cast.product("tea", "T-1", "Tea")
    variant = Offer.objects.get(site="tea").variant_id
    receipts.receive_stock({variant: 100}, who="tests")

    assert unpack(ask("stock_left", LeftAsk(wanted={variant.hex: 500})), Left).left == {}
    assert unpack(ask("stock_left", LeftAsk(wanted={variant.hex: 7}), A), Left).left == {variant.hex: 7}
    many = {uuid.uuid4().hex: 1 for _ in range(MOST_LEFT + 1)}
    assert refusal("stock_left", LeftAsk(wanted=many)) == "too_many_variants"


def another_nodes_rights_are_not_renewed() -> None:
    assert unpack(ask("renew_stock", Renew(grants=[rights_of_a().pk.hex])), Renewed).grants == []


def another_nodes_rights_are_not_reported_on() -> None:
    grant = rights_of_a()

    assert "no such grant" in send("grant_report", GrantReport(grant=grant.pk.hex, sold=0, returned=5, is_sealed=True))

    grant.refresh_from_db()
    assert (grant.returned, grant.state) == (0, Grant.State.OPEN)


def rights_of_a() -> Grant:
    variant = uuid.uuid4()
    receipts.receive_stock({variant: 100}, who="tests")
    [grant] = granting.grant_rights(A, {variant: 10}, must=True)
    return grant


def a_foreign_order_is_set_aside() -> None:
    assert send("order", make_placed()).startswith("foreign_order")
    assert send("order", make_placed(edge="x")).startswith("foreign_site")
    assert not Order.objects.exists()


def a_forged_envelope_is_set_aside() -> None:
    placed = make_placed()
    made_up = JoinAnswer(node="a", name="", epoch=1, sites=[], central_key="", sealing_keys=[], asked_by="")

    forged = KeptOrder(id=placed.id, proof=made_up, body=pack(placed), signature=bytes(64))

    assert send("kept_order", forged).startswith("not_genuine")
    assert not Order.objects.exists()


def a_cart_is_found_by_its_128_bits_only() -> None:
    Cart.objects.create(id=new_cart_id(), units=3, sites=["tea"])

    for wrong in ("", "%", "0" * 31, "*"):
        assert send("cart", CartDelta(cart=wrong, delta=CartState()))
        assert send("cart_alias", CartAlias(source=wrong, target=new_cart_id(), hlc=1, link_id="l"))
    made_up = unpack(ask("cart_claim", ClaimAsk(source=new_cart_id(), target=new_cart_id())), ClaimReply)
    assert made_up.state is None


def a_foreign_sign_in_opens_nothing() -> None:
    sign_in = make.exchange(make.code_for(make.account())).grant

    assert not unpack(ask("shopper_who", WhoAsk(grant=sign_in.pk.hex)), WhoReply).is_good
    assert refusal("account_orders", AccountOrdersAsk(grant=sign_in.pk.hex, page=1)) == "ended"
    assert refusal("account_order", AccountOrderAsk(grant=sign_in.pk.hex, order=uuid.uuid4().hex)) == "ended"
    assert unpack(ask("shopper_alive", AliveAsk(grants=[sign_in.pk.hex])), AliveReply).ended == [sign_in.pk.hex]
    send("shopper_left", ShopperLeft(grant=sign_in.pk.hex, everywhere=True), realm="customers")

    sign_in.refresh_from_db()
    assert sign_in.ended_at is None


def a_foreign_sign_in_is_not_finished() -> None:
    code = make.code_for(make.account())
    stolen = ExchangeAsk(site="tea", code=code, verifier=make.VERIFIER, redirect_uri=return_address(make.TEA))

    assert refusal("shopper_exchange", stolen) == "foreign"

    assert make.exchange(code).grant.ended_at is None


def where_to_sign_in_is_no_secret() -> None:
    assert ask("shopper_begin", BeginAsk(site="tea"))


def visits_of_foreign_addresses_are_not_counted() -> None:
    row = set_redirect("tea", Wanted("/old", "/"), by="tests")

    assert send("redirect_hits", RedirectHits([SourceHits("tea", "/old", 5)]), realm="catalog") == ""

    row.refresh_from_db()
    assert row.hits == 0


def foreign_pages_are_not_purged() -> None:
    account = accounts.add_account(title="None", provider="none", plan="any", by="tests")
    zone = accounts.add_zone(account.pk, key="z", name="z", by="tests")
    accounts.edit_zone(zone.pk, seen_ver=1, sites=["tea"], by="tests")
    StalePage.objects.all().delete()
    told = PagesChanged(site="tea", changes=[PageChange(path="/")], at=1)
    assert "not of this node" in send("pages_changed", told, realm="default")
    assert not StalePage.objects.exists()
    assert not send("pages_changed", told, realm="default", edge=A)
    assert [row.site for row in StalePage.objects.all()] == ["tea"]


def anothers_shop_is_not_searched() -> None:
    tune("tea", by="tests", engine="sphinx")
    assert refusal("search_ask", SearchAsk(site="tea", language="en", words="tea")) == "no_server_engine"


def what_was_searched_elsewhere_is_not_made_up() -> None:
    told = SearchCount(site="tea", language="en", day="2026-11-26", words="tea", times=5, in_vain=0)
    assert send("search_counts", SearchCounts(counts=[told]), realm="catalog") == ""
    assert not SearchedWords.objects.exists()
    assert send("search_counts", SearchCounts(counts=[told]), realm="catalog", edge=A) == ""
    assert SearchedWords.objects.get().times == 5


def links_of_foreign_pages_are_not_made_up() -> None:
    script = BrokenLinks(site="toys", book="b", links=[BrokenLink(url="javascript:alert(1)", status="404")])
    assert "no edge of ours" in send("broken_links", script, realm="stats")
    told = BrokenLinks(site="tea", book="b", links=[BrokenLink(url="https://x.example/", status="404", count=1)])
    assert send("broken_links", told, realm="stats") == ""
    assert not BrokenRow.objects.exists()
    assert send("broken_links", told, realm="stats", edge=A) == ""
    assert BrokenRow.objects.get().url == "https://x.example/"


def how_fast_foreign_pages_are_is_not_made_up() -> None:
    at = int(time.time()) // WINDOW_S * WINDOW_S
    told = SpeedTold(at=at, figures=[SpeedFigure(site="tea", kind="home", measure="lcp", counts=[(60, 1000)])])
    far = SpeedTold(at=WINDOW_S * 2**40, figures=told.figures)
    assert "no edge of ours" in send("speed", far, realm="stats")
    assert send("speed", told, realm="stats") == ""
    assert not SpeedSpan.objects.exists()
    assert send("speed", told, realm="stats", edge=A) == ""
    assert {one.total for one in SpeedSpan.objects.all()} == {1000}


def a_question_to_another_node_is_not_answered() -> None:
    def asked_of_a(edge: EdgeScope) -> bytes:
        def told(node: str, kind: str, body: bytes) -> None:
            ask("question_answered", Answered(id=unpack(body, Question).id, body=b"so it is"), edge)

        hub.tell_by(told)
        try:
            return questions.ask("a", "pages", b"", patience_s=0.2)
        finally:
            hub.tell_by(None)

    assert asked_of_a(A) == b"so it is"
    with pytest.raises(questions.NodeAway):
        asked_of_a(THIEF)


TRIED: dict[str, Callable[[], None]] = {
    "ask_stock": foreign_goods_are_not_granted,
    "stock_left": of_foreign_goods_nobody_hears_what_is_left,
    "renew_stock": another_nodes_rights_are_not_renewed,
    "grant_report": another_nodes_rights_are_not_reported_on,
    "broken_links": links_of_foreign_pages_are_not_made_up,
    "speed": how_fast_foreign_pages_are_is_not_made_up,
    "question_answered": a_question_to_another_node_is_not_answered,
    "pages_changed": foreign_pages_are_not_purged,
    "order": a_foreign_order_is_set_aside,
    "kept_order": a_forged_envelope_is_set_aside,
    "cart": a_cart_is_found_by_its_128_bits_only,
    "cart_alias": a_cart_is_found_by_its_128_bits_only,
    "cart_claim": a_cart_is_found_by_its_128_bits_only,
    "shopper_who": a_foreign_sign_in_opens_nothing,
    "account_orders": a_foreign_sign_in_opens_nothing,
    "account_order": a_foreign_sign_in_opens_nothing,
    "shopper_alive": a_foreign_sign_in_opens_nothing,
    "shopper_left": a_foreign_sign_in_opens_nothing,
    "shopper_exchange": a_foreign_sign_in_is_not_finished,
    "redirect_hits": visits_of_foreign_addresses_are_not_counted,
    "search_ask": anothers_shop_is_not_searched,
    "search_counts": what_was_searched_elsewhere_is_not_made_up,
    "shopper_begin": where_to_sign_in_is_no_secret,
}


def test_every_question_and_op_is_tried() -> None:
    assert {*_answers, *_receivers} == TRIED.keys()


@pytest.mark.parametrize("tried", dict.fromkeys(TRIED.values()), ids=lambda one: one.__name__)
def test_the_thief_gets_nothing(tried: Callable[[], None]) -> None:
    tried()
