"""Sheets of addresses that come in: CSV or a workbook, columns "from" and "to" wherever they stand."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from central.catalog.errors import ImportRefused
from central.catalog.importing.reading import checked, open_sheet, records
from central.catalog.importing.unroll import is_spreadsheet, unroll_spreadsheet
from central.seo.errors import BadSheet
from central.seo.redirects import Wanted

MOST_ROWS: Final = 10_000
MOST_BYTES: Final = 20_000_000
#: how the columns are called, in small letters; the sheets we write are among them
FROM: Final = frozenset({"from", "old address", "source", "old", "откуда", "старый адрес", "старый url"})
TO: Final = frozenset({"to", "leads to", "target", "new", "куда", "ведёт на", "ведет на", "новый адрес", "новый url"})
STATUS: Final = frozenset({"status", "answers with", "отвечает кодом", "code", "код", "отвечает"})


def read_sheet(name: str, pieces: Iterable[bytes]) -> list[tuple[int, Wanted]]:
    """(line, what it asks for) of each row that names both addresses. Raises `BadSheet`."""
    with tempfile.TemporaryDirectory(prefix="rialto-sheet-") as folder:
        path = Path(folder, f"sheet{Path(name).suffix.lower()[:6]}")
        _keep(path, pieces)
        try:
            return list(_rows(path))
        except ImportRefused as error:
            raise BadSheet(str(error)) from error


def _keep(path: Path, pieces: Iterable[bytes]) -> None:
    size = 0
    with path.open("wb") as out:
        for piece in pieces:
            size += len(piece)
            if size > MOST_BYTES:
                raise BadSheet(f"the file is larger than {MOST_BYTES // 1_000_000} MB")
            out.write(piece)


def _rows(path: Path) -> Iterator[tuple[int, Wanted]]:
    rows = iter(_lines(path))
    head = [cell.casefold() for cell in next(rows, (0, []))[1]]
    at = {"from": _column(head, FROM), "to": _column(head, TO)}
    if at["from"] is None or at["to"] is None:
        raise BadSheet("the first line names the columns; there must be “from” and “to”")
    status = _column(head, STATUS)
    for count, (line, cells) in enumerate(rows, 1):
        if count > MOST_ROWS:
            raise BadSheet(f"a sheet has at most {MOST_ROWS} rows")
        source, target = _cell(cells, at["from"]), _cell(cells, at["to"])
        if source and target:
            yield line, Wanted(source, target, _number(_cell(cells, status)))


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    if is_spreadsheet(path):
        path = unroll_spreadsheet(path, path.with_name("table.csv"))
    sheet, _ = checked(open_sheet(path))
    for record in records(sheet):
        yield record.line, record.cells


def _column(head: list[str], names: frozenset[str]) -> int | None:
    return next((at for at, name in enumerate(head) if name in names), None)


def _cell(cells: list[str], at: int | None) -> str:
    return cells[at] if at is not None and at < len(cells) else ""


def _number(text: str) -> int:
    """What a sheet says a redirect answers; nothing said is 301. What is no number is refused with its row."""
    digits = text.partition(".")[0]
    return (int(digits) if digits.isascii() and digits.isdigit() else 0) if text else 301
