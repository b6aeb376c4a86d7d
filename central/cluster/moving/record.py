"""What is known of moves: one file a realm, and the last ones that ended.

Files and not rows: the realm that moves may be any, that of a table about moves too. They hold addresses with their
passwords, so they are the node's own (0600 in a folder of 0700).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from node import moved, processes
from node.config import config
from node.reachable import without_password

KEPT = 20


class Step(StrEnum):
    """How far a move is. Up to VERIFY it can only be rolled back; at SWITCH the old database says which."""

    PREPARE = "prepare"
    COPY = "copy"
    FOLLOW = "follow"
    VERIFY = "verify"
    SWITCH = "switch"
    DONE = "done"
    BACK = "rolled_back"


@dataclass
class Move:
    """`rows` of `rows_all` (an estimate) are copied; `followed`: changes carried since; `pause_ms`: of the gate."""

    id: str
    realm: str
    source: str
    target: str
    by: str
    began: str
    step: Step = Step.PREPARE
    ended: str = ""
    problem: str = ""
    tables: int = 0
    rows: int = 0
    rows_all: int = 0
    followed: int = 0
    waiting: int = 0
    tries: int = 0
    pause_ms: float | None = None

    @property
    def is_over(self) -> bool:
        return self.step in (Step.DONE, Step.BACK)

    @property
    def public(self) -> dict[str, object]:
        """What a screen, a log or a script may see of it."""
        shown = asdict(self)
        return {**shown, "source": without_password(self.source), "target": without_password(self.target)}

    @property
    def share(self) -> int:
        """Per cent of the rows that are copied."""
        return min(100, self.rows * 100 // max(1, self.rows_all))


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def folder() -> Path:
    return moved.folder_of(config().home)


def last(realm: str) -> Move | None:
    """The newest move of a realm, whether it goes on or is over."""
    try:
        return _move(json.loads((folder() / f"{realm}.json").read_text("utf-8")))
    except FileNotFoundError:
        return None


def save(move: Move) -> None:
    moved.write_private(folder() / f"{move.realm}.json", json.dumps(asdict(move)))


def close(move: Move, step: Step, problem: str = "") -> None:
    """It is over: keep it among the last ones."""
    move.step, move.ended, move.problem = step, now(), problem or move.problem
    kept = [one for one in history() if one["id"] != move.id]
    moved.write_private(folder() / "history.json", json.dumps([move.public, *kept][:KEPT]))
    save(move)
    (folder() / f"{move.realm}.abort").unlink(missing_ok=True)


def history() -> list[dict[str, object]]:
    """The moves that ended, newest first, as `Move.public`."""
    try:
        return list(json.loads((folder() / "history.json").read_text("utf-8")))
    except FileNotFoundError:
        return []


def _move(row: dict[str, object]) -> Move:
    known = {one.name for one in fields(Move)}
    made = Move(**{name: value for name, value in row.items() if name in known})  # type: ignore[arg-type]
    made.step = Step(made.step)
    return made


# --- who moves, and who wants it ended ---------------------------------------------------------------------------


@contextmanager
def held(realm: str) -> Iterator[None]:
    """Be the one who moves the realm. Raises `Locked`. The kernel lets go of it when the process dies."""
    with processes.file_lock(folder() / f"{realm}.mover", f"the realm '{realm}' is being moved already"):
        yield


def is_moving(realm: str) -> bool:
    """Whether a process is at it now."""
    try:
        with held(realm):
            return False
    except processes.Locked:
        return True


def ask_to_stop(move: Move) -> None:
    moved.write_private(folder() / f"{move.realm}.abort", move.id)


def is_asked_to_stop(move: Move) -> bool:
    try:
        return (folder() / f"{move.realm}.abort").read_text() == move.id
    except FileNotFoundError:
        return False
