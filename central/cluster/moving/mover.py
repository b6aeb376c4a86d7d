"""The move itself: copy, follow, verify, switch. Whatever goes wrong before the switch is rolled back.

    copy    one transaction sees the old database as it was at one moment; triggers have noted every change since
    follow  what was noted is carried over, again and again, until little is left
    verify  the rest is carried over and, in the same transaction of the old database, every table counted and hashed
            on both sides: the two are compared as they were at one moment, and nobody waits
    switch  the gate is shut, the tables are locked, the last changes carried and compared, the old database fenced

The switch is decided by one commit in the old database, the one that fences it. `settling` reads there which way it
fell when nobody lived to see it.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from uuid import uuid4

import psycopg
from psycopg import IsolationLevel, sql

from central.cluster.moving import capture, carrying, record, settling, target
from central.cluster.moving.errors import MoveRefused, MoveStopped
from central.cluster.moving.record import Move, Step
from central.cluster.moving.tables import Connection, Table, all_of, connect, mark_of
from node.config import config
from node.config_file import check_realm
from node.errors import RialtoError
from node.gate import GateShut, shut
from node.reachable import without_password
from node.realms import CENTRAL_REALMS

#: seconds that a gate may be shut: for the transactions inside to end, and then for all the rest
LEAVE_S = 0.35
LOCK_MS = 250
PAUSE_S = 0.8
#: changes that are few enough to be carried while everybody waits
FEW = 500
#: how often the switch is tried, and seconds between two tries
TRIES = 30
BETWEEN_S = 1.0
#: rounds of following before we say that the writers are quicker than we
ROUNDS = 200
_SAVE_EVERY_S = 0.3

Tell = Callable[[Move], None]


class NotNow(Exception):
    """This try of the switch would have taken too long."""


def plan(realm: str, url: str, *, by: str) -> Move:
    """What would be moved where. Raises `MoveRefused`, `CannotWrite`; nothing is changed."""
    if realm not in CENTRAL_REALMS:
        raise MoveRefused(f"there is no realm '{realm}': name one of {', '.join(CENTRAL_REALMS)}")
    target.check(realm, url)
    check_realm(config().home, realm, url)
    with _both(config().realms[realm], url) as (old, new):
        target.check_both(old, new)
        if mark_of(old)[1] == "moved":
            raise MoveRefused(f"the realm has left {without_password(config().realms[realm])}: correct rialto.toml")
    return Move(uuid4().hex, realm, config().realms[realm], url, by, record.now())


def run(move: Move, tell: Tell = lambda move: None) -> Move:
    """Move. Returns the record of a move that is done. Raises `MoveStopped`, `MoveRefused` when it was rolled back,
    `MoveUndecided` when the old database was lost in the moment of the switch."""
    with record.held(move.realm):
        settling.settle_held(move.realm)
        record.save(move)
        try:
            with _both(move.source, move.target) as (old, new):
                _Mover(move, old, new, tell).run()
        except (psycopg.Error, RialtoError) as error:
            return _after(move, error)
        except BaseException as error:  # Ctrl-C
            _after(move, MoveStopped("stopped by hand" if isinstance(error, KeyboardInterrupt) else repr(error)))
            raise
        return settling.finish(move)


def _after(move: Move, error: psycopg.Error | RialtoError) -> Move:
    """It broke: look which side of the switch it is on, and finish or roll back."""
    said = (str(error).strip() or type(error).__name__).splitlines()
    move.problem = " ".join(said)[:400] if isinstance(error, RialtoError) else said[0][:400]
    if settling.decide(move) is Step.DONE:
        return move
    if isinstance(error, RialtoError):
        raise error
    raise MoveStopped(f"rolled back, the realm stays where it was: {move.problem}") from error


@contextlib.contextmanager
def _both(source: str, url: str) -> Iterator[tuple[Connection, Connection]]:
    with contextlib.ExitStack() as open_ones:
        connections = []
        for which, address in (("old", source), ("new", url)):
            try:
                connections.append(open_ones.enter_context(contextlib.closing(connect(address))))
            except psycopg.OperationalError as error:
                raise MoveRefused(f"the {which} database does not answer: {str(error).splitlines()[0]}") from error
        yield connections[0], connections[1]


class _Mover:
    """One move, from its first step up to the commit that decides it."""

    def __init__(self, move: Move, old: Connection, new: Connection, tell: Tell) -> None:
        self.move, self.old, self.new = move, old, new
        self._tell = tell
        self._saved = 0.0
        self.tables: list[Table] = []

    def run(self) -> None:
        self._prepare()
        foreign_keys = self._copy()
        self._step(Step.FOLLOW)
        self._catch_up()
        target.put_back(self.new, foreign_keys)
        self._catch_up()
        self._step(Step.VERIFY)
        self._verify()
        self._catch_up()
        self._step(Step.SWITCH)
        self._switch()

    # --- up to the switch ----------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        self._step(Step.PREPARE)
        target.clean(self.new)
        target.begin(self.new, self.move.id)
        target.migrate(self.move.realm, self.move.target)
        self.tables = target.same_tables(self.old, self.new)
        self.move.tables = len(self.tables)
        self.move.rows_all = sum(table.rows for table in self.tables)

    def _copy(self) -> list[sql.Composed]:
        self._step(Step.COPY)
        foreign_keys = target.open_up(self.new, self.tables)
        capture.end(self.old)  # of a move whose end nobody saw
        capture.begin(self.old, self.move.id)
        for table in self.tables:
            capture.capture(self.old, table)
        with self._as_of_now(), self.new.transaction():
            for table in self.tables:
                carrying.copy_table(self.old, self.new, table, self._copied)
        return foreign_keys

    def _copied(self, rows: int) -> None:
        self.move.rows += rows
        self._note()

    def _catch_up(self) -> None:
        """Carry until few changes are left, each round what came during the one before."""
        for _ in range(ROUNDS):
            with self._as_of_now():
                changes = carrying.take_changes(self.old)
                with self.new.transaction():
                    carrying.carry(self.old, self.new, self.tables, changes)
            count = sum(map(len, changes.values()))
            self.move.followed += count
            self.move.waiting = count
            self._note()
            if count <= FEW:
                return
        raise MoveStopped("the realm is written faster than it can be followed: try in a quieter hour")

    def _verify(self) -> None:
        with self._as_of_now():
            changes = carrying.take_changes(self.old)
            with self.new.transaction():
                carrying.carry(self.old, self.new, self.tables, changes)
            self.move.followed += sum(map(len, changes.values()))
            self.move.rows = self.move.rows_all = carrying.compare_all(self.old, self.new, self.tables, self._note)
        self._note()

    @contextlib.contextmanager
    def _as_of_now(self) -> Iterator[None]:
        """A transaction of the old database that sees one moment of it."""
        self.old.isolation_level = IsolationLevel.REPEATABLE_READ
        with self.old.transaction():
            yield

    # --- the switch ----------------------------------------------------------------------------------------------

    def _switch(self) -> None:
        for left in reversed(range(TRIES)):
            self.move.tries += 1
            self._note(now=True)
            try:
                with shut(record.folder(), self.move.realm, LEAVE_S):
                    began = time.monotonic()
                    self._decide(began)
                    settling.point(self.move)  # before the gate opens: who waited goes to the new database
                    self.move.pause_ms = (time.monotonic() - began) * 1000
                return
            except (GateShut, NotNow, psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected) as error:
                if not left:
                    raise MoveStopped(
                        f"in {TRIES} tries the realm was never quiet enough to switch within a second: "
                        "end what writes for long, such as an import, and try again"
                    ) from error
            time.sleep(BETWEEN_S)
            self._catch_up()

    def _decide(self, began: float) -> None:
        with self._as_of_now():
            self.old.execute(f"SET LOCAL lock_timeout = {LOCK_MS}")
            # Before the first question, so that what we see is what there is once everybody is out.
            self.old.execute(sql.SQL("LOCK TABLE {} IN EXCLUSIVE MODE").format(all_of(self.tables)))
            changes = carrying.take_changes(self.old)
            count = sum(map(len, changes.values()))
            if count > 4 * FEW:
                raise NotNow
            with self.new.transaction():
                carrying.carry(self.old, self.new, self.tables, changes)
                carrying.compare_changed(self.old, self.new, self.tables, changes)
                target.carry_sequences(self.old, self.new)
                target.switch_triggers(self.new, self.tables, "ENABLE")
                self.new.execute("SET CONSTRAINTS ALL IMMEDIATE")
                target.same_tables(self.old, self.new)
                capture.fence(self.old, self.tables)
                if time.monotonic() - began > PAUSE_S:
                    raise NotNow
                self.new.execute("UPDATE rialto_move.move SET state = 'ready'")
            self.move.followed += count
        # Committed: from here on the realm is in the new database, whoever has heard of it.

    # --- telling -------------------------------------------------------------------------------------------------

    def _step(self, step: Step) -> None:
        self.move.step = step
        self._note(now=True)

    def _note(self, *, now: bool = False) -> None:
        if not now and time.monotonic() - self._saved < _SAVE_EVERY_S:
            return
        self._saved = time.monotonic()
        record.save(self.move)
        self._tell(self.move)
        if record.is_asked_to_stop(self.move):
            raise MoveStopped("stopped by hand; the realm stays where it was")
