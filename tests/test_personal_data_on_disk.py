"""Shoppers with names nobody has shop at real edges; then every file of the nodes is searched: databases, queues, logs.

They order, mistype, repeat, are refused, sign up, sign in, hop, and order while the link is cut. Staff look for them.
"""

from __future__ import annotations

import asyncio
import base64
import html
import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import pytest

from node.bench.cluster import Cluster, running_demo
from node.bench.http import Answer, Connection
from node.bench.orders import order_of
from node.bench.shopper import Shopper, goods_on
from node.testing import loops
from node.testing.traces import as_typed, shown_in, shown_on_disk

pytestmark = pytest.mark.slow

EMAIL, PASSWORD = "kvazimodey@hvalibogov.example", "purple kettle 47"
TYPED = {
    "name": "Квазимодей Хвалибогов",
    "phone": "+7 999 042-76-13",
    "email": EMAIL,
    "address": "Зябликовый тупик 87",
    "comment": "Позвоните после Полнолуния",
}
OTHER_EMAIL = "drugoy@hvalibogov.example"
WORDS = (
    "Квазимодей", "Хвалибогов", "79990427613", "999 042-76-13", "999042", "kvazimodey", "drugoy", "hvalibogov",
    "Зябликовый", "Полнолуния", PASSWORD,
)  # fmt: skip
#: as somebody types what does not go through
MISTYPED = {**TYPED, "phone": "999042", "email": "kvazimodey@hvalibogov"}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running_demo(tmp_path_factory.mktemp("disk") / "demo") as running:
        yield running


class Person:
    """A browser at the shops and at the id domain."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster, self.shopper = cluster, Shopper(cluster.origins)
        self.id = Connection(f"http://id.localhost:{cluster.base}")

    async def fill_cart(self, site: str) -> dict[str, Any]:
        """One good in the cart; the checkout as it is shown then, filled in."""
        shop = self.shopper.shop(site)
        [good, *_] = goods_on((await shop.request("GET", "/")).body)
        await self.shopper.enter(site)
        await self.shopper.send(site, self.shopper.add(good))
        return {**order_of((await shop.request("GET", "/_r/checkout")).json()), **TYPED}

    async def follow(self, answer: Answer, line: Connection) -> Answer:
        """Where an answer of `line` leads, at any shop or the id domain, to the end."""
        lines = {one.host: one for one in (self.id, *map(self.shopper.shop, self.cluster.origins))}
        while answer.status in (302, 303):
            to = urlsplit(answer.headers["location"])
            line = lines[to.netloc or line.host]
            answer = await line.request("GET", f"{to.path}?{to.query}")
        return answer

    async def close(self) -> None:
        await self.id.close()
        await self.shopper.close()


async def send(line: Connection, path: str, page: Answer, **fields: str) -> Answer:
    """Post a form of central's as its page has it."""
    [token, *_] = re.findall(rb'name="csrfmiddlewaretoken" value="([^"]+)"', page.body)
    body = urlencode({"csrfmiddlewaretoken": token.decode(), **fields})
    return await line.post_form(path, body)


async def soon(what: Callable[[], Any], seconds: float = 90.0) -> Any:
    """Long: the worker that sends mails starts after everything else, and no shop waits for it."""
    until = time.monotonic() + seconds
    while not (found := await what()):
        assert time.monotonic() < until, "it did not happen in time"
        await asyncio.sleep(0.2)
    return found


# --- what people do ---------------------------------------------------------------------------------------------


async def orders(person: Person, site: str) -> str:
    """Place an order, badly first; look at it; repeat it; send another under its name. Returns its number."""
    shop = person.shopper.shop(site)
    order = await person.fill_cart(site)
    assert (await shop.post_json("/_r/checkout", {**order, **MISTYPED})).status == 422
    assert (await shop.post_json("/_r/checkout", {**order, "quote": TYPED["name"]})).status == 400
    assert (await shop.request("POST", "/_r/checkout", b"{" + TYPED["name"].encode())).status in (400, 403)
    placed = await shop.post_json("/_r/checkout", order)
    assert placed.status == 201, placed.body
    assert (await shop.post_json("/_r/checkout", order)).status == 200
    assert (await shop.post_json("/_r/checkout", {**order, "comment": OTHER_EMAIL})).status == 409
    await keep_in_the_tab(shop, str(placed.json()["secret"]))
    return str(placed.json()["number"])


async def keep_in_the_tab(shop: Connection, secret: str) -> None:
    """The order's page is seen; what it leaves in the tab is shown to the shop again."""
    page = await shop.request("GET", f"/order/{secret}")
    assert page.status == 200
    if kept := re.search(rb'data-keep="([^"]*)"', page.body):
        body = b"[" + base64.b64decode(html.unescape(kept.group(1).decode())) + b"]"
        assert (await shop.request("POST", "/_r/order/keep", body, **shop.as_page("application/json"))).status == 200


async def orders_by_the_form(person: Person, site: str) -> None:
    """Without a script: wrong fields, a body too large, and what a browser does with a form whose method is lost."""
    shop = person.shopper.shop(site)
    order = await person.fill_cart(site)
    fields = {**{name: str(value) for name, value in order.items()}, "consent": "yes"}
    assert (await shop.post_form("/checkout", urlencode(fields | MISTYPED))).status == 422
    too_large = urlencode({**fields, "comment": TYPED["comment"] * 20_000})
    assert (await shop.post_form("/checkout", too_large)).status == 413
    for path in ("/checkout", "/nowhere", "/cart", "/account/return"):
        await shop.request("GET", f"{path}?{urlencode(TYPED)}", referer=f"{shop.origin}/?{urlencode(TYPED)}")
    await shop.request("GET", "/" + quote(TYPED["name"]), user_agent=quote(TYPED["name"]))
    assert (await shop.post_form("/checkout", urlencode(fields))).status == 303


async def signs_up(person: Person, site: str) -> None:
    """From the shop over the id domain and back, with a wrong code first; then the shop knows the name."""
    shop, line = person.shopper.shop(site), person.id
    page = await person.follow(await shop.request("GET", "/account/in", sec_fetch_site="same-origin"), shop)
    [path, *_] = [html.unescape(one.decode()) for one in re.findall(rb'href="([^"]*sign-up[^"]*)"', page.body)]
    page = await line.request("GET", path)
    asked = await send(line, path, page, name=TYPED["name"], email=EMAIL, password=PASSWORD, **hidden(page))
    assert asked.status in (302, 303), asked.body
    path = asked.headers["location"]
    page = await line.request("GET", path)
    assert (await send(line, path, page, digits="000000", **hidden(page))).status >= 400
    digits = await soon(lambda: code_for(person.cluster, EMAIL))
    done = await send(line, path, await line.request("GET", path), digits=digits, **hidden(page))
    assert (await person.follow(done, line)).status == 200
    assert TYPED["name"].split()[0] in (await shop.request("GET", "/_r/who")).body.decode()


async def fails_to_sign_in(person: Person) -> None:
    line = person.id
    for email in (EMAIL, OTHER_EMAIL, TYPED["name"]):
        page = await line.request("GET", "/sign-in")
        assert (await send(line, "/sign-in", page, email=email, password=PASSWORD[::-1] + PASSWORD)).status >= 400
    await line.request("GET", f"/sign-in?{urlencode(TYPED)}")


def hidden(page: Answer) -> dict[str, str]:
    """What a page's form carries of where the person came from."""
    found = re.findall(rb'<input type="hidden" name="(?!csrf)([^"]+)" value="([^"]*)"', page.body)
    return {name.decode(): html.unescape(value.decode()) for name, value in found}


async def code_for(cluster: Cluster, email: str) -> str:
    mails = json.loads((await Connection(cluster.mailbox).request("GET", "/mails.json")).body)
    # Mails about his orders come to him too, and an order's number ends in six digits.
    found = [re.search(r"(?<![-\d])\d{6}\b", mail["subject"]) for mail in mails if email in mail["to"]]
    return next((digits[0] for digits in found if digits), "")


async def staff_look_for_him(cluster: Cluster) -> None:
    desk = Connection(cluster.central)
    page = await desk.request("GET", "/sign-in")
    answer = await send(desk, "/sign-in", page, login=cluster.staff["login"], password=cluster.staff["password"])
    assert answer.status in (302, 303), answer.body
    for path in ("/orders", "/clients"):
        for word in (TYPED["phone"], TYPED["name"], EMAIL):
            assert (await desk.request("GET", f"{path}?{urlencode({'q': word})}")).status == 200
    await desk.request("GET", f"/nowhere?{urlencode(TYPED)}")
    await send(desk, "/sign-in", page, login=EMAIL, password=PASSWORD)
    await desk.close()


# --- what is left of it ---------------------------------------------------------------------------------------------


def test_no_file_of_an_edge_and_no_log_shows_who_ordered(cluster: Cluster) -> None:
    loops.run(_leave_traces_and_look(cluster))


async def _leave_traces_and_look(cluster: Cluster) -> None:
    folder = Path(str(cluster.facts["dir"]))
    person, stranger = Person(cluster), Person(cluster)

    number = await orders(person, "tea")
    await orders_by_the_form(person, "tea")
    await signs_up(person, "tea")
    await orders(person, "tea")
    await person.shopper.hop("tea", "clay")
    await orders(person, "clay")
    await person.shopper.shop("tea").request("GET", "/account")
    await fails_to_sign_in(stranger)
    await staff_look_for_him(cluster)
    cluster.cut("tea")
    late = await orders(stranger, "tea")
    while_cut = shown_on_disk(folder / "edges", WORDS)
    cluster.heal("tea")
    await orders(stranger, "tea")

    assert shown_on_disk(folder / "edges" / "a", [number, late]), "the search does not find what does lie there"
    assert while_cut == {}
    assert shown_on_disk(folder / "edges", WORDS) == {}
    # The mailbox stands for the shoppers' own: it is no disk of a node.
    postgres = folder / "central" / "data" / "postgres"
    assert shown_on_disk(folder, WORDS, but=[folder / "mail", folder / "edges", postgres]) == {}
    assert shown_on_disk(postgres, WORDS, spelled=as_typed) == {}
    assert shown_in((folder.parent / f"{folder.name}.log").read_bytes(), WORDS) == []
    await person.close()
    await stranger.close()
