"""The one writer of an edge's SQLite, and the readers beside it.

SQLite takes one writer at a time; a second one waits or fails. So there is one thread, one write connection and a
queue. Jobs that wait together share one transaction and one fsync (group commit), and what gathers during the fsync is
the next group: nobody is answered before the fsync. An op is acknowledged to a shopper after `run`.

A job's error goes to its own caller and undoes its own job only. A savepoint for every job would cost each of them two
statements, and hardly any fails after it has written: when one does, the whole group is undone and its jobs run once
more, each in a savepoint of its own. A job may therefore run twice: what it changes outside of the database it changes
by `on_commit`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import connections

from node import clock
from node.realms import EDGE, atomic
from sync.threads import stop_pool

logger = logging.getLogger(__name__)

T = TypeVar("T")

#: jobs that may share a transaction; more would make the first wait for the last
GROUP = 200

_waited: ContextVar[float] = ContextVar("waited", default=0.0)


def waited() -> float:
    """Seconds that this task (a request is one) has waited for the writer: its turn, its jobs and their fsyncs."""
    return _waited.get()


class WriterStopped(RuntimeError):
    """The node is stopping: the job was not run."""

    code = "stopping"


#: who waits for a job: a thread, or a coroutine of some loop
Waiter = Future[Any] | asyncio.Future[Any]


@dataclass(frozen=True, slots=True)
class _Job(Generic[T]):
    work: Callable[[], T]
    done: Waiter


@dataclass(frozen=True, slots=True)
class _Ended:
    job: _Job[Any]
    result: Any = None
    failure: BaseException | None = None


class _Undone(Exception):
    """A job of a group failed after it had written."""


class Writer:
    """Runs functions that write on alias `edge`, in order. It starts itself on first use."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[_Job[Any] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._after_group: list[Callable[[], None]] = []
        #: what a group has to say to each loop; touched by the writer's thread only
        self._news: dict[asyncio.AbstractEventLoop, list[Callable[[], object]]] = {}

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Queue `work`; the future ends after the fsync of its transaction."""
        done: Future[T] = Future()
        self._put(_Job(work, done))
        return done

    async def run(self, work: Callable[[], T]) -> T:
        """Run `work` in the writer's transaction; returns after the fsync, raises what `work` raised.

        A cancelled caller does not take the write back.
        """
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        began = clock.monotonic()
        self._put(_Job(work, done))
        try:
            return await done
        finally:
            _waited.set(_waited.get() + clock.monotonic() - began)

    def run_sync(self, work: Callable[[], T]) -> T:
        """The same for threads and tests. Inside a job it runs at once, in the job's transaction."""
        if threading.current_thread() is self._thread:
            with atomic(EDGE):
                return work()
        return self.submit(work).result()

    def post(self, loop: asyncio.AbstractEventLoop, work: Callable[[], object]) -> None:
        """Run `work` on a loop. What a group posts after its commit, answers included, is one wake-up of that loop."""
        if threading.current_thread() is self._thread:
            self._news.setdefault(loop, []).append(work)
        else:
            _call(loop, work)

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

    def _put(self, job: _Job[Any]) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="edge-writer", daemon=True)
                self._thread.start()
            self._queue.put(job)

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
        try:
            ended = _committed(group)
        except BaseException as error:
            # The commit itself failed: no job of the group happened.
            connections[EDGE].close()
            ended = [_Ended(job, failure=error) for job in group]
        else:
            self._run_hooks()
        for one in ended:
            self._answer(one)
        self._tell_loops()

    def _run_hooks(self) -> None:
        for hook in list(self._after_group):
            try:
                hook()
            except Exception:  # the commit has happened: its callers must hear so
                logger.exception("a hook after the commit failed")

    def _answer(self, ended: _Ended) -> None:
        waiter = ended.job.done
        if isinstance(waiter, Future):
            _settle(waiter, ended)
        else:
            self._news.setdefault(waiter.get_loop(), []).append(lambda: _settle(waiter, ended))

    def _tell_loops(self) -> None:
        news, self._news = self._news, {}
        for loop, works in news.items():
            _call(loop, lambda works=works: _run_all(works))  # type: ignore[misc]


def _settle(waiter: Waiter, ended: _Ended) -> None:
    if waiter.done():  # its caller has given up
        return
    if ended.failure is not None:
        waiter.set_exception(ended.failure)
    else:
        waiter.set_result(ended.result)


def _call(loop: asyncio.AbstractEventLoop, work: Callable[[], object]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop has ended
        loop.call_soon_threadsafe(work)


def _run_all(works: list[Callable[[], object]]) -> None:
    for work in works:
        try:
            work()
        except Exception:  # one listener's error must not keep the others from their answers
            logger.exception("news of a commit was not taken")


def _committed(group: list[_Job[Any]]) -> list[_Ended]:
    """Run the jobs in one transaction and commit it. Raises when the commit failed."""
    try:
        with atomic(EDGE):
            return [_together(job) for job in group]
    except _Undone as undone:
        if len(group) == 1:
            return [_Ended(group[0], failure=undone.__cause__)]
    with atomic(EDGE):
        return [_singly(job) for job in group]


def _together(job: _Job[Any]) -> _Ended:
    """Run a job beside others. Raises `_Undone` when it failed and has left something behind."""
    connection = connections[EDGE]
    written, promised = connection.connection.total_changes, len(connection.run_on_commit)
    try:
        return _Ended(job, job.work())
    except Exception as error:
        has_written = connection.connection is None or connection.connection.total_changes != written
        if has_written or connection.needs_rollback or len(connection.run_on_commit) != promised:
            raise _Undone from error
        return _Ended(job, failure=error)


def _singly(job: _Job[Any]) -> _Ended:
    try:
        with atomic(EDGE):
            return _Ended(job, job.work())
    except Exception as error:
        return _Ended(job, failure=error)


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
