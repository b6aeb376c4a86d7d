"""The realm `orders` twice, on PostgreSQL and on SQLite, and what one can see of each."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import zip_longest
from typing import Any

import pytest
from django.db import connections, models
from django.utils import timezone

from central import simulated
from infra.crypto.fields import Sealed
from node import clock
from node.errors import RialtoError
from node.realms import CENTRAL_REALMS, CLUSTER, ORDERS, alias_of
from sync import logreader
from sync.logtail import SharedBodies, SharedTail
from sync.simulator.database.base import DatabaseWrapper

_ALIASES = (alias_of(ORDERS), alias_of(CLUSTER))
#: a number that the database gave
_UNSEEN = {"stock_audit": "movements"}
#: django.utils.timezone.now itself, as models' defaults hold it, whatever clock is installed
_now = timezone.now


class Store:
    """One database of each realm that central's writers of orders ask, and what a hub over them remembers."""

    def __init__(self, name: str, wrappers: dict[str, Any]) -> None:
        self.name = name
        self._wrappers = wrappers
        self._forget()

    def _forget(self) -> None:
        self._memory = (
            {realm: SharedTail(realm) for realm in CENTRAL_REALMS},
            {realm: SharedBodies() for realm in CENTRAL_REALMS},
        )

    @contextmanager
    def used(self) -> Iterator[None]:
        """Inside, the aliases and the hub's memory are this store's."""
        before = {alias: connections[alias] for alias in self._wrappers}
        memory = logreader._tails, logreader._bodies
        for alias, wrapper in self._wrappers.items():
            connections[alias] = wrapper
        logreader._tails, logreader._bodies = self._memory
        try:
            yield
        finally:
            logreader._tails, logreader._bodies = memory
            for alias, wrapper in before.items():
                connections[alias] = wrapper

    def empty(self) -> None:
        self._forget()
        with self.used():
            for alias, wrapper in self._wrappers.items():
                models = reversed(simulated.tables_of(CLUSTER if alias == "default" else ORDERS))
                tables = [f'"{model._meta.db_table}"' for model in models]
                with wrapper.cursor() as cursor:
                    if wrapper.vendor == "postgresql":
                        cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")
                        continue
                    for table in tables:
                        cursor.execute(f"DELETE FROM {table}")
            simulated.fill_nodes()
            simulated.fill_tables()


def postgres() -> Store:
    return Store("PostgreSQL", {alias: connections[alias] for alias in _ALIASES})


def sqlite() -> Store:
    wrappers = {}
    for alias in _ALIASES:
        settings = {**connections["edge"].settings_dict, "NAME": ":memory:"}
        wrappers[alias] = DatabaseWrapper(settings, alias)
    made = Store("SQLite", wrappers)
    with made.used():
        for realm in (CLUSTER, ORDERS):
            simulated.make_tables(realm)
    return made


Rows = dict[str, list[tuple[Any, ...]]]


def rows() -> Rows:
    """Table -> its rows as one can see them, in the order of their keys.

    Left out: numbers that the database gives, which a rollback may use up (their order stands), and moments that a
    column's own default took from the machine's clock.
    """
    return {model._meta.db_table: _rows_of(model) for model in simulated.tables_of(ORDERS)}


def _rows_of(model: type[models.Model]) -> list[tuple[Any, ...]]:
    names = [field.attname for field in model._meta.concrete_fields if not _is_unseen(field)]
    found = model._base_manager.using(alias_of(ORDERS)).order_by("pk").values_list(*names)
    return [tuple(map(_seen, row)) for row in found]


def _seen(value: Any) -> Any:
    """What was encrypted is compared as it reads: its bytes are others each time."""
    if isinstance(value, Sealed):
        return value.open()
    return bytes(value) if isinstance(value, memoryview) else value


def _is_unseen(field: Any) -> bool:
    target = field.target_field if field.remote_field else field
    is_given = isinstance(target, models.AutoField) or _UNSEEN.get(field.model._meta.db_table) == field.name
    return is_given or getattr(field, "default", None) is _now or field.name == "ref"


class _Clock:
    """Stands still but for `step`."""

    def __init__(self) -> None:
        self.seconds = 0

    def step(self) -> None:
        self.seconds += 1

    def time_ns(self) -> int:
        return (1_800_000_000 + self.seconds) * 10**9

    def monotonic(self) -> float:
        return float(self.seconds)

    def boottime_ns(self) -> int:
        return self.seconds * 10**9

    def boot_id(self) -> str:
        return "one"


class Both:
    """Runs the same on both stores, with the same time and the same luck."""

    def __init__(self, stores: list[Store], monkeypatch: pytest.MonkeyPatch) -> None:
        self.stores = stores
        self.clock = _Clock()
        self._luck = random.Random()
        monkeypatch.setattr(os, "urandom", self._luck.randbytes)
        monkeypatch.setattr(random, "_urandom", self._luck.randbytes)
        clock.install(self.clock)

    def empty(self) -> None:
        self.clock.seconds = 0
        self._luck.seed(0)
        for store in self.stores:
            store.empty()

    def run(self, work: Callable[[], Any]) -> Any:
        """What `work` gave, after a look that it gave and left behind the same on both."""
        self.clock.step()
        gave, left = {}, {}
        for store in self.stores:
            self._luck.seed(self.clock.seconds)
            with store.used():
                gave[store.name] = _outcome(work)
                left[store.name] = rows()
        one, two = (store.name for store in self.stores)
        assert gave[one] == gave[two], f"{gave[one]}\n{gave[two]}"
        if found := _differences(left[one], left[two]):
            raise AssertionError(f"{one} and {two} differ: {found}")
        kind, value = gave[one]
        return value if kind == "gave" else None


def _differences(one: Rows, two: Rows) -> Rows:
    """Table -> its first rows that differ."""
    found = {}
    for table in one:
        pairs = zip_longest(one[table], two[table])
        if differ := next((pair for pair in pairs if pair[0] != pair[1]), None):
            found[table] = list(differ)
    return found


def _outcome(work: Callable[[], Any]) -> tuple[str, Any]:
    try:
        return "gave", work()
    except (RialtoError, logreader.NoLogYet) as error:
        return "refused", (type(error).__name__, str(error), getattr(error, "data", None))
