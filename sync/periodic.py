"""Small jobs that run at intervals inside the sequencer's process: sweepers, log cutting, audits.

They only start or wake work; the work itself is a row (a job) with state.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

Hook = Callable[[], object]
F = TypeVar("F", bound=Hook)


@dataclass(frozen=True)
class Periodic:
    name: str
    seconds: float
    run: Hook


_periodic: dict[str, Periodic] = {}


def every(seconds: float) -> Callable[[F], F]:
    """Run the function each `seconds`, in a thread of the sequencer's process, never twice at a time.

    Modules named `periodic.py` of installed apps are loaded. An error is logged and the next turn comes all the same.
    """

    def register(hook: F) -> F:
        name = f"{hook.__module__}.{hook.__qualname__}"
        _periodic[name] = Periodic(name, seconds, hook)
        return hook

    return register


def all_periodic() -> list[Periodic]:
    return list(_periodic.values())
