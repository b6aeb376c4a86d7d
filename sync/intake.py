"""Taking an edge's ops in: effects and the acknowledgement's number in one transaction of the realm."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Any

from django.db import InterfaceError, OperationalError
from django.utils import timezone

from node import sql
from node.realms import alias_of, atomic
from sync.contracts.frames import Op
from sync.core.link import Taken
from sync.core.log import admit
from sync.store.central.models import LastN, OpHash, Quarantine
from sync.topics import EdgeScope
from sync.upstream import Lock, Poison, receiver_of

logger = logging.getLogger(__name__)

#: hashes kept per edge, to tell a repeat from another op under the same number
HASHES = 5_000

_LAST = "SELECT n FROM sync_central_lastn WHERE edge = %s AND epoch = %s FOR UPDATE"
_MOVE = "UPDATE sync_central_lastn SET n = %s, changed = %s WHERE edge = %s AND epoch = %s"
_HASH = "INSERT INTO sync_central_ophash (edge, epoch, n, hash) VALUES (%s, %s, %s, %s)"
_HASHES = (
    "INSERT INTO sync_central_ophash (edge, epoch, n, hash) "
    "SELECT %s, %s, n, hash FROM unnest(%s::bigint[], %s::bytea[]) AS one (n, hash)"
)
_REMEMBER = f"WITH kept AS ({_HASHES}) {_MOVE}"

#: the database's trouble, not the op's: the whole transaction is tried again
TRANSIENT = (OperationalError, InterfaceError)

#: why another disk's op was set aside once; its epoch has ended, and it comes again under the next one
DIFFERS = "repeat differs from the op that was taken in under this number"
#: stands for ops that are not here any more
LOST = "lost"


class NeverTaken(Poison):
    """A quarantined op that nobody may have tried again."""


def hash_of(op: Op) -> bytes:
    return blake2b(op.kind.encode() + b"\0" + op.body, digest_size=16).digest()


def take_ops(edge: EdgeScope, realm: str, first: int, ops: Sequence[Op], floor: int = 0) -> Taken:
    """Take in ops `first`, `first`+1, ... of an edge; returns how far it is now.

    A repeat only compares hashes; one that differs says that another disk goes on from this one's past, and then no
    op is taken. Nor is one set aside for a person, who might let in what a fenced disk says of its rights: they stay in
    that disk's outbox, and come again under its next epoch.

    An op its handler refuses goes to quarantine and its number counts as taken, so that the ops behind it go on. Below
    `floor` the edge has seen every ack: what this realm does not know of it was lost by a restore. Raises a database
    error when nothing was taken.
    """
    try:
        return _take_all(edge, realm, first, ops, floor, take=_take_together)
    except TRANSIENT:
        raise
    except Exception as error:
        # A savepoint for each op would cost every op two trips to the server: only now that one of them has failed.
        logger.info("ops of edge '%s' are taken in one by one: %s", edge.node, type(error).__name__)
        return _take_all(edge, realm, first, ops, floor, take=_take_each)


def _take_all(
    edge: EdgeScope,
    realm: str,
    first: int,
    ops: Sequence[Op],
    floor: int,
    *,
    take: Callable[[EdgeScope, str, int, Sequence[Op]], None],
) -> Taken:
    with atomic(realm):
        last = _lock_last(edge, realm)
        if floor - 1 > last:
            _note_lost(edge, realm, last + 1, floor - 1)
            last = floor - 1
            _remember(edge, realm, last, [])
        if admit(last, first) == "gap":
            return Taken(realm, last, is_gap=True)
        repeated = max(0, last + 1 - first)
        if not _compare(edge, realm, first, ops[:repeated]):
            return Taken(realm, last, is_forked=True)
        new = ops[repeated:]
        if new:
            take(edge, realm, first + repeated, new)
            _remember(edge, realm, last, new)
    return Taken(realm, last + len(new))


def _lock_last(edge: EdgeScope, realm: str) -> int:
    # Plain SQL, as all that each batch of ops pays for.
    found = sql.run(alias_of(realm), _LAST, [edge.node, edge.epoch])
    last = int(found[0][0]) if found else None
    if last is None:
        LastN.objects.using(alias_of(realm)).get_or_create(edge=edge.node, epoch=edge.epoch)
        return _lock_last(edge, realm)
    return last


def _take_together(edge: EdgeScope, realm: str, first: int, ops: Sequence[Op]) -> None:
    # Kind by kind: an order is followed by reports of what it sold, and alone each would be a batch of its own.
    bodies: dict[str, list[bytes]] = {}
    for op in ops:
        bodies.setdefault(op.kind, []).append(op.body)
    if len(ops) > 1:
        _lock_all(bodies)
    for kind, of_kind in bodies.items():
        _handle(edge, realm, kind, of_kind)


def _lock_all(bodies: Mapping[str, Sequence[bytes]]) -> None:
    """What all kinds together will lock, in the one order of everybody: else two edges' ops wait in a ring."""
    wanted: dict[Lock, set[Any]] = defaultdict(set)
    for kind, of_kind in bodies.items():
        receiver = receiver_of(kind)
        if receiver is not None and receiver.locks is not None:
            for lock, keys in receiver.locks(of_kind).items():
                wanted[lock].update(keys)
    for lock in sorted(wanted, key=lambda lock: lock.rank):
        if wanted[lock]:
            lock.take(wanted[lock])


def _take_each(edge: EdgeScope, realm: str, first: int, ops: Sequence[Op]) -> None:
    for n, op in enumerate(ops, start=first):
        try:
            with atomic(realm):
                _handle(edge, realm, op.kind, [op.body])
        except TRANSIENT:
            raise
        except Exception as error:
            why = str(error) if isinstance(error, Poison) else f"{type(error).__name__}: {error}"
            # The traceback of a handler may hold what a shopper typed: the log names the op only.
            logger.error(
                "op %s/%s of edge '%s' at %s (%s) goes to quarantine",
                *(realm, n, edge.node, edge.address or "an unknown address", op.kind),
            )
            quarantine(edge, realm, n, op, why)


def _handle(edge: EdgeScope, realm: str, kind: str, bodies: Sequence[bytes]) -> None:
    receiver = receiver_of(kind)
    if receiver is None:
        raise Poison(f"nobody here takes in the kind '{kind}'")
    if receiver.realm != realm:
        raise Poison(f"the kind '{kind}' belongs to the realm '{receiver.realm}'")
    receiver.handle(edge, bodies)


def _compare(edge: EdgeScope, realm: str, first: int, repeats: Sequence[Op]) -> bool:
    """Whether these are the ops that were taken in under these numbers."""
    if not repeats:
        return True
    rows = OpHash.objects.using(alias_of(realm)).filter(
        edge=edge.node, epoch=edge.epoch, n__gte=first, n__lt=first + len(repeats)
    )
    known = {n: bytes(hash) for n, hash in rows.values_list("n", "hash")}
    others = [n for n, op in enumerate(repeats, start=first) if n in known and known[n] != hash_of(op)]
    for n in others:
        logger.critical("edge '%s' sent another op under the number %s/%s", edge.node, realm, n)
    return not others


def _remember(edge: EdgeScope, realm: str, last: int, new: Sequence[Op]) -> None:
    """`last` + the new ops are taken in: the number and the hashes, in one statement."""
    alias, now = alias_of(realm), timezone.now()
    numbers, hashes = list(range(last + 1, last + 1 + len(new))), [hash_of(op) for op in new]
    if sql.is_postgres(alias):
        sql.run(alias, _REMEMBER, [edge.node, edge.epoch, numbers, hashes, last + len(new), now, edge.node, edge.epoch])
    else:
        pairs = zip(numbers, hashes, strict=True)
        sql.run_many(alias, _HASH, [(edge.node, edge.epoch, n, hash) for n, hash in pairs])
        sql.run(alias, _MOVE, [last + len(new), now, edge.node, edge.epoch])
    if last // 1000 != (last + len(new)) // 1000:
        old = OpHash.objects.using(alias_of(realm)).filter(edge=edge.node, epoch=edge.epoch)
        old.filter(n__lte=last + len(new) - HASHES).delete()


def quarantine(edge: EdgeScope, realm: str, n: int, op: Op, reason: str) -> None:
    """Keep an op that could not be taken in, whole, for a person to look at."""
    Quarantine.objects.using(alias_of(realm)).create(
        realm=realm, edge=edge.node, epoch=edge.epoch, n=n, kind=op.kind, body=op.body, reason=reason[:2000]
    )


def _note_lost(edge: EdgeScope, realm: str, first: int, last: int) -> None:
    logger.critical("realm '%s' has lost the ops %s to %s of edge '%s': restored?", realm, first, last, edge.node)
    reason = f"ops {first} to {last} were acknowledged once and are not here: the realm was restored from a backup"
    quarantine(edge, realm, last, Op(LOST, b""), reason)


def try_quarantined(quarantine_id: int, *, realm: str) -> None:
    """Run a quarantined op's handler again, its cause mended. Raises `NeverTaken`, and what the handler raises."""
    alias = alias_of(realm)
    with atomic(realm):
        held = Quarantine.objects.using(alias).select_for_update().get(pk=quarantine_id, resolved__isnull=True)
        if held.reason == DIFFERS or held.kind == LOST:
            raise NeverTaken(held.reason)
        receiver = receiver_of(held.kind)
        if receiver is None or receiver.realm != realm:
            raise Poison(f"nobody here takes in the kind '{held.kind}'")
        scope = EdgeScope(held.edge, held.epoch, frozenset(), frozenset(), is_vouched=True)
        receiver.handle(scope, [bytes(held.body)])
        held.resolved = timezone.now()
        held.save(update_fields=["resolved"])


def resolve_quarantined(quarantine_id: int, *, realm: str) -> None:
    """Lay a quarantined op aside without taking it in: a person has decided so."""
    with atomic(realm):
        Quarantine.objects.using(alias_of(realm)).filter(pk=quarantine_id).update(resolved=timezone.now())
