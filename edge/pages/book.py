"""Which pages lie as files, and of what each was made: a SQLite file beside them, written by one process.

It can be made anew from nothing at any moment (then every page is made again and found equal), so it is synced lazily.
What is in it is exact all the same: versions stand beside each dependency, and `stale` compares them with what the edge
holds now, so that news nobody was told of (a process was killed) are found at the next start.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from edge.replica.reads import LIST, Dep, Window

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS page (
    id INTEGER PRIMARY KEY, site TEXT NOT NULL, path TEXT NOT NULL, host TEXT NOT NULL,
    hash TEXT NOT NULL, size INTEGER NOT NULL, time INTEGER NOT NULL, made_at REAL NOT NULL, took_ms REAL NOT NULL,
    is_packed INTEGER NOT NULL DEFAULT 0, windows BLOB NOT NULL,
    dirty_at REAL, error TEXT NOT NULL DEFAULT '', tried_at REAL, looked TEXT NOT NULL DEFAULT '',
    UNIQUE (site, path)
);
CREATE INDEX IF NOT EXISTS page_dirty ON page (dirty_at) WHERE dirty_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS page_unpacked ON page (made_at) WHERE NOT is_packed;
CREATE TABLE IF NOT EXISTS dep (id INTEGER PRIMARY KEY, topic TEXT NOT NULL, key TEXT NOT NULL, UNIQUE (topic, key));
CREATE TABLE IF NOT EXISTS uses (
    dep INTEGER NOT NULL, page INTEGER NOT NULL REFERENCES page ON DELETE CASCADE, ver INTEGER NOT NULL,
    PRIMARY KEY (dep, page)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS uses_page ON uses (page);
CREATE TABLE IF NOT EXISTS change (id INTEGER PRIMARY KEY AUTOINCREMENT, site TEXT NOT NULL, path TEXT NOT NULL,
    tags TEXT NOT NULL, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS link (
    id INTEGER PRIMARY KEY, shop TEXT NOT NULL, url TEXT NOT NULL, is_outer INTEGER NOT NULL,
    status TEXT NOT NULL DEFAULT '', fails INTEGER NOT NULL DEFAULT 0, since REAL, checked_at REAL,
    told TEXT NOT NULL DEFAULT '', UNIQUE (shop, url)
);
CREATE INDEX IF NOT EXISTS link_due ON link (is_outer, checked_at);
CREATE INDEX IF NOT EXISTS link_broken ON link (id) WHERE status <> '' OR told <> '';
CREATE TABLE IF NOT EXISTS holds (
    link INTEGER NOT NULL REFERENCES link ON DELETE CASCADE, page INTEGER NOT NULL REFERENCES page ON DELETE CASCADE,
    PRIMARY KEY (link, page)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS holds_page ON holds (page);
CREATE TABLE IF NOT EXISTS absent (
    site TEXT NOT NULL, path TEXT NOT NULL, state TEXT NOT NULL, error TEXT NOT NULL DEFAULT '', tried_at REAL,
    PRIMARY KEY (site, path)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hit (
    site TEXT NOT NULL, path TEXT NOT NULL, day INTEGER NOT NULL, served INTEGER NOT NULL, viewed INTEGER NOT NULL,
    PRIMARY KEY (site, path, day)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS audit (
    shop TEXT PRIMARY KEY, looked INTEGER NOT NULL, looked_at REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS wrong (
    id INTEGER PRIMARY KEY, site TEXT NOT NULL, path TEXT NOT NULL, found_at REAL NOT NULL, made_at REAL NOT NULL
);
"""
#: raised when the tables change: an older book is thrown away and written anew
_VERSION: Final = 2
_CHUNK: Final = 400
#: days that asks for a page are remembered, today's among them
HIT_DAYS: Final = 7
_DAY_S: Final = 86_400
#: pages that the audit found wrong are remembered so long
WRONG_DAYS: Final = 30

#: of an edition's key the shop's id, see `sites.editions.key_of`
SHOP: Final = "substr(site, 1, instr(site || '~', '~') - 1)"

#: (`sites.editions.key_of` its edition, the unquoted path at its host)
PageKey = tuple[str, str]
Windows = Mapping[Window, Sequence[str]]
Absence = Literal["waits", "excluded", "failed"]


@dataclass(frozen=True)
class Entry:
    """A page that lies as a file. `hash` is of its bytes, `time` the file's, `windows` the parts of lists it shows."""

    id: int
    site: str
    path: str
    host: str
    hash: str
    size: int
    time: int
    made_at: float
    took_ms: float
    is_packed: bool
    dirty_at: float | None
    error: str
    windows: Windows

    @property
    def key(self) -> PageKey:
        return self.site, self.path


@dataclass(frozen=True)
class Hits:
    """Asks for a page: `served` by this edge itself, `viewed` as browsers tell."""

    site: str
    path: str
    served: int = 0
    viewed: int = 0


@dataclass(frozen=True)
class Change:
    """A page's bytes were replaced or taken away: what a CDN has of it is old."""

    id: int
    site: str
    path: str
    tags: list[str]
    at: float
    #: asks for it in the last week
    hits: int = 0


_FIELDS: Final = tuple(field.name for field in fields(Entry))
_ENTRY: Final = f"SELECT {', '.join(_FIELDS)} FROM page"  # noqa: S608


class Book:
    """One process writes; others may open the file to read."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._db = _opened(file)

    def close(self) -> None:
        self._db.close()

    def save(self) -> None:
        """Everything since the last save holds together from now on."""
        self._db.commit()

    @property
    def db(self) -> sqlite3.Connection:
        """For what else the one writer keeps here."""
        return self._db

    # --- pages -----------------------------------------------------------------------------------------------------

    def entry(self, key: PageKey) -> Entry | None:
        row = self._db.execute(f"{_ENTRY} WHERE site = ? AND path = ?", key).fetchone()
        return _entry(row) if row else None

    def keys_of(self, site: str) -> set[str]:
        return {path for (path,) in self._db.execute("SELECT path FROM page WHERE site = ?", [site])}

    def sites(self) -> set[str]:
        return {site for (site,) in self._db.execute("SELECT DISTINCT site FROM page")}

    def record(
        self,
        key: PageKey,
        host: str,
        *,
        hash: str,
        size: int,
        time: int,
        took_ms: float,
        is_packed: bool,
        uses: Mapping[Dep, int],
        windows: Windows,
    ) -> None:
        """The page lies there as `hash`, made now of `uses`; it is not dirty any more."""
        [page] = self._db.execute(
            "INSERT INTO page (site, path, host, hash, size, time, made_at, took_ms, is_packed, windows) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (site, path) DO UPDATE SET host = excluded.host, "
            "hash = excluded.hash, size = excluded.size, time = excluded.time, made_at = excluded.made_at, "
            "took_ms = excluded.took_ms, is_packed = excluded.is_packed, windows = excluded.windows, dirty_at = NULL, "
            "error = '', tried_at = NULL RETURNING id",
            [*key, host, hash, size, time, _now(), took_ms, is_packed, _packed(windows)],
        ).fetchone()
        self._db.execute("DELETE FROM uses WHERE page = ?", [page])
        self._db.executemany(
            "INSERT INTO uses (dep, page, ver) VALUES (?, ?, ?)",
            [(self._dep(dep), page, ver) for dep, ver in uses.items()],
        )
        self.no_longer_absent(key)

    def packed(self, page: int) -> None:
        self._db.execute("UPDATE page SET is_packed = 1 WHERE id = ?", [page])

    def forget(self, key: PageKey) -> None:
        self._db.execute("DELETE FROM page WHERE site = ? AND path = ?", key)

    def failed(self, key: PageKey, error: str) -> None:
        """It could not be made: the last good one, if there is one, stays, dirty, and it is tried later."""
        stands = self._db.execute(
            "UPDATE page SET error = ?, tried_at = ? WHERE site = ? AND path = ?", [error, _now(), *key]
        ).rowcount
        if not stands:
            self.absent(key, "failed", error)

    # --- pages without a file ----------------------------------------------------------------------------------------

    def absent(self, key: PageKey, state: Absence, error: str = "") -> None:
        """There is no file of this page, and why."""
        self._db.execute("INSERT OR REPLACE INTO absent VALUES (?, ?, ?, ?, ?)", [*key, state, error, _now()])

    def no_longer_absent(self, key: PageKey) -> None:
        self._db.execute("DELETE FROM absent WHERE site = ? AND path = ?", key)

    def absent_of(self, site: str, waiting: Iterable[str], excluded: Iterable[str]) -> None:
        """All pages of a site without a file, as its rules are now. One that failed is still said to have failed."""
        rows = [*((site, path, "waits") for path in waiting), *((site, path, "excluded") for path in excluded)]
        self._db.execute("DELETE FROM absent WHERE site = ? AND state <> 'failed'", [site])
        self._db.executemany(
            "INSERT INTO absent (site, path, state) VALUES (?, ?, ?) ON CONFLICT (site, path) DO UPDATE "
            "SET state = excluded.state, error = '' WHERE excluded.state = 'excluded'",
            rows,
        )

    def keep_sites(self, sites: Sequence[str]) -> None:
        """Of other sites nothing is remembered but the pages that still have to be taken away."""
        others = f"{SHOP} NOT IN ({', '.join('?' * len(sites))})"
        self._db.execute(f"DELETE FROM absent WHERE {others}", sites)  # noqa: S608
        self._db.execute(f"DELETE FROM hit WHERE {others}", sites)  # noqa: S608
        self._db.execute(f"DELETE FROM wrong WHERE {others}", sites)  # noqa: S608
        self._db.execute(f"DELETE FROM audit WHERE shop NOT IN ({', '.join('?' * len(sites))})", sites)  # noqa: S608

    def never_made(self, limit: int, retry_after_s: float) -> list[PageKey]:
        """Pages that have failed ever since, the longest untried first."""
        return self._db.execute(
            "SELECT site, path FROM absent WHERE state = 'failed' AND tried_at < ? ORDER BY tried_at LIMIT ?",
            [_now() - retry_after_s, limit],
        ).fetchall()

    # --- whether they are what their documents say -------------------------------------------------------------------

    def note_audit(self, entry: Entry, *, is_right: bool) -> None:
        """A page was made once more and compared with its file."""
        shop, now = entry.site.partition("~")[0], _now()
        self._db.execute(
            "INSERT INTO audit VALUES (?, 1, ?) "
            "ON CONFLICT (shop) DO UPDATE SET looked = looked + 1, looked_at = excluded.looked_at",
            [shop, now],
        )
        if not is_right:
            self._db.execute("DELETE FROM wrong WHERE found_at < ?", [now - WRONG_DAYS * _DAY_S])
            self._db.execute(
                "INSERT INTO wrong (site, path, found_at, made_at) VALUES (?, ?, ?, ?)",
                [*entry.key, now, entry.made_at],
            )

    # --- how often they are asked for --------------------------------------------------------------------------------

    def note_hits(self, hits: Iterable[Hits]) -> None:
        """Count asks for pages; what is older than a week is forgotten."""
        today = int(_now()) // _DAY_S
        self._db.execute("DELETE FROM hit WHERE day <= ?", [today - HIT_DAYS])
        self._db.executemany(
            "INSERT INTO hit VALUES (?, ?, ?, ?, ?) ON CONFLICT (site, path, day) DO UPDATE "
            "SET served = served + excluded.served, viewed = viewed + excluded.viewed",
            [(each.site, each.path, today, each.served, each.viewed) for each in hits],
        )

    def hits_of(self, key: PageKey) -> int:
        return int(self._db.execute(f"{HITS} WHERE site = ? AND path = ?", key).fetchone()[0])

    # --- what is dirty -----------------------------------------------------------------------------------------------

    def users_of(self, deps: Iterable[Dep]) -> dict[int, set[Dep]]:
        """Page id -> which of `deps` it was made of."""
        found: dict[int, set[Dep]] = {}
        for dep in deps:
            rows = self._db.execute(
                "SELECT uses.page FROM dep JOIN uses ON uses.dep = dep.id WHERE topic = ? AND key = ?", dep
            )
            for (page,) in rows:
                found.setdefault(page, set()).add(dep)
        return found

    def soil(self, pages: Iterable[int]) -> None:
        """These have to be made anew."""
        now = _now()
        self._db.executemany("UPDATE page SET dirty_at = coalesce(dirty_at, ?) WHERE id = ?", [(now, p) for p in pages])

    def soil_all(self) -> None:
        self._db.execute("UPDATE page SET dirty_at = coalesce(dirty_at, ?)", [_now()])

    def soil_again(self, keys: Iterable[PageKey]) -> None:
        """Somebody wants these anew; failed ones without a rest."""
        self._db.executemany(f"{_SOIL} WHERE site = ? AND path = ?", [(_now(), *key) for key in keys])

    def soil_site(self, site: str) -> None:
        """All pages of a shop, in each of its editions."""
        self._db.execute(f"{_SOIL} WHERE {SHOP} = ?", [_now(), site])

    def still(self, page: int, deps: Iterable[Dep], ver: int) -> None:
        """The page shows of these lists what they show now, at version `ver`."""
        rows = [(ver, page, *dep) for dep in deps]
        self._db.executemany(
            "UPDATE uses SET ver = ? WHERE page = ? AND dep = (SELECT id FROM dep WHERE topic = ? AND key = ?)", rows
        )

    def by_id(self, page: int) -> Entry:
        return _entry(self._db.execute(f"{_ENTRY} WHERE id = ?", [page]).fetchone())

    def dirty(self, limit: int, retry_after_s: float) -> list[Entry]:
        """Pages to make anew: those of goods first, for prices; a failed one after a while."""
        rows = self._db.execute(
            f"{_ENTRY} WHERE dirty_at IS NOT NULL AND (tried_at IS NULL OR tried_at < ?) "
            "ORDER BY path NOT LIKE '/p/%', dirty_at LIMIT ?",
            [_now() - retry_after_s, limit],
        )
        return [_entry(row) for row in rows]

    def older_than(self, site: str, seconds: float, limit: int) -> list[Entry]:
        rows = self._db.execute(
            f"{_ENTRY} WHERE site = ? AND made_at < ? AND dirty_at IS NULL ORDER BY made_at LIMIT ?",
            [site, _now() - seconds, limit],
        )
        return [_entry(row) for row in rows]

    def unpacked(self, older_than_s: float, limit: int) -> list[Entry]:
        """Pages that were packed quickly and have not changed for a while."""
        rows = self._db.execute(
            f"{_ENTRY} WHERE NOT is_packed AND made_at < ? AND dirty_at IS NULL ORDER BY made_at LIMIT ?",
            [_now() - older_than_s, limit],
        )
        return [_entry(row) for row in rows]

    def failures(self, limit: int) -> list[Entry]:
        """Pages that could not be made anew, the last tried first."""
        return [
            _entry(row)
            for row in self._db.execute(f"{_ENTRY} WHERE error <> '' ORDER BY tried_at DESC LIMIT ?", [limit])
        ]

    def any_page(self) -> Entry | None:
        row = self._db.execute(
            f"{_ENTRY} WHERE id >= (SELECT abs(random()) % max(id) + 1 FROM page) ORDER BY id LIMIT 1"  # noqa: S608
        ).fetchone()
        return _entry(row) if row else None

    def stale(self, edge_database: Path) -> dict[int, set[Dep]]:
        """Page id -> what of it has another version than the edge's database holds."""
        self._db.commit()
        self._db.execute("ATTACH ? AS edge", [f"file:{edge_database}?mode=ro"])
        try:
            rows = self._db.execute(_STALE).fetchall()
        finally:
            self._db.commit()
            self._db.execute("DETACH edge")
        found: dict[int, set[Dep]] = {}
        for page, topic, key in rows:
            found.setdefault(page, set()).add((topic, key))
        return found

    # --- what a CDN has to hear --------------------------------------------------------------------------------------

    def note_change(self, key: PageKey, tags: Sequence[str]) -> None:
        self._db.execute(
            "INSERT INTO change (site, path, tags, at) VALUES (?, ?, ?, ?)", [*key, " ".join(tags), _now()]
        )

    def changes(self, after: int, limit: int) -> list[Change]:
        rows = self._db.execute(
            "SELECT id, site, path, tags, at FROM change WHERE id > ? ORDER BY id LIMIT ?", [after, limit]
        ).fetchall()
        return [
            Change(id, site, path, tags.split(), at, self.hits_of((site, path))) for id, site, path, tags, at in rows
        ]

    def told(self, up_to: int) -> None:
        """The edge has these changes in a queue of its own."""
        self._db.execute("DELETE FROM change WHERE id <= ?", [up_to])

    # --- facts -------------------------------------------------------------------------------------------------------

    def fact(self, name: str) -> str:
        row = self._db.execute("SELECT value FROM fact WHERE name = ?", [name]).fetchone()
        return row[0] if row else ""

    def set_fact(self, name: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)", [name, value])

    def count_up(self, name: str) -> None:
        self.set_fact(name, str(int(self.fact(name) or 0) + 1))

    def count(self) -> dict[str, float]:
        """`pages`, their `bytes`, how many are `dirty` and `failed`, and `oldest_dirty_s`."""
        kept, size, dirty, failed, oldest = self._db.execute(
            "SELECT count(*), coalesce(sum(size), 0), count(dirty_at), total(error <> ''), min(dirty_at) FROM page"
        ).fetchone()
        age = max(0.0, _now() - oldest) if oldest else 0.0
        return {"pages": kept, "bytes": size, "dirty": dirty, "failed": int(failed), "oldest_dirty_s": round(age, 1)}

    def count_of_sites(self) -> dict[str, dict[str, float]]:
        """Shop -> `pages`, `bytes`, `waits`, `failed`, `excluded`, and `made_at` of its latest page, s since 1970."""
        return {
            shop: {"pages": pages, "bytes": size, "waits": waits, "failed": failed, "excluded": excluded, "made_at": at}
            for shop, pages, size, waits, failed, excluded, at in self._db.execute(_OF_SITES)
        }

    def _dep(self, dep: Dep) -> int:
        row = self._db.execute("SELECT id FROM dep WHERE topic = ? AND key = ?", dep).fetchone()
        if row is None:
            row = self._db.execute("INSERT INTO dep (topic, key) VALUES (?, ?) RETURNING id", dep).fetchone()
        return int(row[0])


#: asks in the last week: those that were served here, or those that browsers told of, whichever are more
HITS: Final = "SELECT coalesce(max(sum(served), sum(viewed)), 0) FROM hit"

_SOIL: Final = "UPDATE page SET dirty_at = coalesce(dirty_at, ?), tried_at = NULL"

_OF_SITES: Final = f"""
    SELECT {SHOP} AS shop, sum(is_file), sum(size), sum(state = 'waits'), sum(state = 'failed'),
        sum(state = 'excluded'), max(made_at) FROM (
        SELECT site, 1 AS is_file, size, made_at,
            CASE WHEN error <> '' THEN 'failed' WHEN dirty_at IS NOT NULL THEN 'waits' ELSE 'fresh' END AS state
        FROM page
        UNION ALL SELECT site, 0, 0, 0, state FROM absent
    ) GROUP BY shop
"""  # noqa: S608

_STALE: Final = f"""
    SELECT uses.page, dep.topic, dep.key FROM dep JOIN uses ON uses.dep = dep.id
    LEFT JOIN edge.sync_edge_document AS held ON held.topic = dep.topic AND held.key = dep.key
    WHERE dep.topic <> '{LIST}'
      AND uses.ver <> CASE WHEN held.body IS NULL THEN 0 ELSE held.ver END
    UNION ALL
    SELECT uses.page, dep.topic, dep.key FROM dep JOIN uses ON uses.dep = dep.id
    JOIN edge.edge_replica_listversion AS list ON list.name = dep.key
    WHERE dep.topic = '{LIST}' AND list.ver > uses.ver
"""  # noqa: S608


def _opened(file: Path) -> sqlite3.Connection:
    db = _connected(file)
    if db.execute("PRAGMA user_version").fetchone()[0] not in (0, _VERSION):
        db.close()
        for suffix in ("", "-wal", "-shm"):
            file.with_name(file.name + suffix).unlink(missing_ok=True)
        db = _connected(file)
    db.executescript(_SCHEMA)
    db.execute(f"PRAGMA user_version = {_VERSION}")
    return db


def _connected(file: Path) -> sqlite3.Connection:
    db = sqlite3.connect(f"file:{file}", uri=True, timeout=10)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute("PRAGMA foreign_keys = ON")
    return db


def _entry(row: tuple[Any, ...]) -> Entry:
    kind = list[tuple[tuple[str, tuple[Any, ...]], list[str]]]
    windows = msgspec.msgpack.decode(row[-1], type=kind)
    return Entry(**dict(zip(_FIELDS, [*row[:-1], {_frozen(window): seen for window, seen in windows}], strict=True)))


def _frozen(window: tuple[str, tuple[Any, ...]]) -> Window:
    name, arguments = window
    return name, tuple(tuple(each) if isinstance(each, list) else each for each in arguments)


def _packed(windows: Windows) -> bytes:
    return msgspec.msgpack.encode(list(windows.items()))


def _now() -> float:
    return time.time()
