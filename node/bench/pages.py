"""`bench pages`: what a page costs, how soon a price stands on it, and what its freshness costs at a CDN.

static     one page with a photo: an nginx with three lines of configuration against one with what `rialto pages nginx`
           wrote for a running edge, in turns, `PAIRS` times; no connection may reach the edge meanwhile
app        the same page from the edge itself: out of the file, and rendered for each request (goods whose pages do not
           lie as files, more of them than the edge keeps in memory, asked for in turns)
change     a price changes at central; the moment its page's file shows it, in a shop of 10,000 goods. All files are
           hashed before and after: which pages differ is not the maker's own word
storm      see `node.bench.storm`
browser    see `node.bench.browser`; the page comes from the nginx of `static`

The load comes from `node.bench.hammer`, the same for all. What the machine lacks (nginx, Chromium) is said on stderr,
and its figures are null.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from node.bench import browser, nginx, storm
from node.bench.cluster import Cluster, run, scratch_cluster
from node.bench.figures import fsync_times, load_average, spread
from node.bench.filed import Filed, differences, opened
from node.bench.hammer import hammer
from node.bench.http import Connection
from node.bench.inside import Loader, central_home, cpu_seconds, edge_home, loader_at
from node.bench.shopper import Failed

SITE = "clay"
#: a good of the demo's with a photo: its page is the one that is measured
LIKE = "chaynik-more"
CONNECTIONS = 16
PAIRS = 10
READY_S = 1800.0
PICTURES_S = 300.0
#: a price that takes so long is a figure, however bad; longer, it is lost
SHOWN_S = 300.0


@dataclass(frozen=True)
class Size:
    """How much is measured. `unfiled`: more goods than an edge keeps pages in memory (24 MB)."""

    goods: int = 10_000
    a_shelf: int = 100
    unfiled: int = 1_500
    pair_s: float = 2.0
    app_s: float = 10.0
    changes: int = 30
    storm: int = 10_000
    storm_s: float = 60.0
    loads: int = 5
    #: wait until the maker has nothing to do at all; it begins to pack a minute after the last change
    is_packed: bool = True


FULL = Size()
#: whether it runs, not what it measures
QUICK = Size(
    goods=60, a_shelf=20, unfiled=60, pair_s=0.2, app_s=0.5, changes=2, storm=200, storm_s=2.0, loads=1, is_packed=False
)


async def measure(size: Size = FULL) -> dict[str, Any]:
    """All figures of the benchmark."""
    _say("starting a cluster of its own")
    with scratch_cluster() as cluster, loader_at(central_home(cluster)) as central:
        figures = {"load": load_average(), "fsync_ms": _fsync(cluster)}
        filed = await opened(edge_home(cluster, SITE) / "pages", f"{SITE}.localhost")
        figures |= await _fill(central, filed, size)
        async with _front(cluster, filed) as front:
            figures |= await _static(front, size)
            figures |= await _app(cluster, size)
            figures |= await _seen(cluster, front, size)
        figures |= await _change(central, filed, size)
        filed.close()
    figures |= await _storm(size)
    return {name: figures.get(name) for name in NAMES}


NAMES = (
    *("nginx_raw_rps", "edge_static_rps", "static_ratio", "static_cpu_us", "edge_app_static_rps", "edge_dynamic_rps"),
    *("edge_cpu_ms_per_render", "render_ms", "change_to_file_ms", "pages", "pages_rendered", "pages_rewritten"),
    *("pages_changed", "purge_calls", "purges_refused", "stale_after_15s", "stale_at_end", "stale_seen", "visits"),
    *("html_gzip_kb", "js_gzip_kb", "lcp_ms", "cls", "lcp_of", "load", "fsync_ms"),
)


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def _fsync(cluster: Cluster) -> dict[str, float]:
    return spread(fsync_times(Path(str(cluster.facts["dir"]))), "p50", "p99")


# --- a shop of thousands of pages --------------------------------------------------------------------------------


async def _fill(central: Loader, filed: Filed, size: Size) -> dict[str, Any]:
    # The worker of pictures has just begun: until then a page shows the photo as it was taken
    await filed.until_shown(f"/p/{LIKE}", b"<source", PICTURES_S)
    _say(f"{size.goods + size.unfiled} goods, and a page of each as a file")
    goods = {"count": size.goods, "a_shelf": size.a_shelf, "unfiled": size.unfiled}
    await central.ask("page_goods", site=SITE, like=LIKE, **goods)
    await filed.until_still("/p/measured-%", size.goods, READY_S)
    if size.is_packed:
        _say("its maker packs them")
        await filed.until_packed(READY_S)
    if filed.count("/p/unfiled-%"):
        raise Failed("pages lie as files that must not")
    return {"pages": len(filed.scan()), "render_ms": spread(filed.took_s("/p/measured-%"), "p50", "p99")}


# --- static ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Front:
    """Both web servers, and what stands between the second and the edge."""

    raw: nginx.Nginx
    shop: nginx.Nginx
    edge: nginx.Counted


@asynccontextmanager
async def _front(cluster: Cluster, filed: Filed) -> AsyncIterator[Front | None]:
    if lack := nginx.missing():
        _say(f"{lack}: nothing is measured of static pages")
        yield None
        return
    home = edge_home(cluster, SITE)
    edge = nginx.Counted(nginx.free_port(), int(cluster.origins[SITE].rpartition(":")[2]))
    await edge.heal()
    port, raw_port = nginx.free_port(), nginx.free_port()
    brotli = "--brotli" if nginx.has_brotli() else "--no-brotli"
    words = ("pages", "nginx", "--port", str(port), "--upstream", f"127.0.0.1:{edge.port}", brotli)
    written = run("--home", str(home), *words)
    with tempfile.TemporaryDirectory(prefix="rialto-") as scratch:
        folder = Path(scratch)
        _copy(filed.file(f"/p/{LIKE}"), folder / "www" / "page.html")
        plain = f"server {{ listen 127.0.0.1:{raw_port}; root {folder}/www; gzip_static on; }}\n"
        with (
            nginx.running(folder / "raw", plain, raw_port) as raw,
            nginx.running(folder / "shop", written, port) as shop,
        ):
            try:
                yield Front(raw, shop, edge)
            finally:
                await edge.cut()


def _copy(page: Path, to: Path) -> None:
    """The page and its packed form: the same bytes."""
    to.parent.mkdir()
    for suffix in ("", ".gz"):
        shutil.copyfile(f"{page}{suffix}", f"{to}{suffix}")


async def _static(front: Front | None, size: Size) -> dict[str, Any]:
    if front is None:
        return {}
    _say(f"a static page, {PAIRS} pairs")
    raw, shop = [], []
    touched = await _touches(front, LIKE)
    before = front.edge.connections
    for _ in range(PAIRS):
        raw.append(await _rate(front.raw, "page.localhost", "/page.html", size.pair_s))
        shop.append(await _rate(front.shop, f"{SITE}.localhost", f"/p/{LIKE}", size.pair_s))
    if touched or front.edge.connections != before:
        raise Failed("a static page reached the edge")
    if not await _touches(front, "there-is-no-such-page"):
        raise Failed("what does not lie as a file did not reach the edge: the count counts nothing")
    return {
        "nginx_raw_rps": round(statistics.median(rate for rate, _ in raw)),
        "edge_static_rps": round(statistics.median(rate for rate, _ in shop)),
        "static_ratio": round(
            statistics.median(ours / plain for (ours, _), (plain, _) in zip(shop, raw, strict=True)), 3
        ),
        "static_cpu_us": {
            "nginx_raw": round(statistics.median(cpu for _, cpu in raw), 1),
            "edge_static": round(statistics.median(cpu for _, cpu in shop), 1),
        },
    }


async def _touches(front: Front, slug: str) -> int:
    """Connections that an ask for a page makes to the edge."""
    before = front.edge.connections
    line = Connection(f"http://{SITE}.localhost:{front.shop.port}")
    await line.request("GET", f"/p/{slug}")
    await line.close()
    return front.edge.connections - before


async def _rate(server: nginx.Nginx, host: str, path: str, seconds: float) -> tuple[float, float]:
    """Requests a second, and the server's own microseconds of processor time for each."""
    cpu = server.cpu_seconds()
    done = await asyncio.to_thread(hammer, server.port, host, [path], seconds, CONNECTIONS)
    return done["requests"] / done["seconds"], (server.cpu_seconds() - cpu) * 1e6 / done["requests"]


# --- from the edge itself ----------------------------------------------------------------------------------------


async def _app(cluster: Cluster, size: Size) -> dict[str, Any]:
    _say("the page from the edge: the file, and rendered each time")
    host, _, port = cluster.origins[SITE].removeprefix("http://").rpartition(":")
    home = edge_home(cluster, SITE)
    filed = await asyncio.to_thread(hammer, int(port), host, [f"/p/{LIKE}"], size.app_s, CONNECTIONS)
    paths = [f"/p/unfiled-{number:05d}" for number in range(size.goods, size.goods + size.unfiled)]
    cpu = cpu_seconds(home)
    rendered = await asyncio.to_thread(hammer, int(port), host, paths, size.app_s, CONNECTIONS)
    return {
        "edge_app_static_rps": round(filed["requests"] / filed["seconds"], 1),
        "edge_dynamic_rps": round(rendered["requests"] / rendered["seconds"], 1),
        "edge_cpu_ms_per_render": round((cpu_seconds(home) - cpu) * 1000 / rendered["requests"], 2),
    }


# --- what is seen ------------------------------------------------------------------------------------------------


async def _seen(cluster: Cluster, front: Front | None, size: Size) -> dict[str, Any]:
    origin = cluster.origins[SITE]
    figures: dict[str, Any] = await browser.weights(origin, ["/", "/c/chayniki", "/c/measured", f"/p/{LIKE}"])
    if lack := browser.missing():
        _say(f"{lack}: nothing is measured of what a shopper sees")
        return figures
    _say(f"a slow phone, {size.loads} loads")
    at = f"http://{SITE}.localhost:{front.shop.port}" if front else origin
    return figures | await browser.paints(f"{at}/p/{LIKE}", size.loads)


# --- change ------------------------------------------------------------------------------------------------------


async def _change(central: Loader, filed: Filed, size: Size) -> dict[str, Any]:
    _say(f"{size.changes} prices, one at a time")
    numbers = random.Random(5).sample(range(size.goods), size.changes)  # noqa: S311 - not a secret
    took: list[float] = []
    made, changed, rewritten = filed.made(), 0, 0
    before = await asyncio.to_thread(filed.scan)
    for turn, number in enumerate(numbers):
        price = 250_000 + turn
        committed = (await central.ask("reprice", site=SITE, number=number, price=price))["at"]
        words = f'"price":"{price / 100:.2f}"'.encode()
        took.append(await filed.until_shown(f"/p/measured-{number:05d}", words, SHOWN_S) - committed)
        await filed.until_still("/p/measured-%", size.goods, READY_S)
        after = await asyncio.to_thread(filed.scan)
        differ, replaced = differences(before, after)
        changed, rewritten, before = changed + differ, rewritten + replaced, after
    return {
        "change_to_file_ms": spread(took, "p50", "p99"),
        "pages_rendered": filed.made() - made,
        "pages_rewritten": rewritten,
        "pages_changed": changed,
    }


# --- a CDN -------------------------------------------------------------------------------------------------------


async def _storm(size: Size) -> dict[str, Any]:
    if lack := nginx.missing():
        _say(f"{lack}: nothing is measured of a CDN")
        return {}
    _say(f"{size.storm} prices in {size.storm_s:.0f} s before a CDN")
    return await storm.measure(size.storm, size.storm_s)
