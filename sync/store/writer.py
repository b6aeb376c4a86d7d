"""The one writer of an edge's SQLite, and the readers beside it.

SQLite takes one writer at a time; a second one waits or fails. So there is one thread, one write connection and a
queue. Jobs that wait together share one transaction, each in its own savepoint, and one fsync (group commit): a job's
error goes to its own caller, and nobody is answered before the fsync. An op is acknowledged to a shopper after `run`.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import connections

from node.realms import EDGE, atomic
from sync.threads import stop_pool

logger = logging.getLogger(__name__)

T = TypeVar("T")

#: jobs that may share a transaction; more would make the first wait for the last
GROUP = 200


class WriterStopped(RuntimeError):
    """The node is stopping: the job was not run."""

    code = "stopping"


@dataclass(frozen=True)
class _Job(Generic[T]):
    work: Callable[[], T]
    done: Future[T]


class Writer:
    """Runs functions that write through the ORM on alias `edge`, in order. It starts itself on first use."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[_Job[Any] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._after_group: list[Callable[[], None]] = []

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Queue `work`; the future ends after the fsync of its transaction."""
        done: Future[T] = Future()
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="edge-writer", daemon=True)
                self._thread.start()
            self._queue.put(_Job(work, done))
        return done

    async def run(self, work: Callable[[], T]) -> T:
        """Run `work` in the writer's transaction; returns after the fsync, raises what `work` raised.

        A cancelled caller does not take the write back.
        """
        return await asyncio.shield(asyncio.wrap_future(self.submit(work)))

    def run_sync(self, work: Callable[[], T]) -> T:
        """The same for threads and tests. Inside a job it runs at once, in the job's transaction."""
        if threading.current_thread() is self._thread:
            with atomic(EDGE):
                return work()
        return self.submit(work).result()

    def after_group(self, hook: Callable[[], None]) -> Callable[[], None]:
        """Call `hook` in the writer's thread after each commit (the high-water file); returns what stops it."""
        self._after_group.append(hook)
        return lambda: self._after_group.remove(hook)

    def stop(self) -> None:
        """Finish what is queued, close the connection, end the thread. A later `submit` starts a new one."""
        with self._lock:
            thread, self._thread = self._thread, None
            if thread is not None:
                self._queue.put(None)
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _run(self) -> None:
        try:
            while True:
                group, is_last = self._gather()
                if group:
                    self._commit(group)
                if is_last:
                    return
        finally:
            connections.close_all()

    def _gather(self) -> tuple[list[_Job[Any]], bool]:
        group: list[_Job[Any]] = []
        job = self._queue.get()
        while job is not None:
            group.append(job)
            if len(group) >= GROUP:
                return group, False
            try:
                job = self._queue.get_nowait()
            except queue.Empty:
                return group, False
        return group, True

    def _commit(self, group: list[_Job[Any]]) -> None:
        ended: list[tuple[_Job[Any], Any, BaseException | None]] = []
        try:
            with atomic(EDGE):
                for job in group:
                    ended.append((job, *_try(job)))
        except BaseException as error:
            # The commit itself failed: no job of the group happened.
            connections[EDGE].close()
            for job in group:
                job.done.set_exception(error)
            return
        for hook in list(self._after_group):
            try:
                hook()
            except Exception:  # the commit has happened: its callers must hear so
                logger.exception("a hook after the commit failed")
        for job, result, failure in ended:
            if failure is not None:
                job.done.set_exception(failure)
            else:
                job.done.set_result(result)


def _try(job: _Job[Any]) -> tuple[Any, BaseException | None]:
    try:
        with atomic(EDGE):
            return job.work(), None
    except Exception as error:
        return None, error


class Reader:
    """Runs functions that read through the ORM on alias `edge`, in a few threads, off the event loop."""

    def __init__(self, threads: int = 4) -> None:
        self._threads = threads
        self._pool: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()

    async def run(self, work: Callable[[], T]) -> T:
        return await asyncio.wrap_future(self._started().submit(work))

    def run_sync(self, work: Callable[[], T]) -> T:
        return self._started().submit(work).result()

    def _started(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="edge-reader")
            return self._pool

    def stop(self) -> None:
        """Close every reader's connection and end the threads. A later `run` starts new ones."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            stop_pool(pool)


writer = Writer()
reader = Reader()
