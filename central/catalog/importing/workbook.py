"""A child process: one sheet of a workbook as CSV. Run as a file of its own; it imports nothing of the house.

    python workbook.py BOOK TABLE [SHEET]

Exit 3 with one sentence on stderr when the book cannot be read.
"""

from __future__ import annotations

import csv
import datetime
import sys


def main(book: str, table: str, wanted: str) -> int:
    from python_calamine import CalamineError, load_workbook

    try:
        sheets = load_workbook(book)
        names = [wanted] if wanted else sheets.sheet_names
        if wanted and wanted not in sheets.sheet_names:
            return _refuse(f"there is no sheet '{wanted}'; there are {', '.join(sheets.sheet_names)}")
        for name in names:
            sheet = sheets.get_sheet_by_name(name)
            if sheet.height:
                break
        else:
            return _refuse("it holds no rows")
        with open(table, "w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out)
            # From the first row of the sheet, empty ones too: a refusal names the line people see.
            for row in sheet.iter_rows():
                writer.writerow([_text(cell) for cell in row])
    except CalamineError as error:
        return _refuse(f"it is no sheet that can be read: {error}")
    except Exception as error:  # the reader is not ours: whatever it raises, the book is what is wrong
        return _refuse(f"it is no sheet that can be read: {type(error).__name__}")
    return 0


def _text(cell: object) -> str:
    """A number as people typed it: 12 rather than 12.0, and no more digits than a double holds."""
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else f"{cell:.12g}"
    if isinstance(cell, datetime.datetime | datetime.date | datetime.time):
        return cell.isoformat()
    return str(cell)


def _refuse(why: str) -> int:
    print(why, file=sys.stderr)
    return 3


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else ""))
