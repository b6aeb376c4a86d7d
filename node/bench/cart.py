"""`bench cart`: one cart over three shops, measured through HTTP as shoppers' browsers use it.

latency     100 ops/s over three edges: a shopper adds in one shop while the same cart is open in a sister shop;
            meanwhile 1,000 pages are rendered anew, because central publishes every card and product again
saturation  8 writers with a cart each, at one edge; a cart is emptied when it holds 30 tokens
one cart    8 writers add to and remove from one cart of fewer than 200 live tokens

Then the oracle: every acknowledged unit must be in its cart, at the edge where it was put in and at a sister's.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from node.bench.cluster import Cluster, scratch_cluster
from node.bench.figures import echo_times, fsync_times, load_average, spread
from node.bench.http import Connection
from node.bench.inside import Loader, central_home, cpu_seconds, edge_home, loader_at
from node.bench.shopper import Failed, Good, Shopper, goods_on

RATE = 100
SHOPPERS = 30
WRITERS = 8
PAGES = 1000
SETTLE_S = 30
#: what a shopper's own cart may come to before it is emptied, and what the crowd's may
OWN_TOKENS = 30
CROWD_TOKENS = 150
#: entries that make a round: more than the demo has cards and products
ROUND = 600


@dataclass
class Tally:
    """What one shopper was told is in his cart, and what could not be told."""

    shopper: Shopper
    home: str
    sister: str
    units: Counter[tuple[str, ...]] = field(default_factory=Counter)


@dataclass
class Measured:
    """Seconds of each kind."""

    acks: list[float] = field(default_factory=list)
    crossings: list[float] = field(default_factory=list)
    ops: int = 0


async def measure(seconds: int) -> dict[str, Any]:
    """All figures of the benchmark; `lost` counts units that were acknowledged and are not where they must be."""
    _say("starting a cluster of its own")
    with scratch_cluster() as cluster, loader_at(central_home(cluster)) as central:
        limits = {"fsync_ms": spread(fsync_times(Path(str(cluster.facts["dir"]))), "p50", "p99")}
        limits["ws_echo_ms"] = spread(await echo_times(), "p50", "p99")
        goods = {site: await _goods(origin) for site, origin in cluster.origins.items()}
        _say(f"latency at {RATE} ops/s for {seconds} s")
        measured, tallies = await _latency(cluster, central, goods, seconds)
        _say(f"saturation: {WRITERS} carts at one edge for {seconds} s")
        usage = _Usage(cluster)
        distinct = await _saturate(cluster, goods, seconds, tallies)
        cpu = usage.per_op(distinct)
        _say(f"one cart with {WRITERS} writers for {seconds} s")
        same = await _same_cart(cluster, goods, seconds, tallies)
        _say("reading every cart back at two shops")
        lost = await _lost(tallies)
        for tally in tallies:
            await tally.shopper.close()
    return {
        "ops": measured.ops + distinct + same,
        "lost": lost,
        "edge_ack_ms": spread(measured.acks, "p50", "p99"),
        "cross_shop_ms": spread(measured.crossings, "p50", "p95", "p99"),
        "ops_per_s": round(distinct / seconds, 1),
        "same_cart_ops_per_s": round(same / seconds, 1),
        "cpu_ms_per_op": cpu,
        "load": load_average(),
        **limits,
    }


class _Usage:
    """Processor time of the edge that is written to, of central and of this driver: steadier than any rate."""

    def __init__(self, cluster: Cluster) -> None:
        self._homes = {"edge": edge_home(cluster, sorted(cluster.origins)[0]), "central": central_home(cluster)}
        self._before = self._now()

    def per_op(self, ops: int) -> dict[str, float]:
        """Milliseconds since it was made, by who used them."""
        return {who: round((used - self._before[who]) * 1000 / max(1, ops), 3) for who, used in self._now().items()}

    def _now(self) -> dict[str, float]:
        return {who: cpu_seconds(home) for who, home in self._homes.items()} | {"driver": time.process_time()}


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


async def _goods(origin: str) -> list[Good]:
    shop = Connection(origin)
    found = goods_on((await shop.request("GET", "/")).body)
    await shop.close()
    if not found:
        raise Failed(f"{origin} shows nothing to put into a cart")
    return found


# --- latency -----------------------------------------------------------------------------------------------------


async def _latency(
    cluster: Cluster, central: Loader, goods: dict[str, list[Good]], seconds: int
) -> tuple[Measured, list[Tally]]:
    sites = sorted(cluster.origins)
    measured = Measured()
    tallies = [await _walker(cluster, sites[i % 3], sites[(i + 1) % 3], goods) for i in range(SHOPPERS)]
    renderer = asyncio.create_task(_render_pages(cluster, central, seconds))
    per_shopper = RATE / SHOPPERS
    await asyncio.gather(
        *(_walk(tally, goods[tally.home], per_shopper, seconds, measured, i) for i, tally in enumerate(tallies))
    )
    await renderer
    return measured, tallies


async def _walker(cluster: Cluster, home: str, sister: str, goods: dict[str, list[Good]]) -> Tally:
    """A shopper whose cart is open in two shops."""
    shopper = Shopper(cluster.origins)
    await shopper.enter(home)
    tally = Tally(shopper, home, sister)
    await _add(tally, goods[home][0])
    await shopper.hop(home, sister)
    return tally


async def _walk(tally: Tally, goods: list[Good], rate: float, seconds: int, measured: Measured, offset: int) -> None:
    """Add at a steady rate; the sister's stream tells when each add has come across."""
    seen: dict[tuple[str, int], asyncio.Future[float]] = {}
    stream = asyncio.create_task(_watch(tally, seen))
    began = time.perf_counter() + offset / (rate * SHOPPERS)
    step = 0
    while (due := began + step / rate) < began + seconds:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        op = tally.shopper.add(goods[step % min(4, len(goods))])
        arrived = seen[tuple(op["dot"])] = asyncio.get_running_loop().create_future()
        start = time.perf_counter()
        await _send(tally, op)
        measured.acks.append(time.perf_counter() - start)
        measured.ops += 1
        try:
            measured.crossings.append(await asyncio.wait_for(arrived, 10) - start)
        except TimeoutError:
            measured.crossings.append(10.0)
        seen.clear()
        step += 1
        if sum(tally.units.values()) >= OWN_TOKENS:
            await _empty(tally)
    stream.cancel()
    await asyncio.gather(stream, return_exceptions=True)


async def _watch(tally: Tally, seen: dict[tuple[str, int], asyncio.Future[float]]) -> None:
    """When the sister's stream first shows each op that is waited for."""
    async for view in tally.shopper.live(tally.sister):
        now = time.perf_counter()
        shown = {tuple(token[0]) for line in view.get("lines", ()) for token in line["tokens"]}
        for dot, arrived in seen.items():
            if dot in shown and not arrived.done():
                arrived.set_result(now)


async def _add(tally: Tally, good: Good) -> None:
    await _send(tally, tally.shopper.add(good))


async def _send(tally: Tally, op: dict[str, Any]) -> None:
    await tally.shopper.send(tally.home, op)
    tally.units[tuple(op["key"])] += 1


async def _empty(tally: Tally) -> None:
    view = await tally.shopper.view(tally.home)
    for line in view["lines"]:
        await tally.shopper.send(tally.home, tally.shopper.remove(line))
    tally.units.clear()


async def _render_pages(cluster: Cluster, central: Loader, seconds: int) -> None:
    """Ask for pages at a steady rate, each round of them after every document they show was published again."""
    shops = [Connection(origin) for origin in cluster.origins.values()]
    addresses = [(shop, path) for shop in shops for path in await paths_of(shop)]
    began = time.perf_counter()
    for turn in range(PAGES):
        if turn % len(addresses) == 0:
            await central.ask("flood", entries=ROUND)
        await asyncio.sleep(max(0.0, began + turn * seconds / PAGES - time.perf_counter()))
        shop, path = addresses[turn % len(addresses)]
        await shop.request("GET", path)
    for shop in shops:
        await shop.close()


async def paths_of(shop: Connection) -> list[str]:
    """Every address of a shop that its home page and its shelves lead to."""
    home = (await shop.request("GET", "/")).body.decode()
    shelves = sorted(set(re.findall(r'href="(/c/[^"#?]+)"', home)))
    found = set(re.findall(r'href="(/p/[^"#?]+)"', home)) | set(shelves)
    for shelf in shelves:
        page = (await shop.request("GET", shelf)).body.decode()
        found |= set(re.findall(r'href="(/[cp]/[^"#?]+)"', page))
    return sorted(found)


# --- saturation --------------------------------------------------------------------------------------------------


async def _saturate(cluster: Cluster, goods: dict[str, list[Good]], seconds: int, tallies: list[Tally]) -> int:
    sites = sorted(cluster.origins)
    home, sister = sites[0], sites[1]
    mine = []
    for _ in range(WRITERS):
        tally = Tally(Shopper(cluster.origins), home, sister)
        await tally.shopper.enter(home)
        mine.append(tally)
    until = time.perf_counter() + seconds
    counts = await asyncio.gather(*(_hammer(tally, goods[home], until) for tally in mine))
    for tally in mine:
        await tally.shopper.hop(home, sister)
    tallies += mine
    return sum(counts)


async def _hammer(tally: Tally, goods: list[Good], until: float) -> int:
    """Add as fast as answers come; the cart is emptied before it is full."""
    done = 0
    while time.perf_counter() < until:
        await _add(tally, goods[done % min(4, len(goods))])
        done += 1
        if sum(tally.units.values()) >= OWN_TOKENS:
            await _empty(tally)
            done += 1
    return done


async def _same_cart(cluster: Cluster, goods: dict[str, list[Good]], seconds: int, tallies: list[Tally]) -> int:
    """Eight documents of one browser: each adds, and removes the line it sees when the cart has grown."""
    sites = sorted(cluster.origins)
    home, sister = sites[0], sites[1]
    first = Shopper(cluster.origins)
    await first.enter(home)
    documents = [first, *(Shopper(cluster.origins) for _ in range(WRITERS - 1))]
    for document in documents[1:]:
        document.shop(home).cookies.update(first.shop(home).cookies)
    ledger = _Ledger()
    until = time.perf_counter() + seconds
    counts = await asyncio.gather(*(_crowd(document, home, goods[home], until, ledger) for document in documents))
    await first.hop(home, sister)
    tallies.append(Tally(first, home, sister, ledger.left()))
    return sum(counts)


@dataclass
class _Ledger:
    """Every acknowledged add by its dot, and every dot an acknowledged remove had seen."""

    added: dict[tuple[str, int], tuple[str, ...]] = field(default_factory=dict)
    removed: set[tuple[str, int]] = field(default_factory=set)

    def left(self) -> Counter[tuple[str, ...]]:
        return Counter(key for dot, key in self.added.items() if dot not in self.removed)


async def _crowd(document: Shopper, home: str, goods: list[Good], until: float, ledger: _Ledger) -> int:
    done = 0
    while time.perf_counter() < until:
        op = document.add(goods[done % min(4, len(goods))])
        answer = await document.send(home, op)
        ledger.added[tuple(op["dot"])] = tuple(op["key"])
        done += 1
        lines = answer["view"]["lines"]
        longest = max(lines, key=lambda line: len(line["tokens"]))
        if sum(len(line["tokens"]) for line in lines) > CROWD_TOKENS // 2:
            op = document.remove(longest)
            await document.send(home, op)
            ledger.removed |= {tuple(dot) for dot in op["seen"]}
            done += 1
    return done


# --- the oracle --------------------------------------------------------------------------------------------------


async def _lost(tallies: list[Tally]) -> int:
    """Units that differ, after everything had time to settle, between what was acknowledged and what a shop shows."""
    until = time.monotonic() + SETTLE_S
    lost = 0
    for tally in tallies:
        for site in (tally.home, tally.sister):
            wrong = await _difference(tally, site)
            while wrong and time.monotonic() < until:
                await asyncio.sleep(0.2)
                wrong = await _difference(tally, site)
            lost += wrong
    return lost


async def _difference(tally: Tally, site: str) -> int:
    view = await tally.shopper.view(site)
    shown = Counter({tuple(line["key"]): int(line["qty"]) for line in view["lines"]})
    return sum(abs(shown[key] - tally.units[key]) for key in shown.keys() | tally.units.keys())
