"""Plain builders: only what matters in a test is said there."""

from __future__ import annotations

from uuid import UUID

from central.catalog.actions import Goods, Unit, save_product
from central.cluster.models import Site
from node.realms import CATALOG, alias_of
from sync.store.central.models import Outbox

DATABASES = ["default", "catalog", "orders"]

SQUARE = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 30"><rect width="40" height="30" fill="#%s"/></svg>'


def make_site(site: str = "tea", currency: str = "RUB", cart_group: str = "main") -> Site:
    return Site.objects.create(
        id=site,
        name=site.title(),
        label=site,
        colour="#0b7285",
        origin=f"http://{site}.localhost:8401",
        currency=currency,
        theme="tea",
        cart_group=cart_group,
    )


def svg(colour: str = "aabbcc") -> bytes:
    return SQUARE % colour.encode()


def make_product(site: str = "tea", title: str = "Sencha", skus: tuple[str, ...] = ("T1",), **more: object) -> UUID:
    units = [Unit(sku=sku, price=10_000) for sku in skus]
    return save_product(site, Goods(units, title=title, **more), by="test")  # type: ignore[arg-type]


def pointers() -> list[tuple[str, str, int]]:
    """The documents the outbox of the catalogue points at, oldest first: (topic, key, version)."""
    rows = Outbox.objects.using(alias_of(CATALOG)).exclude(topic="event").order_by("id")
    return [(row.topic, row.key, row.ver) for row in rows]


def forget_pointers() -> None:
    Outbox.objects.using(alias_of(CATALOG)).all().delete()
