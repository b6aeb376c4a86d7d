"""The keys a file has named so far, on disk: a quarter of a million of them stay out of memory."""

from __future__ import annotations

import sqlite3


class Seen:
    """Key -> the line that named it first. Lies in a temporary file that goes away with the object."""

    def __init__(self) -> None:
        # One thread at a time reads a file, but a worker may close it in another.
        self._rows = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._rows.execute("CREATE TABLE seen (key TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID")
        self._rows.execute("BEGIN")

    def first(self, key: tuple[str, ...], line: int) -> int:
        """The line that named the key first: `line` itself when none did."""
        text = "\x1f".join(key)
        known = self._rows.execute("SELECT line FROM seen WHERE key = ?", [text]).fetchone()
        if known is not None:
            return int(known[0])
        self._rows.execute("INSERT INTO seen VALUES (?, ?)", [text, line])
        return line
