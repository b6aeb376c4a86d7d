"""A storm of changed pages before a CDN: prices change in a minute, and what the CDN hands out is looked at.

central    a node of its own, whose planner and worker purge in real time, by the plan's real limits
pages      files of an nginx; each is replaced and then told to central, in the order an edge keeps
cache      a second nginx with `infra/cdn/nginx_cache.conf`, emptied by a stand-in for Cloudflare (Free plan)
visitors   ask through the cache all the time, so there are old copies to be purged

Each price changes the page of its good and the page of its shelf. A copy is stale when its bytes are not those of the
file at that moment.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from node.bench import nginx
from node.bench.http import Connection
from node.bench.imports import central_alone
from node.bench.inside import Loader, loader_at
from node.bench.shopper import Failed
from node.places import ROOT

SITE = "measured"
HOST = f"{SITE}.localhost"
A_SHELF = 100
#: between two tellings; an edge's maker tells after each batch
TICK_S = 0.25
#: after the last change the copies are looked at
AFTER_S = 15.0
VISITS_PER_S = 150.0
LINES = 4
PATIENCE_S = 240.0

_CONFIG = ROOT / "infra" / "cdn" / "nginx_cache.conf"
_ORIGIN = """server {{
    listen 127.0.0.1:{port};
    root {folder};
    location / {{
        try_files $uri.html =404;
        add_header Cache-Control "public, max-age=0, s-maxage=86400, stale-if-error=604800";
    }}
}}
"""


async def measure(changes: int, seconds: float) -> dict[str, Any]:
    """`purge_calls` until nothing waits, `stale_after_15s`, and the same 15 s after that, `stale_at_end`."""
    async with central_alone(SITE) as home:
        pages = Pages(home / "www", changes)
        with _cache(home, pages.folder) as (port, folder), _standin(folder) as cdn, loader_at(home) as central:
            await central.ask("join_cdn", site=SITE, **{name: cdn.facts[name] for name in ("base_url", "key", "zone")})
            await _until_none_waits(central)  # a site that joins is purged whole
            storm = Storm(pages, central, port)
            await storm.look(pages.paths)
            before = cdn.counts()
            await storm.blow(seconds)
            stale = await storm.look(pages.newest_first())
            await _until_none_waits(central)
            after = cdn.counts()
            left = await storm.look(pages.newest_first())
    return {
        "purge_calls": after["calls"] - before["calls"],
        "purges_refused": after["refused"] - before["refused"],
        "stale_after_15s": stale,
        "stale_at_end": left,
        "stale_seen": storm.stale_seen,
        "visits": storm.visits,
    }


# --- pages -------------------------------------------------------------------------------------------------------


class Pages:
    """Goods and their shelves as files; `version` says which bytes lie there."""

    def __init__(self, folder: Path, goods: int) -> None:
        self.folder, self.goods = folder, goods
        self.version: dict[str, int] = {}
        shelves = [self.shelf_of(number) for number in range(0, goods, A_SHELF)]
        for path in [*shelves, *map(self.good, range(goods))]:
            (folder / path[1:]).parent.mkdir(parents=True, exist_ok=True)
            self._write(path, 0)

    def good(self, number: int) -> str:
        return f"/p/good-{number:05d}"

    def shelf_of(self, number: int) -> str:
        return f"/c/shelf-{number // A_SHELF:03d}"

    @property
    def paths(self) -> list[str]:
        return list(self.version)

    def newest_first(self) -> list[str]:
        """Those that changed last before the others: they are the likeliest to be stale."""
        return list(reversed(self.version))

    def change(self, path: str) -> None:
        version = self.version.pop(path) + 1
        self._write(path, version)

    def body(self, path: str) -> bytes:
        return f"<!doctype html><p>{path}: price {self.version[path]}</p>".encode()

    def _write(self, path: str, version: int) -> None:
        self.version[path] = version  # at the end of the dict
        file = self.folder / f"{path[1:]}.html"
        fresh = file.with_name(f".{file.name}")
        fresh.write_bytes(self.body(path))
        os.replace(fresh, file)


@dataclass
class Storm:
    """`stale_seen`: visits during the storm that got old bytes, which is what the purges have to end."""

    pages: Pages
    central: Loader
    port: int
    visits: int = 0
    stale_seen: int = 0
    _order: random.Random = field(default_factory=lambda: random.Random(5))  # noqa: S311 - not a secret

    async def blow(self, seconds: float) -> None:
        """Every price changes once within `seconds`; then `AFTER_S` pass. Visitors come all the time."""
        visitors = asyncio.create_task(self._visit())
        numbers = list(range(self.pages.goods))
        self._order.shuffle(numbers)
        ticks = max(1, round(seconds / TICK_S))
        began = time.monotonic()
        for tick in range(ticks):
            part = numbers[tick * len(numbers) // ticks : (tick + 1) * len(numbers) // ticks]
            changed = [self.pages.good(number) for number in part]
            changed += sorted({self.pages.shelf_of(number) for number in part})
            for path in changed:
                self.pages.change(path)
            await self.central.ask("pages_changed", site=SITE, paths=changed)
            await asyncio.sleep(max(0.0, began + (tick + 1) * seconds / ticks - time.monotonic()))
        await asyncio.sleep(AFTER_S)
        visitors.cancel()
        await asyncio.gather(visitors, return_exceptions=True)

    async def look(self, paths: Iterable[str]) -> int:
        """Ask for each once through the cache, over a few connections; returns how many are stale."""
        waiting = iter(list(paths))

        async def some() -> int:
            line = Connection(f"http://{HOST}:{self.port}")
            stale = 0
            for path in waiting:
                stale += not await self._is_fresh(line, path)
            await line.close()
            return stale

        return sum(await asyncio.gather(*(some() for _ in range(LINES))))

    async def _visit(self) -> None:
        line = Connection(f"http://{HOST}:{self.port}")
        paths, began = self.pages.paths, time.monotonic()
        while True:
            self.visits += 1
            self.stale_seen += not await self._is_fresh(line, self._order.choice(paths))
            await asyncio.sleep(max(0.0, began + self.visits / VISITS_PER_S - time.monotonic()))

    async def _is_fresh(self, line: Connection, path: str) -> bool:
        wanted = self.pages.body(path)
        answer = await line.request("GET", path)
        if answer.status != 200:
            raise Failed(f"the cache answered {answer.status} for {path}")
        return answer.body in (wanted, self.pages.body(path))  # it may have changed while we asked


async def _until_none_waits(central: Loader) -> None:
    until = time.monotonic() + PATIENCE_S
    while (await central.ask("waiting_purges"))["waiting"]:
        if time.monotonic() > until:
            raise Failed(f"pages still wait to be purged after {PATIENCE_S:.0f} s")
        await asyncio.sleep(0.5)


# --- programs ----------------------------------------------------------------------------------------------------


@contextmanager
def _cache(home: Path, pages: Path) -> Iterator[tuple[int, Path]]:
    """The origin and the cache before it: the cache's port and its folder."""
    origin, port, folder = nginx.free_port(), nginx.free_port(), home / "cache"
    servers = _ORIGIN.format(port=origin, folder=pages) + _cache_config(folder, origin, port)
    with nginx.running(home / "nginx", servers, port):
        yield port, folder


def _cache_config(folder: Path, origin: int, port: int) -> str:
    """The shipped configuration at other addresses."""
    shipped = _CONFIG.read_text()
    for was, became in (
        ("/var/cache/nginx/rialto", str(folder)),
        ("http://127.0.0.1:8001", f"http://127.0.0.1:{origin}"),
        ("listen 80;", f"listen 127.0.0.1:{port} default_server;"),
    ):
        if was not in shipped:
            raise Failed(f"{_CONFIG.name} has no '{was}' any more")
        shipped = shipped.replace(was, became)
    return shipped


@dataclass
class _Standin:
    process: subprocess.Popen[str]
    facts: dict[str, str]

    def counts(self) -> dict[str, int]:
        assert self.process.stdin and self.process.stdout  # noqa: S101 - asked for below
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return dict(json.loads(self.process.stdout.readline()))


@contextmanager
def _standin(folder: Path) -> Iterator[_Standin]:
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and words
        [sys.executable, "-m", "infra.cdn.tests.standin", str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None  # noqa: S101 - asked for above
        yield _Standin(process, dict(json.loads(process.stdout.readline())))
    finally:
        process.terminate()
        process.wait(10)


if __name__ == "__main__":  # this part alone, while one works on it
    print(json.dumps(asyncio.run(measure(int(sys.argv[1]), float(sys.argv[2])))))
