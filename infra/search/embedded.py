"""The engine that needs no server: SQLite's FTS5, a file an index.

The full-text table holds stems, so every form of a word is found; a table of all words as they stand in the texts
gives what a beginning may become and what a slip may have meant. A rebuild writes the next generation of the file,
`tea-en.7.building`, and renames it `tea-en.7.sqlite` when it is whole; readers of the older one go on until they ask
again. A build that was cut short is gone on with.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from infra.search import WINDOW, Entry, Found, Hit, Query, Settings, State
from infra.search.errors import NoIndex, Unavailable
from infra.search.ranking import Candidate, in_order
from infra.search.words import (
    Stems,
    Term,
    Word,
    asked_words,
    letters_of,
    nearest,
    other_layout,
    slips_allowed,
    stem,
    stems,
    terms_of,
    tokens,
    words_of,
)

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS entry (row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
    title TEXT NOT NULL, words TEXT NOT NULL, text TEXT NOT NULL, is_on_sale INTEGER NOT NULL,
    position INTEGER NOT NULL, mark TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS facet (name TEXT NOT NULL, value TEXT NOT NULL, row INTEGER NOT NULL,
    PRIMARY KEY (name, value, row)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS facet_by_row ON facet (row);
CREATE VIRTUAL TABLE IF NOT EXISTS found USING fts5 (title, words, text, tokenize = 'unicode61 remove_diacritics 0');
CREATE TABLE IF NOT EXISTS vocabulary (word TEXT PRIMARY KEY, stem TEXT NOT NULL, length INTEGER NOT NULL,
    letters INTEGER NOT NULL, uses INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS vocabulary_by_stem ON vocabulary (stem);
CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
_NAME: Final = re.compile(r"^[a-z0-9][a-z0-9-]{0,60}$")
#: stems that the beginning of a word may become; more would be noise and a slow query
_MOST_ENDINGS: Final = 60
_MOST_FACETS: Final = 50


class EmbeddedEngine:
    """Indexes in `folder`. Safe for many threads; each has its own connection to each index."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._live: dict[str, Path] = {}
        self._mine = threading.local()
        self._writing = threading.RLock()

    # --- the protocol

    def make(self, index: str, settings: Settings) -> str:
        """A build that was begun and not finished is gone on with: `marks` says what it has."""
        _check(index)
        with self._writing:
            building = self._latest(index, "building")
            number = self._number(self._latest(index, "sqlite")) + 1
            if building is None or self._number(building) != number:
                building = self._folder / f"{index}.{number}.building"
            with self._to(building) as driver:
                driver.executescript(_SCHEMA)
                _about(driver, "language", settings.language)
        return building.name

    def swap(self, index: str, fresh: str) -> None:
        with self._writing:
            building = self._folder / fresh
            live = building.with_suffix(".sqlite")
            with self._to(building) as driver:
                _about(driver, "built_at", str(time.time()))
                driver.execute("INSERT INTO found (found) VALUES ('optimize')")
            self._close(building)
            _settle(building)
            building.rename(live)
            self._live[index] = live
            for each in self._files(index):
                if not each.name.startswith(live.name):
                    each.unlink(missing_ok=True)

    def configure(self, index: str, settings: Settings) -> None:
        """Nothing to do: synonyms are looked up as a query comes."""

    def put(self, index: str, settings: Settings, entries: Iterable[Entry]) -> None:
        with self._writing, self._to(self._path(index)) as driver:
            _Change(driver, settings.language).put(entries)

    def delete(self, index: str, ids: Iterable[str]) -> None:
        with self._writing, self._to(self._path(index)) as driver:
            change = _Change(driver, "")
            for each in ids:
                change.remove(each)
            change.end()

    def query(self, index: str, settings: Settings, query: Query) -> Found:
        with self._to(self._path(index)) as driver:
            return _Question(driver, settings, query).answer()

    def suggest(self, index: str, settings: Settings, start: str, limit: int) -> list[str]:
        last = tokens(start)[-1:]
        if not last:
            return []
        with self._to(self._path(index)) as driver:
            rows = driver.execute(
                "SELECT word FROM vocabulary WHERE word >= ? AND word < ? ORDER BY uses DESC, length, word LIMIT ?",
                [last[0], _after(last[0]), limit],
            )
            return [word for (word,) in rows]

    def state(self, index: str) -> State | None:
        with contextlib.suppress(NoIndex), self._to(self._path(index)) as driver:
            [(count,)] = driver.execute("SELECT count(*) FROM entry")
            rows = driver.execute("SELECT value FROM about WHERE name = 'built_at'").fetchall()
            return State(count, float(rows[0][0]) if rows else 0.0)
        return None

    def drop(self, index: str) -> None:
        with self._writing:
            self._live.pop(index, None)
            for each in self._files(index):
                each.unlink(missing_ok=True)

    # --- what only this engine can say

    def marks(self, index: str, ids: Collection[str] | None = None) -> dict[str, str]:
        """id -> mark of all it holds, or of those of `ids`: what to put and delete is found by comparing.

        Raises `NoIndex`.
        """
        with self._to(self._path(index)) as driver:
            if ids is None:
                return dict(driver.execute("SELECT id, mark FROM entry"))
            rows = (driver.execute("SELECT id, mark FROM entry WHERE id = ?", [each]).fetchone() for each in ids)
            return dict(row for row in rows if row)

    def note(self, index: str, name: str) -> str:
        """What `keep_note` has kept in the index, "" when it is nothing. Raises `NoIndex`."""
        with self._to(self._path(index)) as driver:
            row = driver.execute("SELECT value FROM about WHERE name = ?", [name]).fetchone()
            return str(row[0]) if row else ""

    def keep_note(self, index: str, name: str, value: str) -> None:
        with self._writing, self._to(self._path(index)) as driver:
            _about(driver, name, value)

    def size(self, index: str) -> int:
        """Bytes on the disk."""
        return sum(each.stat().st_size for each in self._files(index) if each.exists())

    def close(self) -> None:
        """Close this thread's connections."""
        for _, driver in self._mine.__dict__.values():
            driver.close()
        self._mine.__dict__.clear()

    # --- files

    def _path(self, index: str) -> Path:
        if index.endswith(".building"):
            return self._folder / index
        found = self._live.get(index)
        if found is None:
            found = self._latest(index, "sqlite")
            if found is None:
                raise NoIndex(f"there is no search index '{index}'", index=index)
            self._live[index] = found
        return found

    def _latest(self, index: str, ending: str) -> Path | None:
        found = [each for each in self._files(index) if each.suffix == f".{ending}"]
        return max(found, key=self._number, default=None)

    @staticmethod
    def _number(path: Path | None) -> int:
        return int(path.name.split(".")[1]) if path else 0

    def _files(self, index: str) -> list[Path]:
        return [each for each in self._folder.glob(f"{index}.*") if each.name.split(".")[1].isdecimal()]

    @contextlib.contextmanager
    def _to(self, path: Path) -> Iterator[sqlite3.Connection]:
        """This thread's connection, in one transaction. Raises `Unavailable` when the file cannot be read."""
        mine = self._mine.__dict__
        name = path.name.split(".")[0]
        held = mine.get(name)
        if held is None or held[0] != path:
            if held is not None:
                held[1].close()
            held = mine[name] = path, _open(path)
        try:
            with held[1]:
                yield held[1]
        except sqlite3.DatabaseError as error:
            raise Unavailable(f"the search index cannot be read: {type(error).__name__}") from error

    def _close(self, path: Path) -> None:
        name = path.name.split(".")[0]
        held = self._mine.__dict__.pop(name, None)
        if held is not None:
            held[1].close()


def _check(index: str) -> None:
    if not _NAME.match(index):
        raise ValueError(f"an index is named by small letters, digits and dashes, not {index!r}")


def _open(path: Path) -> sqlite3.Connection:
    driver = sqlite3.connect(path, timeout=5)
    # The index can be made anew: the last moment before a power cut may be lost, and its marks with it
    driver.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -1000;")
    return driver


def _settle(path: Path) -> None:
    """All of the file in the file: its log would keep the old name."""
    driver = sqlite3.connect(path, timeout=5)
    driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    driver.execute("PRAGMA journal_mode = DELETE")
    driver.close()


def _about(driver: sqlite3.Connection, name: str, value: str) -> None:
    driver.execute("INSERT OR REPLACE INTO about (name, value) VALUES (?, ?)", [name, value])


def _after(start: str) -> str:
    """The first text behind all that begin with `start`."""
    return start[:-1] + chr(ord(start[-1]) + 1)


# --- writing ------------------------------------------------------------------------------------------------------


class _Change:
    """A batch of entries, in one transaction: the uses of its words are summed and written once."""

    def __init__(self, driver: sqlite3.Connection, language: str) -> None:
        self._driver, self._language = driver, language
        self._uses: Counter[str] = Counter()

    def put(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            self.remove(entry.id)
            self._add(entry)
        self.end()

    def remove(self, entry_id: str) -> None:
        held = self._driver.execute("SELECT row, title, words, text FROM entry WHERE id = ?", [entry_id]).fetchone()
        if held is None:
            return
        row, *texts = held
        self._uses.subtract(_distinct(texts))
        for statement in (
            "DELETE FROM found WHERE rowid = ?",
            "DELETE FROM facet WHERE row = ?",
            "DELETE FROM entry WHERE row = ?",
        ):
            self._driver.execute(statement, [row])

    def _add(self, entry: Entry) -> None:
        texts = [entry.title, entry.words, entry.text]
        self._uses.update(_distinct(texts))
        row = self._driver.execute(
            "INSERT INTO entry (id, kind, title, words, text, is_on_sale, position, mark) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [entry.id, entry.kind, *texts, entry.is_on_sale, entry.position, entry.mark],
        ).lastrowid
        self._driver.execute(
            "INSERT INTO found (rowid, title, words, text) VALUES (?, ?, ?, ?)",
            [row, *(stems(each, self._language) for each in texts)],
        )
        self._driver.executemany(
            "INSERT OR IGNORE INTO facet (name, value, row) VALUES (?, ?, ?)",
            [(name, value, row) for name, values in entry.facets.items() for value in values],
        )

    def end(self) -> None:
        more = [
            (word, stem(word, self._language), len(word), letters_of(word), uses)
            for word, uses in self._uses.items()
            if uses > 0
        ]
        less = [(-uses, word) for word, uses in self._uses.items() if uses < 0]
        self._driver.executemany(
            "INSERT INTO vocabulary (word, stem, length, letters, uses) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (word) DO UPDATE SET uses = uses + excluded.uses",
            more,
        )
        self._driver.executemany("UPDATE vocabulary SET uses = uses - ? WHERE word = ?", less)
        self._driver.executemany("DELETE FROM vocabulary WHERE word = ? AND uses <= 0", [(word,) for _, word in less])
        self._uses.clear()


def _distinct(texts: Sequence[str]) -> set[str]:
    return {word for text in texts for word in tokens(text)}


# --- asking -------------------------------------------------------------------------------------------------------


class _Question:
    """One query to one index."""

    def __init__(self, driver: sqlite3.Connection, settings: Settings, query: Query) -> None:
        self._driver, self._settings, self._query = driver, settings, query
        self._language = settings.language
        self._words, self._corrected = self._understood()
        self._terms = terms_of(self._words, settings.synonyms, self._language)

    def answer(self) -> Found:
        match = self._match()
        if match is None and self._query.words.strip() and not self._words:
            return Found()  # signs alone
        where, values = self._where(match)
        source = "found JOIN entry ON entry.row = found.rowid" if match is not None else "entry"
        kinds = dict(
            self._driver.execute(f"SELECT kind, count(*) FROM {source} WHERE {where} GROUP BY kind", values)  # noqa: S608
        )
        chosen = self._query.kinds
        total = sum(count for kind, count in kinds.items() if not chosen or kind in chosen)
        if not total:
            return Found(kinds=kinds)
        if chosen:
            where += f" AND kind IN ({_marks(chosen)})"
            values = [*values, *chosen]
        return Found(
            hits=tuple(self._hits(source, where, values, ranked=match is not None)),
            total=total,
            kinds=kinds,
            facets=self._facets(source, where, values),
            corrected=self._corrected,
        )

    # --- the words

    def _understood(self) -> tuple[list[Word], str]:
        """The words to look for, and their text when they are not those typed."""
        words = asked_words(self._query.words, self._language)
        unknown = [word for at, word in enumerate(words) if not self._is_known(word, at == len(words) - 1)]
        if not unknown:
            return words, ""
        if len(unknown) == len(words) and (meant := other_layout(self._query.words)):
            other = asked_words(meant, self._language)
            if other and all(self._is_known(word, at == len(other) - 1) for at, word in enumerate(other)):
                return other, meant.strip()
        mended = [
            self._mended(word, at == len(words) - 1) if word in unknown else word for at, word in enumerate(words)
        ]
        is_changed = mended != words
        return mended, " ".join(word.text for word in mended) if is_changed else ""

    def _is_known(self, word: Word, is_last: bool) -> bool:
        if self._driver.execute("SELECT 1 FROM vocabulary WHERE stem = ? LIMIT 1", [word.stem]).fetchone():
            return True
        if any(
            word.stem in (each.stem for each in words_of(one, self._language))
            for group in self._settings.synonyms
            for one in group
        ):
            return True
        return self._query.is_start and is_last and bool(self._endings(word.text, 1))

    def _mended(self, word: Word, is_last: bool) -> Word:
        allowed = slips_allowed(word.text)
        if not allowed:
            return word
        is_start = self._query.is_start and is_last
        longest = 100 if is_start else len(word.text) + allowed
        known = self._driver.execute(
            "SELECT word, uses FROM vocabulary WHERE length BETWEEN ? AND ?", [len(word.text) - allowed, longest]
        )
        found = nearest(word.text, known, is_start=is_start, most=1)
        return Word(found[0], stem(found[0], self._language)) if found else word

    def _endings(self, start: str, most: int = _MOST_ENDINGS) -> list[str]:
        """Stems of the words that begin with `start`, those used most first."""
        rows = self._driver.execute(
            "SELECT stem FROM vocabulary WHERE word >= ? AND word < ? GROUP BY stem ORDER BY sum(uses) DESC LIMIT ?",
            [start, _after(start), most],
        )
        return [found for (found,) in rows]

    # --- the statement

    def _match(self) -> str | None:
        """What FTS5 is asked, None when words are no condition."""
        last = len(self._terms) - 1
        parts = [self._one_of(term, self._query.is_start and at == last) for at, term in enumerate(self._terms)]
        phrase = words_of(self._query.phrase, self._language)
        parts += [_phrase(tuple(word.stem for word in phrase), is_start=True)] if phrase else []
        return " AND ".join(f"({part})" for part in parts) or None

    def _one_of(self, term: Term, is_start: bool) -> str:
        found = [_phrase(each) for each in term.stems]
        if is_start and len(term.words) == 1:
            start = term.words[0].text
            found += [_phrase((each,)) for each in self._endings(start)]
            found.append(_phrase((start,), is_start=True))
        return " OR ".join(dict.fromkeys(found))

    def _where(self, match: str | None) -> tuple[str, list[Any]]:
        """Every condition but the kinds, which are counted first."""
        parts: list[str] = []
        values: list[Any] = []
        if match is not None:
            parts.append("found MATCH ?")
            values.append(match)
        for phrase in self._query.without:
            words = words_of(phrase, self._language)
            if words:
                parts.append("entry.row NOT IN (SELECT rowid FROM found WHERE found MATCH ?)")
                values.append(_phrase(tuple(word.stem for word in words), is_start=len(words[-1].text) > 2))
        for name, wanted in self._query.facets.items():
            parts.append(f"entry.row IN (SELECT row FROM facet WHERE name = ? AND value IN ({_marks(wanted)}))")  # noqa: S608
            values += [name, *wanted]
        for name, unwanted in self._query.not_facets.items():
            parts.append(f"entry.row NOT IN (SELECT row FROM facet WHERE name = ? AND value IN ({_marks(unwanted)}))")  # noqa: S608
            values += [name, *unwanted]
        return " AND ".join(parts) or "1", values

    def _hits(self, source: str, where: str, values: Sequence[Any], *, ranked: bool) -> list[Hit]:
        order = (
            "is_on_sale DESC, bm25(found, 10.0, 5.0, 1.0), position"
            if ranked
            else "is_on_sale DESC, position, entry.title"
        )
        start, end = self._query.offset, self._query.offset + self._query.limit
        rows = self._driver.execute(
            "SELECT id, kind, entry.title, entry.words, is_on_sale, position "  # noqa: S608
            f"FROM {source} WHERE {where} ORDER BY {order} LIMIT ?",
            [*values, max(WINDOW, end)],
        )
        found = [Candidate.of_row(row, rank) for rank, row in enumerate(rows)]
        best = in_order(found[:WINDOW], self._terms, self._language, is_start=self._query.is_start) if ranked else found
        return [Hit(one.id, one.kind) for one in [*best, *found[len(best) :]][start:end]]

    def _facets(self, source: str, where: str, values: Sequence[Any]) -> Mapping[str, Mapping[str, int]]:
        rows = self._driver.execute(
            "SELECT name, value, count(*) AS times FROM facet "  # noqa: S608
            f"WHERE row IN (SELECT entry.row FROM {source} WHERE {where}) "
            "GROUP BY name, value ORDER BY name, times DESC, value",
            values,
        )
        found: dict[str, dict[str, int]] = {}
        for name, value, times in rows:
            held = found.setdefault(name, {})
            if len(held) < _MOST_FACETS:
                held[value] = times
        return found


def _phrase(words: Stems, *, is_start: bool = False) -> str:
    """Words beside each other as FTS5 writes them. A stem has letters and digits alone, so nothing is to be escaped."""
    return f'"{" ".join(words)}"' + (" *" if is_start else "")


def _marks(values: Sequence[Any]) -> str:
    return ", ".join("?" * len(values))
