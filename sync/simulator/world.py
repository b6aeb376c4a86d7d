"""One seed's world: three edges, one central, shoppers, and what goes wrong between them.

Production's code runs as it is; the world stands in for threads, sockets, disks, clocks and chance. A run has three
acts: trouble for `TROUBLE_S`, then everything is mended (`heal`), then the shoppers' tabs hand over what they still
keep and the cluster has `CALM_S` to agree. The oracle looks all the time.
"""

from __future__ import annotations

import asyncio
import gc
import shutil
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from infra.crypto.signing import public_of
from node.errors import RialtoError
from sync.contracts import frames as f
from sync.core import link as io
from sync.hub import Session
from sync.simulator import faults as faulting
from sync.simulator import install
from sync.simulator.loop import Life, Loop
from sync.simulator.machine import Machine
from sync.simulator.network import DOWN, UP, Weather, Wire
from sync.simulator.oracle import Oracle
from sync.simulator.roles import EDGES, Setting, Sku
from sync.simulator.shoppers import Shopper
from sync.simulator.trace import Trace
from sync.simulator.vfs import Cut

#: seconds of virtual time
TROUBLE_S = 20.0
CALM_S = 90.0
DIAL_WITHIN = 5.0

REALM = "orders"


class HttpLost(Exception):
    """The shop did not answer: the tab does not know whether anything has happened."""


class EdgeLife(Life):
    """A process of an edge: what it remembers, its writer and reader."""

    def __init__(self, host: EdgeHost) -> None:
        super().__init__(host.machine.name)
        self.host = host
        self.memory = host.world.roles.edge.memory()
        self.writer, self.reader = host.world.roles.fresh_writer(host.world, self)
        #: a piece of production's own that this process runs otherwise (an older version)
        self.wire: Wire | None = None
        #: the shop answers
        self.is_open = False


class CentralLife(Life):
    pass


class EdgeHost:
    """An edge: the machine and who it is. `disk_id` changes when its disk is lost, so that the oracle knows."""

    def __init__(self, world: World, name: str, node: str, key: bytes) -> None:
        self.world, self.name, self.node, self.key = world, name, node, key
        self.machine = Machine(name, world.folder / name, ("edge",), lambda: world.loop.now)
        self.weather = Weather()
        self.epoch = 1
        self.identity: Any = None
        self.generation = 1
        self.images: list[tuple[float, dict[str, bytes]]] = []
        self.is_mending = False
        self.is_serving = True

    @property
    def disk_id(self) -> str:
        return f"{self.name}#{self.generation}"

    @property
    def is_up(self) -> bool:
        return not self.machine.life.is_over

    def boot(self, *, is_machine: bool = True) -> None:
        """Start the process; `is_machine`: the machine too."""
        world = self.world
        if is_machine:
            self.machine.clock.reboot()
        self.identity = world.roles.edge.identity(self.node, self.epoch, self.key, world.central_key)
        life = self.machine.begin_life(lambda _: EdgeLife(self))
        world.trace.note(self.name, "boots")
        world.loop.start(life, self._start(life))

    async def _start(self, life: Life) -> None:
        assert isinstance(life, EdgeLife)  # noqa: S101
        try:
            await self.world.roles.edge.start()
        except Exception as error:  # its supervisor starts it again
            self.world.trace.tell(self.name, f"does not start: {error}")
            self.world.loop.call_in(None, 0.0, faulting.start_again, self.world, self, life)
            return
        life.is_open = True

    def end(self) -> None:
        """The process is gone this moment."""
        life = self.machine.life
        self.machine.end_life()
        if isinstance(life, EdgeLife) and life.wire is not None:
            life.wire.send(UP, None)

    def run(self, work: Callable[[], Any]) -> Any:
        """Something of this edge's, at once, from outside (the oracle)."""
        return self.world.inside(self.machine.life, work)


@dataclass
class Serving:
    """One session at the hub."""

    node: str
    wire: Wire
    session: Session
    #: epoch of the node -> ops central had taken in when the connection was opened
    taken: Mapping[int, int]
    task: asyncio.Task[Any] | None = None
    is_over: bool = False


@dataclass
class Result:
    """What one seed came to."""

    seed: int
    ops: int
    orders: int
    faults: dict[str, int]
    violations: list[str]
    digest: str
    story: list[str] = field(default_factory=list)
    converge_s: float = 0.0


class World:
    def __init__(self, seed: int, roles: install.Roles, folder: Path) -> None:
        self.seed, self.roles, self.folder = seed, roles, folder
        draw = Random(seed)  # noqa: S311
        self.chance = Random(draw.random())  # noqa: S311
        self.rng = Random(draw.random())  # noqa: S311
        self.faults_rng = Random(draw.random())  # noqa: S311
        self.shop_rng = Random(draw.random())  # noqa: S311
        self.loop = Loop(self._switch, self._after_step)  # type: ignore[abstract]  # as much of one as is asked for
        self.trace = Trace(lambda: self.loop.now)
        self.is_over = False
        self._current: Life | None = None
        self.is_calm = False
        self.nudges_lost = 0.2
        self.sequencer_rests_until = 0.0
        self.http_lost = 0.0
        self.setting, self.central_key = _setting(draw)
        self.sessions: list[Serving] = []
        self.central = Machine("central", folder / "central", install.CENTRAL_ALIASES, lambda: self.loop.now)
        self.edges = [EdgeHost(self, node, node, draw.randbytes(32)) for node in EDGES]
        self.zombies: list[EdgeHost] = []
        self.setting = Setting(
            skus=self.setting.skus,
            sign_keys={edge.node: public_of(edge.key) for edge in self.edges},
            central_key=self.central_key,
            ttl_s=self.setting.ttl_s,
        )
        self.oracle = Oracle(self)
        self.shoppers = [Shopper(self, f"shopper{n}") for n in range(draw.randint(3, 5))]
        self.converged_at = 0.0

    # --- the run

    def run(self) -> Result:
        with self.roles.of(self):
            try:
                self._begin()
                self.loop.run_until(TROUBLE_S)
                self._heal()
                self._settle()
            finally:
                self._end()
        return Result(
            seed=self.seed,
            ops=self.oracle.ops,
            orders=len(self.oracle.placed),
            faults=dict(self.trace.faults),
            violations=self.oracle.violations,
            digest=self.trace.digest,
            story=self.trace.story,
            converge_s=max(0.0, self.converged_at - TROUBLE_S),
        )

    def _begin(self) -> None:
        self.roles.edge.begin()
        self.central.disk.copy_from(self.roles.templates / "central")
        self.central.clock.reboot()
        life = self.central.begin_life(CentralLife)
        self.inside(life, lambda: self.roles.central.begin(self.setting))
        self.oracle.begin()
        for edge in self.edges:
            edge.machine.disk.copy_from(self.roles.templates / "edge")
            edge.boot()
        self._central_works()
        for shopper in self.shoppers:
            shopper.living = self.loop.start(None, shopper.live())
        faulting.plan(self)

    def _heal(self) -> None:
        self.trace.tell("world", "everything is mended")
        self.is_calm = True
        self.http_lost = 0.0
        self.sequencer_rests_until = 0.0
        self.nudges_lost = 0.2
        faulting.heal(self)

    def _settle(self) -> None:
        until = TROUBLE_S + CALM_S
        handing = [self.loop.start(None, shopper.hand_over()) for shopper in self.shoppers]
        self.loop.run_until(until, lambda: all(task.done() for task in handing))
        for task in handing:
            if task.done() and task.exception() is not None:
                raise task.exception()  # type: ignore[misc]
        roots = self.oracle.all_carts()
        for edge in self.edges:
            if edge.is_up:
                self.loop.start(edge.machine.life, self.roles.edge.follow(roots))
        next_look = self.loop.now + 1.0

        def is_done() -> bool:
            nonlocal next_look
            if self.loop.now < next_look:
                return False
            next_look = self.loop.now + 1.0
            return not self.oracle.unsettled()

        self.loop.run_until(until, is_done)
        self.converged_at = self.loop.now
        self.oracle.judge()

    def _end(self) -> None:
        self.is_over = True
        self.loop.end_all()
        for machine in [self.central, *(edge.machine for edge in [*self.edges, *self.zombies])]:
            machine.close()

    # --- whose step it is

    def _switch(self, life: Life | None) -> None:
        before, self._current = self._current, life
        if isinstance(before, EdgeLife):
            before.memory.take_back()
        if isinstance(life, EdgeLife):
            self.roles.put_in_place(life)
        elif life is not None:
            self.central.put_in_place()

    def inside(self, life: Life, work: Callable[[], Any]) -> Any:
        """Run `work` at once in a life, whoever is at it."""
        before = self._current
        self._switch(life)
        try:
            return work()
        finally:
            self._switch(before)

    def _after_step(self, life: Life | None) -> None:
        if isinstance(life, EdgeLife) and life.host.machine.disk.is_dead and not life.is_over:
            faulting.power_went(self, life.host)

    # --- central

    def _central_works(self) -> None:
        life = self.central.life
        self.loop.start(life, self._sequencer())
        self.loop.start(life, self._periodic())
        self.loop.start(life, self._desk())

    async def _sequencer(self) -> None:
        while True:
            await asyncio.sleep(self.rng.uniform(0.05, 0.2))
            if self.loop.now < self.sequencer_rests_until or not self.central.has_changed("orders"):
                continue
            try:
                moved = self.roles.central.sequence()
                self.central.has_changed("orders")  # by this alone
            except self.roles.database_errors:
                continue
            if moved:
                self.trace.note("central", f"sequenced {moved}")
                self._nudge()

    def _nudge(self) -> None:
        for serving in list(self.sessions):
            if self.rng.random() < self.nudges_lost:
                self.trace.faults["lost_nudge"] += 1
            else:
                self.loop.call_in(
                    self.central.life, self.rng.uniform(0.001, 0.01), self._feed, serving, io.Nudged(REALM)
                )

    def _feed(self, serving: Serving, event: Any) -> None:
        if not serving.is_over:
            serving.session.feed(event)

    def tell(self) -> None:
        """Carry what central has to tell to edges, now or never."""
        for node, kind, body in self.roles.central.told():
            for serving in list(self.sessions):
                if serving.session.node == node and (self.is_calm or self.rng.random() >= self.nudges_lost / 2):
                    event = io.Say(f.Tell(kind=kind, body=body))
                    self.loop.call_in(self.central.life, 0.001, self._feed, serving, event)

    async def _periodic(self) -> None:
        while True:
            await asyncio.sleep(6.0)
            try:
                self.roles.central.periodic()
            except self.roles.database_errors:
                continue
            self.tell()
            self.oracle.look()

    async def _desk(self) -> None:
        rng = self.shop_rng
        while not self.is_calm:
            await asyncio.sleep(rng.expovariate(1 / 3))
            action = rng.choices(self.roles.desk_actions, self.roles.desk_weights)[0]
            try:
                done = self.roles.central.operator(action, rng)
            except self.roles.database_errors:
                self.oracle.look()  # the answer of a commit was lost, perhaps
                continue
            if done:
                self.trace.tell("desk", f"{action}: {done}")
                self.oracle.desk_did(action, done)
                self.tell()

    # --- connections

    async def dial(self) -> Wire:
        """From an edge, in its life."""
        life = self._current
        assert isinstance(life, EdgeLife)  # noqa: S101
        weather = life.host.weather
        await asyncio.sleep(self.rng.uniform(0.005, 0.05))
        if weather.cut:
            await asyncio.sleep(DIAL_WITHIN)
            raise TimeoutError
        if self.central.life.is_over:
            raise OSError("connection refused")
        wire = Wire(self.loop, self.rng, weather, life, self.trace.fault, self.trace.note)
        life.wire = wire
        self.loop.start(self.central.life, self._serve(life.host.node, wire))
        return wire

    async def _serve(self, node: str, wire: Wire) -> None:
        async def send(text: str) -> None:
            wire.send(DOWN, text)

        async def close() -> None:
            wire.send(DOWN, None)
            await self._leave(serving)

        wire.hub_life = self.central.life
        session = Session(send, close)
        serving = Serving(node, wire, session, self.oracle.taken_from(node))

        async def introduced() -> None:
            for other in list(self.sessions):
                if other is not serving and other.session.node == session.node:
                    self._feed(other, io.ShutOut("newer", "the node has opened a newer link"))

        def deliver(text: str | None) -> None:
            if serving.is_over:
                return
            if text is None:
                self.loop.start(self.central.life, self._leave(serving))
            else:
                session.receive(text)

        session.on_introduced = introduced
        wire.deliver[UP] = deliver
        self.sessions.append(serving)
        session.start()

    def end_sessions(self) -> None:
        """The process that serves the links ends, with every task of every session."""
        for serving in list(self.sessions):
            self.loop.start(self.central.life, self._leave(serving))

    async def _leave(self, serving: Serving) -> None:
        if not serving.is_over:
            serving.is_over = True
            self.oracle.session_ends(serving.session, serving.taken)
            self.sessions = [one for one in self.sessions if one is not serving]
            serving.wire.send(DOWN, None)
            # The sender may be who closes: it cannot wait for its own end.
            self.loop.start(self.central.life, serving.session.stop())

    # --- what shoppers do

    def serving(self, node: str) -> EdgeHost:
        """The machine that answers for a shop's name."""
        ghosts = [zombie for zombie in self.zombies if zombie.node == node and zombie.is_up and zombie.is_serving]
        if ghosts and self.shop_rng.random() < 0.4:
            return ghosts[-1]
        return next(edge for edge in self.edges if edge.node == node)

    async def http(
        self, node: str, work: Callable[[], Awaitable[Any]], *, patience: float = 8.0
    ) -> tuple[Any, tuple[str, float]]:
        """Ask a shop: its answer, and the disk it is on, and since when.

        Raises `HttpLost`, and what production would answer as an error.
        """
        host, rng = self.serving(node), self.rng
        answer: asyncio.Future[Any] = self.loop.create_future()
        copies = 1
        if rng.random() < self.http_lost:
            self.trace.fault("request_lost")
            copies = 0
        elif rng.random() < self.http_lost:
            self.trace.fault("request_repeated")
            copies = 2
        for _ in range(copies):
            self.loop.call_in(None, rng.uniform(0.003, 0.06), self._ask, host, work, answer)
        try:
            return await asyncio.wait_for(answer, patience)
        except TimeoutError:
            raise HttpLost(node) from None

    def _ask(self, host: EdgeHost, work: Callable[[], Awaitable[Any]], answer: asyncio.Future[Any]) -> None:
        life = host.machine.life
        if life.is_over or not (isinstance(life, EdgeLife) and life.is_open):
            self._answered(answer, None, HttpLost(host.node))
            return

        async def handle() -> None:
            result: Any = None
            failure: Exception | None = None
            try:
                result = await work()
            except RialtoError as error:
                failure = error
            except Exception as error:
                # A disk that is full or without power is none of the shop's faults.
                if not isinstance(error, (*self.roles.disk_errors, OSError)):
                    self.oracle.violate(f"shop {host.name} broke: {type(error).__name__}: {error}")
                failure = HttpLost(f"500: {type(error).__name__}: {error}")
            if self.rng.random() < self.http_lost:
                self.trace.fault("answer_lost")
                return
            # The disk of this moment: when the answer has come, another may be in its place.
            said = result, (host.disk_id, self.loop.now)
            self.loop.call_in(None, self.rng.uniform(0.003, 0.06), self._answered, answer, said, failure)

        self.loop.start(life, handle())

    def _answered(self, answer: asyncio.Future[Any], result: Any, failure: Exception | None) -> None:
        if answer.done():
            return
        if failure is not None:
            answer.set_exception(failure)
        else:
            answer.set_result(result)


def _setting(draw: Random) -> tuple[Setting, bytes]:
    plenty = [draw.choice((2, 4, 8)), draw.choice((6, 12, 20)), draw.choice((30, 60)), 120]
    skus = tuple(Sku(one.site, one.sku, one.variant, units=plenty[n % 4]) for n, one in enumerate(install.GOODS))
    return Setting(skus=skus, sign_keys={}, central_key=b"", ttl_s=draw.choice((14, 25, 86_400))), draw.randbytes(32)


def run_seed(seed: int, roles: install.Roles, scratch: Path) -> Result:
    folder = scratch / f"seed-{seed}"
    folder.mkdir()
    try:
        return World(seed, roles, folder).run()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _sweep()


def _sweep() -> None:
    """Coroutines that never came to an end are closed here, between two worlds: in the next one they would meddle."""
    kept, sys.unraisablehook = sys.unraisablehook, lambda _: None
    try:
        gc.collect()
    finally:
        sys.unraisablehook = kept


__all__ = ["CALM_S", "TROUBLE_S", "Cut", "EdgeHost", "EdgeLife", "HttpLost", "Result", "World", "run_seed"]
