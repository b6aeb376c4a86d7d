"""Both roles in this process, and what stands in for threads, sockets, clocks and chance while a world runs."""

from __future__ import annotations

import contextlib
import importlib
import os
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import Error as DatabaseError
from django.db import OperationalError, connections
from django.utils import asyncio as django_asyncio

import sync.hub
import sync.link
from node import clock
from sync.core import escrow
from sync.simulator import roles as borders
from sync.simulator.glue import NotYet, SimulatedLanes, SimulatedReader, SimulatedWriter
from sync.simulator.machine import Machine
from sync.simulator.network import Dialling
from sync.store.writer import Reader, Writer, reader, writer
from sync.topics import EdgeScope

#: modules in which other things are put in place of their own
_link: Any = sync.link
_hub: Any = sync.hub
_escrow: Any = escrow
_guard: Any = django_asyncio
_connections: Any = connections
_os: Any = os
_random: Any = random

if TYPE_CHECKING:
    from sync.simulator.world import EdgeLife, World

CENTRAL_ALIASES = ("default", "orders")
#: what is sold in every run; how much of it there is, the seed says
GOODS = tuple(
    borders.Sku(site=site, sku=f"{site}{n}", variant=f"{index * 4 + n + 1:032x}", units=0)
    for index, site in enumerate(borders.SITES.values())
    for n in range(2)
)
#: seconds an ask waits for recalled units
ASK_AGAIN_FOR = 1.5


def _no_loop() -> None:
    """Django guards databases against coroutines; here a coroutine is the only one that runs."""
    raise RuntimeError("no running event loop")


def load(dotted: str) -> Any:
    """The class behind `module:name`."""
    module, _, name = dotted.partition(":")
    return getattr(importlib.import_module(module), name)


class Roles:
    """Loaded once per process. `templates`: a folder with the empty databases of each role."""

    database_errors = (DatabaseError,)
    disk_errors = (OperationalError, sqlite3.OperationalError)
    desk_actions = ("receive", "correct", "transfer", "write_off", "cancel", "begin_anew")
    desk_weights = (6, 3, 2, 3, 2, 1)

    def __init__(self, templates: Path) -> None:
        self.templates = templates
        self.edge: Any = load(borders.EDGE)()
        self.central: Any = load(borders.CENTRAL)()

    def make_templates(self) -> None:
        for name, aliases, create in (
            ("edge", ("edge",), lambda: self.edge.create(GOODS)),
            ("central", CENTRAL_ALIASES, self.central.create),
        ):
            machine = Machine(name, self.templates / name, aliases, lambda: 0.0)
            machine.disk.folder.mkdir(parents=True)
            before = _connections._connections
            machine.begin_life()
            machine.put_in_place()
            try:
                create()
            finally:
                machine.close()
                _connections._connections = before
                clock.install(clock.MACHINE)

    # --- a world's run

    @contextlib.contextmanager
    def of(self, world: World) -> Iterator[None]:
        """Everything that production asks of its process is the world's, for the length of a run."""
        kept = (_os.urandom, _random._urandom, _connections._connections)
        kept_dicts = (writer.__dict__, reader.__dict__)
        kept_pace = (_link.TICK, _hub.TICK, _link.FORGET_EVERY, _escrow.GRACE_MS)
        # Leases are short here, and their grace too, so that they end and are frozen within a run.
        _link.TICK, _hub.TICK, _link.FORGET_EVERY, _escrow.GRACE_MS = 0.5, 0.5, 0.4, 1_000
        kept_guard, _guard.get_running_loop = _guard.get_running_loop, _no_loop
        kept_names = (_link.connect, _link.all_figures, _hub.lanes, _hub.answer_of)
        random.seed(world.seed)
        _os.urandom = _random._urandom = world.chance.randbytes
        SimulatedWriter.loop, SimulatedWriter.rng, SimulatedReader.rng = world.loop, world.rng, world.rng
        writer.__class__, reader.__class__ = SimulatedWriter, SimulatedReader
        _link.connect = lambda *args, **options: Dialling(world.dial)
        _link.all_figures = dict  # they measure this machine
        _hub.lanes = SimulatedLanes(world.rng, world.tell)
        _hub.answer_of = lambda kind: self._answerer(world, kind)
        try:
            yield
        finally:
            _link.connect, _link.all_figures, _hub.lanes, _hub.answer_of = kept_names
            _link.TICK, _hub.TICK, _link.FORGET_EVERY, _escrow.GRACE_MS = kept_pace
            _guard.get_running_loop = kept_guard
            writer.__class__, reader.__class__ = Writer, Reader
            writer.__dict__, reader.__dict__ = kept_dicts
            _os.urandom, _random._urandom, _connections._connections = kept
            clock.install(clock.MACHINE)

    def _answerer(self, world: World, kind: str) -> Any:
        def answer(edge: EdgeScope, body: bytes) -> Any:
            def ask(is_again: bool) -> tuple[bytes, bool]:
                found: tuple[bytes, bool] = self.central.answer(edge, kind, body, is_again=is_again)
                world.tell()
                return found

            found, is_final = ask(False)
            if is_final:
                return found
            return NotYet(ask, found, world.loop.now + ASK_AGAIN_FOR, lambda: world.loop.now)

        return answer

    def fresh_writer(self, world: World, life: EdgeLife) -> tuple[dict[str, Any], dict[str, Any]]:
        """What the writer and the reader of a process remember."""
        fresh = dict(Writer().__dict__)
        fresh["life"] = life
        return fresh, dict(Reader().__dict__)

    def put_in_place(self, life: EdgeLife) -> None:
        life.host.machine.put_in_place()
        life.memory.put_in_place()
        writer.__dict__, reader.__dict__ = life.writer, life.reader
        self.edge.become(life.host.identity)


__all__ = ["CENTRAL_ALIASES", "Roles", "load"]
