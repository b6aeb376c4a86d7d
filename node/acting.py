"""Who acts: named where a request, a job or a command begins, and told to the database by `node.realms.atomic`.

Nothing is set on hot paths (intake, sequencers), and then no transaction pays for it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from functools import cached_property


@dataclass(frozen=True)
class Actor:
    """`who`: a login, or with a colon what no login has in it: "shopper:<customer>", "edge:<node>", "key:<prefix>" of
    the API, "1c:<login>" of an exchange, "job:<handler>", "cli:<user>".

    `as_whom`: "site:<id>" where a change followed from that site's, else "". The place for the login in whose name he
    acts, too: nothing lets anybody do that yet.
    `address`: where from, an IP address. `request`: one id for all a request changes.
    """

    who: str
    as_whom: str = ""
    address: str = ""
    request: str = ""

    @cached_property
    def as_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)


_actor: ContextVar[Actor | None] = ContextVar("actor", default=None)


def current() -> Actor | None:
    return _actor.get()


@contextmanager
def acting(actor: Actor | None) -> Iterator[None]:
    """Everything written inside is done by `actor`; None: by nobody in particular."""
    token = _actor.set(actor)
    try:
        yield
    finally:
        _actor.reset(token)


@contextmanager
def named(who: str) -> Iterator[None]:
    """An action's own word for who acts (its `by`): it counts where no request, job or command has said it."""
    with acting(current() or (Actor(who) if who else None)):
        yield


def act_from_now_on(actor: Actor) -> None:
    """For a process that does one thing: a command."""
    _actor.set(actor)
