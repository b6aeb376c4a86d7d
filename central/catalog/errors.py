"""What the catalogue refuses.

RialtoError
├── BadGoods: a product, price or category that cannot be kept; `field` says which part
├── UnknownUnit, UnknownProduct, UnknownCategory, UnknownRun
├── FieldFed: a field that a source feeds, and nobody took over
├── ManySites: goods of several sites where those of one are needed
├── StaleProduct: somebody changed it since it was seen
├── UnitTaken: a new product with a unit that the site sells already
├── BadPicture (infra.storage)
└── ImportRefused: a file that cannot be read at all; nothing was changed
"""

from __future__ import annotations

from node.errors import Refused, RialtoError


class BadGoods(RialtoError):
    code = "bad_goods"
    status = 422

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}", field=field)
        self.field = field
        self.why = why


class BarcodeTaken(RialtoError):
    """Another variant has this code already."""

    code = "barcode_taken"
    status = 409

    def __init__(self, barcode: str) -> None:
        super().__init__(f"barcode {barcode} names another variant already", barcode=barcode)


class FieldFed(RialtoError):
    code = "field_fed"
    status = 409

    def __init__(self, field: str, source: str) -> None:
        super().__init__(f"{field}: “{source}” feeds it; take it over first", field=field, source=source)


class UnknownUnit(RialtoError):
    code = "unknown_unit"
    status = 404

    def __init__(self, site: str, sku: str, options: str) -> None:
        name = f"{sku} ({options})" if options else sku
        super().__init__(f"the shop '{site}' does not sell '{name}'", site=site, sku=sku, options=options)


class UnknownProduct(RialtoError):
    code = "unknown_product"
    status = 404


class UnknownCategory(RialtoError):
    code = "unknown_category"
    status = 404


class ManySites(RialtoError):
    """A table for import is of one site: the same unit may be sold at several."""

    code = "many_sites"
    status = 409


class StaleProduct(RialtoError):
    """`seen` and `now` are versions: of the listing for texts, of the unit for its price."""

    code = "stale_product"
    status = 409

    def __init__(self, seen: int, now: int) -> None:
        super().__init__("this was changed meanwhile; look again", seen=seen, now=now)


class UnitTaken(RialtoError):
    code = "unit_taken"
    status = 409

    def __init__(self, site: str, sku: str, options: str) -> None:
        name = f"{sku} ({options})" if options else sku
        super().__init__(f"the shop '{site}' sells '{name}' already", site=site, sku=sku, options=options)


class UnknownRun(RialtoError):
    """No such import or source, or none the person may see."""

    code = "unknown_run"
    status = 404


class ImportRefused(Refused):
    """A file that cannot be imported; the sentence says where and why, and nothing was changed."""

    code = "import_refused"
