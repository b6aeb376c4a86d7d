"""`bench stock`: what it costs to sell from rights, how seldom central is asked, and what stays with idle edges.

Three shops sell thirty goods of which each has far more than ten times as many units as there are shops: 30 orders a
second, each by a person of his own, each good at each shop in turn. An order is a checkout that is opened, which holds
its units, and then placed, which sells them: both are one request to the edge, answered after its fsync. Two rounds of
sales before that make the edges know what they sell.

hold_sell_ms    holding and selling: the two jobs of the edge's writer, from being queued until they are on its disk
checkout_ms     the same order as its shopper sees it: both requests together, HTTP, prices and sealing included, and
                waiting for central where an edge had to ask it
hold_ms         of checkout_ms, the request that opens the checkout
sell_ms         of checkout_ms, the request that places the order
local_share     orders for which no edge had to ask central, of all
stranded_share  units that lie at edges, of all that are unsold, after a time in which nobody bought anything
oversold        units that were confirmed, not as "stock pending", beyond what was received
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count as count_from
from pathlib import Path
from typing import Any

from node.bench.cluster import Cluster, scratch_cluster
from node.bench.figures import fsync_times, load_average, spread
from node.bench.http import Answer, Connection
from node.bench.inside import EdgeDisk, Loader, central_home, edge_disk, loader_at
from node.bench.orders import order_of
from node.bench.shopper import Failed, Good, Shopper

SHOPPERS_A_SHOP = 2
GOODS_A_SITE = 10
ORDERS_PER_S = 30
ARRIVE_S = 60.0
#: heartbeats come each 5 s
HEARTBEAT_S = 7.0

_persons = count_from(1)


@dataclass
class Sold:
    """What shoppers were told. Seconds: of the two requests, and of the writer's part in both."""

    hold: list[float] = field(default_factory=list)
    sell: list[float] = field(default_factory=list)
    written: list[float] = field(default_factory=list)
    units: dict[str, int] = field(default_factory=dict)

    @property
    def both(self) -> list[float]:
        return [one + other for one, other in zip(self.hold, self.sell, strict=True)]


async def measure(seconds: int, quiet: int) -> dict[str, Any]:
    """All figures. `seconds`: about so long is sold; `quiet`: seconds without a sale before units are counted."""
    count = ORDERS_PER_S * seconds
    _say("starting a cluster of its own")
    with scratch_cluster() as cluster, loader_at(central_home(cluster)) as central:
        limits = {"fsync_ms": spread(fsync_times(Path(str(cluster.facts["dir"]))), "p50", "p99")}
        sites = sorted(cluster.origins)
        units = 100 + count // 10
        goods = await _make_goods(cluster, central, sites, units)
        await _sell(cluster, goods, len(goods) * len(sites) * 2)
        await asyncio.sleep(HEARTBEAT_S)
        before = await _asks(central)
        _say(f"{count} orders of {len(goods)} goods at {len(sites)} shops")
        sold = await _sell(cluster, goods, count)
        await asyncio.sleep(HEARTBEAT_S)
        asked = await _asks(central) - before
        _say(f"{quiet} s of quiet")
        await asyncio.sleep(quiet)
        lies = await central.ask("units_of", skus=[good.sku for good in goods])
    if lies["breaches"]:
        raise Failed(f"the books do not add up: {lies['breaches'][:3]}")
    unsold = lies["pool"] + lies["at_edges"]
    return {
        "hold_sell_ms": spread(sold.written, "p50", "p99"),
        "checkout_ms": spread(sold.both, "p50", "p99"),
        "hold_ms": spread(sold.hold, "p50", "p99"),
        "sell_ms": spread(sold.sell, "p50", "p99"),
        "orders": count,
        "asks": asked,
        "local_share": round(1 - asked / count, 4),
        "stranded_share": round(lies["at_edges"] / unsold, 4) if unsold else 0.0,
        "oversold": sum(max(0, there - units) for there in sold.units.values()),
        "quiet_s": quiet,
        "load": load_average(),
        **limits,
    }


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


async def _make_goods(cluster: Cluster, central: Loader, sites: Sequence[str], units: int) -> list[Good]:
    """Goods of each site, once every edge has their cards."""
    made = await central.ask("scarce", sites=list(sites), count=GOODS_A_SITE, units=units)
    disks = [edge_disk(cluster, site) for site in sites]
    until = time.monotonic() + ARRIVE_S
    while not all(_has(disk, made["cards"]) for disk in disks):
        if time.monotonic() > until:
            raise Failed(f"the goods have not reached every edge in {ARRIVE_S:.0f} s")
        await asyncio.sleep(0.2)
    held = disks[0].cards()
    return [Good(site, sku, options, held["\x1f".join((site, sku, options))]) for site, sku, options in made["keys"]]


def _has(disk: EdgeDisk, cards: Sequence[str]) -> bool:
    return not set(cards) - disk.cards().keys()


async def _asks(central: Loader) -> int:
    told = await central.ask("told_by_edges")
    return sum(int(stock.get("asks", 0)) for stock in told.values())


async def _sell(cluster: Cluster, goods: Sequence[Good], count: int) -> Sold:
    """So many orders of one unit: each good at each shop, then all over again."""
    sold, began, origins = Sold(), time.perf_counter(), sorted(cluster.origins.values())
    shops = []
    for at, origin in enumerate(origins):
        turns = iter(range(at, count, len(origins)))
        shops += [(Connection(origin), turns) for _ in range(SHOPPERS_A_SHOP)]
    await asyncio.gather(*(_shop(shop, goods, turns, began, len(origins), sold) for shop, turns in shops))
    for shop, _ in shops:
        await shop.close()
    return sold


async def _shop(
    shop: Connection, goods: Sequence[Good], turns: Iterator[int], began: float, shops: int, sold: Sold
) -> None:
    for turn in turns:
        await asyncio.sleep(began + turn / ORDERS_PER_S - time.perf_counter())
        await _order(shop, goods[turn // shops % len(goods)], sold)


async def _order(shop: Connection, good: Good, sold: Sold) -> None:
    shop.cookies = {}
    _ok(shop, await shop.post_json("/_r/session", {}), 204)
    _ok(shop, await shop.post_json("/_r/cart", {"ops": [Shopper({}).add(good)]}), 200)
    began = time.perf_counter()
    shown = await shop.request("GET", "/_r/checkout")
    held = time.perf_counter()
    _ok(shop, shown, 200)
    order = order_of(shown.json(), next(_persons))
    asked = time.perf_counter()
    answer = await shop.post_json("/_r/checkout", order)
    ended = time.perf_counter()
    _ok(shop, answer, 201)
    sold.hold.append(held - began)
    sold.sell.append(ended - asked)
    sold.written.append(_written(shown) + _written(answer))
    lines: Any = answer.json()["lines"]
    for line in lines:
        sold.units[good.sku] = sold.units.get(good.sku, 0) + line["units"] - line["pending"]


def _written(answer: Answer) -> float:
    """Seconds the request waited for the edge's writer."""
    return float(answer.headers["server-timing"].removeprefix("writer;dur=")) / 1000


def _ok(shop: Connection, answer: Answer, status: int) -> None:
    if answer.status != status:
        raise Failed(f"{shop.origin} answered {answer.status} instead of {status}: {answer.body[:300]!r}")
