"""Where kept things lie beyond a process. To add one: a class, a line in `STORES`, the name in `node.config.Cache`.

A store raises what it likes and may lose anything: `infra.caching.node` stands between it and everybody. Each call is
bounded in time, but for `files` on a disk that hangs.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Protocol, cast

from django.utils.module_loading import import_string

from node.config import Cache
from node.places import make_private

#: seconds a store has for one call
PATIENCE_S: Final = 0.25


class Store(Protocol):
    def read(self, name: str) -> bytes | None:
        """What was written under this name and is not older than its lifetime; None when there is nothing."""
        ...

    def write(self, name: str, body: bytes, lifetime_s: float) -> None: ...

    def clear(self) -> None:
        """Forget all of ours, and nothing else that may live in the same place."""
        ...

    def size(self) -> tuple[int | None, int | None]:
        """(entries, bytes), each None where it cannot be told cheaply. Raises when the store does not answer."""
        ...


STORES: Final[Mapping[str, str]] = {
    "redis": "infra.caching.stores.RedisStore",
    "files": "infra.caching.stores.FilesStore",
    "database": "infra.caching.stores.DatabaseStore",
}


def store_of(settings: Cache) -> Store | None:
    """None for `memory` and `none`: there the processes have nothing in common."""
    target = STORES.get(settings.backend)
    return cast(Store, import_string(target)(settings)) if target else None


class RedisStore:
    """Keys of a Redis under one beginning; the server's `maxmemory` decides how many there may be."""

    PREFIX: Final = "rialto-cache:"
    #: keys of a server, ours and others, that are gone through to count ours
    _COUNTED: Final = 50_000

    def __init__(self, settings: Cache) -> None:
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        self._redis: Any = redis.Redis.from_url(
            settings.url,
            socket_timeout=PATIENCE_S,
            socket_connect_timeout=PATIENCE_S,
            retry=Retry(NoBackoff(), 0),  # whoever waits would wait several times as long
        )

    def read(self, name: str) -> bytes | None:
        found: bytes | None = self._redis.get(self.PREFIX + name)
        return found

    def write(self, name: str, body: bytes, lifetime_s: float) -> None:
        self._redis.set(self.PREFIX + name, body, px=max(1, round(lifetime_s * 1000)))

    def clear(self) -> None:
        for names in self._pages():
            self._redis.unlink(*names)

    def size(self) -> tuple[int | None, int | None]:
        if self._redis.dbsize() > self._COUNTED:
            return None, None
        return sum(len(names) for names in self._pages()), None

    def _pages(self) -> Iterator[list[bytes]]:
        cursor = 0
        while True:
            cursor, names = self._redis.scan(cursor, match=f"{self.PREFIX}*", count=1_000)
            if names:
                yield names
            if cursor == 0:
                return


class FilesStore:
    """A file for each entry, in a folder of the node's own. The oldest go when there are too many."""

    SUFFIX: Final = ".kept"
    #: writes between two looks at how many there are
    _LOOK_AFTER: Final = 100

    def __init__(self, settings: Cache) -> None:
        if settings.folder is None:
            raise ValueError("files need a folder")
        # One of our own, whatever else lies in the folder that was named
        self._folder, self._most = settings.folder / "kept", settings.entries
        self._writes = 0

    def read(self, name: str) -> bytes | None:
        try:
            with self._file(name).open("rb") as file:
                if os.fstat(file.fileno()).st_mtime <= time.time():  # its time is when its life ends
                    return None
                return file.read()
        except FileNotFoundError:
            return None

    def write(self, name: str, body: bytes, lifetime_s: float) -> None:
        make_private(self._folder)
        descriptor, fresh = tempfile.mkstemp(dir=self._folder, prefix=".new-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(body)
            until = time.time() + lifetime_s
            os.utime(fresh, (until, until))
            os.replace(fresh, self._file(name))
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(fresh)
            raise
        self._writes += 1
        if self._writes % self._LOOK_AFTER == 1:
            self._thin_out()

    def clear(self) -> None:
        make_private(self._folder)
        for file, _, _ in self._all():
            file.unlink(missing_ok=True)

    def size(self) -> tuple[int | None, int | None]:
        make_private(self._folder)  # says that it cannot be written to
        if not os.access(self._folder, os.W_OK):
            raise PermissionError(f"{self._folder} may not be written to")
        found = list(self._all())
        return len(found), sum(size for _, _, size in found)

    def _file(self, name: str) -> Path:
        return self._folder / f"{name.replace(':', '.')}{self.SUFFIX}"

    def _all(self) -> Iterator[tuple[Path, float, int]]:
        """(file, when its life ends, bytes)."""
        if not self._folder.is_dir():
            return
        with os.scandir(self._folder) as entries:
            for entry in entries:
                if entry.name.endswith(self.SUFFIX) or entry.name.startswith(".new-"):
                    with contextlib.suppress(FileNotFoundError):
                        found = entry.stat(follow_symlinks=False)
                        yield Path(entry.path), found.st_mtime, found.st_size

    def _thin_out(self) -> None:
        ages = sorted(((until, file) for file, until, _ in self._all()), key=lambda one: one[0])
        now = time.time()
        too_many = len(ages) - self._most
        for at, (until, file) in enumerate(ages):
            if at < too_many or (until <= now and not file.name.startswith(".new-")):
                file.unlink(missing_ok=True)


class DatabaseStore:
    """A table in a PostgreSQL database: that of central's realm `cluster`, if no other is named.

    It is asked on a connection of its own: no transaction of ours is in its way, and it in the way of none. The table
    is unlogged: it is written to no journal, it is in no stream to another server, a crash empties it. It is no table
    of Django's, and a realm that moves leaves it behind.
    """

    TABLE: Final = "rialto_program_cache"
    _LOOK_AFTER: Final = 100

    def __init__(self, settings: Cache) -> None:
        self._url, self._most = settings.url, settings.entries
        self._lock = threading.Lock()
        self._connection: Any = None
        self._writes = 0

    def read(self, name: str) -> bytes | None:
        with self._asking() as ask:
            row = ask(f"SELECT body FROM {self.TABLE} WHERE name = %s AND until > now()", [name]).fetchone()  # noqa: S608
        return bytes(row[0]) if row else None

    def write(self, name: str, body: bytes, lifetime_s: float) -> None:
        with self._asking() as ask:
            ask(
                f"INSERT INTO {self.TABLE} (name, body, until) VALUES (%s, %s, now() + %s * interval '1 second') "  # noqa: S608
                "ON CONFLICT (name) DO UPDATE SET body = EXCLUDED.body, until = EXCLUDED.until",
                [name, body, lifetime_s],
            )
            self._writes += 1
            if self._writes % self._LOOK_AFTER == 1:
                ask(
                    f"DELETE FROM {self.TABLE} WHERE until <= now() OR name IN "  # noqa: S608
                    f"(SELECT name FROM {self.TABLE} ORDER BY until DESC OFFSET %s)",
                    [self._most],
                )

    def clear(self) -> None:
        with self._asking() as ask:
            ask(f"TRUNCATE {self.TABLE}")

    def size(self) -> tuple[int | None, int | None]:
        with self._asking() as ask:
            row = ask(
                f"SELECT count(*), coalesce(sum(length(body)), 0) FROM {self.TABLE} WHERE until > now()"  # noqa: S608
            ).fetchone()
        return int(row[0]), int(row[1])

    @contextlib.contextmanager
    def _asking(self) -> Iterator[Any]:
        """One at a time; a connection that failed is thrown away."""
        if not self._lock.acquire(timeout=PATIENCE_S):
            raise TimeoutError("the connection of the cache is busy")
        try:
            self._connection = self._connection or self._connected()
            yield self._connection.execute
        except BaseException:
            if self._connection is not None:
                self._connection.close()
            self._connection = None
            raise
        finally:
            self._lock.release()

    def _connected(self) -> Any:
        import psycopg

        made = psycopg.connect(
            self._url,
            autocommit=True,
            connect_timeout=2,  # the least that PostgreSQL's library knows
            options=f"-c statement_timeout={round(PATIENCE_S * 1000)} -c lock_timeout={round(PATIENCE_S * 1000)}",
        )
        with contextlib.suppress(psycopg.errors.UniqueViolation):  # another process makes it at this very moment
            made.execute(
                f"CREATE UNLOGGED TABLE IF NOT EXISTS {self.TABLE} "
                "(name text PRIMARY KEY, body bytea NOT NULL, until timestamptz NOT NULL)"
            )
        return made
