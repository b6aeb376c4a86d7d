"""A CSV or TSV file as records: its encoding and delimiter found out, its lines bounded, nothing held in memory."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from central.catalog.errors import ImportRefused
from node.errors import WrongUse

#: the longest line and the longest cell; a file that has longer ones is no catalogue, or a quote is never closed
MAX_LINE = 1 << 20
#: lines one record may span: past them a quote was surely forgotten
MAX_RECORD_LINES = 5_000
SAMPLE = 1 << 18
SAMPLE_RECORDS = 500

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


@dataclass(frozen=True)
class Sheet:
    """How a file is read. `encoding` is a Python codec, `delimiter` one sign."""

    path: Path
    encoding: str
    delimiter: str
    is_encoding_certain: bool = True
    #: its rows are counted as rows of the sheet or XML it was unrolled from, not as lines of text
    counts_rows: bool = False

    @property
    def told(self) -> str:
        return f"{DELIMITERS.get(self.delimiter, repr(self.delimiter))}, {self.encoding}"


@dataclass(frozen=True)
class Record:
    """One record: the line it starts on, and its cells with the padding taken off."""

    line: int
    cells: list[str]


def open_sheet(path: Path, *, encoding: str | None = None, delimiter: str | None = None) -> Sheet:
    """Look at the start of a file. What is given is believed. Raises `ImportRefused`."""
    try:
        with path.open("rb") as file:
            head = file.read(SAMPLE)
    except FileNotFoundError as error:
        raise WrongUse(f"there is no file {path}") from error
    except OSError as error:
        raise ImportRefused(f"{path} cannot be read: {error.strerror}") from error
    if not head.strip():
        raise ImportRefused(f"{path.name} is empty")
    codec = encoding or _encoding(path, head)
    sheet = Sheet(path, codec, delimiter or ",", is_encoding_certain=encoding is not None or codec != "utf-8")
    return sheet if delimiter else replace(sheet, delimiter=_delimiter(sheet))


def records(sheet: Sheet) -> Iterator[Record]:
    """The records of a file, blank ones left out. Raises `ImportRefused` at the first place that cannot be read."""
    try:
        yield from _records(sheet)
    except UnicodeDecodeError as error:
        raise ImportRefused(f"{sheet.path.name} is not {sheet.encoding} all through: {error.reason}") from error


def checked(sheet: Sheet) -> tuple[Sheet, int]:
    """Read the whole file once, so that one that is broken further on changes nothing. The sheet, and its records.

    A file that begins in plain ASCII may turn out to be Russian Windows text later: then that is what it is.
    """
    try:
        return sheet, sum(1 for _ in _records(sheet))
    except UnicodeDecodeError as error:
        if sheet.is_encoding_certain:
            raise ImportRefused(f"{sheet.path.name} is not {sheet.encoding} all through: {error.reason}") from error
        return checked(replace(sheet, encoding="cp1251", is_encoding_certain=True))


def sample(sheet: Sheet) -> list[Record]:
    """The first records, at most `SAMPLE_RECORDS`."""
    return [record for record, _ in zip(records(sheet), range(SAMPLE_RECORDS), strict=False)]


def _records(sheet: Sheet) -> Iterator[Record]:
    csv.field_size_limit(MAX_LINE)
    with sheet.path.open("rb") as raw, io.TextIOWrapper(raw, encoding=sheet.encoding, newline="") as text:
        lines = _Lines(text, sheet.path.name)
        reader = csv.reader(lines, delimiter=sheet.delimiter, strict=True)
        for row in itertools.count(1):
            lines.start_record()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise ImportRefused(f"{sheet.path.name}, line {lines.first}: {_in_words(error)}") from error
            cells = [_unguarded(cell.strip(" \t\r\n\xa0\ufeff")) for cell in cells]
            if any(cells):
                yield Record(row if sheet.counts_rows else lines.first, cells)


def _unguarded(cell: str) -> str:
    """Without the apostrophe that files of ours and of others put before what a spreadsheet would run as a formula."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in ("=", "+", "-", "@") else cell


class _Lines:
    """The lines of a text, each bounded before it is in memory."""

    def __init__(self, text: io.TextIOWrapper, name: str) -> None:
        self._text = text
        self._name = name
        self.number = 0
        self.first = 1

    def start_record(self) -> None:
        self.first = self.number + 1

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._text.readline(MAX_LINE + 1)
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) > MAX_LINE:
            raise ImportRefused(f"{self._name}, line {self.number}: longer than {MAX_LINE} signs; this is no catalogue")
        if self.number - self.first >= MAX_RECORD_LINES:
            raise ImportRefused(
                f"{self._name}, line {self.first}: a quote is opened here and not closed in {MAX_RECORD_LINES} lines"
            )
        return line


def _in_words(error: csv.Error) -> str:
    text = str(error)
    if "unexpected end of data" in text or "field larger" in text:
        return "a quote is opened here and never closed"
    if "expected after" in text:
        return "a quote inside a quoted cell is not doubled"
    if "NUL" in text:
        return "there is a zero byte; this is no text file"
    return text


def _encoding(path: Path, head: bytes) -> str:
    if head.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if b"\x00" in head:
        raise ImportRefused(f"{path.name} holds zero bytes: it is no text file")
    try:
        # The sample may end in the middle of a letter.
        head[: len(head) - 4 if len(head) == SAMPLE else None].decode("utf-8")
    except UnicodeDecodeError as error:
        if len(head) < SAMPLE or error.start < len(head) - 8:
            return _eight_bit(head)
    return "utf-8"


def _eight_bit(head: bytes) -> str:
    """Russian words are runs of high bytes, western accents stand alone."""
    runs = re.findall(rb"[\x80-\xff]+", head)
    return "cp1251" if sum(len(run) for run in runs) >= 2 * len(runs) else "cp1252"


def _delimiter(sheet: Sheet) -> str:
    """The delimiter that parts most of the first records into the same number of cells."""
    scores = {delimiter: _score(replace(sheet, delimiter=delimiter)) for delimiter in DELIMITERS}
    best = max(scores, key=lambda delimiter: scores[delimiter])
    return best if scores[best][0] else ","


def _score(sheet: Sheet) -> tuple[float, int]:
    """(share of records of the commonest width, that width); no score when nothing is parted."""
    widths: Counter[int] = Counter()
    try:
        for record, _ in zip(_records(sheet), range(50), strict=False):
            widths[len(record.cells)] += 1
    except (ImportRefused, UnicodeDecodeError):
        if not widths:
            return 0.0, 0
    if not widths:
        return 0.0, 0
    width, count = max(widths.items(), key=lambda item: (item[1], item[0]))
    share = round(count / widths.total(), 1)
    return (share, width) if width > 1 else (0.0, 0)
