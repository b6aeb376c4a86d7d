"""The job that does a bulk run, a few seconds of it at a time.

A row is done in one transaction with its mark, so a killed worker has done it once or not at all. Rights and scope
are read anew for every row: whoever loses them in the middle changes nothing more.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError
from django.db.models import F
from django.http import QueryDict
from django.utils import translation
from django.utils.html import strip_tags
from django.utils.translation import gettext as _

from central.ui import view_scope
from central.ui.bulk import actions
from central.ui.bulk.models import BulkRow, BulkRun
from central.ui.explain import explain
from central.ui.lists.shown import Shown
from central.ui.lists.spec import BulkAction, List, find
from central.ui.screens import may
from node.errors import RialtoError
from node.realms import alias_of, atomic
from sync.events import JobRun, job
from sync.store.jobs.runner import describe

log = structlog.get_logger(__name__)

#: well within the job's lease
SLICE_S = 15.0
LEASE_S = 120


@dataclass
class AsIf:
    """Asks a list as the person who began the run, outside any request."""

    user: Any
    session: dict[str, str]
    GET: QueryDict = field(default_factory=QueryDict)


class RowRefused(Exception):
    """A row that is not to be done, in words."""


@job(actions.JOB, lease_s=LEASE_S)
def do_slice(payload: bytes, job_run: JobRun) -> dict[str, Any]:
    realm = job_run.realm
    run = actions.runs(realm).filter(pk=UUID(payload.decode())).first()
    if run is None or run.is_over:
        return {"skipped": "over"}
    with translation.override(run.language):
        return _slice(realm, run)


def _slice(realm: str, run: BulkRun) -> dict[str, Any]:
    spec, action = _declared(run)
    if run.state == BulkRun.State.WAITING:
        _collect(realm, run, spec)
    until = time.monotonic() + SLICE_S
    for row_id in _waiting(realm, run):
        if actions.runs(realm).filter(pk=run.pk, is_stopping=True).exists():
            actions.finish(realm, run, BulkRun.State.STOPPED)
            return {"state": "stopped"}
        _do(realm, run, spec, action, row_id)
        if time.monotonic() > until:
            run.refresh_from_db(using=alias_of(realm))
            actions.put_slice(realm, run)
            return {"state": "goes on"}
    actions.finish(realm, run, BulkRun.State.DONE)
    return {"state": "done"}


def _declared(run: BulkRun) -> tuple[List, BulkAction]:
    spec = find(run.list)
    action = spec.action(run.action) if spec else None
    if spec is None or action is None:
        raise LookupError(f"no bulk action {run.list}/{run.action}")
    return spec, action


def _collect(realm: str, run: BulkRun, spec: List) -> None:
    """Fix the rows of the whole filter: what comes later is not of this run."""
    user = User.objects.get(pk=run.user)
    shown = Shown(spec, AsIf(user, {view_scope.KEY: run.in_view}, QueryDict(run.query)))
    keys = shown.rows.order_by(spec.key).values_list(spec.key, flat=True)
    with atomic(realm):
        locked = actions.runs(realm).select_for_update().get(pk=run.pk)
        if locked.state != BulkRun.State.WAITING:
            return
        rows = (BulkRow(run=run, key=str(key)) for key in keys.iterator(actions.AT_ONCE))
        actions.add_rows(realm, run, rows)


def _waiting(realm: str, run: BulkRun) -> Iterator[int]:
    while batch := list(
        BulkRow.objects.using(alias_of(realm))
        .filter(run=run, state=BulkRow.State.WAITING)
        .order_by("pk")
        .values_list("pk", flat=True)[:100]
    ):
        yield from batch


def _do(realm: str, run: BulkRun, spec: List, action: BulkAction, row_id: int) -> None:
    try:
        with atomic(realm):
            row = _locked(realm, row_id)
            if row is not None:
                row.run = run
                _do_locked(realm, run, spec, action, row)
    except (RowRefused, RialtoError, ValidationError, IntegrityError) as error:
        _fail(realm, run, row_id, _in_words(error))
    except DatabaseError:
        raise  # the realm is away: the job is tried again, from this row on
    except Exception as error:
        log.exception("bulk_row_failed", list=run.list, action=run.action, error=describe(error))
        _fail(realm, run, row_id, _("Something broke on our side; the error is in the log."))


def _locked(realm: str, row_id: int) -> BulkRow | None:
    rows = BulkRow.objects.using(alias_of(realm)).select_for_update()
    return rows.filter(pk=row_id, state=BulkRow.State.WAITING).first()


def _do_locked(realm: str, run: BulkRun, spec: List, action: BulkAction, row: BulkRow) -> None:
    user = User.objects.filter(pk=run.user, is_active=True).first()
    if user is None or not may(user, spec.right) or not may(user, action.right):
        raise RowRefused(_("You have no right to this any more."))
    shown = Shown(spec, AsIf(user, {}))
    found = shown.one(row.key)
    if found is None:
        raise RowRefused(_("It is not among what you may see any more."))
    row.title = _title(shown, found)
    if run.undoes and action.undo:
        action.undo(found, user, row.told)
        rows = BulkRow.objects.using(alias_of(realm)).filter(run=run.undoes, key=row.key)
        rows.update(state=BulkRow.State.UNDONE)
    else:
        row.told = action.do(found, user, _filled(action, run, user))
    row.state = BulkRow.State.DONE
    row.save(using=alias_of(realm), update_fields=["title", "told", "state"])
    actions.runs(realm).filter(pk=run.pk).update(done=F("done") + 1)


def _filled(action: BulkAction, run: BulkRun, user: User) -> dict[str, Any]:
    if action.form is None:
        return {}
    given = QueryDict(mutable=True)
    for name, values in run.filled.items():
        given.setlist(name, values)
    form = action.form(given, user)
    if not form.is_valid():
        raise RowRefused(_("What was filled in is not valid any more."))
    return dict(form.cleaned_data)


def _title(shown: Shown, found: Any) -> str:
    return strip_tags(str(shown.spec.columns[0].cell(found, shown)))[:200]


def _fail(realm: str, run: BulkRun, row_id: int, why: str) -> None:
    with atomic(realm):
        row = _locked(realm, row_id)
        if row is None:
            return
        row.run, row.state, row.why = run, BulkRow.State.FAILED, why[:300]
        row.title = row.title or row.key
        row.save(using=alias_of(realm), update_fields=["state", "why", "title"])
        actions.runs(realm).filter(pk=run.pk).update(failed=F("failed") + 1)


def _in_words(error: Exception) -> str:
    if isinstance(error, RialtoError):
        return explain(error)
    if isinstance(error, ValidationError):
        return " ".join(error.messages)
    if isinstance(error, IntegrityError):
        return _("The database refused it: it goes against what is there already.")
    return str(error)
