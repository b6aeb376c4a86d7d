"""Pretend shoppers for `rialto demo --traffic`: they look around, put things into the cart and now and then order.

`python -m central.setup.traffic BASE` runs until it is stopped. It speaks HTTP as a browser without JavaScript would:
it follows links, sends the forms it finds, and knows nothing of the shops but their addresses. Names like
tea.localhost are unknown to Python, so it dials 127.0.0.1 and says the name in the Host header.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from random import Random

import httpx

from central.setup.people import shopper
from central.setup.shops import PLACES, SITES

#: shoppers at one time, and seconds one of them looks at a page: about two requests a second in all
SHOPPERS = 4
LOOKS = (0.8, 3.0)
ORDERS = 0.12  # of the visits that filled a cart
LONGEST = 15.0


@dataclass
class Form:
    action: str
    fields: dict[str, str] = field(default_factory=dict)


class Page(HTMLParser):
    """The links and forms of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[Form] = []
        self._select = ""
        self._is_inside = False
        self._is_stencil = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "template":
            self._is_stencil = True  # what scripts cut lines from; nobody sees it
        if self._is_stencil:
            return
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        elif tag == "form" and given.get("method", "").lower() == "post":
            self.forms.append(Form(given.get("action", "")))
            self._is_inside = True
        elif self._is_inside and given.get("name"):
            self._field(tag, given)
        elif self._is_inside and tag == "option" and self._select:
            fields = self.forms[-1].fields
            if "selected" in given or self._select not in fields:
                fields[self._select] = given.get("value", "")

    def _field(self, tag: str, given: dict[str, str]) -> None:
        fields, name = self.forms[-1].fields, given["name"]
        if tag == "select":
            self._select = name
        elif given.get("type") in ("radio", "checkbox"):
            if "checked" in given or (given["type"] == "radio" and name not in fields):
                fields[name] = given.get("value", "on")
        elif tag in ("input", "textarea") or (tag == "button" and name not in fields):
            fields[name] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_inside = False
        elif tag == "select":
            self._select = ""
        elif tag == "template":
            self._is_stencil = False

    def form(self, action: str) -> Form | None:
        return next((form for form in self.forms if form.action.partition("?")[0].endswith(action)), None)


class Visit:
    """One shopper in one shop, from the home page to leaving."""

    def __init__(self, site: str, base: int, random: Random) -> None:
        self.site = site
        self.random = random
        port = base + PLACES[site][1]
        self.host = f"{site}.localhost:{port}"
        self.client = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", headers={"Host": self.host, "Accept": "text/html"}, timeout=LONGEST
        )

    async def __aenter__(self) -> Visit:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.aclose()

    async def get(self, path: str) -> Page:
        answer = await self.client.get(path, follow_redirects=False)
        answer = await self._follow(answer)
        return Page(answer.text if answer.status_code == 200 else "")

    async def send(self, form: Form, **more: str) -> httpx.Response:
        headers = {"Sec-Fetch-Site": "same-origin", "Origin": f"http://{self.host}"}
        data = {**form.fields, **more}
        return await self._follow(await self.client.post(form.action, data=data, headers=headers))

    async def _follow(self, answer: httpx.Response) -> httpx.Response:
        """Go where the answer sends, inside this shop."""
        for _ in range(3):
            where = answer.headers.get("location", "")
            if not answer.is_redirect or not where:
                break
            path = where.split(self.host, 1)[-1] if self.host in where else where
            if not path.startswith("/"):
                break
            answer = await self.client.get(path)
        return answer

    def some_link(self, page: Page, start: str) -> str:
        links = sorted({link for link in page.links if link.startswith(start)})
        return self.random.choice(links) if links else ""

    async def look(self) -> None:
        await asyncio.sleep(self.random.uniform(*LOOKS))

    async def shop(self) -> AsyncIterator[str]:
        """What the shopper does, a word at a time: "page", "add", "order"."""
        page = await self.get("/")
        yield "page"
        has_filled = False
        for _ in range(self.random.randrange(2, 6)):
            await self.look()
            shelf = self.some_link(page, "/c/")
            if shelf and self.random.random() < 0.7:
                page = await self.get(shelf)
                yield "page"
                await self.look()
            goods = self.some_link(page, "/p/")
            if not goods:
                return
            product = await self.get(goods)
            yield "page"
            adds = [form for form in product.forms if form.fields.get("action") == "add"]
            if adds and self.random.random() < 0.45:
                await self.look()
                has_filled |= (await self.send(self.random.choice(adds))).is_success
                yield "add"
        if has_filled and self.random.random() < ORDERS:
            await self.look()
            yield await self._order()

    async def _order(self) -> str:
        form = (await self.get("/checkout")).form("/checkout")
        if form is None:
            return "page"
        language = str(SITES[self.site]["language"])
        who = shopper(self.random.randrange(1, 150 if language == "ru" else 70), language=language)
        answer = await self.send(
            form, name=who.name, phone=who.phone, email=who.email, address=who.address, consent="yes"
        )
        return "order" if "/order/" in str(answer.url) else "page"


async def traffic(base: int, *, seed: str | None = None) -> AsyncIterator[tuple[str, str]]:
    """Endless pairs (site, what was done). A shop that does not answer is tried again later."""
    done: asyncio.Queue[tuple[str, str]] = asyncio.Queue(maxsize=100)
    shoppers = [asyncio.create_task(_wander(base, Random(seed and f"{seed}/{n}"), done)) for n in range(SHOPPERS)]  # noqa: S311
    try:
        while True:
            yield await done.get()
    finally:
        for one in shoppers:
            one.cancel()
        await asyncio.gather(*shoppers, return_exceptions=True)


async def _wander(base: int, random: Random, done: asyncio.Queue[tuple[str, str]]) -> None:
    while True:
        site = random.choice(list(PLACES))
        try:
            async with Visit(site, base, random) as visit:
                async for what in visit.shop():
                    await done.put((site, what))
        except httpx.HTTPError:
            await asyncio.sleep(5)
        await asyncio.sleep(random.uniform(*LOOKS))


async def _main(base: int) -> None:
    async for site, what in traffic(base):
        if what != "page":
            print(f"{site}: {what}", flush=True)


if __name__ == "__main__":
    try:
        asyncio.run(_main(int(sys.argv[1])))
    except KeyboardInterrupt:
        sys.exit(0)
