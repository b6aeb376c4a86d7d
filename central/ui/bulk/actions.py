"""Begin, stop and take back bulk runs. Each is one transaction of the realm the rows live in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from central.ui.bulk.models import BulkRow, BulkRun
from node.realms import alias_of, atomic
from sync.events import schedule_job

JOB = "ui.bulk"
AT_ONCE = 1000


def begin(realm: str, *, keys: Iterable[str] = (), **asked: Any) -> BulkRun:
    """Write the run and its job. `keys`: the selection; a run with `is_whole` finds its rows when it starts."""
    with atomic(realm):
        run = BulkRun(**asked)
        if not run.is_whole:
            run.query = ""
        run.save(using=alias_of(realm))
        if not run.is_whole:
            add_rows(realm, run, (BulkRow(run=run, key=key) for key in dict.fromkeys(keys)))
        put_slice(realm, run)
    return run


def begin_undo(realm: str, run: BulkRun) -> BulkRun | None:
    """A run that takes back what `run` did and can be taken back; None when there is nothing of that."""
    with atomic(realm):
        # Locked: two clicks are one undo.
        run = runs(realm).select_for_update().get(pk=run.pk)
        if not run.is_over or run.undoes or runs(realm).filter(undoes=run.pk).exists():
            return None
        done = undoable(realm, run)
        if not done.exists():
            return None
        undo = BulkRun(list=run.list, action=run.action, user=run.user, language=run.language, undoes=run.pk)
        undo.save(using=alias_of(realm))
        rows = (BulkRow(run=undo, key=row.key, title=row.title, told=row.told) for row in done.iterator(AT_ONCE))
        add_rows(realm, undo, rows)
        run.is_hidden = True
        run.save(using=alias_of(realm), update_fields=["is_hidden"])
        put_slice(realm, undo)
    return undo


def stop(realm: str, run: BulkRun) -> None:
    """Let the run end after the row it is at; what is done stays done."""
    runs(realm).filter(pk=run.pk).update(is_stopping=True)


def hide(realm: str, run: BulkRun) -> None:
    """Show it above the list no more."""
    runs(realm).filter(pk=run.pk).update(is_hidden=True)


def add_rows(realm: str, run: BulkRun, rows: Iterable[BulkRow]) -> None:
    """Put rows to the run, by thousands, and let it run; inside the caller's transaction. Its filter is forgotten."""
    batch: list[BulkRow] = []
    total = 0
    for row in rows:
        batch.append(row)
        if len(batch) == AT_ONCE:
            BulkRow.objects.using(alias_of(realm)).bulk_create(batch)
            total, batch = total + len(batch), []
    BulkRow.objects.using(alias_of(realm)).bulk_create(batch)
    run.total, run.state, run.query = total + len(batch), BulkRun.State.RUNNING, ""
    run.save(using=alias_of(realm), update_fields=["total", "state", "query"])


def put_slice(realm: str, run: BulkRun) -> None:
    """A job for the next seconds of the run: a long run is many short jobs, so a killed worker loses nothing."""
    schedule_job(JOB, run.pk.hex.encode(), realm=realm, key=f"bulk:{run.pk.hex}:{run.touched}:{run.state}")


def forget_rows(realm: str, list_name: str, keys: Iterable[str]) -> None:
    """Whatever any run has told of these rows. Inside the transaction that forgets the persons they were about."""
    rows = BulkRow.objects.using(alias_of(realm)).filter(run__list=list_name, key__in=list(keys))
    rows.update(title="", why="", told=None)


def finish(realm: str, run: BulkRun, state: str) -> None:
    """What was filled in is forgotten too: taking a run back needs only what its rows were told."""
    runs(realm).filter(pk=run.pk).update(state=state, finished_at=timezone.now(), filled={})


# --- reads ---------------------------------------------------------------------------------------------------------


def runs(realm: str) -> QuerySet[BulkRun]:
    return BulkRun.objects.using(alias_of(realm))


def run_of(realm: str, list_name: str, user: Any, run_id: UUID) -> BulkRun | None:
    """A run of this list by its id; another person's is not there."""
    return runs(realm).filter(pk=run_id, list=list_name, user=user.pk).first()


def undoable(realm: str, run: BulkRun) -> QuerySet[BulkRow]:
    rows = BulkRow.objects.using(alias_of(realm)).filter(run=run, state=BulkRow.State.DONE, told__isnull=False)
    return rows.order_by("pk")


def failed_rows(realm: str, run: BulkRun) -> QuerySet[BulkRow]:
    return BulkRow.objects.using(alias_of(realm)).filter(run=run, state=BulkRow.State.FAILED).order_by("pk")
