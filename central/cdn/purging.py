"""Making the calls: one process at a time for an account, which holds it by `busy_until`. Not in a transaction.

Nothing is lost: a row leaves the queue after its second successful purge only. A call without an answer may have
purged or not, and is made again. `Clock` is this machine's, or a test's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from central.cdn import folding, queue
from central.cdn.accounts import service_of
from central.cdn.folding import Budget, Call, Stale, Turn, ZoneQueue
from central.cdn.models import Account, Purge, StalePage, Zone
from central.cdn.sites import SiteAddress, addresses
from infra.cdn.protocol import BadKey, Cdn, CdnError, Plan, Refused, Unavailable
from infra.cdn.registry import plan
from node.realms import CLUSTER, atomic

JOB: Final = "cdn.purge"
#: how long one run of the job goes on while there is something to do soon, and how soon that is
RUN_S: Final = 20.0
SOON_S: Final = 2.0
#: an account is held so long after each turn; no call takes so long
HOLD: Final = timedelta(seconds=120)
FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0
#: after a refusal a person is needed; all the same it may have been theirs to mend
REFUSED_PAUSE_S: Final = 300.0
#: addresses of a call that its log row keeps
KEPT_ITEMS: Final = 5


@dataclass(frozen=True)
class Clock:
    """`now` in seconds since 1970; `wait` passes that many."""

    now: Callable[[], float] = time.time
    wait: Callable[[float], None] = time.sleep


def due_accounts(now: datetime) -> list[UUID]:
    """Accounts that nobody purges at the moment, and that should be looked at."""
    waits = StalePage.objects.filter(zone__account=OuterRef("pk"), due_at__lte=now)
    free = Account.objects.filter(is_active=True).filter(Q(busy_until=None) | Q(busy_until__lt=now))
    ready = free.filter(Q(retry_at=None) | Q(retry_at__lte=now))
    return list(ready.filter(Exists(waits)).values_list("pk", flat=True))


def drive(account_id: UUID, clock: Clock = Clock(), seconds: float = RUN_S) -> int:
    """Purge what an account's plan permits, for as long as there is something to do soon. Returns the calls made."""
    made, until = 0, clock.now() + seconds
    with _held(account_id, clock) as account:
        # Made when the first call is: an SDK may take seconds to import, and keeps its connection over calls.
        service = cache(lambda: service_of(account)) if account is not None else None
        while account is not None and service is not None and not _is_resting(account, clock):
            turn = _turn(account, service, clock)
            made += len(turn.calls)
            if turn.wake is None:
                break
            pause = turn.wake - clock.now()
            if (pause > SOON_S and not turn.is_held) or clock.now() + min(pause, 1.0) > until:
                break
            clock.wait(max(0.01, min(pause, 1.0)))
            Account.objects.filter(pk=account_id).update(busy_until=_moment(clock.now()) + HOLD)
    return made


def _is_resting(account: Account, clock: Clock) -> bool:
    return account.retry_at is not None and account.retry_at > _moment(clock.now())


@contextmanager
def _held(account_id: UUID, clock: Clock) -> Iterator[Account | None]:
    """The account, while no other process has it; else None."""
    now = _moment(clock.now())
    free = Account.objects.filter(pk=account_id, is_active=True).filter(Q(busy_until=None) | Q(busy_until__lt=now))
    if free.update(busy_until=now + HOLD) != 1:
        yield None
        return
    try:
        yield Account.objects.get(pk=account_id)
    finally:
        Account.objects.filter(pk=account_id).update(busy_until=None)


def _turn(account: Account, service: Callable[[], Cdn], clock: Clock) -> Turn:
    """Plan the calls of this moment and make them, until one fails."""
    limits = plan(account.provider, account.plan)
    now = clock.now()
    queues, vers = _queues(account)
    turn = folding.plan_turn(queues, limits, _budget(account, limits, now), now)
    for call in turn.calls:
        if not _make(account, service(), call, vers, limits, clock):
            break
    return turn


def _make(account: Account, service: Cdn, call: Call, vers: dict[int, int], limits: Plan, clock: Clock) -> bool:
    """Make one call and write down what came of it. False: the account should rest."""
    began, error = clock.now(), None
    try:
        service.purge(call.zone, call.batch)
    except CdnError as raised:
        error = raised
    ended = clock.now()
    rows = [(row.id, vers[row.id], row.is_again) for row in call.rows]
    with atomic(CLUSTER):
        if error is None:
            queue.purged(rows, _moment(ended), is_folded=call.is_folded)
        elif call.batch.kind == "urls" and isinstance(error, Refused) and not isinstance(error, BadKey):
            queue.must_fold(rows)
        _note_zone(account, call, ended)
        _note_account(account, call, error, limits, ended)
        _note_purge(account, call, error, began, ended)
    return account.retry_at is None


# --- what is read ------------------------------------------------------------------------------------------------


def _queues(account: Account) -> tuple[list[ZoneQueue], dict[int, int]]:
    zones = {zone.pk: zone for zone in Zone.objects.filter(account=account)}
    known = addresses()
    found: dict[UUID, list[Stale]] = {}
    vers: dict[int, int] = {}
    fields = ("id", "ver", "zone", "site", "path", "tags", "due_at", "is_urgent", "is_again", "must_fold")
    rows = StalePage.objects.filter(zone__in=zones).values_list(*fields)
    for row, ver, zone, site, path, tags, due, is_urgent, is_again, must_fold in rows.iterator(2000):
        address = known.get(site) or SiteAddress()
        vers[row] = ver
        found.setdefault(zone, []).append(
            Stale(
                row,
                site,
                address.hosts,
                address.urls(path),
                tuple(tags),
                due.timestamp(),
                is_urgent,
                is_again,
                must_fold,
            )
        )
    return [_queue(zones[zone], stale) for zone, stale in found.items()], vers


def _queue(zone: Zone, stale: list[Stale]) -> ZoneQueue:
    called, folded = (moment.timestamp() if moment else 0.0 for moment in (zone.called_at, zone.folded_at))
    return ZoneQueue(zone.key, tuple(stale), called, folded, zone.has_tags)


def _budget(account: Account, limits: Plan, now: float) -> Budget:
    if account.counted_at is None or account.calls_left is None or account.urls_left is None:
        return folding.full(limits, now)
    return Budget(account.calls_left, account.urls_left, account.counted_at.timestamp())


# --- what is written ---------------------------------------------------------------------------------------------


def _note_zone(account: Account, call: Call, ended: float) -> None:
    field = "called_at" if call.batch.kind == "urls" else "folded_at"
    Zone.objects.filter(account=account, key=call.zone).update(**{field: _moment(ended)})


def _note_account(account: Account, call: Call, error: CdnError | None, limits: Plan, ended: float) -> None:
    left = _budget(account, limits, ended).refilled(limits, ended).after(call.batch)
    account.calls_left, account.urls_left, account.counted_at = left.calls, left.urls, _moment(ended)
    pause = _pause(account, call, error)
    if error is None:
        account.failures, account.failing_since, account.error, account.is_refused = 0, None, "", False
    elif pause:
        account.failures += 1
        account.failing_since = account.failing_since or _moment(ended)
        account.error, account.is_refused = str(error)[:300], isinstance(error, Refused)
    account.retry_at = _moment(ended + pause) if pause else None
    account.save(update_fields=[*_COUNTED])


_COUNTED: Final = (
    *("calls_left", "urls_left", "counted_at"),
    *("failures", "failing_since", "retry_at", "error", "is_refused"),
)


def _pause(account: Account, call: Call, error: CdnError | None) -> float:
    """Seconds to rest after a call; 0: go on."""
    if error is None:
        return 0.0
    if isinstance(error, Unavailable):
        doubled: float = FIRST_PAUSE_S * (1 << min(account.failures, 10))
        return max(error.retry_after, min(LONGEST_PAUSE_S, doubled))
    if call.batch.kind == "urls" and not isinstance(error, BadKey):
        return 0.0  # these addresses are purged with their site instead
    return REFUSED_PAUSE_S


def _note_purge(account: Account, call: Call, error: CdnError | None, began: float, ended: float) -> None:
    outcome = Purge.Outcome.DONE
    if error is not None:
        outcome = Purge.Outcome.REFUSED if isinstance(error, Refused) else Purge.Outcome.UNAVAILABLE
    firsts = [row.due for row in call.rows if not row.is_again]
    Purge.objects.create(
        zone=Zone.objects.get(account=account, key=call.zone),
        at=_moment(ended),
        kind=call.batch.kind,
        count=len(call.batch.items),
        items=[item[:200] for item in call.batch.items[:KEPT_ITEMS]],
        pages=len(call.rows),
        sites=sorted({row.site for row in call.rows}),
        outcome=outcome,
        error=str(error)[:300] if error else "",
        took_ms=round((ended - began) * 1000),
        waited_ms=max(0, round((ended - min(firsts) + folding.COALESCE_S) * 1000)) if firsts else None,
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
