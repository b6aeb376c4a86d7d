"""Which fields of a product its master source feeds, and which of them people took over.

A field that is fed is locked at the desk: what a person wrote there the next file would undo. Whoever has the right
takes it over; then no source writes it, not even the master, until it is given back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from central.catalog.errors import BadGoods, FieldFed, UnknownProduct
from central.catalog.importing.models import FIELDS
from central.catalog.models import FieldOverride, Listing, Product
from central.cluster.queries import site as site_row
from node.realms import CATALOG, atomic

#: of a product, whichever site shows it; the others are a site's own
SHARED = frozenset(("brand", "picture", "stock", "barcode"))
_TEXTS = frozenset(("title", "text", "attributes"))

#: (product, site)
Place = tuple[UUID, str]


@dataclass(frozen=True)
class Fed:
    """One field that a source feeds. `taken_by`: who took it over; "" while the source writes it."""

    field: str
    source: str
    taken_by: str = ""
    taken_at: datetime | None = None

    @property
    def is_locked(self) -> bool:
        return not self.taken_by


def feeds_of(places: Iterable[Place]) -> dict[Place, dict[str, Fed]]:
    """(product, site) -> what is fed there, by field; a place where nothing is fed is left out."""
    wanted = set(places)
    ids = {product for product, _ in wanted}
    products = Product.objects.filter(pk__in=ids).exclude(master=None).select_related("master").in_bulk()
    taken = {(row.product_id, row.site, row.field): row for row in FieldOverride.objects.filter(product__in=products)}
    found: dict[Place, dict[str, Fed]] = {}
    for product, site in wanted:
        if product in products and (names := _fed_by_master(products[product], site)):
            found[product, site] = {
                name: _fed(name, products[product], taken.get((product, _scope(name, site), name))) for name in names
            }
    return found


def _fed_by_master(product: Product, site: str) -> list[str]:
    """In the order in which fields are always named."""
    master = product.master
    held = master.held_fields if master else frozenset()
    if master and site not in master.sites:
        held &= SHARED
    elif master and master.language and held & _TEXTS and site_row(site).language != master.language:
        held -= _TEXTS
    return [name for name in FIELDS if name in held]


def _fed(name: str, product: Product, taken: FieldOverride | None) -> Fed:
    source = product.master.title if product.master else ""
    return Fed(name, source, taken.by, taken.at) if taken else Fed(name, source)


def _scope(field: str, site: str) -> str:
    return "" if field in SHARED else site


def refuse_fed(product: UUID, site: str, fields: Collection[str]) -> None:
    """Raises `FieldFed` for the first of the fields that a source feeds and nobody took over."""
    if not fields or not Product.objects.filter(pk=product).exclude(master=None).exists():
        return
    fed = feeds_of([(product, site)]).get((product, site), {})
    for name in fields:
        if name in fed and fed[name].is_locked:
            raise FieldFed(name, fed[name].source)


def take_over(site: str, product: UUID, field: str, *, by: str) -> None:
    """Let people write a field that a source feeds; shared fields for every site. Again: nothing.

    Raises `UnknownProduct`, and `BadGoods` for a field that nobody feeds.
    """
    fed = feeds_of([(product, site)]).get((product, site), {})
    if field not in fed:
        raise BadGoods("field", "no source feeds it")
    with atomic(CATALOG):
        _lock(site, product)
        FieldOverride.objects.get_or_create(
            product_id=product, site=_scope(field, site), field=field, defaults={"by": by}
        )


def give_back(site: str, product: UUID, field: str, *, by: str) -> None:
    """Let the source write the field again, from its next file on. Again: nothing. Raises `UnknownProduct`."""
    with atomic(CATALOG):
        _lock(site, product)
        FieldOverride.objects.filter(product=product, site=_scope(field, site), field=field).delete()


def _lock(site: str, product: UUID) -> None:
    if Listing.objects.select_for_update().filter(site=site, product=product).first() is None:
        raise UnknownProduct(f"the shop '{site}' has no product {product.hex}")


def taken_over(products: Collection[UUID], site: str) -> dict[UUID, frozenset[str]]:
    """Product -> the fields that no source may write at this site."""
    found: dict[UUID, set[str]] = {}
    rows = FieldOverride.objects.filter(product__in=products, site__in=["", site])
    for product, field in rows.values_list("product_id", "field"):
        found.setdefault(product, set()).add(field)
    return {product: frozenset(fields) for product, fields in found.items()}
