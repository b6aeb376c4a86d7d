"""What goes wrong in a run: drawn by the seed, counted by kind, and mended at the heal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from random import Random
from typing import TYPE_CHECKING, Any

from sync.simulator.network import DOWN, UP
from sync.simulator.vfs import Cut

if TYPE_CHECKING:
    from sync.simulator.world import EdgeHost, World

Fault = Callable[["World", Random], Coroutine[Any, Any, None]]

KINDS: dict[str, tuple[Fault, int]] = {}


def fault(kind: str, *, weight: int) -> Callable[[Fault], Fault]:
    def register(work: Fault) -> Fault:
        KINDS[kind] = (work, weight)
        return work

    return register


def plan(world: World) -> None:
    """Draw this seed's troubles."""
    rng = world.faults_rng
    names, weights = list(KINDS), [weight for _, weight in KINDS.values()]
    if rng.random() < 0.15:
        world.nudges_lost = 1.0
        world.trace.fault("all_nudges_lost", "world", "every nudge and every tell is lost")
    if rng.random() < 0.4:
        world.http_lost = rng.choice((0.03, 0.1, 0.25))
    for name in rng.choices(names, weights, k=rng.randint(3, 9)):
        world.loop.start(None, _at(world, rng.uniform(0.5, 17.0), KINDS[name][0], rng))
    world.loop.start(None, _backups(world))


async def _at(world: World, moment: float, work: Fault, rng: Random) -> None:
    await asyncio.sleep(moment)
    if not world.is_calm:
        await work(world, rng)


async def _backups(world: World) -> None:
    """Now and then somebody copies an edge's disk."""
    while not world.is_calm:
        for edge in world.edges:
            if edge.is_up:
                edge.images = [*edge.images[-2:], (world.loop.now, edge.machine.disk.image())]
        await asyncio.sleep(6.0)


def _some_edge(world: World, rng: Random) -> EdgeHost | None:
    up = [edge for edge in world.edges if edge.is_up and not edge.is_mending]
    return rng.choice(up) if up else None


# --- the network


@fault("partition", weight=5)
async def _partition(world: World, rng: Random) -> None:
    edge = rng.choice(world.edges)
    await _cut(world, edge, {UP, DOWN}, rng.choice((2.0, 5.0, 12.0, 30.0)), "partition")


@fault("one_way_partition", weight=4)
async def _one_way(world: World, rng: Random) -> None:
    edge = rng.choice(world.edges)
    await _cut(world, edge, {rng.choice((UP, DOWN))}, rng.choice((2.0, 5.0, 12.0)), "one_way_partition")


async def _cut(world: World, edge: EdgeHost, ways: set[str], seconds: float, kind: str) -> None:
    world.trace.fault(kind, edge.name, f"{'+'.join(sorted(ways))} for {seconds:.0f} s")
    edge.weather.cut |= ways
    await asyncio.sleep(seconds)
    if not world.is_calm:
        edge.weather.cut -= ways
        _release(edge)


def _release(edge: EdgeHost) -> None:
    wire = getattr(edge.machine.life, "wire", None)
    if wire is not None:
        wire.release()


@fault("delay", weight=3)
async def _delay(world: World, rng: Random) -> None:
    """A slow reader is this too, only more so."""
    edge, slow = rng.choice(world.edges), rng.choice((0.1, 0.3, 1.5))
    world.trace.fault("slow_reader" if slow > 1 else "delay", edge.name, f"each frame takes {slow} s")
    edge.weather.slow_s = slow
    await asyncio.sleep(rng.uniform(5.0, 20.0))
    edge.weather.slow_s = 0.0


@fault("loss", weight=4)
async def _loss(world: World, rng: Random) -> None:
    edge = rng.choice(world.edges)
    world.trace.tell(edge.name, "frames are lost, repeated and swapped")
    edge.weather.lose, edge.weather.repeat, edge.weather.swap = (rng.choice((0.0, 0.03, 0.1)) for _ in range(3))
    await asyncio.sleep(rng.uniform(5.0, 20.0))
    edge.weather.lose = edge.weather.repeat = edge.weather.swap = 0.0


@fault("reset", weight=2)
async def _reset(world: World, rng: Random) -> None:
    edge = rng.choice(world.edges)
    wire = getattr(edge.machine.life, "wire", None)
    if wire is not None:
        world.trace.fault("reset", edge.name, "the connection is reset")
        wire.reset()


@fault("other_version", weight=2)
async def _other_version(world: World, rng: Random) -> None:
    """The other end is newer: it sends fields and frames that this one has never heard of."""
    edge = rng.choice(world.edges)
    edge.weather.strange = 0.3
    await asyncio.sleep(rng.uniform(8.0, 25.0))
    edge.weather.strange = 0.0


# --- machines


@fault("power_cut", weight=6)
async def _power_cut(world: World, rng: Random) -> None:
    """At one of the next writes or fsyncs, whichever it is."""
    if (edge := _some_edge(world, rng)) is not None:
        edge.machine.disk.dies_in = rng.randint(1, 40)


def power_went(world: World, edge: EdgeHost) -> None:
    """The disk has died in the middle of a step."""
    rng = world.faults_rng
    cut = rng.choice(list(Cut))
    world.trace.fault("power_cut", edge.name, cut.value)
    edge.end()
    edge.machine.disk.lose_power(cut, rng)
    _boot_later(world, edge, rng.uniform(0.5, 6.0))


@fault("kill", weight=4)
async def _kill(world: World, rng: Random) -> None:
    if (edge := _some_edge(world, rng)) is not None:
        world.trace.fault("kill", edge.name, "the process is killed")
        edge.machine.disk.kill()
        edge.end()
        _boot_later(world, edge, rng.uniform(0.3, 3.0), is_machine=False)


def _boot_later(world: World, edge: EdgeHost, seconds: float, *, is_machine: bool = True) -> None:
    def boot() -> None:
        if not edge.is_up and not world.is_over:
            edge.boot(is_machine=is_machine)

    world.loop.call_in(None, seconds, boot)


def start_again(world: World, edge: EdgeHost, life: Any) -> None:
    """The process has ended by itself."""
    if edge.machine.life is life and not life.is_over:
        edge.machine.disk.kill()
        edge.end()
        _boot_later(world, edge, 2.0, is_machine=False)


@fault("disk_full", weight=3)
async def _disk_full(world: World, rng: Random) -> None:
    edge = rng.choice(world.edges)
    world.trace.fault("disk_full", edge.name, "no space is left")
    edge.machine.disk.is_full = True
    await asyncio.sleep(rng.uniform(2.0, 12.0))
    edge.machine.disk.is_full = False


@fault("suspend", weight=4)
async def _suspend(world: World, rng: Random) -> None:
    if (edge := _some_edge(world, rng)) is None:
        return
    life, seconds = edge.machine.life, rng.choice((2.0, 8.0, 16.0, 30.0))
    world.trace.fault("suspend", edge.name, f"sleeps for {seconds:.0f} s")
    life.is_asleep = True
    began = world.loop.now
    while world.loop.now - began < seconds and not world.is_calm:  # noqa: ASYNC110  time is virtual
        await asyncio.sleep(0.5)
    if not life.is_over and life.is_asleep:
        edge.machine.clock.slept_s += world.loop.now - began
        world.loop.wake(life)


@fault("clock_step", weight=3)
async def _clock_step(world: World, rng: Random) -> None:
    machine = rng.choice([world.central, *(edge.machine for edge in world.edges)])
    seconds = rng.choice((-86_400.0, -3_600.0, -30.0, 30.0, 3_600.0, 86_400.0))
    world.trace.fault("clock_step", machine.name, f"its wall clock is set by {seconds:+.0f} s")
    machine.clock.offset_s += seconds


@fault("clock_drift", weight=3)
async def _clock_drift(world: World, rng: Random) -> None:
    edge = rng.choice(world.edges)
    rate = rng.choice((0.7, 0.998, 1.002, 1.3))
    world.trace.fault("clock_drift", edge.name, f"its clocks run at {rate}")
    edge.machine.clock.drift(rate)


@fault("restored_disk", weight=3)
async def _restore(world: World, rng: Random) -> None:
    """The database is put back from a backup. The file beside it is not in the backup, or the image holds all."""
    edge = _some_edge(world, rng)
    if edge is None or not edge.images:
        return
    began, image = rng.choice(edge.images)
    edge.is_mending = True
    # A whole machine put back while central lacks some of its orders cannot be told from one that never sold them:
    # nothing fences that but the end of its leases. See the guarantees.
    has_sent_all = edge.run(world.roles.edge.backlog) == 0
    keep = () if has_sent_all and rng.random() < 0.5 else (".highwater",)
    world.trace.fault("restored_disk", edge.name, f"its disk is as it was at {began:.0f} s{'' if keep else ', whole'}")
    edge.machine.disk.kill()
    edge.end()
    world.oracle.disk_lost(edge.disk_id, began)
    edge.machine.disk.restore(image, keep=keep)
    edge.generation += 1
    edge.images = []
    await asyncio.sleep(rng.uniform(0.5, 3.0))
    if edge.is_mending:  # else all was mended meanwhile
        edge.boot()
    await asyncio.sleep(rng.uniform(3.0, 8.0))
    if edge.is_mending:
        join_anew(world, edge)


def join_anew(world: World, edge: EdgeHost) -> None:
    """An operator gives the machine a new invite: it speaks under a new epoch from now on."""
    if edge.is_up:
        edge.machine.disk.kill()
        edge.end()
    edge.epoch = world.inside(world.central.life, lambda: world.roles.central.fence(edge.node))
    world.trace.tell("operator", f"edge {edge.name} joins anew, epoch {edge.epoch}")
    edge.is_mending = False
    edge.boot(is_machine=False)


@fault("cloned_disk", weight=2)
async def _clone(world: World, rng: Random) -> None:
    """The shop moves to a copy of its machine, which joins anew; the old one goes on for a while, then it is gone."""
    from sync.simulator.world import EdgeHost

    old = _some_edge(world, rng)
    if old is None or any(zombie.node == old.node for zombie in world.zombies):
        return
    world.trace.fault("cloned_disk", old.name, "a copy of its machine takes its place; the old one goes on")
    new = EdgeHost(world, f"{old.node}2", old.node, old.key)
    new.machine.disk.folder.mkdir()
    new.machine.disk.restore(old.machine.disk.image())
    new.is_mending = True
    world.edges[world.edges.index(old)] = new
    world.zombies.append(old)
    # What the old one acknowledges from now on is on no disk that will ever be heard of again.
    world.oracle.disk_lost(old.disk_id, world.loop.now)
    join_anew(world, new)
    await asyncio.sleep(rng.uniform(5.0, 20.0))
    bury(world, old)


def bury(world: World, zombie: EdgeHost) -> None:
    zombie.is_serving = False
    if zombie.is_up:
        world.trace.tell(zombie.name, "the old machine is thrown away")
        zombie.machine.disk.kill()
        zombie.end()


# --- central


@fault("database_down", weight=4)
async def _database_down(world: World, rng: Random) -> None:
    world.trace.fault("database_down", "central", "the realm's database does not answer")
    set_down(world, True)
    await asyncio.sleep(rng.choice((0.5, 3.0, 12.0, 25.0)))
    if not world.is_calm:
        set_down(world, False)


def set_down(world: World, is_down: bool) -> None:
    world.central.databases.orders.is_down = is_down


@fault("database_breaks", weight=4)
async def _database_breaks(world: World, rng: Random) -> None:
    """In the middle of a transaction, or at its commit: then nobody knows whether it has happened."""
    world.trace.fault(
        "database_breaks", "central", "a statement of a transaction fails, or its commit's answer is lost"
    )
    for _ in range(rng.randint(1, 4)):
        if world.is_calm:
            return
        world.central.databases.orders.breaks_in = rng.randint(1, 60)
        await asyncio.sleep(rng.uniform(0.5, 3.0))


@fault("sequencer_failover", weight=3)
async def _sequencer(world: World, rng: Random) -> None:
    seconds = rng.uniform(1.0, 10.0)
    world.trace.fault("sequencer_failover", "central", f"no sequencer leads for {seconds:.0f} s")
    world.sequencer_rests_until = world.loop.now + seconds


@fault("worker_killed", weight=3)
async def _worker(world: World, rng: Random) -> None:
    """The process that serves the links dies; another takes over."""
    world.trace.fault("worker_killed", "central", "its web worker dies with every session")
    world.end_sessions()
    world.inside(world.central.life, world.roles.central.forget)


# --- the end of trouble


def heal(world: World) -> None:
    set_down(world, False)
    world.central.databases.orders.breaks_in = None
    for zombie in world.zombies:
        bury(world, zombie)
    for edge in world.edges:
        edge.weather.clear()
        _release(edge)
        edge.machine.disk.is_full = False
        edge.machine.disk.dies_in = None
        edge.machine.clock.drift(1.0)
        life = edge.machine.life
        if edge.is_mending:
            join_anew(world, edge)
        elif life.is_over:
            edge.boot()
        elif life.is_asleep:
            world.loop.wake(life)
