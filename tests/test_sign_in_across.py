"""Signing in over both ends at once: central's accounts and carts, an edge's handles and carts, the real code of each.

The wire is a function call here; that the link carries each message is proved where the link is. A browser walks from
the shop to the id domain and back as its redirects say.
"""

from __future__ import annotations

import asyncio
import random
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connections
from django.test import Client

from central.carts.models import Cart as CentralCart
from central.carts.models import CartLink
from central.carts.queries import cart_lines, root_of
from central.catalog.models import Offer
from central.cluster.models import Node
from central.shoppers import codes, out
from central.shoppers.models import Account, Grant
from central.shoppers.tests import make as people
from central.stock.receipts import receive_stock
from central.ui.tests import cast
from edge.account import central as asking
from edge.account import names, signing_in, watch
from edge.account import who as who_is
from edge.cart.models import Alias, StoredCart
from edge.cart.tests.fixtures import cluster, joined_nodes  # noqa: F401
from edge.cart.tests.world import ASSAM, BOWL, Browser, on_disk
from edge.live import carts as live
from edge.shopper import applies, claims, session
from edge.shopper.models import Handle
from edge.shopper.tests.test_hop import FROM_TEA, leave, path_of
from node.config import overridden
from node.realms import ORDERS
from sync.contracts.cart import is_customer_cart
from sync.contracts.frames import Op
from sync.discover import load_central
from sync.intake import take_ops
from sync.link import LinkDown, RequestFailed
from sync.store.edge.models import Outgoing
from sync.store.writer import writer
from sync.topics import EdgeScope
from sync.upstream import answer_of

pytestmark = pytest.mark.django_db(databases=["default", "customers", "orders", "catalog", "edge"], transaction=True)

TEA = "http://tea.localhost:8499"
NODES = {"tea": "a", "clay": "b", "ink": "c"}


class Wire:
    """Carries questions to central's answers, the edge's outbox into its intake, and what central pushes back."""

    def __init__(self) -> None:
        self.is_up, self.node = True, "a"

    @property
    def scope(self) -> EdgeScope:
        sites = frozenset(site for site, node in NODES.items() if node == self.node)
        return EdgeScope(node=self.node, epoch=1, sites=sites, groups=frozenset({"main"}))

    async def request(self, kind: str, body: bytes, *, timeout: float) -> bytes:  # noqa: ASYNC109
        from node.errors import RialtoError

        answer = answer_of(kind)
        if not self.is_up or answer is None:
            raise LinkDown("cut")
        try:
            return await at_central(lambda: answer(self.scope, body))
        except RialtoError as error:
            raise RequestFailed(error.code, str(error)) from error

    async def deliver(self) -> None:
        """Everything the edge has to say reaches central, some of it twice."""
        rows = on_disk(lambda: list(Outgoing.objects.order_by("realm", "n").values_list("realm", "n", "kind", "body")))

        def take_in() -> None:
            for realm, n, kind, body in rows:
                for _ in range(random.Random(n).choice((1, 2))):
                    take_ops(self.scope, realm, n, [Op(kind, bytes(body))])

        await at_central(take_in)


async def at_central(work: Any) -> Any:
    def closing() -> Any:
        try:
            return work()
        finally:
            connections.close_all()

    return await asyncio.to_thread(closing)


@pytest.fixture
async def wire(cluster, monkeypatch, tmp_path):  # noqa: F811
    load_central()
    made, told = Wire(), []
    for module in (asking, claims, watch):
        monkeypatch.setattr(module, "link", made)
    monkeypatch.setattr(out, "tell", lambda node, kind, body: told.append((node, body)))
    made.told = told
    for forget in (asking.forget_all, names.forget_all, signing_in.forget_all, codes.forget_counts):
        forget()

    def shops() -> None:
        with overridden(home=tmp_path):
            for site, node in NODES.items():
                cast.site(site, origin=f"http://{site}.localhost:8499", name=f"Shop {site}")
                cast.node(node, site)
        Node.objects.update(state=Node.State.JOINED)

    await at_central(shops)
    return made


@pytest.fixture
async def shopper(wire) -> Browser:
    return await Browser("tea").open()


async def account(email: str = "anna@example.com", name: str = "Анна Примерова") -> Account:
    return await at_central(lambda: people.account(email, name))


class IdBrowser:
    """The same browser at the id domain."""

    def __init__(self) -> None:
        self.client = Client()

    async def go(self, address: str) -> Any:
        parts = urlsplit(address)
        return await at_central(lambda: self.client.get(f"{parts.path}?{parts.query}"))

    async def sign_in(self, address: str, email: str) -> str:
        """From the shop's redirect to the address it comes back by."""
        answer = await self.go(address)
        ask = urlsplit(address).query
        fields = {"email": email, "password": people.PASSWORD, "ask": ask}
        answer = await at_central(lambda: self.client.post("/id/sign-in", fields))
        assert answer.status_code == 303, answer.content.decode()
        return str(answer["Location"])


async def sign_in(browser: Browser, email: str = "anna@example.com", path: str = "/cart") -> Any:
    """Click, sign in at the id domain, come back; the answer of the shop's last page."""
    begun = await browser.get(f"/account/in?next={path}", sec_fetch_site="same-origin")
    assert begun.status_code == 303, begun.text
    back = await IdBrowser().sign_in(begun.headers["location"], email)
    return await browser.get(path_of(back))


def handles() -> list[Handle]:
    return on_disk(lambda: list(Handle.objects.order_by("created")))


async def lines_at_central(cart: str) -> dict[str, int]:
    found = await at_central(lambda: cart_lines(cart))
    return {line.key.sku: line.quantity for line in found}


async def test_a_guests_cart_joins_the_customers_at_sign_in(wire, shopper):
    anna = await account()
    await shopper.put_in(ASSAM, 2)
    guest, cookie = await shopper.root(), shopper.cookie
    await wire.deliver()

    answer = await sign_in(shopper)

    assert (answer.status_code, answer.headers["location"]) == (303, "/cart")
    assert await shopper.root() == anna.cart and is_customer_cart(anna.cart)
    assert await shopper.units() == {"tea-assam": 2}
    assert await lines_at_central(anna.cart) == {"tea-assam": 2}
    assert await at_central(lambda: root_of(guest)) == anna.cart
    assert shopper.cookie != cookie
    assert (await shopper.get("/_r/who")).json() == {"state": "in", "name": "Анна"}


async def test_the_handle_from_before_the_sign_in_opens_nothing(wire, shopper):
    await account()
    await shopper.put_in(ASSAM, 2)
    planted = Browser("tea")
    planted.cookie = shopper.cookie
    before = session.handle_hash({"rialto": planted.cookie}, session_site())
    stream = live.watch(await planted.root(), before)

    await sign_in(shopper)

    assert stream.is_over
    live.unwatch(stream)
    assert await planted.units() == {}
    assert (await planted.send(planted.add(ASSAM))).status_code == 401


def session_site() -> Any:
    from edge.replica.sites import site

    return site("tea")


@pytest.mark.slow
async def test_a_merge_told_a_thousand_times_is_one_merge(wire, shopper):
    anna = await account()
    await shopper.put_in(ASSAM, 2)
    guest = await shopper.root()
    await sign_in(shopper)
    await wire.deliver()
    state = await at_central(lambda: bytes(CentralCart.objects.get(pk=anna.cart).state))
    here = on_disk(lambda: bytes(StoredCart.objects.get(pk=anna.cart).state))

    for _ in range(1000):
        assert (await claims.claim(guest, anna.cart)).is_his
    await at_central(lambda: [_claim(wire, guest, anna.cart) for _ in range(1000)])

    assert await at_central(lambda: bytes(CentralCart.objects.get(pk=anna.cart).state)) == state
    assert on_disk(lambda: bytes(StoredCart.objects.get(pk=anna.cart).state)) == here
    assert await at_central(CartLink.objects.count) == 1
    assert on_disk(Alias.objects.count) == 1


def _claim(wire: Wire, source: str, target: str) -> None:
    from sync.contracts.codec import pack
    from sync.contracts.shoppers import ClaimAsk

    answer = answer_of("cart_claim")
    assert answer is not None
    answer(wire.scope, pack(ClaimAsk(source=source, target=target)))


async def test_late_ops_for_the_guests_cart_follow_the_alias(wire, shopper):
    anna = await account()
    await shopper.put_in(ASSAM, 2)
    guest = await shopper.root()
    await sign_in(shopper)

    # What the edge had not sent yet names the guest's cart.
    assert [row.kind for row in on_disk(lambda: list(Outgoing.objects.filter(realm=ORDERS)))] == ["cart"]
    await wire.deliver()

    assert await lines_at_central(anna.cart) == {"tea-assam": 2}
    assert await at_central(lambda: CentralCart.objects.filter(pk=guest).count()) <= 1


async def test_a_merge_takes_no_more_than_there_is_and_says_so(wire, shopper):
    await at_central(lambda: cast.product("tea", "tea-assam", "Ассам"))
    variant = await at_central(lambda: Offer.objects.get(site="tea").variant_id)
    await at_central(lambda: receive_stock({variant: 5}, who="anna"))
    anna = await account()
    await shopper.put_in(ASSAM, 4)
    await sign_in(shopper)
    await wire.deliver()
    other = await Browser("tea").open()
    await other.put_in(ASSAM, 4)

    await sign_in(other)

    assert await other.units() == {"tea-assam": 5}
    assert "осталось меньше" in (await other.get("/cart")).text
    await wire.deliver()
    assert await lines_at_central(anna.cart) == {"tea-assam": 5}


async def test_a_removed_line_stays_removed_when_the_merge_is_told_again(wire, shopper):
    anna = await account()
    await shopper.put_in(ASSAM, 2)
    guest = await shopper.root()
    await sign_in(shopper)
    [line] = (await shopper.view())["lines"]
    remove = {"dot": shopper.dot(), "kind": "remove", "key": ASSAM, "seen": [dot for dot, _, _ in line["tokens"]]}
    assert (await shopper.send(remove)).status_code == 200
    await wire.deliver()

    await at_central(lambda: _claim(wire, guest, anna.cart))

    assert await lines_at_central(anna.cart) == {}


async def test_the_second_person_at_a_browser_gets_nothing_of_the_first(wire, shopper):
    anna, boris = await account(), await account("boris@example.com", "Борис Образцов")
    await shopper.put_in(ASSAM, 2)
    await sign_in(shopper)

    # without signing out first
    await sign_in(shopper, "boris@example.com")

    assert await shopper.root() == boris.cart
    assert await shopper.units() == {}
    await wire.deliver()
    assert await lines_at_central(boris.cart) == {}
    assert await lines_at_central(anna.cart) == {"tea-assam": 2}


async def test_a_cart_of_one_customer_is_never_joined_into_anothers(wire, shopper):
    anna, boris = await account(), await account("boris@example.com", "Борис Образцов")
    await shopper.put_in(ASSAM, 2)
    guest = await shopper.root()
    await wire.deliver()
    # Anna has signed in at another shop, to which a hop had brought this very cart; this edge has not heard of it.
    await at_central(lambda: _claim(wire, guest, anna.cart))

    await sign_in(shopper, "boris@example.com")

    assert await shopper.root() == boris.cart and await shopper.units() == {}
    assert await at_central(lambda: root_of(guest)) == anna.cart
    assert await lines_at_central(boris.cart) == {}


async def test_two_who_sign_in_with_one_guest_cart_at_one_moment_do_not_both_get_it(wire, shopper):
    anna, boris = await account(), await account("boris@example.com", "Борис Образцов")
    await shopper.put_in(ASSAM, 2)
    guest = await shopper.root()
    await wire.deliver()

    await asyncio.gather(*[at_central(lambda to=to: _claim(wire, guest, to.cart)) for to in (anna, boris) * 4])

    owners = [cart for cart in (anna.cart, boris.cart) if await lines_at_central(cart)]
    assert len(owners) == 1 and await at_central(lambda: root_of(guest)) == owners[0]


async def test_signing_out_gives_a_fresh_cart_in_that_shop(wire, shopper):
    anna = await account()
    await shopper.put_in(ASSAM, 2)
    await sign_in(shopper)

    answer = await shopper.form("/account/out")

    assert answer.status_code == 303
    assert await shopper.units() == {} and not is_customer_cart(await shopper.root())
    assert (await shopper.get("/_r/who")).json() == {"state": "guest", "name": ""}
    await wire.deliver()
    assert await at_central(Grant.objects.filter(ended_at=None).count) == 0
    await sign_in(shopper)
    assert await shopper.root() == anna.cart and await shopper.units() == {"tea-assam": 2}


async def test_signing_out_everywhere_ends_open_tabs_and_carts_that_a_hop_brought(wire, shopper):
    anna = await account()
    await shopper.put_in(ASSAM, 2)
    await sign_in(shopper)
    other = await Browser("tea").open()
    await sign_in(other)
    stream = live.watch(await other.root(), session.handle_hash({"rialto": other.cookie}, session_site()))

    await shopper.form("/account/out", everywhere="1")
    await wire.deliver()

    [(_, body)] = [told for told in wire.told if told[0] == "a"][-1:]
    await applies.out(body)
    assert stream.is_over
    live.unwatch(stream)
    assert await other.units() == {} and await other.root() != anna.cart
    assert all(handle.cart != anna.cart and not handle.grant for handle in handles())


async def test_a_lost_push_is_found_by_asking(wire, shopper):
    anna = await account()
    await sign_in(shopper)
    stream = live.watch(await shopper.root(), session.handle_hash({"rialto": shopper.cookie}, session_site()))
    await at_central(lambda: Grant.objects.filter(account=anna).update(ended_at=anna.created_at))

    assert await watch.look() == 1

    assert stream.is_over
    live.unwatch(stream)
    assert (await shopper.get("/_r/who")).json()["state"] == "guest"


# --- what is refused


async def test_a_code_is_worth_nothing_in_another_browser(wire, shopper):
    await account()
    begun = await shopper.get("/account/in", sec_fetch_site="same-origin")
    back = await IdBrowser().sign_in(begun.headers["location"], "anna@example.com")
    stranger = await Browser("tea").open()

    stolen = await stranger.get(path_of(back))

    assert (stolen.status_code, stolen.headers["x-rialto-error"]) == (403, "sign_in_foreign")
    assert (await stranger.get("/_r/who")).json()["state"] == "guest"
    again = await shopper.get(path_of(back))
    assert (again.status_code, again.headers["x-rialto-error"]) == (409, "sign_in_stale")


async def test_a_made_up_code_or_state_signs_nobody_in(wire, shopper):
    await account()
    await shopper.put_in(ASSAM, 1)
    begun = await shopper.get("/account/in", sec_fetch_site="same-origin")
    state = parse_qs(urlsplit(begun.headers["location"]).query)["state"][0]

    for query, why in (
        (f"code=made-up&state={state}", "sign_in_refused"),
        ("code=x&state=y", "sign_in_stale"),
        ("", "sign_in_stale"),
    ):
        answer = await shopper.get(f"/account/return?{query}")
        assert answer.headers["x-rialto-error"] == why
        assert "set-cookie" not in answer.headers

    assert await shopper.units() == {"tea-assam": 1}


async def test_another_sites_page_cannot_begin_a_sign_in(wire, shopper):
    answer = await shopper.get("/account/in?next=/cart", sec_fetch_site="cross-site", sec_fetch_mode="navigate")

    assert (answer.status_code, answer.headers["location"]) == (303, "/account")


async def test_the_way_back_never_leaves_the_shop(wire, shopper):
    await account()

    answer = await sign_in(shopper, path="//evil.example/")

    assert answer.headers["location"] == "/account"


async def test_cut_off_nobody_can_sign_in_and_the_cart_stays(wire, shopper):
    await account()
    await shopper.put_in(ASSAM, 2)
    begun = await shopper.get("/account/in", sec_fetch_site="same-origin")
    back = await IdBrowser().sign_in(begun.headers["location"], "anna@example.com")
    wire.is_up = False

    for path in ("/account/in", path_of(back)):
        answer = await shopper.get(path, sec_fetch_site="same-origin")
        assert answer.status_code == 503 and "Корзина остаётся прежней" in answer.text

    assert await shopper.units() == {"tea-assam": 2}


async def test_cut_off_the_account_says_so_and_signing_out_works(wire, shopper):
    await account()
    await sign_in(shopper)
    wire.is_up = False

    page = await shopper.get("/account")
    assert page.status_code == 503 and "нет связи с офисом" in page.text
    assert (await shopper.form("/account/out", everywhere="1")).status_code == 303

    assert await shopper.units() == {}
    wire.is_up = True
    await wire.deliver()
    assert await at_central(Grant.objects.filter(ended_at=None).count) == 0


# --- hops


async def hop(browser: Browser, cluster: Any, wire: Wire) -> Browser:  # noqa: F811
    """The browser goes to the clay shop, whose edge this process is from now on."""
    address = await leave(browser)
    cluster.become("b")
    wire.node = "b"
    names.forget_all()
    there = Browser("clay")
    await there.get(path_of(address), **FROM_TEA)
    return there


async def test_a_hop_brings_the_lines_and_an_offer_but_not_the_sign_in(wire, shopper, cluster):  # noqa: F811
    anna = await account()
    await shopper.put_in(ASSAM, 2)
    await sign_in(shopper)
    await wire.deliver()

    there = await hop(shopper, cluster, wire)

    assert await there.units() == {"tea-assam": 2} and await there.root() == anna.cart
    assert (await there.get("/_r/who")).json() == {"state": "offer", "name": "Анна"}
    assert [(handle.grant, handle.customer) for handle in handles()] == [("", "")]
    page = await there.get("/account")
    assert page.status_code == 200 and "Продолжить как Анна" in page.text


async def test_the_offer_ends_45_days_after_the_last_visit_to_the_id_domain(wire, shopper, cluster, monkeypatch):  # noqa: F811
    await account()
    await shopper.put_in(ASSAM, 2)
    await sign_in(shopper)
    there = await hop(shopper, cluster, wire)

    monkeypatch.setattr(who_is, "SILENT_FOR_S", -1)

    assert (await there.get("/_r/who")).json()["state"] == "guest"


async def test_a_guests_lines_of_the_other_shop_join_the_customers_by_centrals_word(
    wire,
    shopper,
    cluster,  # noqa: F811
):
    anna = await account()
    await shopper.put_in(ASSAM, 2)
    await sign_in(shopper)
    await wire.deliver()
    address = await leave(shopper)
    cluster.become("b")
    wire.node = "b"
    there = await Browser("clay").open()
    await there.put_in(BOWL, 1)

    await there.get(path_of(address), **FROM_TEA)

    assert await there.root() == anna.cart
    assert await there.units() == {"tea-assam": 2, "clay-bowl": 1}


async def test_cut_off_a_guests_lines_stay_where_they_are(wire, shopper, cluster):  # noqa: F811
    await account()
    await shopper.put_in(ASSAM, 2)
    await sign_in(shopper)
    address = await leave(shopper)
    cluster.become("b")
    wire.node, wire.is_up = "b", False
    there = await Browser("clay").open()
    await there.put_in(BOWL, 1)

    await there.get(path_of(address), **FROM_TEA)

    assert await there.units() == {"clay-bowl": 1}
    assert "ждёт вас там" in (await there.get("/cart")).text


async def test_a_hop_never_replaces_who_is_signed_in(wire, shopper, cluster):  # noqa: F811
    await account()
    boris = await account("boris@example.com", "Борис Образцов")
    await shopper.put_in(ASSAM, 2)
    await sign_in(shopper)
    address = await leave(shopper)
    cluster.become("b")
    wire.node = "b"
    there = await Browser("clay").open()
    await there.put_in(BOWL, 1)
    await sign_in(there, "boris@example.com")

    await there.get(path_of(address), **FROM_TEA)

    assert await there.root() == boris.cart and await there.units() == {"clay-bowl": 1}
    assert (await there.get("/_r/who")).json()["state"] == "in"


# --- what lies on the disk


async def test_an_edges_disk_names_nobody_who_signed_in(wire, shopper):
    await account("adelaida@example.org", "Аделаида Выдуманная")
    await shopper.put_in(ASSAM, 2)
    await sign_in(shopper, "adelaida@example.org")
    await shopper.get("/account")
    assert (await shopper.get("/_r/who")).json()["name"] == "Аделаида"

    def whole() -> bytes:
        connection = connections["edge"]
        return "\n".join(connection.connection.iterdump()).encode()

    disk = writer.run_sync(whole)
    for word in ("adelaida", "Аделаида", "Выдуманная"):
        assert word.encode() not in disk
