"""`bench orders`: orders placed at one edge over HTTP, and how fast central takes them in.

place    8 shoppers, each with a cart of one line and a checkout it has just been shown, place one order after the
         other while the link is up; what is measured is the one request that is answered when the order is on the disk
flow     the same orders from the first request on: handle, add, checkout, place (what the peers' figure speaks of)
intake   orders that were placed while the link was cut, from the first that central has to the last

Then the oracle: every order that was confirmed must be in central's database.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from node.bench.cart import paths_of
from node.bench.cluster import Cluster, scratch_cluster
from node.bench.figures import echo_times, fsync_times, load_average, spread
from node.bench.http import Connection
from node.bench.inside import EdgeDisk, Loader, central_home, edge_disk, loader_at
from node.bench.intake import arrivals, measure_intake
from node.bench.shopper import Failed, Good, Shopper, goods_on

SHOPPERS = 8
#: an edge asks for 20 units of each card, so that orders spread over all goods find rights
STOCK = 100_000
ORDERS_PER_S = 120
RIGHTS_S = 90.0


@dataclass
class Placed:
    """What shoppers were told."""

    orders: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    prepare_s: float = 0.0
    place_s: float = 0.0


async def measure(seconds: int) -> dict[str, Any]:
    """All figures; `lost` counts orders that were confirmed and are not in central's database."""
    _say("starting a cluster of its own")
    with scratch_cluster() as cluster, loader_at(central_home(cluster)) as central:
        limits = {"fsync_ms": spread(fsync_times(Path(str(cluster.facts["dir"]))), "p50", "p99")}
        limits["ws_echo_ms"] = spread(await echo_times(), "p50", "p99")
        site = sorted(cluster.origins)[0]
        goods = await _all_goods(cluster)
        count = ORDERS_PER_S * seconds
        _say(f"stock and rights for {len(goods)} goods")
        await _fill(cluster, central, edge_disk(cluster, site), site, count + count // 2)
        _say(f"{count} orders at one edge")
        placed = await place_orders(cluster, site, goods, count)
        lost = count - (await arrivals(central, placed.orders))[-1][1]
        _say(f"{count // 2} orders while the link is cut, then healed")
        taken_in, more_lost = await measure_intake(cluster, central, site, goods, count // 2)
    return {
        "orders_per_s": round(count / placed.place_s, 1),
        "place_ms": spread(placed.times, "p50", "p99"),
        "lost": lost + more_lost,
        "central_orders_per_s": taken_in,
        "flows_per_s": round(count / (placed.prepare_s + placed.place_s), 1),
        "load": load_average(),
        **limits,
    }


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


async def _all_goods(cluster: Cluster) -> list[Good]:
    """What the shops' pages sell: a cart of one shop may hold goods of any."""
    found: dict[tuple[str, ...], Good] = {}
    for origin in cluster.origins.values():
        shop = Connection(origin)
        for path in await paths_of(shop):
            for good in goods_on((await shop.request("GET", path)).body):
                found.setdefault(tuple(good.key), good)
        await shop.close()
    return list(found.values())


async def _fill(cluster: Cluster, central: Loader, edge: EdgeDisk, site: str, units: int) -> None:
    """Stock for everything, and rights to sell it at the edge. A link that comes up anew asks for them at once."""
    await central.ask("stock", units=STOCK)
    cluster.cut(site)
    await asyncio.sleep(2.5)  # the keeper of rights looks at the link every 2 s
    cluster.heal(site)
    until = time.monotonic() + RIGHTS_S
    while edge.free_units() < units:
        if time.monotonic() > until:
            raise Failed(f"the edge has rights to {edge.free_units()} units after {RIGHTS_S:.0f} s, {units} are needed")
        await asyncio.sleep(0.2)


# --- placing -----------------------------------------------------------------------------------------------------


async def place_orders(cluster: Cluster, site: str, goods: Sequence[Good], count: int) -> Placed:
    """Make `count` carts with their checkouts, then place them all, `SHOPPERS` at a time."""
    placed = Placed()
    connections = [Connection(cluster.origins[site]) for _ in range(SHOPPERS)]
    began = time.perf_counter()
    ready: list[tuple[dict[str, str], dict[str, Any]]] = []
    numbers = iter(range(count))
    await asyncio.gather(*(_prepare(each, goods, numbers, ready) for each in connections))
    placed.prepare_s = time.perf_counter() - began
    began = time.perf_counter()
    waiting = iter(ready)
    await asyncio.gather(*(_place(each, waiting, placed) for each in connections))
    placed.place_s = time.perf_counter() - began
    for each in connections:
        await each.close()
    return placed


async def _prepare(
    shop: Connection, goods: Sequence[Good], numbers: Any, ready: list[tuple[dict[str, str], dict[str, Any]]]
) -> None:
    """A browser of its own for each order: handle, one line, the checkout as shown."""
    for number in numbers:
        shop.cookies = {}
        await _ok(shop, await shop.post_json("/_r/session", {}), 204)
        shopper = Shopper({})
        await _ok(shop, await shop.post_json("/_r/cart", {"ops": [shopper.add(goods[number % len(goods)])]}), 200)
        shown = await shop.request("GET", "/_r/checkout")
        await _ok(shop, shown, 200)
        ready.append((shop.cookies, order_of(shown.json(), number)))


async def _place(shop: Connection, waiting: Any, placed: Placed) -> None:
    for cookies, order in waiting:
        shop.cookies = cookies
        began = time.perf_counter()
        answer = await shop.post_json("/_r/checkout", order)
        placed.times.append(time.perf_counter() - began)
        await _ok(shop, answer, 201)
        placed.orders.append(str(answer.json()["id"]))


def order_of(summary: dict[str, Any], number: int = 1) -> dict[str, Any]:
    """The order of a checkout as it was shown, by somebody who is made up; another number is another person."""
    return {
        "quote": summary["quote"],
        "name": "Vera Measured",
        "phone": f"+7 000 {number:07}",
        "email": f"vera-{number}@example.com",
        "address": "Measured Street 1",
        "delivery": summary["deliveries"][0]["code"],
        "payment": summary["payments"][0]["code"],
        "consent": True,
    }


async def _ok(shop: Connection, answer: Any, status: int) -> None:
    if answer.status != status:
        raise Failed(f"{shop.origin} answered {answer.status} instead of {status}: {answer.body[:300]!r}")
