"""An import from its first byte to its counts.

Every file is read through before anything is written, so a broken one changes nothing. Then up to `ONE_TRANSACTION`
rows are one transaction: all or nothing. More rows are written 500 products at a time; a run that is cut short leaves
whole products, and the next run goes on where it stopped, because a row that says nothing new changes nothing.
Stock is another realm: its figures follow when the goods are there, and a run cut short in between sets them again.
"""

from __future__ import annotations

import contextlib
import csv
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from uuid import UUID

from central.catalog.actions import Goods, Saved, Shop, shop, told_stock
from central.catalog.errors import ImportRefused
from central.catalog.importing.columns import Columns, MapFile, guess_columns, mapped_columns, read_map
from central.catalog.importing.laying import Rules, Shelf, check_editions
from central.catalog.importing.pictures import PictureBox, found_beside
from central.catalog.importing.reading import Record, Sheet, checked, records, sample
from central.catalog.importing.rows import ProductRows, Refusal, Rows, UnitRow
from central.catalog.importing.unroll import open_table
from central.catalog.models import Variant
from central.catalog.queries import variants_of
from central.stock.receipts import set_stocks
from node.realms import CATALOG, atomic

Key = tuple[str, str]

ONE_TRANSACTION = 50_000
BATCH = 500

Tell = Callable[[str], None]


@dataclass
class Counts:
    """In sellable units, by key (sku, options); `read` is the sum of the other four."""

    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0


@dataclass
class Plan:
    """One file, looked at: how to read it and what its columns are."""

    file: Path
    sheet: Sheet
    columns: Columns
    rows: int
    images: Path | None = None

    def products(self, currency: str) -> Iterator[ProductRows]:
        """Its products, read anew each time. `currency`: of rows that name none."""
        body: Iterator[Record] = records(self.sheet)
        if self.columns.has_header:
            next(body, None)
        return Rows(self.columns, currency).products(body)

    @property
    def header(self) -> list[str]:
        """The names of its columns, for a file of refused rows."""
        return list(self.columns.header or (f"column {number + 1}" for number in range(self.columns.width)))


@dataclass(frozen=True)
class Options:
    """What the caller asked for. `images`: a folder or an archive; None looks beside each file."""

    map: Path | None = None
    images: Path | None = None
    is_dry: bool = False
    by: str = "import"


def import_files(
    files: Sequence[Path],
    site: str,
    options: Options | None = None,
    *,
    tell: Tell = lambda line: None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Counts:
    """Lay the goods of the files over a site's catalogue. A later file overrules an earlier one of the same run.

    `tell` gets the lines for people, `progress(done, total)` rows. Raises `UnknownSite`, `WrongUse` (a file, a map or
    a column that is not there) and `ImportRefused` (a file that cannot be read); nothing is changed then.
    """
    asked = options or Options()
    where = shop(site)
    said = read_map(asked.map) if asked.map else MapFile()
    with tempfile.TemporaryDirectory(prefix="rialto-import-") as scratch:
        plans = [look_at(file, said, Path(scratch) / str(number), tell) for number, file in enumerate(files)]
        for plan in plans:
            plan.images = asked.images or found_beside(plan.file)
        return _Run(where, plans, asked, tell, progress).go()


def look_at(file: Path, said: MapFile, scratch: Path, tell: Tell) -> Plan:
    """Read a table through once and find out its columns. Raises `ImportRefused`, `WrongUse`."""
    scratch.mkdir(parents=True, exist_ok=True)
    sheet, rows = checked(open_table(file, said, scratch))
    first = sample(sheet)
    if not first:
        raise ImportRefused(f"{file.name} holds no rows")
    try:
        columns = mapped_columns(said, first) if said.columns else guess_columns(first)
    except ImportRefused as error:
        raise ImportRefused(f"{file.name}: {error}") from error
    rows -= columns.has_header
    header = "with a header" if columns.has_header else "no header"
    tell(f"{file.name}: {rows} rows, {sheet.told}, {header}; columns {'guessed' if columns.is_guess else 'as mapped'}:")
    for line in columns.told(first[1 if columns.has_header and len(first) > 1 else 0].cells):
        tell(line)
    return Plan(file, sheet, columns, rows)


@dataclass
class _Overruled:
    """Keys that several files of one run name: the last one decides, categories of all are kept."""

    last: dict[Key, int] = field(default_factory=dict)
    categories: dict[Key, list[UUID]] = field(default_factory=dict)


class _Run:
    def __init__(
        self, where: Shop, plans: Sequence[Plan], asked: Options, tell: Tell, progress: Callable[[int, int], None]
    ) -> None:
        self.where = where
        self.plans = plans
        self.asked = asked
        self.tell = tell
        self.progress = progress
        self.counts = Counts()
        self.total = sum(plan.rows for plan in plans)
        self.is_whole = self.total <= ONE_TRANSACTION or asked.is_dry
        self.done = 0
        self.overruled = _Overruled()
        #: what the ledger is to hold, and how each key came out so far
        self.stock: dict[Key, int] = {}
        self.shelf = Shelf(where, Rules(), by=asked.by)
        for plan in plans:
            check_editions(plan.columns, [self.shelf])
        self.without_picture: list[str] = []
        self.refused: dict[Path, list[Refusal]] = {}

    def go(self) -> Counts:
        if len(self.plans) > 1:
            self._find_overruled()
        try:
            with atomic(CATALOG) if self.is_whole else contextlib.nullcontext():
                for number, plan in enumerate(self.plans):
                    self._file(number, plan)
                if self.asked.is_dry:
                    raise _DryRun
            self._set_stock()
        except _DryRun:
            self.tell("dry run: nothing was changed")
        for plan in self.plans:
            self._write_refused(plan)
        return self.counts

    def _find_overruled(self) -> None:
        for number, plan in enumerate(self.plans):
            for product in plan.products(self.where.currency):
                for unit in product.units:
                    self.overruled.last[unit.key] = number

    # --- a file ---------------------------------------------------------------------------------------------------

    def _file(self, number: int, plan: Plan) -> None:
        with PictureBox(plan.images, is_dry=self.asked.is_dry) as box:
            products = plan.products(self.where.currency)
            while batch := list(islice(products, BATCH)):
                with atomic(CATALOG):
                    self._batch(number, plan, box, batch)
                if not self.is_whole:
                    self._set_stock()
            for warning in box.warnings:
                self.tell(f"warning: picture {warning}")
            self._tell_missing(box)

    def _batch(self, number: int, plan: Plan, box: PictureBox, batch: Sequence[ProductRows]) -> None:
        known = self.shelf.known([unit.key for product in batch for unit in product.units])
        goods = []
        for product in batch:
            rows = [unit for unit in product.units if not self._is_overruled(number, unit, known)]
            self._note_categories(product)
            if rows:
                goods.append(self._goods(product, rows, box, is_partial=len(rows) < len(product.units)))
        saved = self.shelf.save(goods)
        for product in batch:
            self._count(plan, product, saved, known)
        self.done += sum(len(product.units) + len(product.refused) for product in batch)
        self.progress(min(self.done, self.total), self.total)

    def _is_overruled(self, number: int, unit: UnitRow, known: dict[Key, Variant]) -> bool:
        return unit.key in known and self.overruled.last.get(unit.key, number) > number

    def _note_categories(self, product: ProductRows) -> None:
        """An item may lie in many categories: those of the rows that are overruled are kept."""
        if len(self.plans) == 1 or not product.category:
            return
        for unit in product.units:
            kept = self.overruled.categories.setdefault(unit.key, [])
            if (category := self.shelf.category(product.category)) not in kept:
                kept.append(category)

    def _goods(self, product: ProductRows, rows: Sequence[UnitRow], box: PictureBox, *, is_partial: bool) -> Goods:
        if is_partial:  # the rest of the product is a later file's word
            return Goods([self.shelf.unit(row) for row in rows])
        pictures, missing = box.of(product.pictures, [product.sku, *(row.sku for row in rows)])
        if not pictures or missing:
            self.without_picture.append(missing[0] if missing else rows[0].sku)
        return self.shelf.goods(product, rows, pictures, self._categories(product, rows))

    def _categories(self, product: ProductRows, rows: Sequence[UnitRow]) -> list[UUID]:
        if not product.category:
            return []
        found = [self.shelf.category(product.category)]
        for row in rows:
            found += self.overruled.categories.get(row.key, [])
        return found

    # --- counts ---------------------------------------------------------------------------------------------------

    def _count(self, plan: Plan, product: ProductRows, saved: Saved, known: dict[Key, Variant]) -> None:
        refused = list(product.refused)
        for unit in product.units:
            if why := saved.refused.get(unit.key):
                refused.append(Refusal(unit.line, why, unit.cells))
                continue
            outcome = saved.outcomes.get(unit.key, "unchanged")
            if unit.key in saved.outcomes and self._is_news(unit, saved, known) and outcome == "unchanged":
                outcome = "updated"
            setattr(self.counts, outcome, getattr(self.counts, outcome) + 1)
        self.counts.refused += len(refused)
        self.counts.read += len(product.units) + len(product.refused)
        self.refused.setdefault(plan.file, []).extend(sorted(refused, key=lambda one: one.line))

    def _is_news(self, unit: UnitRow, saved: Saved, known: dict[Key, Variant]) -> bool:
        """Whether the row names a stock figure that no file named last; then the ledger is to have it."""
        variant = known.get(unit.key)
        if unit.stock is None or (variant is not None and variant.told_stock == unit.stock):
            return False
        if "stock" in saved.held.get(unit.key, ()):
            return False
        self.stock[unit.key] = unit.stock
        return True

    def _set_stock(self) -> None:
        """Tell the ledger, then note that it was told: cut short in between, the next run tells it again."""
        figures, self.stock = self.stock, {}
        keys = list(figures)
        for start in range(0, len(keys), BATCH):
            some = keys[start : start + BATCH]
            variants = variants_of(some)
            units = {variants[key]: figures[key] for key in some if key in variants}
            short = set_stocks(units, who=self.asked.by, note="import")
            for variant, error in short.items():
                self.tell(f"warning: the stock of variant {variant} was left: {error}")
            told_stock({variant: count for variant, count in units.items() if variant not in short})

    # --- what people are told -------------------------------------------------------------------------------------

    def _tell_missing(self, box: PictureBox) -> None:
        missing, self.without_picture = self.without_picture, []
        if not missing:
            return
        if box.source is None:
            self.tell("warning: no pictures: there is no images folder or archive beside the file, and no --images")
            return
        names = ", ".join(missing[:8]) + (" …" if len(missing) > 8 else "")
        self.tell(f"warning: {len(missing)} products have no picture in {box.source.name}: {names}")

    def _write_refused(self, plan: Plan) -> None:
        """The refused rows as they were, each with its line and reason, in a file beside the file they came from."""
        refused = self.refused.get(plan.file)
        if not refused:
            return
        table = [["line", "reason", *plan.header], *([str(one.line), one.why, *one.cells] for one in refused)]
        path = _write_beside(plan.file, table)
        for one in refused[:5]:
            self.tell(f"refused: {plan.file.name}, line {one.line}: {one.why}")
        self.tell(f"{len(refused)} refused rows, with their reasons, are in {path}")


class _DryRun(Exception):
    """Leaves the transaction without keeping it."""


def _write_beside(file: Path, table: Sequence[Sequence[str]]) -> Path:
    """`<file>.refused`, not `.csv`: `import *.csv` must not take it for a catalogue. A folder one may not write to
    gives way to the folder one is in."""
    for folder in (file.parent, Path.cwd()):
        path = folder / f"{file.name}.refused"
        try:
            with path.open("w", encoding="utf-8", newline="") as out:
                csv.writer(out).writerows(table)
        except OSError:
            continue
        return path
    raise ImportRefused(f"the refused rows cannot be written beside {file} nor where you are")
