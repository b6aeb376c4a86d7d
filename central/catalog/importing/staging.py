"""What a source said of its items before they can be sold: goods wait for their offers, offers for their prices.

A dry run keeps it in a scratch file over what the tables hold, so that looking at a file leaves no trace.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from central.catalog.importing.commerceml import Term
from central.catalog.models import ImportSource, SourceItem, SourceTerm


@dataclass
class Staged:
    """`SourceItem` as a value."""

    code: str
    sku: str = ""
    options: str = ""
    said: dict[str, Any] = field(default_factory=dict)
    product: UUID | None = None


class Staging:
    """Reads and writes of a source's words and items, a batch at a time, inside `atomic("catalog")`."""

    def __init__(self, source: ImportSource) -> None:
        self.source = source

    def terms(self, kind: str, codes: Collection[str] | None = None) -> dict[str, Term]:
        rows = SourceTerm.objects.filter(source=self.source, kind=kind)
        if codes is not None:
            rows = rows.filter(code__in=codes)
        return {row.code: Term(row.kind, row.code, row.title, row.parent) for row in rows}

    def put_terms(self, terms: Sequence[Term]) -> None:
        rows = [
            SourceTerm(
                source=self.source, kind=one.kind, code=one.code[:100], title=one.title[:500], parent=one.parent[:100]
            )
            for one in {(one.kind, one.code[:100]): one for one in terms}.values()
        ]
        SourceTerm.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["source", "kind", "code"],
            update_fields=["title", "parent"],
        )

    def items(self, codes: Collection[str]) -> dict[str, Staged]:
        rows = SourceItem.objects.filter(source=self.source, code__in=codes)
        return {row.code: Staged(row.code, row.sku, row.options, row.said, row.product) for row in rows}

    def goods_called(self, skus: Collection[str]) -> dict[str, str]:
        """Article -> the code of the product that has it already."""
        rows = SourceItem.objects.filter(source=self.source, sku__in=skus).exclude(code__contains="#")
        return dict(rows.values_list("sku", "code"))

    def put_items(self, items: Sequence[Staged]) -> None:
        rows = [
            SourceItem(
                source=self.source,
                code=one.code,
                sku=one.sku,
                options=one.options,
                said=one.said,
                product=one.product,
            )
            for one in {one.code: one for one in items}.values()
        ]
        SourceItem.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["source", "code"],
            update_fields=["sku", "options", "said", "product"],
        )


class ScratchStaging(Staging):
    """The same over a scratch file: nothing is written to the tables."""

    def __init__(self, source: ImportSource, file: Path) -> None:
        super().__init__(source)
        file.unlink(missing_ok=True)
        self._rows = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self._rows.execute("PRAGMA synchronous=OFF")
        self._rows.execute(
            "CREATE TABLE said (kind TEXT, code TEXT, body TEXT, PRIMARY KEY (kind, code)) WITHOUT ROWID"
        )
        self._rows.execute("BEGIN")

    def terms(self, kind: str, codes: Collection[str] | None = None) -> dict[str, Term]:
        found = super().terms(kind, codes)
        for code, body in self._read(f"term:{kind}", codes).items():
            found[code] = Term(kind, code, body["title"], body["parent"])
        return found

    def put_terms(self, terms: Sequence[Term]) -> None:
        for one in terms:
            self._write(f"term:{one.kind}", one.code, {"title": one.title, "parent": one.parent})

    def items(self, codes: Collection[str]) -> dict[str, Staged]:
        found = super().items(codes)
        for code, body in self._read("item", codes).items():
            product = UUID(body["product"]) if body["product"] else None
            found[code] = Staged(code, body["sku"], body["options"], body["said"], product)
        return found

    def goods_called(self, skus: Collection[str]) -> dict[str, str]:
        return {**super().goods_called(skus), **{sku: body["code"] for sku, body in self._read("sku", skus).items()}}

    def put_items(self, items: Sequence[Staged]) -> None:
        for one in items:
            product = one.product.hex if one.product else ""
            self._write(
                "item", one.code, {"sku": one.sku, "options": one.options, "said": one.said, "product": product}
            )
            if one.sku and "#" not in one.code:
                self._write("sku", one.sku, {"code": one.code})

    def _write(self, kind: str, code: str, body: Mapping[str, Any]) -> None:
        self._rows.execute("INSERT OR REPLACE INTO said VALUES (?, ?, ?)", [kind, code, json.dumps(body)])

    def _read(self, kind: str, codes: Collection[str] | None) -> dict[str, Any]:
        if codes is None:
            rows = self._rows.execute("SELECT code, body FROM said WHERE kind = ?", [kind]).fetchall()
            return {code: json.loads(body) for code, body in rows}
        found = {}
        for code in set(codes):
            row = self._rows.execute("SELECT body FROM said WHERE kind = ? AND code = ?", [kind, code]).fetchone()
            if row is not None:
                found[code] = json.loads(row[0])
        return found
