"""Sphinx 2.2 (or what speaks its SphinxQL) over real-time indexes, by PyMySQL.

Sphinx declares its indexes in its configuration file, which `configuration()` writes. Each index has two places, `_a`
and `_b`: one answers while the other is filled; the index `rialto_places` says which. Forms of words are Sphinx's own
(`stem_enru`). It mends no slips: where it finds nothing, an edge asks its embedded engine too.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

from infra.search import WINDOW, Entry, Found, Hit, Query, Settings, State
from infra.search.errors import NoIndex, Unavailable
from infra.search.ranking import Candidate, in_order
from infra.search.servers import beginning_with, or_other_layout
from infra.search.words import Term, asked_words, spelling, terms_of, tokens

ASK_S: Final = 2
BATCH: Final = 200
#: of an answer; Sphinx keeps no more in memory for one query
MOST: Final = 1000
_MOST_FACETS: Final = 50
_INDEX: Final = """
index {name}
{{
    type = rt
    path = {folder}/{name}
    rt_mem_limit = 64M
    dict = keywords
    morphology = stem_enru
    index_exact_words = 1
    min_infix_len = 2
    rt_field = title
    rt_field = words
    rt_field = text
    rt_attr_string = entry
    rt_attr_string = kind
    rt_attr_string = title_text
    rt_attr_string = words_text
    rt_attr_uint = on_sale
    rt_attr_bigint = position
    rt_attr_json = facets
    rt_attr_multi_64 = chosen
}}
"""
_DAEMON: Final = """
index rialto_places
{{
    type = rt
    path = {folder}/rialto_places
    rt_field = nothing
    rt_attr_string = index_name
    rt_attr_uint = place
}}

searchd
{{
    listen = {listen}:mysql41
    log = {folder}/searchd.log
    pid_file = {folder}/searchd.pid
    binlog_path = {folder}
    workers = threads
    rt_flush_period = 600
    collation_server = utf8_general_ci
}}
"""


def configuration(indexes: Iterable[str], *, folder: Path, listen: str = "127.0.0.1:9306") -> str:
    """`sphinx.conf` for these indexes. `folder` belongs to searchd alone."""
    places = [f"{_name(index)}_{place}" for index in indexes for place in "ab"]
    return "".join(_INDEX.format(name=name, folder=folder) for name in places) + _DAEMON.format(
        folder=folder, listen=listen
    )


class SphinxEngine:
    """searchd at `host`:`port`. A connection a thread, made anew when it is gone."""

    def __init__(self, host: str, port: int = 9306) -> None:
        self._address = host, port
        self._mine = threading.local()

    def make(self, index: str, settings: Settings) -> str:
        fresh = "b" if self._place(index) == 1 else "a"
        self._run(index, f"TRUNCATE RTINDEX {_name(index)}_{fresh}")
        return f"{index}.{fresh}"

    def swap(self, index: str, fresh: str) -> None:
        place = fresh.rpartition(".")[2]
        was = self._place(index)
        self._run(
            index,
            "REPLACE INTO rialto_places (id, index_name, place) VALUES (%s, %s, %s)",
            [_number(index), index, " ab".index(place)],
        )
        if was and " ab"[was] != place:
            self._run(index, f"TRUNCATE RTINDEX {_name(index)}_{' ab'[was]}")

    def configure(self, index: str, settings: Settings) -> None:
        """Nothing to do: synonyms are put into each query."""

    def put(self, index: str, settings: Settings, entries: Iterable[Entry]) -> None:
        into = self._into(index)
        rows = iter(entries)
        while batch := [_row(each) for each in islice(rows, BATCH)]:
            one = f"({', '.join(['%s'] * len(batch[0]))})"
            self._run(
                index,
                f"REPLACE INTO {into} (id, title, words, text, entry, kind, title_text, words_text, on_sale, position, "  # noqa: S608
                f"facets, chosen) VALUES {', '.join([one] * len(batch))}",
                [value for row in batch for value in row],
            )

    def delete(self, index: str, ids: Iterable[str]) -> None:
        numbers = [_number(each) for each in ids]
        if numbers:
            self._run(index, f"DELETE FROM {self._into(index)} WHERE id IN ({', '.join(map(str, numbers))})")  # noqa: S608

    def query(self, index: str, settings: Settings, query: Query) -> Found:
        return or_other_layout(lambda asked: self._ask(index, settings, asked), query)

    def suggest(self, index: str, settings: Settings, start: str, limit: int) -> list[str]:
        last = tokens(start)[-1:]
        if not last:
            return []
        rows = self._run(
            index,
            f"SELECT title_text, words_text FROM {self._into(index)} WHERE MATCH(%s) LIMIT 100",  # noqa: S608
            [_start(last[0])],
        )
        return beginning_with(last[0], [f"{title} {words}" for title, words in rows], limit)

    def state(self, index: str) -> State | None:
        try:
            rows = self._run(index, f"SELECT count(*) FROM {self._into(index)}")  # noqa: S608
        except NoIndex:
            return None
        return State(int(rows[0][0]) if rows else 0)

    def drop(self, index: str) -> None:
        """Its places stay declared and are empty."""
        with contextlib.suppress(NoIndex):
            for place in "ab":
                self._run(index, f"TRUNCATE RTINDEX {_name(index)}_{place}")
            self._run(index, f"DELETE FROM rialto_places WHERE id = {_number(index)}")  # noqa: S608

    # --- inside

    def _ask(self, index: str, settings: Settings, query: Query) -> Found:
        words = asked_words(query.words, settings.language)
        if query.words.strip() and not words:
            return Found()
        terms = terms_of(words, settings.synonyms, settings.language)
        source, match = self._into(index), _match(query, terms)
        where, values = _where(match, query)
        counted = self._run(index, f"SELECT kind, count(*) FROM {source}{where} GROUP BY kind LIMIT 100", values)  # noqa: S608
        kinds = {kind: int(count) for kind, count in counted}
        total = sum(count for kind, count in kinds.items() if not query.kinds or kind in query.kinds)
        if not total:
            return Found(kinds=kinds)
        if query.kinds:
            where, values = _and_kinds(where, values, query.kinds)
        order = "on_sale DESC, WEIGHT() DESC, position ASC" if match else "on_sale DESC, position ASC"
        rows = self._run(
            index,
            f"SELECT entry, kind, title_text, words_text, on_sale, position FROM {source}{where} "  # noqa: S608
            f"ORDER BY {order} LIMIT {MOST} OPTION field_weights=(title=10, words=5, text=1), max_matches={MOST}",
            values,
        )
        found = [Candidate.of_row(row, rank) for rank, row in enumerate(rows)]
        best = in_order(found[:WINDOW], terms, settings.language, is_start=query.is_start)
        hits = [
            Hit(one.id, one.kind) for one in [*best, *found[len(best) :]][query.offset : query.offset + query.limit]
        ]
        return Found(tuple(hits), total, kinds, self._facets(index, source, where, values))

    def _facets(self, index: str, source: str, where: str, values: Sequence[Any]) -> dict[str, dict[str, int]]:
        rows = self._run(
            index,
            f"SELECT facets FROM {source}{where} LIMIT {MOST} OPTION max_matches={MOST}",  # noqa: S608
            values,
        )
        found: dict[str, dict[str, int]] = {}
        for (text,) in rows:
            for name, held in json.loads(text or "{}").items():
                counts = found.setdefault(name, {})
                for value in held:
                    counts[value] = counts.get(value, 0) + 1
        return {
            name: dict(sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:_MOST_FACETS])
            for name, counts in sorted(found.items())
        }

    def _place(self, index: str) -> int:
        """1 for `_a`, 2 for `_b`, 0: it was never built."""
        rows = self._run(index, f"SELECT place FROM rialto_places WHERE id = {_number(index)}")  # noqa: S608
        return int(rows[0][0]) if rows else 0

    def _into(self, index: str) -> str:
        """The place of an index, or of one that is being built (`tea-en.b`)."""
        name, _, place = index.partition(".")
        if place:
            return f"{_name(name)}_{place}"
        found = self._place(index)
        if not found:
            raise NoIndex(f"there is no search index '{index}'", index=index)
        return f"{_name(index)}_{' ab'[found]}"

    def _run(self, index: str, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        import pymysql

        for is_last in (False, True):
            try:
                with self._connection().cursor() as cursor:
                    cursor.execute(statement, values or None)
                    return list(cursor.fetchall())
            except (pymysql.err.OperationalError, pymysql.err.InterfaceError) as error:
                self._forget()
                # A connection that searchd has closed since is made anew once
                if is_last or error.args[:1] in ((2003,), (1045,)):
                    raise Unavailable("Sphinx does not answer") from error
            except pymysql.err.MySQLError as error:
                if any(sign in str(error) for sign in ("no such local index", "unknown local index", "no such index")):
                    raise NoIndex(f"Sphinx has no index '{index}'", index=index) from error
                raise Unavailable(f"Sphinx refuses a statement: {error}") from error
        return []

    def _connection(self) -> Any:
        held = self._mine.__dict__.get("connection")
        if held is None:
            import pymysql

            host, port = self._address
            held = self._mine.__dict__["connection"] = pymysql.connect(
                host=host,
                port=port,
                user="",
                charset="utf8",
                autocommit=True,
                connect_timeout=ASK_S,
                read_timeout=30,
                write_timeout=30,
            )
        return held

    def _forget(self) -> None:
        held = self._mine.__dict__.pop("connection", None)
        if held is not None:
            with contextlib.suppress(Exception):
                held.close()


def _name(index: str) -> str:
    return f"rialto_{index.replace('-', '_')}"


def _number(text: str) -> int:
    """A document's number: 62 bits of a hash."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 2 | 1


def _row(entry: Entry) -> list[Any]:
    return [
        _number(entry.id),
        spelling(entry.title),
        spelling(entry.words),
        spelling(entry.text),
        entry.id,
        entry.kind,
        entry.title,
        entry.words,
        int(entry.is_on_sale),
        entry.position,
        json.dumps(entry.facets, ensure_ascii=False, default=list),
        # PyMySQL writes a tuple as (1, 2): what Sphinx takes for a set of numbers
        tuple(_number(f"{name}={value}") for name, values in entry.facets.items() for value in values),
    ]


def _match(query: Query, terms: Sequence[Term]) -> str:
    """What MATCH is asked, "" when words are no condition. Words have letters and digits alone: nothing to escape."""
    last = len(terms) - 1
    parts = [_one_of(term, query.is_start and at == last) for at, term in enumerate(terms)]
    parts += [f'"{" ".join(words)}"' for words in [tokens(query.phrase)] if words]
    refused = [f'"{" ".join(words)}"' for each in query.without if (words := tokens(each))]
    if not parts:
        return ""
    return " ".join([*parts, *(f"-{each}" for each in refused)])


def _one_of(term: Term, is_start: bool) -> str:
    own = tuple(word.text for word in term.words)
    found = [f'"{" ".join(own)}"' if len(own) > 1 else own[0]]
    found += [f'"{" ".join(each)}"' if len(each) > 1 else each[0] for each in term.stems[1:]]
    if is_start and len(own) == 1:
        found.append(_start(own[0]))
    return f"({' | '.join(found)})"


def _start(word: str) -> str:
    return f"{word}*" if len(word) > 1 else word


def _where(match: str, query: Query) -> tuple[str, list[Any]]:
    parts: list[str] = ["MATCH(%s)"] if match else []
    values: list[Any] = [match] if match else []
    asked = [("IN", query.facets), ("NOT IN", query.not_facets)]
    for operator, facets in asked:
        for name, chosen in facets.items():
            numbers = [str(_number(f"{name}={value}")) for value in chosen]
            parts.append(f"chosen {operator} ({', '.join(numbers)})")
    return (f" WHERE {' AND '.join(parts)}" if parts else ""), values


def _and_kinds(where: str, values: list[Any], kinds: Sequence[str]) -> tuple[str, list[Any]]:
    condition = f"kind IN ({', '.join(['%s'] * len(kinds))})"
    return (f"{where} AND {condition}" if where else f" WHERE {condition}"), [*values, *kinds]
