"""What goes wrong when: rounds of faults out of a seed. Pure, so that a seed says what a run will do.

Every kind comes once before any comes again. Within a round no two faults have the same place (a link, a process, the
database): the second would undo or hide the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

EDGES: Final = ("a", "b", "c")
WEBS: Final = ("central-web-1", "central-web-2")

#: kind -> the place it is about; "edge" and "web" and "link" are drawn among those there are
KINDS: Final[dict[str, str]] = {
    "kill-edge": "edge",
    "kill-web": "web",
    "kill-sequencer": "central-sync",
    "kill-worker": "central-worker",
    "kill-backend": "database",
    "kill-postgres": "database",
    "kill-redis": "redis",
    "stop-edge": "edge",
    "stop-web": "web",
    "stop-sequencer": "central-sync",
    "stop-backend": "database",
    "cut": "link",
    "cut-up": "link",
    "cut-down": "link",
    "delay": "link",
    "reset": "link",
    "black-hole": "link",
    "half-open": "link",
    "redis-flush": "redis",
    "db-restart": "database",
    "disk-full": "disk",
    "clock-step": "clock",
}

#: of a round: how many faults, and between which seconds they begin and end
FAULTS: Final = (2, 4)
BEGIN_S: Final = (0.0, 1.5)
LAST_S: Final = (1.5, 6.0)
#: an edge's wall clock goes by so much, forth or back
STEPS_S: Final = (30.0, 90.0, 3600.0, 86400.0)
DELAYS_S: Final = (0.05, 0.3, 1.0)


@dataclass(frozen=True)
class Fault:
    """`place`: an edge, a program, "database" or "redis". It begins `after` s into its round and lasts `lasts` s.

    `amount`: seconds of delay, or of a clock's step; else a number in 0..1 to choose by.
    """

    kind: str
    place: str
    after: float
    lasts: float
    amount: float

    def __str__(self) -> str:
        more = f" by {self.amount:+g} s" if self.kind in ("clock-step", "delay") else ""
        return f"{self.kind} {self.place}{more}"


def rounds(seed: int, kinds: Sequence[str] = tuple(KINDS)) -> Iterator[list[Fault]]:
    """For ever; the same seed and kinds give the same rounds."""
    chance = Random(seed)  # noqa: S311 - a plan to be repeated, not a secret
    bag: list[str] = []
    while True:
        wanted, chosen, taken = chance.randint(*FAULTS), [], set[str]()
        for _ in range(wanted):
            if not bag:
                bag = chance.sample(list(kinds), len(kinds))
            fault = _fault(chance, bag.pop())
            if (slot := _slot(fault)) not in taken:
                taken.add(slot)
                chosen.append(fault)
            else:
                bag.insert(0, fault.kind)  # its turn comes at the end of this bag
        yield chosen


def _fault(chance: Random, kind: str) -> Fault:
    place = KINDS[kind]
    if place in ("edge", "link", "disk", "clock"):
        place = chance.choice(EDGES)
    elif place == "web":
        place = chance.choice(WEBS)
    amount = chance.random()
    if kind == "clock-step":
        amount = chance.choice(STEPS_S) * chance.choice((-1, 1))
    elif kind == "delay":
        amount = chance.choice(DELAYS_S)
    return Fault(kind, place, round(chance.uniform(*BEGIN_S), 2), round(chance.uniform(*LAST_S), 2), amount)


def _slot(fault: Fault) -> str:
    what = KINDS[fault.kind]
    return f"{what}:{fault.place}" if what in ("link", "disk", "clock") else fault.place
