"""The audit that runs each minute: what it finds is kept in rows, and people are told once when it begins and ends."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import F
from django.utils import timezone

from central.stock.audit import Breach, breaches
from central.stock.models import Alarm, Audit, BreachRow, Grant, Movement
from central.ui import live
from central.ui.notices import NoticeDue
from node import clock
from node.realms import ORDERS, atomic
from sync.events import record_event

BROKEN, MENDED = "books_broken", "books_mended"
#: adding up all movements takes at most one part of so many of the time
SHARE = 30
#: a movement may be committed after others that got higher ids: so many are looked at again
LATE = 10_000
#: totals of grants remembered in one round: the transaction stays short, the next round goes on
MOST = 5_000


def look_at_books(*, whole: bool = False) -> list[Breach]:
    """Audit the books and keep what came of it; returns what is wrong.

    All movements are added up while that takes less than a thirtieth of the time, and as long as something is wrong;
    between two such rounds only those of variants that moved. `whole`: all of them now.
    """
    audit, now = Audit.objects.filter(pk=1).first(), timezone.now()
    is_whole = whole or _is_whole_due(audit, now)
    last = Movement.objects.order_by("-id").values_list("id", flat=True).first() or 0
    began = clock.monotonic()
    found = breaches(since=None if is_whole or audit is None else max(0, audit.movements - LATE))
    took_ms = int((clock.monotonic() - began) * 1000)
    with atomic(ORDERS):
        values = {"checked_at": now, "took_ms": took_ms, "movements": last}
        if is_whole:
            values |= {"full_at": now, "full_ms": took_ms}
        Audit.objects.update_or_create(pk=1, defaults=values)
        _remember_totals()
        _keep(found)
    return found


def _is_whole_due(audit: Audit | None, now: datetime) -> bool:
    if audit is None or audit.full_at is None or Alarm.objects.filter(is_open=True).exists():
        return True
    return (now - audit.full_at) >= timedelta(milliseconds=audit.full_ms * SHARE)


def _remember_totals() -> None:
    """What only grows is compared with this the next time. Rows that somebody works on wait for the next audit."""
    for name in ("sold", "returned"):
        grown = Grant.objects.filter(**{f"seen_{name}__lt": F(name)}).order_by("pk")
        free = list(grown.select_for_update(skip_locked=True).values_list("pk", flat=True)[:MOST])
        Grant.objects.filter(pk__in=free).update(**{f"seen_{name}": F(name)})


def _keep(found: list[Breach]) -> None:
    alarm = Alarm.objects.select_for_update().filter(is_open=True).first()
    if not found:
        if alarm is not None:
            _end(alarm)
        return
    if alarm is None:
        alarm = Alarm.objects.create()
        record_event(NoticeDue(notice=BROKEN, about=alarm.pk.hex), realm=ORDERS)
    here = {(one.rule, one.variant, one.warehouse, one.where): one for one in found}
    for row in BreachRow.objects.select_for_update().filter(ended_at=None):
        still = here.pop((row.rule, row.variant, row.warehouse, row.where), None)
        if still is None:
            row.ended_at = timezone.now()
            row.save(update_fields=["ended_at"])
        elif (row.has, row.should) != (still.has, still.should):
            row.has, row.should = still.has, still.should
            row.save(update_fields=["has", "should"])
    BreachRow.objects.bulk_create(
        BreachRow(
            alarm=alarm,
            rule=one.rule,
            variant=one.variant,
            warehouse=one.warehouse,
            where=one.where,
            has=one.has,
            should=one.should,
        )
        for one in here.values()
    )
    live.nudge_after_commit(live.STOCK, realm=ORDERS)


def _end(alarm: Alarm) -> None:
    alarm.is_open, alarm.ended_at = False, timezone.now()
    alarm.save(update_fields=["is_open", "ended_at"])
    BreachRow.objects.filter(ended_at=None).update(ended_at=alarm.ended_at)
    record_event(NoticeDue(notice=MENDED, about=alarm.pk.hex), realm=ORDERS)
    live.nudge_after_commit(live.STOCK, realm=ORDERS)
