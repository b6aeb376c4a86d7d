"""Runs of imports: made, looked at, written, stopped. Each change is one transaction of realm `catalog`.

The work is a job: it does a batch in one transaction with its position and counts, so that it goes on behind the last
batch after a `kill -9`. What the ledger of stock (another realm) is to be told stands in the run until it was told.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from django.utils import timezone

from central.catalog.actions import shop, told_stock
from central.catalog.errors import ImportRefused, UnknownRun
from central.catalog.importing.feeds import Feed, open_feed
from central.catalog.importing.laying import Line
from central.catalog.importing.models import ImportRun, ImportSource
from central.catalog.importing.offering import Tray
from central.catalog.queries import variants_of
from central.cluster.errors import UnknownSite
from central.stock.receipts import set_stocks
from node.config import config
from node.errors import WrongUse
from node.places import make_private
from node.realms import CATALOG, atomic
from sync.events import schedule_job

log = structlog.get_logger(__name__)

#: of one upload; a catalogue of a million rows has about 300 MB
MAX_UPLOAD = 500_000_000
JOB = "catalog.import_run"
KEEP_FILES = timedelta(days=14)
_MOST_TOLD = 60

State = ImportRun.State


class _Undone(Exception):
    """Leaves the transaction of a dry batch without keeping it."""


def folder_of(run: ImportRun) -> Path:
    """Where the files of a run lie, on central's own disk."""
    return config().home / "imports" / run.pk.hex


def report_of(run: ImportRun, *, is_dry: bool) -> Path:
    return folder_of(run) / ("preview.jsonl" if is_dry else "report.jsonl")


def file_of(run: ImportRun) -> Path:
    """The file as it was sent; its name on our disk is ours but for the ending, which is part of what it is."""
    return folder_of(run) / f"file{Path(run.file_name).suffix.lower()[:6]}"


# --- what people do -----------------------------------------------------------------------------------------------


def take_file(source: ImportSource, name: str, pieces: Iterable[bytes], *, by: str) -> ImportRun:
    """Keep a file and make its run, a draft. Raises `ImportRefused`: empty, too large."""
    run = ImportRun(source=source, sites=source.sites, file_name=_clean_name(name), by=by)
    make_private(folder_of(run).parent)
    make_private(folder_of(run))
    try:
        run.size = _keep(file_of(run), pieces)
    except BaseException:
        shutil.rmtree(folder_of(run), ignore_errors=True)
        raise
    with atomic(CATALOG):
        run.save(force_insert=True)
    return run


def _keep(target: Path, pieces: Iterable[bytes]) -> int:
    size = 0
    with target.open("wb") as out:
        for piece in pieces:
            size += len(piece)
            if size > MAX_UPLOAD:
                raise too_large()
            out.write(piece)
        out.flush()
        os.fsync(out.fileno())
    if not size:
        raise ImportRefused("the file is empty")
    return size


def too_large() -> ImportRefused:
    return ImportRefused(f"the file is larger than {MAX_UPLOAD // 1_000_000} MB; split it, or pack it as a zip")


def _clean_name(name: str) -> str:
    base = name.replace("\\", "/").rpartition("/")[2]
    return "".join(sign for sign in base if sign.isprintable())[-200:] or "file"


def find_changes(run_id: UUID) -> None:
    """Read the file and say what it would change; nothing is written. Raises `UnknownRun`."""
    _begin(run_id, State.CHECKING, (State.DRAFT, State.READY, State.FAILED))


def map_again(run_id: UUID) -> None:
    """Back to the mapping of a file of which nothing was written yet."""
    with atomic(CATALOG):
        waiting = ImportRun.objects.filter(pk=run_id, state__in=(State.READY, State.FAILED), started_at=None)
        waiting.filter(files_gone=False).update(state=State.DRAFT, error="", counts={}, told=[])


def write_changes(run_id: UUID) -> None:
    """Lay the file over the catalogue. A run that was stopped, or failed half way, goes on where it stood."""
    _begin(run_id, State.RUNNING, (State.READY, State.STOPPED, State.FAILED))


def note_failed(source: ImportSource, name: str, why: str, *, by: str) -> ImportRun:
    """A run that has no file: say why."""
    with atomic(CATALOG):
        return ImportRun.objects.create(
            source=source,
            sites=source.sites,
            file_name=name,
            by=by,
            state=State.FAILED,
            error=why[:500],
            is_automatic=True,
            files_gone=True,
            finished_at=timezone.now(),
        )


def write_at_once(run_id: UUID) -> None:
    """Write a file that a machine sent, with nobody to look at its changes first."""
    with atomic(CATALOG):
        ImportRun.objects.filter(pk=run_id).update(is_automatic=True)
    _begin(run_id, State.RUNNING, (State.DRAFT,))


def stop(run_id: UUID) -> None:
    """Stop behind the batch that is in work; what was written stays. Already still: nothing."""
    with atomic(CATALOG):
        ImportRun.objects.filter(pk=run_id, state__in=(State.CHECKING, State.RUNNING)).update(is_stop_asked=True)


def _begin(run_id: UUID, state: str, of: Sequence[str]) -> None:
    with atomic(CATALOG):
        run = ImportRun.objects.select_for_update().filter(pk=run_id).first()
        if run is None:
            raise UnknownRun(f"there is no import {run_id}")
        if run.state not in of or run.files_gone:
            return  # somebody was faster, or its files are gone: the page that follows says how it stands
        _put_to_work(run, state)


def do_here(run_id: UUID, state: str) -> None:
    """Do a phase of a new run in this process, and not in a worker."""
    with atomic(CATALOG):
        run = ImportRun.objects.select_for_update().get(pk=run_id)
        _put_to_work(run, state, is_queued=False)
    do_run(run_id)


def _put_to_work(run: ImportRun, state: str, *, is_queued: bool = True) -> None:
    goes_on = state == State.RUNNING and run.state in (State.STOPPED, State.FAILED) and run.started_at is not None
    if not goes_on:
        run.position, run.counts, run.report_size, run.told = 0, {}, 0, []
        run.started_at = timezone.now() if state == State.RUNNING else None
    run.state, run.is_stop_asked, run.error, run.finished_at = state, False, "", None
    run.save()
    if is_queued:
        schedule_job(JOB, run.pk.bytes, realm=CATALOG)


# --- the work -----------------------------------------------------------------------------------------------------


def do_run(run_id: UUID, *, still_mine: Callable[[], bool] = lambda: True) -> None:
    """Do the phase a run is in, from where it stands to its end. `still_mine`: asked at each batch."""
    run = ImportRun.objects.select_related("source").filter(pk=run_id).first()
    if run is None or not run.is_at_work:
        return
    is_dry = run.state == State.CHECKING
    if is_dry:
        run.position, run.counts, run.report_size = 0, {}, 0
    try:
        shops = [shop(site) for site in run.sites]
        if not shops:
            raise ImportRefused("the source names no site; choose one in its settings")
        folder = folder_of(run)
        with open_feed(run.source, shops, file_of(run), folder, by=_by(run), is_dry=is_dry) as feed:
            _Work(run, feed, is_dry=is_dry, still_mine=still_mine).go()
    except (ImportRefused, WrongUse, UnknownSite) as error:
        _end(run, State.FAILED, str(error).replace(f"{file_of(run).name}", run.file_name))


def give_up(run_id: UUID, error: Exception) -> None:
    """The job has failed for good: say so on the run, without the error's text, which may hold anything."""
    run = ImportRun.objects.filter(pk=run_id).first()
    if run is not None and run.is_at_work:
        _end(run, State.FAILED, f"it stopped by an error of ours ({type(error).__name__}); try again, it goes on")


def _by(run: ImportRun) -> str:
    return f"{run.by} ({run.source.title})"[:150]


def _end(run: ImportRun, state: str, error: str = "") -> None:
    with atomic(CATALOG):
        run.state, run.error, run.finished_at = state, error[:500], timezone.now()
        run.save(update_fields=["state", "error", "finished_at", "total", "told"])


class _Work:
    def __init__(self, run: ImportRun, feed: Feed, *, is_dry: bool, still_mine: Callable[[], bool]) -> None:
        self.run = run
        self.feed = feed
        self.is_dry = is_dry
        self.still_mine = still_mine
        self.report = report_of(run, is_dry=is_dry)

    def go(self) -> None:
        run = self.run
        run.total = self.feed.total
        run.told, run.header = self.feed.told[:_MOST_TOLD], self.feed.header
        with atomic(CATALOG):
            run.save(update_fields=["total", "told", "header", "position", "counts", "report_size"])
        self._tell_ledger()
        done = run.position
        for number, batch in enumerate(self.feed.batches()):
            if number < done:
                continue
            if self._must_stop():
                return
            self._one(batch)
            self._tell_ledger()
        _end(run, State.READY if self.is_dry else State.DONE)

    def _must_stop(self) -> bool:
        if not self.still_mine():
            return True  # another worker took the job over; the run is its now
        if ImportRun.objects.filter(pk=self.run.pk, is_stop_asked=True).exists():
            _end(self.run, State.DRAFT if self.is_dry else State.STOPPED)
            return True
        return False

    def _one(self, batch: Sequence[Any]) -> None:
        if self.is_dry:
            tray = self._looked_at(batch)
            with atomic(CATALOG):
                self._advance(tray)
            return
        with atomic(CATALOG):
            tray = self.feed.lay(batch)
            variants = variants_of(tray.stock)
            self.run.stock_due = {pk.hex: tray.stock[key] for key, pk in variants.items() if key in tray.stock}
            self._advance(tray)

    def _looked_at(self, batch: Sequence[Any]) -> Tray:
        tray = Tray()
        try:
            with atomic(CATALOG):
                tray = self.feed.lay(batch)
                raise _Undone
        except _Undone:
            self.feed.forget()
        return tray

    def _advance(self, tray: Tray) -> None:
        """Write the report, then the counts and where we stand, with what the batch did."""
        run = self.run
        counts = dict(run.counts)
        for line in tray.lines:
            counts["read"] = counts.get("read", 0) + 1
            counts[line.outcome] = counts.get(line.outcome, 0) + 1
        size = self._write(line for line in tray.lines if line.outcome != "unchanged" or line.why)
        known = ImportRun.objects.select_for_update().filter(pk=run.pk, position=run.position)
        # A worker that was given up for dead must not count a batch that another one did.
        if known.update(position=run.position + 1, counts=counts, report_size=size, stock_due=run.stock_due) != 1:
            raise RunTakenOver(run.pk)
        run.position, run.counts, run.report_size = run.position + 1, counts, size

    def _write(self, lines: Iterable[Line]) -> int:
        """Append to the report behind the batches that are committed; returns its size."""
        mode = "r+b" if self.report.exists() else "w+b"
        with self.report.open(mode) as out:
            out.truncate(self.run.report_size)
            out.seek(self.run.report_size)
            for line in lines:
                body = {name: value for name, value in asdict(line).items() if value}
                out.write(json.dumps(body, ensure_ascii=False).encode() + b"\n")
            out.flush()
            return out.tell()

    def _tell_ledger(self) -> None:
        run = self.run
        if not run.stock_due:
            return
        units = {UUID(hex=variant): count for variant, count in run.stock_due.items()}
        short = set_stocks(units, who=_by(run), note="import")
        told_stock({variant: count for variant, count in units.items() if variant not in short})
        for variant, error in short.items():
            run.told = [*run.told, f"the stock of variant {variant} was left: {error}"][:_MOST_TOLD]
        with atomic(CATALOG):
            run.stock_due = {}
            run.save(update_fields=["stock_due", "told"])


class RunTakenOver(RuntimeError):
    """Another worker goes on with the run."""

    code = "run_taken_over"


# --- what people read ---------------------------------------------------------------------------------------------


def lines_of(report: Path, *, after: int = 0, limit: int = 50, outcome: str = "") -> tuple[list[dict[str, Any]], int]:
    """A page of a report: its lines from byte `after` on, and where the next page begins (0: there is none)."""
    found: list[dict[str, Any]] = []
    try:
        file = report.open("rb")
    except FileNotFoundError:
        return [], 0
    with file:
        file.seek(after)
        while raw := file.readline():
            line = _parsed(raw)
            if line is None:
                break
            if not outcome or line["outcome"] == outcome:
                if len(found) == limit:
                    return found, file.tell() - len(raw)
                found.append(line)
    return found, 0


def _parsed(raw: bytes) -> dict[str, Any] | None:
    """None for a line that is being written at this moment."""
    try:
        return dict(json.loads(raw))
    except ValueError:
        return None


def refused_lines(run: ImportRun, *, is_dry: bool) -> Iterator[dict[str, Any]]:
    report = report_of(run, is_dry=is_dry)
    try:
        with report.open("rb") as file:
            for raw in file:
                if (line := _parsed(raw)) and line["outcome"] == "refused":
                    yield line
    except FileNotFoundError:
        return


# --- tidying ------------------------------------------------------------------------------------------------------


def tidy_files() -> int:
    """Remove the files of runs that are older than `KEEP_FILES` and still; how many runs lost theirs."""
    old = ImportRun.objects.filter(created_at__lt=timezone.now() - KEEP_FILES, files_gone=False)
    count = 0
    for run in old.exclude(state__in=(State.CHECKING, State.RUNNING)):
        shutil.rmtree(folder_of(run), ignore_errors=True)
        with atomic(CATALOG):
            ImportRun.objects.filter(pk=run.pk).update(files_gone=True)
        count += 1
    return count
