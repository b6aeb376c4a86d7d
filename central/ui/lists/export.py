"""Lists as files: every row the filter has, in the columns and the order that are shown.

Rows are read by pages, each a query of its own: memory stays the same however long the list is, and no transaction
or connection waits for a slow download.
"""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import date, datetime
from decimal import Decimal
from itertools import chain, islice
from typing import IO, Any

import xlsxwriter
from asgiref.sync import sync_to_async
from django.contrib import messages
from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils import timezone, translation

from central.ui.explain import explain
from central.ui.lists.kept import address_of
from central.ui.lists.paging import batches
from central.ui.lists.shown import Shown
from central.ui.lists.spec import Column, List, Table
from central.ui.screens import StaffRequest
from node.errors import RialtoError

BATCH = 1000
#: what a sheet holds; a longer list is told so in its last row
SHEET_ROWS = 1_048_576
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: a text that a spreadsheet would take for a formula, and run
_FORMULA = re.compile(r"^[=+\-@\t\r]")


def export(request: StaffRequest, spec: List) -> HttpResponseBase:
    """`?as=csv` or `xlsx`, with the list's own filters; `for=import`: the table that is imported again."""
    shown = Shown(spec, request)
    name = f"{spec.name}-{timezone.localdate()}"
    try:
        table = spec.table(shown) if spec.table and request.GET.get("for") == "import" else None
    except RialtoError as error:
        messages.error(request, explain(error))
        return redirect(address_of(spec, shown.query))
    rows = lines(shown) if table is None else _lines_of(shown, table)
    if request.GET.get("as") == "xlsx":
        return FileResponse(_workbook(rows), as_attachment=True, filename=f"{name}.xlsx", content_type=XLSX)
    # A database that is away is told now: an answer that has begun can only break off.
    begun = list(islice(rows, 2))
    answer = StreamingHttpResponse(_csv(chain(begun, rows)), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def columns_of(shown: Shown) -> list[Column]:
    """The columns that are shown and can stand in a file."""
    return [column for column in shown.columns if column.export is not None]


def lines(shown: Shown) -> Iterator[list[list[Any]]]:
    """The rows' values, by batches; the first line are the titles."""
    columns = columns_of(shown)
    yield [[str(column.title) for column in columns]]
    for rows in batches(shown.rows, shown.sort, BATCH):
        shown.prepared(rows)
        yield [[column.export(row) if column.export else None for column in columns] for row in rows]


def _lines_of(shown: Shown, table: Table) -> Iterator[list[list[Any]]]:
    yield [[name for name, _value in table.columns]]
    for rows in batches(shown.rows, shown.sort, BATCH):
        table.prepare(rows)
        yield [[value(row) for _name, value in table.columns] for row in rows]


async def _csv(rows: Iterator[list[list[Any]]]) -> AsyncIterator[bytes]:
    language = translation.get_language() or "en"
    # Without the mark, spreadsheets take UTF-8 for the alphabet of the system.
    yield "\ufeff".encode()
    while (part := await sync_to_async(_csv_part)(rows, language)) is not None:
        yield part


def _csv_part(rows: Iterator[list[list[Any]]], language: str) -> bytes | None:
    with translation.override(language):
        batch = next(rows, None)
    if batch is None:
        return None
    text = io.StringIO()
    csv.writer(text).writerows([_csv_value(value) for value in line] for line in batch)
    return text.getvalue().encode()


def _csv_value(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return timezone.localtime(value).isoformat(sep=" ", timespec="seconds")
    if isinstance(value, str) and _FORMULA.match(value):
        return f"'{value}"
    return str(value)


def _workbook(lines: Iterator[list[list[Any]]]) -> IO[bytes]:
    """A sheet in a file of its own; it is gone from the disk when it has been sent."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the answer closes it
    # Nothing is a formula or a link, whatever it looks like.
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "default_date_format": "yyyy-mm-dd hh:mm:ss",
        "remove_timezone": True,
    }
    with xlsxwriter.Workbook(file, options) as book:
        sheet = book.add_worksheet()
        sheet.freeze_panes(1, 0)
        at = 0
        for batch in lines:
            for line in batch:
                if at == SHEET_ROWS - 1:
                    sheet.write_string(at, 0, "…")
                    break
                for place, value in enumerate(line):
                    _write(sheet, at, place, value)
                at += 1
    file.seek(0)
    return file


def _write(sheet: Any, at: int, place: int, value: Any) -> None:
    if value is None or value == "":
        return
    if isinstance(value, datetime):
        sheet.write_datetime(at, place, timezone.localtime(value))
    elif isinstance(value, date):
        sheet.write_string(at, place, value.isoformat())
    elif isinstance(value, bool):
        sheet.write_boolean(at, place, value)
    elif isinstance(value, int | float | Decimal):
        sheet.write_number(at, place, value)
    else:
        sheet.write_string(at, place, str(value)[:32_767])
