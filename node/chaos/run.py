"""One run: the cluster, its shoppers, rounds of faults with a measured return to peace, and the verdict."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import psycopg

from node import processes, supervise
from node.bench.cluster import free_base
from node.bench.figures import load_average, percentile
from node.bench.inside import Loader, loader_at
from node.bench.shopper import Failed
from node.chaos import disk, faults, oracle, plan
from node.chaos.cluster import Cluster
from node.chaos.oracle import UNCONVERGED, Held, Violation
from node.chaos.plan import Fault
from node.chaos.promises import Errand, Journal
from node.chaos.reads import Central, Edge, Head
from node.demo import NODES, Ports
from node.embedded import last_words
from node.errors import Refused
from node.supervise import Supervisor, Tell

SCARCE, FIRST_UNITS = 2, 8
#: s between two things the operator does
OPERATOR_S = (0.8, 2.0)
#: s a killed process may take to be started again; a heal is waited for so long; peace at the end too
AGAIN_S, HEAL_S, PEACE_S = 40.0, 60.0, 120.0
REST_S = (0.5, 2.0)
#: s after which, again and again, it is told what peace waits for
SAY_S = 5.0
LOOK_S = 0.1


@dataclass
class Span:
    """When a fault was there, in seconds since 1970."""

    fault: Fault
    began: float
    ended: float = 0.0


@dataclass
class Report:
    """What `chaos --json` says, and the violations it prints."""

    figures: dict[str, Any]
    violations: list[Violation]
    spans: list[Span]
    began: float


@dataclass
class Run:
    """The state of a run."""

    cluster: Cluster
    supervisor: Supervisor
    seed: int
    tell: Tell
    began: float = field(default_factory=time.time)
    counts: Counter[str] = field(default_factory=Counter)
    spans: list[Span] = field(default_factory=list)
    converged: list[float] = field(default_factory=list)
    receipts: list[str] = field(default_factory=list)
    cancelled: int = 0
    is_over: bool = False
    edges: dict[str, Edge] = field(default_factory=dict)

    # --- faults --------------------------------------------------------------------------------------------------

    async def hurt(self, seconds: float, kinds: Sequence[str]) -> None:
        """Rounds of faults until the time is over; after each the way back to peace is measured."""
        rest, until = Random(self.seed), time.monotonic() + seconds  # noqa: S311 - a plan
        for number, found in enumerate(plan.rounds(self.seed, kinds), start=1):
            if time.monotonic() >= until or self.supervisor.is_leaving:
                return
            self.tell(f"round {number}: {', '.join(map(str, found))}")
            await asyncio.gather(*(self._suffer(fault) for fault in found))
            took = await self._heal(HEAL_S)
            self.converged.append(took)
            self.tell(f"  at peace after {took:.1f} s" if took < HEAL_S else "  no peace yet; going on")
            await asyncio.sleep(rest.uniform(*REST_S))

    async def _suffer(self, fault: Fault) -> None:
        await asyncio.sleep(fault.after)
        was = faults.pid_of(self.cluster, fault)
        undo = await faults.begin(self.cluster, fault)
        if undo is None:
            self.tell(f"  {fault}: there was nothing to do it to")
            return
        self.counts[fault.kind] += 1
        span = Span(fault, time.time())
        self.spans.append(span)
        if fault.kind.startswith("kill") or fault.kind == "db-restart":
            await self._started_again(fault, was)
        else:
            await asyncio.sleep(fault.lasts)
        result = undo()
        if asyncio.isfuture(result):
            await result
        span.ended = time.time()

    async def _started_again(self, fault: Fault, was: int | None) -> None:
        """A killed process is healed once its supervisor has started another; what it then needs is its own time."""
        if fault.kind == "kill-backend":
            return
        for _ in range(int(AGAIN_S / LOOK_S)):
            if faults.pid_of(self.cluster, fault) not in (None, was):
                return
            await asyncio.sleep(LOOK_S)

    async def _heal(self, patience: float) -> float:
        """Seconds until everything that was on its way at this moment has arrived; `patience` when it did not."""
        began = time.monotonic()
        sent = {node: edge.last_outgoing() for node, edge in self.edges.items()}
        heads: dict[str, Head] | None = None
        said_at = SAY_S
        while (took := time.monotonic() - began) < patience:
            if heads is None:
                with contextlib.suppress(psycopg.Error):
                    heads = await asyncio.to_thread(Central(self.cluster.central).heads)
            elif not (missing := self._behind(heads, sent) or await self._silent()):
                return took
            elif took > said_at:
                said_at += SAY_S
                self.tell(f"  after {took:.0f} s: {'; '.join(missing)}")
            await asyncio.sleep(LOOK_S)
        return patience

    def _behind(self, heads: dict[str, Head], sent: dict[str, int] | None = None) -> list[str]:
        """What has not arrived: log entries up to `heads`, ops up to `sent` (all of them without)."""
        found = []
        for node, edge in self.edges.items():
            found += [f"edge {node}: {said}" for said in edge.behind(heads)]
            if count := edge.waiting(sent[node] if sent else 1 << 62):
                found.append(f"edge {node}: {count} ops not acknowledged")
        return found

    async def _silent(self) -> list[str]:
        """Nodes that do not answer, and edges without a link."""
        asked = [supervise.answers(self.cluster.ports.base, "/_health", "central.localhost")]
        asked += [supervise.answers(self.cluster.ports.edge(node), "/_r/health", "x") for node in NODES]
        central, *edges = await asyncio.gather(*asked)
        found = [] if central[0] == 200 else [f"central answers {central[0] or 'nothing'}"]
        return found + [
            f"edge {node} has no link" if status == 200 else f"edge {node} answers {status or 'nothing'}"
            for node, (status, body) in zip(NODES, edges, strict=True)
            if status != 200 or b'"link":true' not in body
        ]

    # --- the operator --------------------------------------------------------------------------------------------

    async def operate(self, loader: Loader, goods: Sequence[Sequence[str]]) -> None:
        """Deliveries of what is scarce, and cancelled orders, until the day is over.

        Never cancelled: an answer nobody waits for any more would be taken for that of the next question.
        """
        chance, number = Random(self.seed), 0  # noqa: S311 - to be repeated
        while not self.is_over:
            await asyncio.sleep(chance.uniform(*OPERATOR_S))
            number += 1
            sku, units = chance.choice(goods)[1], chance.randint(2, 6)
            is_delivery, which = chance.random() < 0.6, chance.randrange(20)
            ref = f"chaos-{number}"
            while not self.is_over:
                try:
                    if is_delivery:
                        await loader.ask("receive", sku=sku, units=units, ref=ref)
                        self.receipts.append(ref)
                    else:
                        self.cancelled += bool((await loader.ask("cancel", number=which))["order"])
                    break
                except Failed:  # a database was down: he presses the button again
                    await asyncio.sleep(1)

    # --- the end -------------------------------------------------------------------------------------------------

    async def read(self, loader: Loader) -> Held:
        held = Held.of(await self._read(loader, "carts"), await self._read(loader, "books"))
        held.edges = {node: (edge.carts(), edge.aliases()) for node, edge in self.edges.items()}
        return held

    async def _read(self, loader: Loader, what: str) -> dict[str, Any]:
        """The first look after a database was restarted may meet a connection that is no more."""
        for _ in range(10):
            with contextlib.suppress(Failed):
                return await loader.ask(what, since=self.began - 1)
            await asyncio.sleep(1)
        return await loader.ask(what, since=self.began - 1)

    async def settle(self, loader: Loader, journal: Journal) -> tuple[Held, list[Violation]]:
        """Read again and again until all agree or patience ends: (what is held, what beside carts stands apart)."""
        until, said_at = time.monotonic() + PEACE_S, time.monotonic() + SAY_S
        # Of this moment: central's jobs go on writing to its logs for as long as they have work.
        heads = await asyncio.to_thread(Central(self.cluster.central).heads)
        while True:
            held = await self.read(loader)
            unsettled = [Violation(UNCONVERGED, said) for said in self._unsettled(heads)]
            apart = [*unsettled, *oracle.carts_apart(journal, held, NODE_OF)]
            if not apart or time.monotonic() > until:
                return held, unsettled
            if time.monotonic() > said_at:
                said_at += SAY_S
                self.tell(f"  not yet: {apart[0].text}, and {len(apart) - 1} more")
            await asyncio.sleep(0.5)

    def _unsettled(self, heads: dict[str, Head]) -> Iterable[str]:
        yield from self._behind(heads)
        yield from Central(self.cluster.central).quarantine()
        for node, edge in self.edges.items():
            yield from (f"edge {node}: {said}" for said in edge.parked())
            if not edge.is_whole():
                yield f"edge {node}: SQLite finds its file broken"


NODE_OF = {site: node for node, site in NODES.items()}


async def chaos(
    seconds: float, seed: int, kinds: Sequence[str], tabs: int, tell: Tell, logs: Path | None = None
) -> Report:
    """Start a cluster of our own, hurt it for so long, and judge. `logs`: where to leave what its processes said.

    Raises `Refused` when it could not be run.
    """
    has_mounts = disk.leave_mounts()
    with tempfile.TemporaryDirectory(prefix=f"rialto-chaos-{seed}-", ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch) / "c"
        folder.mkdir()
        cluster = Cluster(folder, Ports(free_base()), lambda line: None, has_mounts=has_mounts, seed=seed)
        try:
            async with _running(cluster, tell) as supervisor:
                run = Run(cluster, supervisor, seed, tell)
                return await _until_left(supervisor, _whole(run, seconds, kinds, tabs))
        finally:
            cluster.unmount()
            if logs is not None:
                _keep_logs(cluster, logs)


def _keep_logs(cluster: Cluster, target: Path) -> None:
    for source in (cluster.folder / "logs", cluster.central / "logs"):
        if source.exists():
            shutil.copytree(source, target, dirs_exist_ok=True)


async def _until_left(supervisor: Supervisor, work: Coroutine[Any, Any, Report]) -> Report:
    """Ctrl-C ends the work."""
    working, leaving = asyncio.ensure_future(work), asyncio.ensure_future(supervisor.until_told())
    await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
    if not working.done():
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        raise Refused("stopped before the end: nothing was judged")
    leaving.cancel()
    return await working


@contextlib.asynccontextmanager
async def _running(cluster: Cluster, tell: Tell) -> AsyncIterator[Supervisor]:
    """The cluster until the block ends; nothing of it is left."""
    supervisor, ready = Supervisor(lambda line: None), asyncio.Event()
    tell("starting a cluster of its own")
    running = asyncio.create_task(cluster.run(supervisor, lambda _: ready.set()))
    waiting = asyncio.ensure_future(ready.wait())
    await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
    try:
        if running.done():
            await running
            raise Refused("stopped before the cluster was ready")
        yield supervisor
    finally:
        waiting.cancel()
        supervisor.leave()
        with contextlib.suppress(Refused):
            await running


async def _whole(run: Run, seconds: float, kinds: Sequence[str], tabs: int) -> Report:
    run.edges = {node: Edge(run.cluster.edge(node)) for node in NODES}
    with loader_at(run.cluster.central, run.cluster.folder / "logs" / "operator.log") as loader:
        goods = await _scarce(run, loader)
        journal = run.cluster.folder / "journal.json"
        errand = Errand(origins=run.cluster.origins, goods=goods, tabs=tabs, seed=run.seed, journal=str(journal))
        async with _shoppers(run, errand) as shoppers:
            operator = asyncio.create_task(run.operate(loader, goods))
            run.tell(f"{tabs} tabs in three shops, seed {run.seed}")
            await asyncio.sleep(2)
            await run.hurt(seconds, kinds)
            run.is_over = True
            await operator
            run.tell("peace: everybody brings home what he keeps")
            await run._heal(HEAL_S)
            shoppers.send_signal(signal.SIGTERM)
            await _ended(shoppers, run)
        kept = msgspec.json.decode(journal.read_bytes(), type=Journal)
        run.tell("comparing what was promised with what central and every edge hold")
        held, apart = await run.settle(loader, kept)
    apart += [Violation(UNCONVERGED, said) for said in kept.unheard]
    for edge in run.edges.values():
        edge.close()
    violations = [*oracle.judge(kept, held, NODE_OF, run.receipts), *apart]
    return Report(_figures(run, kept, held, violations), violations, run.spans, run.began)


async def _scarce(run: Run, loader: Loader) -> list[list[str]]:
    """Goods of which there are few, known to every shop."""
    made = await loader.ask("scarce", sites=sorted(NODE_OF), count=SCARCE, units=FIRST_UNITS)
    until = time.monotonic() + HEAL_S
    while not all(set(made["cards"]) <= edge.card_keys() for edge in run.edges.values()):
        if time.monotonic() > until:
            raise Refused("the goods of this run did not reach every shop")
        await asyncio.sleep(LOOK_S)
    return list(made["keys"])


@contextlib.asynccontextmanager
async def _shoppers(run: Run, errand: Errand) -> AsyncIterator[Any]:
    file, log = run.cluster.folder / "errand.json", run.cluster.folder / "logs" / "shoppers.log"
    file.write_bytes(msgspec.json.encode(errand))
    with log.open("wb") as out:
        child = processes.launch(
            supervise.python("-m", "node.chaos.shoppers", file),
            env=supervise.environment(_central(run)), out=out, on_parent_death=signal.SIGKILL,
        )  # fmt: skip
    try:
        yield child
    finally:
        processes.end_child(child, signal.SIGKILL, patience=5)


def _central(run: Run) -> Any:
    from node.config import load

    return load(run.cluster.central)


async def _ended(child: Any, run: Run) -> None:
    await asyncio.to_thread(child.wait)
    if child.returncode:
        said = last_words(run.cluster.folder / "logs" / "shoppers.log", 12)
        raise Refused(f"the shoppers' process ended with {child.returncode}: {said}")


# --- the report --------------------------------------------------------------------------------------------------


def _figures(run: Run, kept: Journal, held: Held, violations: Sequence[Violation]) -> dict[str, Any]:
    kinds = Counter(one.kind for one in violations)
    orders = held.books["orders"]
    sold: Counter[str] = Counter()
    for order, booked in held.books["booked"].items():
        for variant, units in booked.items():
            sold[held.books["goods"][variant]["sku"]] += units * orders[order]["is_live"]
    return {
        "acked_ops": sum(op.acked > 0 for op in kept.ops),
        "lost_ops": kinds[oracle.LOST_OP],
        "acked_orders": sum(order.acked > 0 for order in kept.orders),
        "lost_orders": kinds[oracle.LOST_ORDER],
        "duplicate_orders": kinds[oracle.DUPLICATE],
        "oversold": kinds[oracle.OVERSOLD],
        "unconverged": kinds[UNCONVERGED],
        "broken_rules": kinds[oracle.OTHER],
        "converge_s": {
            name: round(percentile(run.converged, share), 2) for name, share in (("p50", 0.5), ("p99", 0.99))
        },
        "heals": len(run.converged),
        "faults": dict(sorted(run.counts.items())),
        "ops": len(kept.ops),
        "orders": len(kept.orders),
        "orders_at_central": len(orders),
        "duplicate_suspects": sum(order["is_suspect"] for order in orders.values()),
        "pending_orders": sum(any(line.pending for line in order.lines) for order in kept.orders if order.acked),
        "refused": kept.refused,
        "received": len(run.receipts),
        "cancelled": run.cancelled,
        "sold_per_sku": dict(sorted(sold.items())),
        "seed": run.seed,
        "load": load_average(),
        **run.cluster.facts(),
    }


def account(one: Violation, spans: Sequence[Span], began: float) -> str:
    """A violation as a person reads it: what, and the history of its op or order among the faults of those moments."""
    lines = [f"{one.kind}: {one.text}"]
    if one.history:
        first, last = one.history[0][0], one.history[-1][0]
        events = [(at, said) for at, said in one.history]
        for span in takewhile(lambda span: span.began < last + 5, sorted(spans, key=lambda span: span.began)):
            if span.ended >= first - 5:
                events += [(span.began, f"-- {span.fault} begins"), (span.ended, f"-- {span.fault} is over")]
        lines += [f"  {at - began:8.2f} s  {said}" for at, said in sorted(events)]
    return "\n".join(lines)
