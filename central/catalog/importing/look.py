"""A first look at a file: what its columns are, or its price types and warehouses, for a person to confirm."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from central.catalog.errors import ImportRefused
from central.catalog.importing.columns import FIELDS, SAVED, MapFile, checked_map, is_of_edition
from central.catalog.importing.commerceml import Sold, Term, is_commerceml, read
from central.catalog.importing.feeds import spread
from central.catalog.importing.models import ImportRun, SourceTerm
from central.catalog.importing.offering import kind_of
from central.catalog.importing.reading import sample
from central.catalog.importing.run import look_at
from central.catalog.importing.runs import file_of, folder_of
from central.catalog.importing.unroll import is_xml, open_table
from node.errors import WrongUse

#: values of a column that are shown
SAMPLES = 3
#: rows of an exchange that are looked through for its price types: they stand before the offers
_MOST_ROWS = 200_000

Kind = SourceTerm.Kind


def look(run: ImportRun) -> dict[str, Any]:
    """What the mapping screen shows; kept beside the file. Raises `ImportRefused` for what cannot be read.

    {"kind": "table", "columns": [{"name", "samples", "field"}], "rows", "told"} or
    {"kind": "commerceml", "files", "prices": [{"code", "title", "currency", "kind"}],
     "warehouses": [{"code", "title", "counts"}]}
    """
    kept = folder_of(run) / "look.json"
    if kept.exists():
        return dict(json.loads(kept.read_text("utf-8")))
    found = _looked(run)
    kept.write_text(json.dumps(found, ensure_ascii=False), "utf-8")
    return found


def forget_look(run: ImportRun) -> None:
    (folder_of(run) / "look.json").unlink(missing_ok=True)


def _looked(run: ImportRun) -> dict[str, Any]:
    said = checked_map(SAVED, run.source.mapping or {"columns": {}})
    files, _ = spread(file_of(run), folder_of(run))
    exchange = [one for one in files if is_xml(one) and is_commerceml(one)]
    if exchange:
        return _exchange(run, exchange, said)
    if len(files) != 1:
        raise ImportRefused(f"{run.file_name} holds {len(files)} tables; pack one, or the files of one 1C exchange")
    return _table(files[0], folder_of(run) / "table", said)


def _table(file: Path, scratch: Path, said: MapFile) -> dict[str, Any]:
    """The columns as they are mapped, else as they are guessed, else unmapped for a person to say."""
    told: list[str] = []
    try:
        plan = look_at(file, said, scratch, told.append)
    except (ImportRefused, WrongUse) as error:
        if not isinstance(error, WrongUse) and "no column holds the sku" not in str(error):
            raise
        return _unmapped(file, scratch, said, str(error))
    meaning = {column: name for name, column in plan.columns.fields.items()}
    meaning |= {column: "option" for _, column in plan.columns.options}
    meaning |= {column: "attribute" for _, column in plan.columns.attributes}
    rows = [record.cells for record in sample(plan.sheet)[plan.columns.has_header :][:50]]
    columns = [
        {"name": name, "samples": _samples(rows, number), "field": meaning.get(number, "")}
        for number, name in enumerate(plan.header)
    ]
    return {
        "kind": "table",
        "columns": columns,
        "rows": plan.rows,
        "told": told[:1],
        "has_header": plan.columns.has_header,
    }


def _unmapped(file: Path, scratch: Path, said: MapFile, why: str) -> dict[str, Any]:
    scratch.mkdir(parents=True, exist_ok=True)
    rows = [record.cells for record in sample(open_table(file, said, scratch))[:50]]
    header = rows[0] if rows else []
    columns = [{"name": name, "samples": _samples(rows[1:], number), "field": ""} for number, name in enumerate(header)]
    return {"kind": "table", "columns": columns, "rows": 0, "told": [why], "has_header": True}


def _samples(rows: list[list[str]], column: int) -> list[str]:
    values = (row[column][:60] for row in rows if column < len(row) and row[column])
    return list(dict.fromkeys(islice(values, 20)))[:SAMPLES]


def _exchange(run: ImportRun, files: list[Path], said: MapFile) -> dict[str, Any]:
    known = SourceTerm.objects.filter(source=run.source, kind__in=(Kind.PRICE, Kind.WAREHOUSE))
    terms = {(one.kind, one.code): Term(one.kind, one.code, one.title, one.parent) for one in known}
    for file in files:
        for row in islice(read(file), _MOST_ROWS):
            if isinstance(row, Sold):
                break
            if isinstance(row, Term) and row.kind in (Kind.PRICE, Kind.WAREHOUSE):
                terms[row.kind, row.code] = row
    types = [one for one in terms.values() if one.kind == Kind.PRICE]
    return {
        "kind": "commerceml",
        "files": sorted(one.name for one in files),
        "prices": [
            {"code": one.code, "title": one.title, "currency": one.parent, "kind": _price_kind(one, said, len(types))}
            for one in types
        ],
        "warehouses": [
            {"code": one.code, "title": one.title, "counts": not said.warehouses or one.code in said.warehouses}
            for one in terms.values()
            if one.kind == Kind.WAREHOUSE
        ],
    }


def _price_kind(term: Term, said: MapFile, count: int) -> str:
    chosen = said.prices.get(term.code) or said.prices.get(term.title)
    return chosen or ("retail" if count == 1 else kind_of(term.title))


def mapping_said(found: Mapping[str, Any], answers: Mapping[str, str], before: Mapping[str, Any]) -> dict[str, Any]:
    """What a person said on the mapping screen, as a source keeps it. Raises `WrongUse`.

    `answers`: "column-<n>" -> field, "price-<n>" -> kind, "warehouse-<n>" -> "on".
    """
    kept = {name: before[name] for name in ("delimiter", "encoding", "record", "sheet") if name in before}
    if found["kind"] == "commerceml":
        prices = {one["code"]: answers.get(f"price-{number}", "none") for number, one in enumerate(found["prices"])}
        counted = [one["code"] for number, one in enumerate(found["warehouses"]) if f"warehouse-{number}" in answers]
        warehouses = [] if len(counted) == len(found["warehouses"]) else counted
        return {**kept, "columns": {}, "prices": prices, "warehouses": warehouses}
    columns: dict[str, str | int] = {}
    for number, column in enumerate(found["columns"]):
        name: str | int = column["name"] if found["has_header"] else number + 1
        answer = answers.get(f"column-{number}", "")
        if answer in ("option", "attribute"):
            columns[f"{answer}:{column['name']}"] = name
        elif answer in FIELDS or is_of_edition(answer):
            if answer in columns:
                raise WrongUse(f"two columns are chosen for '{answer}': choose one")
            columns[answer] = name
    if "sku" not in columns:
        raise WrongUse("no column holds the sku: goods are known by it, so choose one")
    return {**kept, "columns": columns, "header": found["has_header"]}
