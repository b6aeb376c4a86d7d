"""What central asks of an edge's pages. The book is read beside its one writer; nothing of it is kept at central."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import msgspec

from edge.pages import files
from edge.pages.book import SHOP, WRONG_DAYS
from edge.pages.foreman import foreman
from edge.pages.worker import BOOK
from edge.questions import answers
from edge.replica import sites as shops
from edge.replica.reads import LIST
from infra.caching.node import node_cache
from node.config import config
from node.errors import RialtoError
from sites import editions, urls
from sync.contracts.codec import pack, unpack
from sync.contracts.pages import (
    MOST_ROWS,
    AuditTold,
    PageAsk,
    PageRow,
    PagesAsk,
    PagesTold,
    PageTold,
    PageUse,
    RemakeAsk,
    WrongPage,
)
from sync.store.edge import sql

#: documents of one page that are named; a shelf is made of some fifty
MOST_USES: Final = 300
#: pages that were wrong which are named
MOST_WRONG: Final = 5
_DAY_S: Final = 86_400
_NAMES: Final = ("title", "name", "label", "sku", "host")

_SORTS: Final = {"path": "path", "made": "made_at", "size": "size", "took": "took_ms", "asked": "asked"}

_ROWS: Final = f"""
    WITH asked AS MATERIALIZED (
        SELECT site, path, max(sum(served), sum(viewed)) AS asked FROM hit WHERE {SHOP} = :site GROUP BY site, path
    ), every AS (
        SELECT id, site, path, host, CASE WHEN error <> '' THEN 'failed' WHEN dirty_at IS NOT NULL THEN 'waits'
            ELSE 'fresh' END AS state, error, made_at, time, coalesce(dirty_at, 0) AS dirty_at, took_ms, size
        FROM page WHERE {SHOP} = :site
        UNION ALL
        SELECT 0, site, path, '', state, error, 0, 0, 0, 0, 0 FROM absent WHERE {SHOP} = :site
    ), shown AS (
        SELECT id, every.site, every.path, host, state, error, made_at, time, dirty_at, took_ms, size,
            coalesce(asked.asked, 0) AS asked, kind_of(every.site, every.path) AS kind
        FROM every LEFT JOIN asked ON asked.site = every.site AND asked.path = every.path
        WHERE (:words = '' OR instr(folded(every.path), folded(:words)))
            AND (:uses = '' OR id IN (
                SELECT uses.page FROM dep JOIN uses ON uses.dep = dep.id WHERE dep.key = :uses AND dep.topic <> '{LIST}'
            ))
    )
"""  # noqa: S608


class NoPages(RialtoError):
    """This edge keeps no pages of that site, or has made none yet."""

    code = "no_pages"
    status = 404


@answers("pages")
def pages(body: bytes) -> bytes:
    ask = unpack(body, PagesAsk)
    _own(ask.site)
    with _book() as book:
        return pack(_pages(book, ask))


@answers("page")
def page(body: bytes) -> bytes:
    ask = unpack(body, PageAsk)
    _own(ask.site)
    with _book() as book:
        one = f"{_ROWS} SELECT * FROM shown WHERE :edition IN ('', site) AND path = :path ORDER BY site"  # noqa: S608
        row = book.execute(one, _values(ask.site, edition=ask.edition, path=ask.path))
        found = row.fetchone()
        if found is None:
            return pack(PageTold(row=None))
        uses, more = _uses(book, found["id"])
    edition = shops.edition_by_key(found["site"])
    address = f"{edition.origin}{quote(ask.path)}" if edition else ""
    return pack(PageTold(row=_row(found), address=address, uses=uses, more=more))


@answers("pages_remake")
def remake(body: bytes) -> bytes:
    ask = unpack(body, RemakeAsk)
    _own(ask.site)
    keys = [key for key in ask.pages[:MOST_ROWS] if editions.shop_of(key[0]) == ask.site]
    if keys or not ask.pages:
        foreman.remake(ask.site, keys)
    return b""


@answers("cache_empty")
def empty_cache(body: bytes) -> bytes:
    """Somebody at central empties this node's program cache. Raises `CannotEmpty`."""
    node_cache().empty()
    return b""


def _own(site_id: str) -> None:
    if site_id not in shops.own_ids():
        raise NoPages(f"the site '{site_id}' is not of this node")


def _pages(book: sqlite3.Connection, ask: PagesAsk) -> PagesTold:
    values = _values(ask.site, words=ask.words, uses=ask.uses)
    name = ask.sort.removeprefix("-")
    order = f"{_SORTS[name]} {'DESC' if ask.sort != name else 'ASC'}, path, site"
    where = ["state IN (SELECT value FROM json_each(:states))"] if ask.states else []
    where += ["kind = :kind"] if ask.kind else []
    filtered = f"WHERE {' AND '.join(where)}" if where else ""
    values |= {"states": msgspec.json.encode(ask.states).decode(), "kind": ask.kind}
    some = f"{_ROWS} SELECT *, count(*) OVER () AS total FROM shown {filtered}"  # noqa: S608
    rows = book.execute(
        f"{some} ORDER BY {order} LIMIT :count OFFSET :start",
        {**values, "count": max(1, min(ask.count, MOST_ROWS)), "start": max(0, ask.start)},
    ).fetchall()
    every = f"{_ROWS} SELECT state, count(*) FROM every GROUP BY state"  # noqa: S608
    states = book.execute(every, values)
    return PagesTold(
        rows=[_row(row) for row in rows],
        total=rows[0]["total"] if rows else 0,
        states=dict(map(tuple, states)),
        audit=_audit(book, ask.site),
    )


def _audit(book: sqlite3.Connection, site: str) -> AuditTold | None:
    looked = book.execute("SELECT looked, looked_at FROM audit WHERE shop = ?", [site]).fetchone()
    if looked is None:
        return None
    since = time.time() - WRONG_DAYS * _DAY_S
    of_late = f"FROM wrong WHERE {SHOP} = ? AND found_at >= ?"
    wrong, oldest = book.execute(
        f"SELECT count(*), coalesce(max(found_at - made_at), 0) {of_late}",
        [site, since],
    ).fetchone()
    last = book.execute(
        f"SELECT site, path, found_at, made_at {of_late} ORDER BY id DESC LIMIT ?",
        [site, since, MOST_WRONG],
    )
    latest = [WrongPage(edition=row["site"], path=row["path"], **_times(row)) for row in last]
    return AuditTold(
        looked=looked["looked"], looked_at=looked["looked_at"], wrong=wrong, oldest_s=oldest, latest=latest
    )


def _times(row: sqlite3.Row) -> dict[str, float]:
    return {name: row[name] for name in ("found_at", "made_at")}


def _values(site: str, **more: Any) -> dict[str, Any]:
    return {"site": site, "words": "", "uses": "", **more}


def _row(row: sqlite3.Row) -> PageRow:
    file = files.place(config().pages_dir, row["host"], row["path"]) if row["host"] else None
    return PageRow(
        edition=row["site"],
        path=row["path"],
        kind=row["kind"],
        state=row["state"],
        reason=row["error"],
        made_at=row["made_at"],
        changed_at=float(row["time"]),
        waits_since=row["dirty_at"],
        took_ms=row["took_ms"],
        size=row["size"],
        gzip=_size(file, ".gz"),
        brotli=_size(file, ".br"),
        asked=row["asked"],
    )


def _size(file: Path | None, suffix: str) -> int:
    try:
        return file.with_name(file.name + suffix).stat().st_size if file else 0
    except OSError:
        return 0


def _uses(book: sqlite3.Connection, page: int) -> tuple[list[PageUse], int]:
    rows = book.execute(
        "SELECT topic, key, ver FROM uses JOIN dep ON dep.id = uses.dep WHERE page = ? ORDER BY topic, key", [page]
    ).fetchall()
    return [_use(*row) for row in rows[:MOST_USES]], max(0, len(rows) - MOST_USES)


def _use(topic: str, key: str, ver: int) -> PageUse:
    if topic == LIST:
        return PageUse(topic=LIST, key=key, title=_title_of_list(key))
    return PageUse(topic=topic.partition(":")[0], key=key, title=_title(topic, key), ver=ver)


def _title(topic: str, key: str) -> str:
    """What a person calls the document; "" when this edge does not hold it."""
    held = sql.fetch_one("SELECT body FROM sync_edge_document WHERE topic = ? AND key = ?", [topic, key])
    if held is None or held[0] is None:
        return ""
    fields = msgspec.msgpack.decode(held[0])
    return next((str(fields[name]) for name in _NAMES if fields.get(name)), "") if isinstance(fields, dict) else ""


def _title_of_list(name: str) -> str:
    """The name of the shelf or the shop whose list it is."""
    match name.split(":"):
        case ["shelf", site, category, *_]:
            return _title(f"category:{site}", category)
        case ["slug", _, slug]:
            return slug
        case ["categories" | "cards", site]:
            found = shops.site(site)
            return found.label if found else site
    return ""


@contextlib.contextmanager
def _book() -> Iterator[sqlite3.Connection]:
    try:
        book = sqlite3.connect(f"file:{config().pages_dir / BOOK}?mode=ro", uri=True, timeout=2)
    except sqlite3.OperationalError as error:
        raise NoPages("no page was made here yet") from error
    try:
        book.row_factory = sqlite3.Row
        book.create_function("kind_of", 2, _kind, deterministic=True)
        book.create_function("folded", 1, str.casefold, deterministic=True)
        yield book
    except sqlite3.OperationalError as error:
        raise NoPages("the book of pages is being written anew") from error
    finally:
        book.close()


def _kind(key: str, path: str) -> str:
    edition = shops.edition_by_key(key)
    inner = editions.inside(edition, path) if edition else None
    found = urls.parse(inner) if inner else None
    return found.kind if found else "other"
