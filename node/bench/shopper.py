"""A shopper of a benchmark: a browser's cookies per shop, ops with dots, hops, and the live stream."""

from __future__ import annotations

import html
import re
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

from node.bench.http import Connection


@dataclass(frozen=True)
class Good:
    """What an add button of a page carries."""

    site: str
    sku: str
    options: str
    price_ref: int

    @property
    def key(self) -> list[str]:
        return [self.site, self.sku, self.options]


class Failed(RuntimeError):
    """A shop answered what a shopper cannot go on with."""


def goods_on(page: bytes) -> list[Good]:
    """The add forms of a page, in its order."""
    found = []
    for form in re.findall(r"<form[^>]*data-cart-add[^>]*>(.*?)</form>", page.decode(), re.S):
        fields = {}
        for tag in re.findall(r"<input[^>]*>", form):
            name = re.search(r'name="([^"]*)"', tag)
            value = re.search(r'value="([^"]*)"', tag)
            if name:
                fields[name.group(1)] = html.unescape(value.group(1)) if value else ""
        if "sku" in fields:
            ref = int(fields.get("price_ref") or 0)
            found.append(Good(fields["site"], fields["sku"], fields.get("options", ""), ref))
    return found


@dataclass
class Shopper:
    """One document of one browser. `origins` maps a site's id to scheme://host:port."""

    origins: dict[str, str]
    client: str = field(default_factory=lambda: secrets.token_hex(8))
    seq: int = 0
    _shops: dict[str, Connection] = field(default_factory=dict)

    def shop(self, site: str) -> Connection:
        if site not in self._shops:
            self._shops[site] = Connection(self.origins[site])
        return self._shops[site]

    async def enter(self, site: str) -> None:
        """Get a handle, as a page does before its first op."""
        answer = await self.shop(site).post_json("/_r/session", {})
        if answer.status >= 300:
            raise Failed(f"session at {site}: {answer.status} {answer.body[:200]!r}")

    async def send(self, site: str, *ops: dict[str, Any]) -> dict[str, Any]:
        """Send ops to a shop; returns its answer once the edge has them on disk."""
        answer = await self.shop(site).post_json("/_r/cart", {"ops": list(ops)})
        if answer.status != 200:
            raise Failed(f"cart ops at {site}: {answer.status} {answer.body[:200]!r}")
        return answer.json()

    def add(self, good: Good, units: int = 1) -> dict[str, Any]:
        return {"dot": self._dot(), "kind": "add", "key": good.key, "units": units, "price_ref": good.price_ref}

    def remove(self, line: dict[str, Any]) -> dict[str, Any]:
        seen = [dot for dot, *_ in line["tokens"]]
        return {"dot": self._dot(), "kind": "remove", "key": line["key"], "seen": seen}

    def dec(self, line: dict[str, Any], units: int) -> dict[str, Any]:
        """Take units off a line as it was shown, the oldest tokens first."""
        takings: list[list[Any]] = []
        for dot, token, left in line["tokens"]:
            if units > 0:
                takings.append([dot, token, min(units, left)])
                units -= left
        return {"dot": self._dot(), "kind": "dec", "key": line["key"], "takings": takings}

    def turn_page(self) -> None:
        """Another document: its ops are named anew, and count from 1."""
        self.client, self.seq = secrets.token_hex(8), 0

    async def view(self, site: str) -> dict[str, Any]:
        return (await self.shop(site).request("GET", "/_r/cart")).json()

    async def hop(self, source: str, target: str) -> None:
        """Go from one shop to a sister shop with the cart, as a plain click does."""
        answer = await self.shop(source).post_form("/_r/hop", urlencode({"to": target, "path": "/"}))
        location = answer.headers.get("location", "")
        if answer.status != 303 or not location.startswith(self.origins[target]):
            raise Failed(f"hop {source} to {target}: {answer.status} {answer.body[:200]!r}")
        parts = urlsplit(location)
        landed = await self.shop(target).request(
            "GET",
            f"{parts.path}?{parts.query}",
            sec_fetch_mode="navigate",
            sec_fetch_site="cross-site",
            referer=self.origins[source] + "/",
        )
        if landed.status != 303:
            raise Failed(f"landing at {target}: {landed.status} {landed.body[:200]!r}")

    async def live(self, site: str) -> AsyncIterator[dict[str, Any]]:
        """The views the shop pushes. Its own connection: a stream occupies one."""
        stream = Connection(self.origins[site], cookies=self.shop(site).cookies)
        async for _, data in stream.events("/_r/live"):
            yield msgspec.json.decode(data)

    async def close(self) -> None:
        for shop in self._shops.values():
            await shop.close()

    def _dot(self) -> list[Any]:
        self.seq += 1
        return [self.client, self.seq]
