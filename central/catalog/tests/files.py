"""Files that imports are tested with: made here, good ones and bad ones."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any

import xlsxwriter


def workbook(rows: Iterable[Sequence[Any]], *, first_row: int = 0) -> bytes:
    data = io.BytesIO()
    book = xlsxwriter.Workbook(data, {"in_memory": True})
    sheet = book.add_worksheet()
    for number, row in enumerate(rows):
        sheet.write_row(first_row + number, 0, row)
    book.close()
    return data.getvalue()


def archive(files: dict[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as pack:
        for name, body in files.items():
            pack.writestr(name, body)
    return data.getvalue()


def lying_archive(name: str, real: int, said: int) -> bytes:
    """A zip whose member holds `real` bytes and says that it holds `said`."""
    whole = bytearray(archive({name: b"\0" * real}))
    for place in range(len(whole) - 4):
        if whole[place : place + 4] == struct.pack("<I", real):
            whole[place : place + 4] = struct.pack("<I", said)
    return bytes(whole)


def laughs(levels: int = 12) -> str:
    """A DTD of which one entity is ten to the `levels` words."""
    first = '<!ENTITY a0 "ha">'
    more = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, levels))
    return f"<!DOCTYPE goods [{first}{more}]>"
