"""What becomes of a move whose process is gone: on with it behind the switch, back with it before.

Which it is stands in the old database: its fence was committed or it was not. When that database does not answer
nobody can tell, nothing is done, and it is asked again later; the realm is down then, whoever asks.
"""

from __future__ import annotations

import contextlib

import psycopg

from central.cluster.moving import capture, record, target
from central.cluster.moving.errors import MoveUndecided
from central.cluster.moving.record import Move, Step
from central.cluster.moving.tables import Connection, connect, mark_of
from node import migrate, moved, processes
from node.config import config, load
from node.config_file import put_realm
from node.realms import CENTRAL_REALMS

_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename = current_user
"""


def settle(realm: str) -> Move | None:
    """The realm's newest move, settled when nobody is at it. Raises `MoveUndecided`."""
    move = record.last(realm)
    if move is None or move.is_over:
        return move
    try:
        with record.held(realm):
            return settle_held(realm)
    except processes.Locked:
        return record.last(realm)  # it goes on


def settle_held(realm: str) -> Move | None:
    """The same by who holds the realm."""
    move = record.last(realm)
    if move is not None and not move.is_over:
        move.problem = move.problem or "the process that moved it ended"
        decide(move)
    return move


def settle_all() -> None:
    """Every realm; those that cannot be settled now are left for later."""
    for realm in CENTRAL_REALMS:
        with contextlib.suppress(MoveUndecided):
            settle(realm)


def decide(move: Move) -> Step:
    """Finish or roll back, as the old database says. Raises `MoveUndecided`.

    Not over afterwards: it goes back, but a transaction that does not end keeps our triggers; it is tried again.
    """
    try:
        with contextlib.closing(connect(move.source)) as old:
            is_moved = mark_of(old) == (move.id, "moved")
            if not is_moved:
                _roll_back(move, old)
    except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
        record.save(move)
        return move.step
    except psycopg.Error as error:
        record.save(move)
        raise MoveUndecided(
            f"the old database of '{move.realm}' does not answer, so it cannot be told whether the switch was made: "
            f"bring it back, then `rialto realm status {move.realm}` ({str(error).splitlines()[0]})"
        ) from error
    if is_moved:
        finish(move)
    return move.step


def point(move: Move) -> None:
    """Say where the realm is now: to all later starts, then to the processes that run."""
    put_realm(config().home, move.realm, move.target)
    moved.note(config().home, move.source, move.target)


def finish(move: Move) -> Move:
    """All that follows from the switch. May be done again."""
    point(move)
    for address, work in ((move.source, _part_from), (move.target, _take_over)):
        # What cannot be reached now loses nothing: sessions of a fenced database write nothing.
        with contextlib.suppress(psycopg.Error), contextlib.closing(connect(address)) as connection:
            work(connection)
    _note_schema()
    move.problem = ""
    record.close(move, Step.DONE)
    return move


def _part_from(old: Connection) -> None:
    # A sequencer that listens there would wait for ever.
    old.execute(_OTHERS)


def _take_over(new: Connection) -> None:
    new.execute("DROP SCHEMA IF EXISTS rialto_move CASCADE")


def _note_schema() -> None:
    """The databases of all realms have the code's schema if they had it before: the next start need not look."""
    settings = load(config().home)
    if (settings.home / "data" / migrate.STAMP).exists():
        migrate.mark_current(settings)


def _roll_back(move: Move, old: Connection) -> None:
    capture.end(old)
    with contextlib.suppress(psycopg.Error), contextlib.closing(connect(move.target)) as new:
        if mark_of(new)[0] == move.id:  # else it is not ours to empty
            target.clean(new)
    record.close(move, Step.BACK)
