"""Sheets and XML as a plain table: a CSV file beside the run, so that all that follows reads one kind of file.

A spreadsheet lies in memory as a whole while calamine reads it, and is written by whoever sent it. So a child process
with a limit on its memory and time does that, and ours stays as small as it was.
"""

from __future__ import annotations

import csv
import resource
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from lxml import etree

from central.catalog.errors import ImportRefused
from central.catalog.importing.archives import check_archive, is_archive, is_workbook
from central.catalog.importing.columns import MapFile
from central.catalog.importing.reading import Sheet, open_sheet
from central.catalog.importing.xml import elements, name_of

#: for a file of 250,000 rows and ten columns calamine takes about 400 MB
CHILD_MEMORY = 2_000_000_000
CHILD_SECONDS = 300
MAX_WORKBOOK = 800_000_000
MAX_COLUMNS = 200
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"


def open_table(path: Path, said: MapFile, scratch: Path) -> Sheet:
    """A table of any kind as a sheet; what is no CSV is unrolled into the folder `scratch`. Raises `ImportRefused`."""
    if not path.exists() or path.stat().st_size == 0 or not (is_spreadsheet(path) or is_xml(path)):
        return open_sheet(path, encoding=said.encoding, delimiter=said.delimiter)
    table = scratch / f"{path.name}.table.csv"
    if is_spreadsheet(path):
        unroll_spreadsheet(path, table, sheet=said.sheet)
    else:
        unroll_xml(path, table, record=said.record)
    if table.stat().st_size == 0:
        raise ImportRefused(f"{path.name} holds no rows")
    return replace(open_sheet(table, encoding="utf-8", delimiter=","), counts_rows=True)


def is_xml(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(200)
    text = head.decode("utf-16", "ignore") if head[:2] in (b"\xff\xfe", b"\xfe\xff") else head.decode("latin-1")
    return text.lstrip("\ufeffï»¿ \r\n\t").startswith("<")


def is_spreadsheet(path: Path) -> bool:
    """XLSX, XLSM, XLSB, ODS or the old XLS."""
    with path.open("rb") as file:
        head = file.read(4)
    return head == _OLD_EXCEL or (is_archive(path) and is_workbook(path))


def unroll_spreadsheet(path: Path, table: Path, *, sheet: str = "") -> Path:
    """Write a sheet (the first one with rows, or the one named) as CSV to `table`. Raises `ImportRefused`."""
    if is_archive(path):
        check_archive(path, limit=MAX_WORKBOOK)
    argv = [sys.executable, "-I", str(Path(__file__).with_name("workbook.py")), str(path), str(table), sheet]
    try:
        done = subprocess.run(  # noqa: S603 - our own argv
            argv, capture_output=True, text=True, timeout=CHILD_SECONDS, preexec_fn=_bounded, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ImportRefused(f"{path.name} takes longer than {CHILD_SECONDS} s to read; save it as CSV") from error
    if done.returncode == 0:
        return table
    if done.returncode == 3:
        raise ImportRefused(f"{path.name}: {done.stderr.strip().splitlines()[-1]}")
    raise ImportRefused(
        f"{path.name} is no sheet that can be read within {CHILD_MEMORY // 1_000_000} MB of memory; save it as CSV"
    )


def _bounded() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (CHILD_MEMORY, CHILD_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CHILD_SECONDS, CHILD_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


# --- XML ----------------------------------------------------------------------------------------------------------


def unroll_xml(path: Path, table: Path, *, record: str = "") -> Path:
    """Write the elements named `record` as CSV to `table`, one row each; "": the element that repeats most.

    A column is an attribute (`@id`), a child (`price`) or what lies in it (`price/@currency`, `sizes/size`); what
    repeats within a record is joined by "; ". Raises `ImportRefused`.
    """
    record = record or _repeated(path)
    names: dict[str, None] = {}
    for element in elements(path, [record]):
        names |= dict.fromkeys(_cells(element))
        if len(names) > MAX_COLUMNS:
            raise ImportRefused(f"{path.name}: <{record}> holds more than {MAX_COLUMNS} different fields")
    if not names:
        raise ImportRefused(f"{path.name} holds no <{record}>; say in the mapping which element is one item")
    with table.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(names)
        for element in elements(path, [record]):
            cells = _cells(element)
            writer.writerow([cells.get(name, "") for name in names])
    return table


def _cells(element: etree._Element) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for name, value in _leaves(element, ""):
        if value := value.strip():
            found.setdefault(name, []).append(value)
    return {name: "; ".join(dict.fromkeys(values)) for name, values in found.items()}


def _leaves(element: etree._Element, path: str) -> Iterator[tuple[str, str]]:
    for name, value in element.attrib.items():
        yield f"{path}@{etree.QName(str(name)).localname}", str(value)
    for child in element.iterchildren("*"):
        yield from _leaves(child, f"{path}{name_of(child)}/")
    if element.text and element.text.strip():
        yield path.rstrip("/") or "text", element.text


def _repeated(path: Path) -> str:
    """The element that stands most often right below the top or below one element of the top."""
    counts: dict[str, int] = {}
    depth = 0
    with path.open("rb") as file:
        feeder = etree.XMLPullParser(
            events=("start", "end"), resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False
        )
        try:
            feeder.feed(file.read(1 << 18))
        except etree.XMLSyntaxError:
            return "item"  # the reader of elements says what is wrong
        for event, element in feeder.read_events():
            depth += 1 if event == "start" else -1
            if event == "end" and depth in (1, 2) and isinstance(element, etree._Element):
                counts[name_of(element)] = counts.get(name_of(element), 0) + 1
    return max(counts, key=lambda name: counts[name], default="item")
