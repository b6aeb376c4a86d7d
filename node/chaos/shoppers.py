"""Shoppers as their browsers behave, in a process of their own: `python -m node.chaos.shoppers ERRAND`.

A tab keeps every op until central has it, and every order it placed, as the shops' scripts do: it sends again what it
does not know to have arrived, by each later page of the same shop, and shows its orders to any shop it visits. On
SIGTERM nobody does anything new; what is kept is brought home, every browser looks at its cart once more in each shop
it was in, and the journal is written.
"""

from __future__ import annotations

import asyncio
import base64
import html
import re
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

from node.bench.http import Answer, Connection
from node.bench.shopper import Good, Shopper, goods_on
from node.chaos.promises import Errand, Journal, Line, Look, Op, Order

#: s between two things a shopper does
THINK_S = (0.2, 0.9)
#: s until a shopper stops waiting for an answer
PATIENCE_S = 6.0
#: s before something that failed is tried again: as the shops' scripts do, but for their longest wait
AGAIN_S = (0.5, 4.0)
#: s to bring everything home in
HOME_S = 90.0
AT_ONCE = 20
OLD_TAB = 80
#: refusals an honest browser may hear
FAIR = {
    "cart_full", "unknown_sku", "not_enough", "price_changed", "cart_changed", "too_many_requests", "no_handle",
    "expired", "order_id_reused", "too_many_ops", "bad_form",
}  # fmt: skip

#: what a tab does, and how often
WAYS = {"add": 40, "dec": 8, "remove": 6, "hop": 10, "turn": 6, "checkout": 16, "look": 6, "leave": 2}


@dataclass
class Kept:
    """An op in a tab's memory: "new" until the shop has it, "edge" until central has."""

    op: dict[str, Any]
    record: Op
    state: str = "new"


@dataclass
class Checkout:
    """An order on its way: what is posted, again and again, until an answer is heard."""

    site: str
    body: dict[str, Any]
    record: Order


@dataclass
class Browser:
    """Cookies per shop, shared by its tabs."""

    name: str
    jars: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))


class World:
    """All tabs, and the journal they write."""

    def __init__(self, errand: Errand, goods: dict[str, list[Good]]) -> None:
        self.errand, self.goods = errand, goods
        self.journal = Journal()
        self.refused: Counter[str] = Counter()
        self.chance = Random(errand.seed)  # noqa: S311 - to be repeated
        self.browsers: list[Browser] = []
        self.tabs: list[Tab] = []
        self.is_over = asyncio.Event()

    def open_tab(self, browser: Browser | None = None) -> Tab:
        if browser is None:
            browser = Browser(f"b{len(self.browsers) + 1}")
            self.browsers.append(browser)
        tab = Tab(self, browser, Random(self.chance.random()))  # noqa: S311
        self.tabs.append(tab)
        return tab

    async def run(self) -> None:
        """Keep so many tabs busy until it is over."""
        await asyncio.gather(*(self._seat(n) for n in range(self.errand.tabs)))

    async def _seat(self, number: int) -> None:
        tab = self.open_tab(self.browsers[-1] if number % 3 == 2 else None)
        while not self.is_over.is_set():
            await tab.spend()
            if not self.is_over.is_set():
                # Its memory is gone with it; the browser may come back.
                self.tabs.remove(tab)
                await tab.close()
                tab = self.open_tab(tab.browser if self.chance.random() < 0.3 else None)

    async def bring_home(self) -> None:
        await asyncio.gather(*(tab.bring_home() for tab in self.tabs))
        for tab in self.tabs:
            self.journal.unheard += tab.unheard()
            await tab.close()

    async def look_again(self) -> None:
        """A last look of every browser at each of its shops: from here on those shops follow its cart."""
        for browser in self.browsers:
            for site in list(browser.jars):
                if cart := await self._look(browser, site):
                    self.journal.looks.append(Look(browser.name, site, cart))

    async def _look(self, browser: Browser, site: str) -> str:
        shop = Connection(self.errand.origins[site], cookies=browser.jars[site])
        try:
            for _ in range(20):
                answer = await _asked(shop.request("GET", "/_r/cart"))
                if answer is not None and answer.status == 200:
                    return cart_of(answer.json())
                await asyncio.sleep(0.5)
        finally:
            await shop.close()
        self.journal.odd.append(f"{browser.name}: its cart at {site} could not be read at the end")
        return ""


class Tab:
    """One tab: where it is, what it keeps, what it sees."""

    def __init__(self, world: World, browser: Browser, chance: Random) -> None:
        self.world, self.browser, self.chance = world, browser, chance
        self.name = f"{browser.name}/{len(world.tabs)}-{chance.randrange(1 << 16):04x}"
        self.shopper = Shopper(world.errand.origins)
        self.site = chance.choice(sorted(world.errand.origins))
        #: per shop, as sessionStorage is
        self.kept: dict[str, list[Kept]] = defaultdict(list)
        self.orders: dict[str, str] = {}
        self.checkout: Checkout | None = None
        self.view: dict[str, Any] = {}
        self.has_session = False
        self.again_at = 0.0
        self.wait = AGAIN_S[0]
        self.steps = 0

    # --- life ----------------------------------------------------------------------------------------------------

    async def spend(self) -> None:
        """Shop until it has had enough, or it is over."""
        await self.arrive()
        while not self.world.is_over.is_set():
            await asyncio.sleep(self.chance.uniform(*THINK_S))
            [way] = self.chance.choices(list(WAYS), list(WAYS.values()))
            if way == "leave" or self.steps > OLD_TAB:
                return
            self.steps += 1
            await self.go_on()
            await _STEPS[way](self)

    async def go_on(self) -> None:
        """What the page's own timers do: send again what has not arrived."""
        if time.monotonic() >= self.again_at:
            await self.send()
            if self.checkout is not None:
                await self.place()

    async def bring_home(self) -> None:
        """Nothing new: until central has everything this tab keeps."""
        until = time.monotonic() + HOME_S
        while self.has_news() and time.monotonic() < until:
            for site in [site for site, kept in self.kept.items() if kept]:
                self.site, self.has_session = site, False
                await self.send()
                await self.present()
            if self.checkout is not None:
                await self.place()
            await self.show_orders()
            await asyncio.sleep(self.chance.uniform(0.3, 0.8))

    def has_news(self) -> bool:
        return any(self.kept.values()) or bool(self.orders) or self.checkout is not None

    def unheard(self) -> list[str]:
        """What central has not acknowledged to this tab."""
        ops = [f"op {one.record.dot}, {one.state}, at {site}" for site, kept in self.kept.items() for one in kept]
        placed = [f"order {order}" for order in self.orders]
        sent = [f"checkout {self.checkout.record.id} at {self.checkout.site}"] if self.checkout else []
        return [f"tab {self.name} still keeps {what}" for what in (*ops, *placed, *sent)]

    async def close(self) -> None:
        await self.shopper.close()

    # --- pages ---------------------------------------------------------------------------------------------------

    async def arrive(self) -> None:
        """A page of the shop has loaded: a document of its own, which shows what the tab keeps once more."""
        self.shopper.turn_page()
        self.has_session, self.view = False, {}
        await self.show_orders()
        await self.present()
        await self.send()
        await self.look()

    async def look(self) -> None:
        answer = await self.ask(self.site, "GET", "/_r/cart")
        if answer is not None and answer.status == 200:
            self.view = answer.json()

    async def hop(self) -> None:
        """A click on a sister shop's link: the cart comes along, with what the shop has not got yet."""
        source, target = self.site, self.chance.choice([one for one in self.world.errand.origins if one != self.site])
        fresh = [one.op for one in self.kept[source] if one.state == "new"][:AT_ONCE]
        form = urlencode({"to": target, "path": "/", "ops": msgspec.json.encode(fresh).decode()})
        answer = await self.ask(
            source, "POST", "/_r/hop", form.encode(),
            **self.shop(source).as_page("application/x-www-form-urlencoded"), sec_fetch_mode="navigate",
        )  # fmt: skip
        if answer is None or answer.status != 303:
            return
        address = urlsplit(answer.headers.get("location", ""))
        if address.path == "/_r/land":
            await self.ask(
                target, "GET", f"{address.path}?{address.query}",
                sec_fetch_mode="navigate", sec_fetch_site="cross-site", referer=self.world.errand.origins[source] + "/",
            )  # fmt: skip
        self.site = target
        await self.arrive()

    # --- the cart ------------------------------------------------------------------------------------------------

    async def add(self) -> None:
        scarce = [key for key in self.world.errand.goods if key[0] == self.site]
        if scarce and self.chance.random() < 0.5:
            site, sku, options = self.chance.choice(scarce)
            good = Good(site, sku, options, price_ref=1)
        else:
            good = self.chance.choice(self.world.goods[self.site])
        await self.submit(self.shopper.add(good, self.chance.choice((1, 1, 1, 2, 3))))

    async def dec(self) -> None:
        if line := self._line():
            await self.submit(self.shopper.dec(line, self.chance.randint(1, max(1, int(line["qty"]) - 1))))

    async def remove(self) -> None:
        if line := self._line():
            await self.submit(self.shopper.remove(line))

    def _line(self) -> dict[str, Any] | None:
        lines = [line for line in self.view.get("lines", ()) if line["qty"] > 0]
        return self.chance.choice(lines) if lines else None

    async def submit(self, op: dict[str, Any]) -> None:
        dot = dot_text(op["dot"])
        record = Op(dot=dot, kind=op["kind"], key=list(op["key"]), body=op, tab=self.name)
        self.world.journal.ops.append(record)
        self.kept[self.site].append(Kept(op, record))
        if time.monotonic() >= self.again_at:
            await self.send()

    async def send(self) -> None:
        """Send what the shop has not acknowledged, a few at a time, until it has or does not answer."""
        while fresh := [one for one in self.kept[self.site] if one.state == "new"][:AT_ONCE]:
            if not await self._enter() or not await self._post(fresh):
                self._later()
                return
        self.wait = AGAIN_S[0]

    async def present(self) -> None:
        """Offer what the shop had and central had not when the last page was left."""
        known = [one for one in self.kept[self.site] if one.state == "edge"]
        if known and await self._enter():
            for start in range(0, len(known), AT_ONCE):
                await self._post(known[start : start + AT_ONCE])

    async def _enter(self) -> bool:
        if not self.has_session:
            answer = await self.ask(self.site, "POST", "/_r/session", b"{}", **self.shop().as_page("application/json"))
            self.has_session = answer is not None and answer.status < 300
        return self.has_session

    async def _post(self, batch: list[Kept]) -> bool:
        """Whether the shop has dealt with all of them, one way or the other."""
        site = self.site
        body = msgspec.json.encode({"ops": [one.op for one in batch]})
        answer = await self.ask(site, "POST", "/_r/cart", body, **self.shop().as_page("application/json"))
        if answer is None or answer.status >= 500 or answer.status in (401, 429):
            self.has_session = self.has_session and (answer is None or answer.status != 401)
            said = "no answer" if answer is None else str(answer.status)
            for one in batch:
                self._note(one.record, f"{site}: {said}")
            return False
        if answer.status == 200:
            self._acknowledge(batch, answer.json())
            return True
        if len(batch) > 1:  # all or nothing: only the bad one is to be dropped
            return all([await self._post([one]) for one in batch])
        self._drop(batch[0], code_of(answer))
        return True

    def _acknowledge(self, batch: list[Kept], said: dict[str, Any]) -> None:
        for one in batch:
            state = said["acks"].get(one.record.dot, "")
            self._note(one.record, f"{self.site}: acknowledged, {state}")
            if not one.record.acked:
                one.record.acked, one.record.cart = time.time(), str(said["version"]).partition(".")[0]
            one.state = state or one.state
            if state == "central":
                self.kept[self.site].remove(one)
        self.view = said["view"]

    def _drop(self, one: Kept, code: str) -> None:
        self._note(one.record, f"{self.site}: refused, {code}")
        self.world.refused[code] += 1
        if code not in FAIR:
            self.world.journal.odd.append(f"op {one.record.dot} of tab {self.name} was refused at {self.site}: {code}")
        self.kept[self.site].remove(one)

    # --- orders --------------------------------------------------------------------------------------------------

    async def buy(self) -> None:
        if self.checkout is not None:
            return
        site = self.site
        answer = await self.ask(site, "GET", "/_r/checkout")
        if answer is None or answer.status != 200:
            return
        shown: dict[str, Any] = answer.json()
        if not shown["lines"]:
            return
        if not self.view:
            await self.look()
        body = {
            "quote": shown["quote"], "name": "Vera Tested", "phone": "+7 000 000-00-01", "email": "vera@example.com",
            "address": "Tested Street 1", "delivery": self.chance.choice(shown["deliveries"])["code"],
            "payment": self.chance.choice(shown["payments"])["code"], "consent": True,
        }  # fmt: skip
        quote = quote_of(str(shown["quote"]))
        dots = {dot_text(dot): list(row[0]) for row in quote["rows"] for dot in row[1]}
        record = Order(
            id=quote["order"], tab=self.name, site=site, cart=cart_of(self.view), dots=dots,
            lines=[Line(key=list(row[0]), units=row[2]) for row in quote["rows"]],
        )  # fmt: skip
        self.world.journal.orders.append(record)
        self.checkout = Checkout(site, body, record)
        await self.place()

    async def place(self) -> None:
        """Post the order; a page makes one order however often it is sent."""
        assert self.checkout is not None  # noqa: S101 - both callers look
        site, body, record = self.checkout.site, self.checkout.body, self.checkout.record
        answer = await self.ask(
            site, "POST", "/_r/checkout", msgspec.json.encode(body), **self.shop(site).as_page("application/json")
        )
        if answer is None or answer.status >= 500 or answer.status == 429:
            record.is_unsure = True
            self._note(record, f"{site}: {'no answer' if answer is None else answer.status}")
            self._later()
            return
        self.checkout = None
        if answer.status in (200, 201):
            await self._placed(site, record, answer.json())
            return
        record.refused = code_of(answer)
        self._note(record, f"{site}: refused, {record.refused}")
        self.world.refused[record.refused] += 1
        if record.refused not in FAIR:
            self.world.journal.odd.append(f"order {record.id} of tab {self.name} was refused: {record.refused}")
        await self.look()

    async def _placed(self, site: str, record: Order, said: dict[str, Any]) -> None:
        record.acked = time.time()
        record.lines = [Line(key=list(one["key"]), units=one["units"], pending=one["pending"]) for one in said["lines"]]
        self._note(record, f"{site}: placed as {said['number']}")
        if said["id"] != record.id:
            self.world.journal.odd.append(f"checkout {record.id} was answered by order {said['id']}")
        page = await self.ask(site, "GET", f"/order/{said['secret']}")
        # A page that is not seen leaves nothing in the tab; one of an order that central has, neither.
        if page is not None and (found := re.search(rb'data-keep="([^"]*)"', page.body)):
            self.orders[record.id] = html.unescape(found.group(1).decode())
        self.view = {}

    async def show_orders(self) -> None:
        """To any shop: the one that took an order may be gone."""
        if not self.orders:
            return
        body = "[" + ",".join(base64.b64decode(one).decode() for one in list(self.orders.values())[:10]) + "]"
        answer = await self.ask(
            self.site, "POST", "/_r/order/keep", body.encode(), **self.shop().as_page("application/json")
        )
        if answer is None or answer.status != 200:
            return
        states: dict[str, str] = answer.json()["orders"]  # type: ignore[assignment]
        for order, state in states.items():
            if state == "acked":
                self.orders.pop(order, None)
            elif state == "refused":
                self.world.journal.odd.append(f"{self.site} refused to keep order {order} for tab {self.name}")

    # --- asking --------------------------------------------------------------------------------------------------

    def shop(self, site: str = "") -> Connection:
        connection = self.shopper.shop(site or self.site)
        connection.cookies = self.browser.jars[site or self.site]
        return connection

    async def ask(self, site: str, method: str, path: str, body: bytes = b"", **headers: str) -> Answer | None:
        """None when nothing was heard: the shop may have done it or not."""
        shop = self.shop(site)
        answer = await _asked(shop.request(method, path, body, **headers))
        if answer is None:
            await shop.close()
        return answer

    def _later(self) -> None:
        self.again_at = time.monotonic() + self.wait * self.chance.uniform(0.5, 1)
        self.wait = min(AGAIN_S[1], self.wait * 2)

    def _note(self, record: Op | Order, text: str) -> None:
        record.history.append((time.time(), text))


_STEPS: dict[str, Callable[[Tab], Awaitable[None]]] = {
    "add": Tab.add,
    "dec": Tab.dec,
    "remove": Tab.remove,
    "hop": Tab.hop,
    "turn": Tab.arrive,
    "checkout": Tab.buy,
    "look": Tab.look,
}


async def _asked(request: Awaitable[Answer]) -> Answer | None:
    try:
        return await asyncio.wait_for(request, PATIENCE_S)
    except (OSError, EOFError, TimeoutError, ValueError, IndexError, asyncio.LimitOverrunError):
        return None


def cart_of(view: dict[str, Any]) -> str:
    """What a shop names a cart by."""
    return str(view.get("version", "")).partition(".")[0]


def code_of(answer: Answer) -> str:
    """The stable word of a refusal."""
    return answer.headers.get("x-rialto-error", "") or f"http_{answer.status}"


def dot_text(dot: Any) -> str:
    return f"{dot[0]}:{dot[1]}"


def quote_of(text: str) -> dict[str, Any]:
    """What a checkout page showed, as it remembers it itself."""
    return dict(msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))))


async def shop(errand: Errand) -> Journal:
    goods: dict[str, list[Good]] = {}
    for site, origin in errand.origins.items():
        connection = Connection(origin)
        goods[site] = goods_on((await connection.request("GET", "/")).body)
        await connection.close()
    world = World(errand, goods)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, world.is_over.set)
    await world.run()
    await world.bring_home()
    await world.look_again()
    world.journal.refused = dict(world.refused)
    return world.journal


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    errand = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Errand)
    journal = asyncio.run(shop(errand))
    fresh = Path(errand.journal + ".new")
    fresh.write_bytes(msgspec.json.encode(journal))
    fresh.replace(errand.journal)


if __name__ == "__main__":
    main()
