"""A file of any kind as batches that are laid over the sites: the one pipeline of every import by a source.

A feed is opened anew for each phase (find out, write) and after a crash; the same file gives the same batches.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from central.catalog.actions import Importing, Shop
from central.catalog.errors import ImportRefused
from central.catalog.importing.archives import is_archive, is_workbook, unpack
from central.catalog.importing.columns import SAVED, checked_map
from central.catalog.importing.commerceml import Good, Row, Sold, is_commerceml, read
from central.catalog.importing.laying import Line, Rules, Shelf, check_editions
from central.catalog.importing.models import FIELDS, ImportSource
from central.catalog.importing.offering import CommerceLayer, Tray
from central.catalog.importing.pictures import PictureBox
from central.catalog.importing.rows import ProductRows
from central.catalog.importing.run import Plan, look_at
from central.catalog.importing.staging import ScratchStaging, Staging
from central.catalog.importing.unroll import is_xml

BATCH = 500
#: files of one exchange are read in the order in which they need one another
_ORDER = ("classifier", "import", "goods", "offers", "prices", "rests")


class Feed(Protocol):
    """`total` rows; `header` names the cells of refused rows; `told` says to people how the file was read."""

    total: int
    header: list[str]
    told: list[str]

    def batches(self) -> Iterator[Sequence[Any]]:
        """The rows in batches, always the same ones."""
        ...

    def lay(self, batch: Sequence[Any]) -> Tray:
        """Lay a batch over every site, inside `atomic("catalog")`."""
        ...

    def forget(self) -> None:
        """The transaction was undone: what was remembered of it is not true."""
        ...


class TableFeed:
    """CSV, TSV, a workbook or XML of one's own."""

    def __init__(self, plan: Plan, shelves: Sequence[Shelf], box: PictureBox, told: list[str]) -> None:
        self.plan = plan
        self.shelves = shelves
        self.box = box
        self.total = plan.rows
        self.header = plan.header
        self.told = told

    def batches(self) -> Iterator[Sequence[ProductRows]]:
        # A row without a currency has that of the site it is laid over, so amounts are parsed by the first one's.
        products = self.plan.products(self.shelves[0].where.currency)
        while batch := list(islice(products, BATCH)):
            yield batch

    def lay(self, batch: Sequence[ProductRows]) -> Tray:
        pictures = {
            place: self.box.of(one.pictures, [one.sku, *(unit.sku for unit in one.units)])[0]
            for place, one in enumerate(batch)
        }
        tray = Tray()
        joined: dict[tuple[int, str], Line] = {}
        for shelf in self.shelves:
            lines, stock = shelf.lay(batch, pictures)
            tray.stock |= stock
            for line in lines:
                known = joined.get((line.line, line.key))
                joined[line.line, line.key] = known.joined(line) if known else line
        tray.lines = list(joined.values())
        return tray

    def forget(self) -> None:
        self.box.forget()


class CommerceFeed:
    """The files of one exchange with 1C."""

    def __init__(self, files: Sequence[Path], layer: CommerceLayer, box: PictureBox) -> None:
        self.files = files
        self.layer = layer
        self.box = box
        # Every file is read through before anything is written: one that is broken further on changes nothing.
        self.total = sum(isinstance(row, Good | Sold) for row in self._rows())
        self.header = ["Ид", "Артикул", "Наименование"]
        self.told = [f"CommerceML: {', '.join(file.name for file in files)}; {self.total} goods and offers"]

    def _rows(self) -> Iterator[Row]:
        for file in self.files:
            yield from read(file)

    def batches(self) -> Iterator[Sequence[Row]]:
        rows = self._rows()
        while batch := list(islice(rows, BATCH)):
            yield batch

    def lay(self, batch: Sequence[Row]) -> Tray:
        return self.layer.lay(batch)

    def forget(self) -> None:
        self.box.forget()


@contextlib.contextmanager
def open_feed(
    source: ImportSource, shops: Sequence[Shop], file: Path, folder: Path, *, by: str, is_dry: bool
) -> Iterator[Feed]:
    """Read a file through and make it ready. `folder`: for what is unpacked.

    Raises `ImportRefused` and `WrongUse` for what cannot be read; nothing is written then.
    """
    said = checked_map(SAVED, source.mapping or {"columns": {}})
    importing = Importing(source.pk, source.is_master)
    rules = Rules(frozenset(source.fields or FIELDS), source.makes_new, source.language, importing)
    shelves = [Shelf(where, rules, by=by, is_dry=is_dry) for where in shops]
    files, pictures = spread(file, folder)
    exchange = [one for one in files if is_xml(one) and is_commerceml(one)]
    with PictureBox(pictures, is_dry=is_dry) as box:
        if exchange:
            staging = ScratchStaging(source, folder / "said.sqlite3") if is_dry else Staging(source)
            layer = CommerceLayer(staging, shelves, said, lambda names: box.of(names, []))
            yield CommerceFeed(sorted(exchange, key=_place), layer, box)
            return
        if len(files) != 1:
            raise ImportRefused(f"{file.name} holds {len(files)} tables; pack one, or the files of one 1C exchange")
        told: list[str] = []
        plan = look_at(files[0], said, folder / "table", told.append)
        check_editions(plan.columns, shelves)
        yield TableFeed(plan, shelves, box, told)


def spread(file: Path, folder: Path) -> tuple[list[Path], Path | None]:
    """The files that hold goods, and the folder of the pictures that came with them."""
    if not is_archive(file) or is_workbook(file):
        pictures = folder / "pictures"
        return [file], pictures if pictures.is_dir() else None
    out = folder / "unpacked"
    shutil.rmtree(out, ignore_errors=True)
    suffixes = (".xml", ".csv", ".tsv", ".txt", ".xlsx", ".xls", ".ods")
    found = [one for one in unpack(file, out) if one.suffix.lower() in suffixes]
    if not found:
        raise ImportRefused(f"{file.name} holds no table and no XML")
    return found, out


def _place(file: Path) -> tuple[int, str]:
    name = file.name.lower()
    return next((place for place, word in enumerate(_ORDER) if name.startswith(word)), 3), str(file)
