"""What central takes in from edges: each app declares its handlers in a module `upstream.py`.

`@receives("cart_alias", realm="orders")` handles one kind of op. It runs inside `atomic(realm)` together with the row
that remembers the op's number, so effects and acknowledgement commit as one. It must be idempotent all the same: an op
may come by a second path (another shop, a new epoch). For the same reason ops of different kinds commute: those that
came together are taken in kind by kind. `@receives_many("order", realm="orders")` gets all of its kind at once, for
what comes in thousands. `@answers("ask_stock")` answers a question over the link.

Ops of two edges are taken in side by side, several kinds in one transaction, and what two kinds lock may be the same.
So a handler names with `locks` what it will lock: all of a transaction's is locked first, in one order for all kinds,
and two transactions never wait for one another in a ring.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sync.topics import EdgeScope

Handler = Callable[[EdgeScope, bytes], None]
HandlerOfMany = Callable[[EdgeScope, Sequence[bytes]], None]
Answerer = Callable[[EdgeScope, bytes], bytes]

H = TypeVar("H", bound=Handler)
M = TypeVar("M", bound=HandlerOfMany)
A = TypeVar("A", bound=Answerer)


@dataclass(frozen=True)
class Lock:
    """One sort of what handlers lock. `take` locks all of the keys it is given, in an order of its own.

    `rank`: a lower one is taken before a higher one, by everybody.
    """

    rank: int
    take: Callable[[Collection[Any]], object]


#: what the ops of one kind in `bodies` will lock: keys by sort
Locks = Callable[[Sequence[bytes]], Mapping[Lock, Iterable[Any]]]


class Poison(Exception):
    """This op can never be taken in. It goes to quarantine, health turns red, the ops behind it go on."""


@dataclass(frozen=True)
class Receiver:
    kind: str
    realm: str
    handle: HandlerOfMany
    locks: Locks | None = None


_receivers: dict[str, Receiver] = {}
_answers: dict[str, Answerer] = {}


def receives(kind: str, *, realm: str, locks: Locks | None = None) -> Callable[[H], H]:
    """Register the handler of one kind of op: `(edge, body) -> None`. Raise `Poison("why")` to refuse for good."""

    def register(handle: H) -> H:
        def handle_each(edge: EdgeScope, bodies: Sequence[bytes]) -> None:
            for body in bodies:
                handle(edge, body)

        _receivers[kind] = Receiver(kind, realm, handle_each, locks)
        return handle

    return register


def receives_many(kind: str, *, realm: str, locks: Locks | None = None) -> Callable[[M], M]:
    """Register a handler of several ops of one kind at once, in their order: `(edge, bodies) -> None`.

    When it raises, all its work is undone and each op comes again alone: so a refusal need not name its op.
    """

    def register(handle: M) -> M:
        _receivers[kind] = Receiver(kind, realm, handle, locks)
        return handle

    return register


def answers(kind: str) -> Callable[[A], A]:
    """Register the answer to one kind of question: `(edge, body) -> body`, run in a thread.

    A `node.errors.RialtoError` travels back as its code and sentence.
    """

    def register(answer: A) -> A:
        _answers[kind] = answer
        return answer

    return register


def receiver_of(kind: str) -> Receiver | None:
    return _receivers.get(kind)


def answer_of(kind: str) -> Answerer | None:
    return _answers.get(kind)


def realms_received() -> set[str]:
    """Realms that take ops in."""
    return {receiver.realm for receiver in _receivers.values()}


def forget(kind: str) -> None:
    """Take a handler or an answer back (tests)."""
    _receivers.pop(kind, None)
    _answers.pop(kind, None)
