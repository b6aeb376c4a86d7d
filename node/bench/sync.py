"""`bench sync`: how fast what central writes stands at an edge, whether all of it does, and what that costs.

steady      one price changes 20 times a second; the edge's own database is watched for each new version
no nudges   the same, slowly, while Valkey refuses to publish: what is left are the pulls
flood       one writer publishes versions of 20,000 documents; then the log is read whole, chain by chain, and every
            line card at every edge is compared with central's
cost        a writer that changes a price, without and with publishing it, in ten alternating pairs
memory      an edge with 10,000 goods and 500 open live streams, and central's own programs

Central is written to by a program in its environment (`central.setup.load`); the edges are read from outside.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import redis

from node.bench.cluster import Cluster, scratch_cluster
from node.bench.figures import echo_times, fsync_times, spread
from node.bench.inside import EdgeDisk, Loader, central_home, edge_disk, edge_home, loader_at, resident_mb
from node.bench.shopper import Shopper
from node.config import load

GOODS = 10_000
STREAMS = 500
PRICES = 300
PRICES_PER_S = 20.0
#: pulls come every 5 s: enough of them to see the worst
UNNUDGED = 12
ENTRIES = 40_000
PAIRS = 10
PAIR_S = 1.0
SETTLE_S = 120.0


async def measure() -> dict[str, Any]:
    """All figures of the benchmark."""
    _say("starting a cluster of its own")
    with scratch_cluster() as cluster, loader_at(central_home(cluster)) as central:
        limits = {"fsync_ms": spread(fsync_times(Path(str(cluster.facts["dir"]))), "p50", "p99")}
        limits["ws_echo_ms"] = spread(await echo_times(), "p50", "p99")
        site = sorted(cluster.origins)[-1]
        edge = edge_disk(cluster, site)
        _say(f"{GOODS} goods")
        made = await central.ask("goods", site=site, count=GOODS)
        await _until_equal(central, cluster)
        _say(f"{PRICES} prices at {PRICES_PER_S:.0f} a second")
        steady = await _prices(central, edge, site, str(made["card"]), PRICES, PRICES_PER_S)
        _say(f"{UNNUDGED} prices while no nudge gets through")
        with _no_nudges(central_home(cluster)):
            unnudged = await _prices(central, edge, site, str(made["card"]), UNNUDGED, 0.37)
        _say(f"a flood of {ENTRIES} entries")
        flood = await central.ask("flood", entries=ENTRIES)
        drained = time.monotonic()
        behind = await _until_equal(central, cluster)
        drain_s = flood["log_s"] + time.monotonic() - drained
        log = await central.ask("gaps")
        _say(f"the cost of publishing, {PAIRS} pairs")
        cost = await central.ask("writer_cost", pairs=PAIRS, seconds=PAIR_S)
        _say(f"{STREAMS} open streams")
        memory = await _memory(cluster, site)
    return {
        "entries": log["head"],
        "gaps": log["gaps"] + behind,
        "entries_per_s": round(flood["entries"] / flood["log_s"], 1),
        "edge_entries_per_s": round(flood["entries"] / drain_s, 1),
        "commit_to_edge_ms": spread(steady, "p50", "p95", "p99"),
        "commit_to_edge_no_nudge_ms": spread(unnudged, "p99"),
        **memory,
        "writer_cost": _cost(cost["pairs"]),
        **limits,
    }


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


# --- commit to edge ----------------------------------------------------------------------------------------------


async def _prices(central: Loader, edge: EdgeDisk, site: str, card: str, count: int, per_s: float) -> list[float]:
    """Seconds from the commit of each price to the edge's having it, or a newer one."""
    last = edge.version(card) + count
    watching = asyncio.create_task(edge.versions_of(card, last))
    answer = await central.ask("prices", site=site, count=count, per_s=per_s)
    seen = await asyncio.wait_for(watching, 30)
    return [_first_seen(seen, version) - committed for version, committed in answer["commits"]]


def _first_seen(seen: dict[int, float], version: int) -> float:
    return min(moment for found, moment in seen.items() if found >= version)


@contextmanager
def _no_nudges(central: Path) -> Iterator[None]:
    """Valkey refuses every PUBLISH: all that is droppable is dropped."""
    broker = redis.Redis.from_url(load(central).redis_url)
    broker.execute_command("ACL", "SETUSER", "default", "resetchannels")  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        broker.execute_command("ACL", "SETUSER", "default", "allchannels")  # type: ignore[no-untyped-call]
        broker.close()


async def _until_equal(central: Loader, cluster: Cluster) -> int:
    """Wait until every edge holds every line card as central does; returns how many differ when time is up."""
    edges = [edge_disk(cluster, site) for site in cluster.origins]
    until = time.monotonic() + SETTLE_S
    wanted = (await central.ask("cards"))["cards"]
    while True:
        differing = sum(len(wanted.items() ^ edge.cards().items()) for edge in edges)
        if not differing or time.monotonic() > until:
            return differing
        await asyncio.sleep(0.05)


def _cost(pairs: Sequence[Sequence[float]]) -> float:
    """The share of its transactions a second that a writer gives up for publishing: the median of the pairs."""
    return round(statistics.median(1 - published / silent for silent, published in pairs), 3)


# --- memory ------------------------------------------------------------------------------------------------------


async def _memory(cluster: Cluster, site: str) -> dict[str, float]:
    async with open_streams(cluster, site, STREAMS):
        edge = resident_mb(edge_home(cluster, site))
    return {"edge_rss_mb": edge, "central_rss_mb": resident_mb(central_home(cluster))}


@asynccontextmanager
async def open_streams(cluster: Cluster, site: str, count: int) -> AsyncIterator[None]:
    """`count` browsers, each with a cart and its live stream open."""
    shoppers = [Shopper(cluster.origins) for _ in range(count)]
    tasks = []
    try:
        for shopper in shoppers:
            await shopper.enter(site)
            await shopper.close()
        arrived = [asyncio.Event() for _ in shoppers]
        tasks = [
            asyncio.create_task(_follow(shopper, site, event)) for shopper, event in zip(shoppers, arrived, strict=True)
        ]
        await asyncio.wait_for(asyncio.gather(*(event.wait() for event in arrived)), 60)
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _follow(shopper: Shopper, site: str, arrived: asyncio.Event) -> None:
    async for _ in shopper.live(site):
        arrived.set()
