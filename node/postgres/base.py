"""Django's PostgreSQL backend, with what a house of several databases needs beside it.

- **Away is told at once.** A pool that waits ten seconds for a server that refuses makes every screen hang. When no
  connection is at hand one is tried for `REACH_SECONDS`; a failure holds for `HOLD_SECONDS` for every thread.
- **A restart is noticed.** A pooled connection that the server has closed is thrown away before it is used.
- **A move is followed.** Transactions go through the realm's gate (`node.gate`) and to where the realm is now
  (`node.moved`).
- **Errors name the realm** (`error.realm`, read by `node.away`).
"""

from __future__ import annotations

import select
import threading
import time
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg
from django.db import Error, connections
from django.db.backends.postgresql import base
from django.db.utils import DatabaseErrorWrapper

from node import config as node_config
from node import databases, moved
from node.gate import Gate, GateShut
from node.realm_names import CENTRAL_REALMS, alias_of

#: seconds for a server to answer, and for how long its silence is believed
REACH_SECONDS = 3
HOLD_SECONDS = 1.0

_REALM_OF = {alias_of(realm): realm for realm in CENTRAL_REALMS}


class _Reach:
    """Whether a realm's server was there when somebody last looked; of all threads of a process."""

    def __init__(self) -> None:
        self.trouble = ""
        self._until = 0.0
        self._looking = threading.Lock()

    def look(self, parameters: dict[str, Any]) -> None:
        """Try the server. Raises `psycopg.OperationalError`, at once while an earlier failure holds."""
        if time.monotonic() < self._until:
            raise psycopg.OperationalError(self.trouble)
        with self._looking:
            if time.monotonic() < self._until:
                raise psycopg.OperationalError(self.trouble)
            try:
                psycopg.connect(**{"connect_timeout": REACH_SECONDS, **parameters}).close()
            except psycopg.OperationalError as error:
                self.trouble = str(error).strip() or "the database does not answer"
                self._until = time.monotonic() + HOLD_SECONDS
                raise
            self.trouble = ""


class _Realm:
    """What the threads of a process share about one alias."""

    def __init__(self) -> None:
        self.reach = _Reach()
        self.generation = 0


_realms = {alias: _Realm() for alias in _REALM_OF}
_gates: dict[tuple[Path, str], Gate] = {}
_followed: tuple[Path, tuple[int, int]] | None = None
_following = threading.Lock()


class _NamesTheRealm(DatabaseErrorWrapper):
    def __exit__(self, exc_type: Any, exc_value: Any, traceback: Any) -> None:
        try:
            super().__exit__(exc_type, exc_value, traceback)
        except Error as error:
            error.realm = _REALM_OF.get(self.wrapper.alias, "")  # type: ignore[attr-defined]
            raise


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to a realm, of one thread."""

    _gate: Gate | None = None
    _generation = 0

    @cached_property
    def wrap_database_errors(self) -> _NamesTheRealm:
        return _NamesTheRealm(self)

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        shared = _realms.get(self.alias)
        if shared is None or not self.settings_dict["NAME"]:
            return super().get_new_connection(conn_params)
        conn_params = {"connect_timeout": REACH_SECONDS, **conn_params}
        self._generation = shared.generation
        if self.pool is None:
            return super().get_new_connection(conn_params)
        while True:
            # A pool that is merely busy is waited for; one that has nothing, or had trouble, is not trusted.
            known = self.pool.get_stats()
            if not known["pool_available"] and (shared.reach.trouble or not known["pool_size"]):
                shared.reach.look(conn_params)
            connection = super().get_new_connection(conn_params)
            if not _has_hung_up(connection):
                return connection
            connection.close()
            connection._pool.putconn(connection)

    def close(self) -> None:
        try:
            super().close()
        finally:
            self._leave()

    def set_autocommit(self, autocommit: bool, *args: Any, **kwargs: Any) -> None:
        """A transaction begins with False and ends with True: the gate is passed in between."""
        try:
            if not autocommit:
                self._enter()
            super().set_autocommit(autocommit, *args, **kwargs)
        except BaseException:
            self._leave()
            raise
        if autocommit:
            self._leave()

    def _cursor(self, name: str | None = None) -> Any:
        if not self.in_atomic_block and self._gate is None and self.alias in _REALM_OF:
            # A statement by itself: it waits at the gate too, and goes where the realm is now.
            self._enter()
            self._leave()
        return super()._cursor(name)  # type: ignore[misc]

    def _enter(self) -> None:
        if self._gate is not None or self.alias not in _REALM_OF or not node_config.is_known():
            return
        gate = _gate_of(_REALM_OF[self.alias])
        try:
            gate.enter()
        except GateShut:
            with self.wrap_database_errors:
                raise psycopg.OperationalError("the realm is being moved and its gate did not open") from None
        self._gate = gate
        follow()
        if self.connection is not None and self._generation != _realms[self.alias].generation:
            gate, self._gate = self._gate, None
            self.close()
            self._gate = gate

    def _leave(self) -> None:
        gate, self._gate = self._gate, None
        if gate is not None:
            gate.leave()


def _has_hung_up(connection: Any) -> bool:
    """Whether the other end has closed an idle connection; asks the kernel, not the server."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN | select.POLLHUP)
    return bool(poll.poll(0))


def _gate_of(realm: str) -> Gate:
    key = (node_config.config().home, realm)
    gate = _gates.get(key)
    if gate is None:
        with _following:
            for other in [one for one in _gates if one[0] != key[0] and _gates[one].is_empty]:
                _gates.pop(other).close()  # a process speaks for one home; only tests change it
            gate = _gates.setdefault(key, Gate(moved.folder_of(key[0]), realm))
    return gate


def follow() -> None:
    """Go to where each realm is now: called before each transaction and by who connects by himself."""
    global _followed
    home = node_config.config().home
    seen = (home, moved.stamp_of(home))
    if seen == _followed:
        return
    with _following:
        moves = moved.read(home)
        for realm, url in node_config.config().realms.items():
            if (now := moved.now_at(url, moves)) != url:
                _point(realm, now)
        _followed = seen


def _point(realm: str, url: str) -> None:
    """Every connection of the process that is opened from now on goes to `url`."""
    node_config.install(node_config.config().with_realm(realm, url))
    alias = alias_of(realm)
    known = connections.settings[alias]
    where = databases.postgres(url, pooled="pool" in known["OPTIONS"])
    # In place: the connections of all threads hold this very dictionary.
    known.update({name: where[name] for name in ("NAME", "HOST", "PORT", "USER", "PASSWORD", "OPTIONS")})
    shared = _realms[alias]
    shared.generation += 1
    shared.reach.trouble = ""
    pool = DatabaseWrapper._connection_pools.pop(alias, None)  # type: ignore[attr-defined]
    if pool is not None:
        # Its threads take their time; its connections are closed as they come back.
        threading.Thread(target=pool.close, name="close-pool", daemon=True).start()
