"""What the catalogue publishes: `category:<site>`, `product:<site>` and `card:<group>`.

A body is built from the rows when it is sent, never stored; `read` and `page` build it by the same functions, so a
tail and a snapshot give equal bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db.models import QuerySet

from central.catalog.assortment import offered
from central.catalog.documents import card_docs, category_docs, listings_whole, product_docs
from central.catalog.models import Category, Listing, Offer, StockLevel
from central.cluster.queries import sites_of_cart_group
from central.stock.assortment import read_assortment_by
from node.realms import CATALOG
from sync.contracts.codec import pack
from sync.contracts.documents import LevelDoc
from sync.topics import EdgeScope, Row, StateTopic, register_topic

Read = dict[str, tuple[int, bytes | None]]


def _audience_of(topic: str, full: str) -> str:
    name, _, audience = full.partition(":")
    if name != topic or not audience:
        raise ValueError(f"not a topic of '{topic}': {full!r}")
    return audience


def _ids(keys: Iterable[str]) -> list[UUID]:
    """The keys that are UUIDs; a key that is none was never published."""
    found = []
    for key in keys:
        try:
            found.append(UUID(hex=key))
        except ValueError:
            continue
    return found


# --- categories ---------------------------------------------------------------------------------------------------


def _categories(full: str) -> QuerySet[Category]:
    return Category.objects.filter(site=_audience_of("category", full)).select_related("picture")


def _read_categories(full: str, keys: Sequence[str]) -> Read:
    rows = list(_categories(full).filter(pk__in=_ids(keys)))
    docs = zip(rows, category_docs(rows), strict=True)
    return {row.pk.hex: (row.ver, pack(doc) if row.is_active else None) for row, doc in docs}


def _page_categories(full: str, after: str, limit: int) -> list[Row]:
    rows = _categories(full).filter(is_active=True)
    rows = rows.filter(pk__gt=UUID(hex=after)) if after else rows
    found = list(rows.order_by("pk")[:limit])
    return [(row.pk.hex, row.ver, pack(doc)) for row, doc in zip(found, category_docs(found), strict=True)]


# --- products -----------------------------------------------------------------------------------------------------


def _listings(full: str) -> QuerySet[Listing]:
    return listings_whole(Listing.objects.filter(site=_audience_of("product", full)))


def _read_products(full: str, keys: Sequence[str]) -> Read:
    rows = list(_listings(full).filter(product__in=_ids(keys)))
    docs = zip(rows, product_docs(rows), strict=True)
    return {row.product_id.hex: (row.ver, pack(doc) if row.is_active else None) for row, doc in docs}


def _page_products(full: str, after: str, limit: int) -> list[Row]:
    rows = _listings(full).filter(is_active=True)
    rows = rows.filter(product__gt=UUID(hex=after)) if after else rows
    found = list(rows.order_by("product")[:limit])
    return [(row.product_id.hex, row.ver, pack(doc)) for row, doc in zip(found, product_docs(found), strict=True)]


# --- line cards ---------------------------------------------------------------------------------------------------


def _offers(full: str) -> QuerySet[Offer]:
    sites = list(sites_of_cart_group(_audience_of("card", full)).values_list("id", flat=True))
    return Offer.objects.filter(site__in=sites).select_related("variant", "listing")


def _read_cards(full: str, keys: Sequence[str]) -> Read:
    offers = list(_offers(full).filter(card_key__in=list(keys)))
    return {offer.card_key: (offer.ver, pack(doc)) for offer, doc in zip(offers, card_docs(offers), strict=True)}


def _page_cards(full: str, after: str, limit: int) -> list[Row]:
    offers = list(_offers(full).filter(card_key__gt=after).order_by("card_key")[:limit])
    return [(one.card_key, one.ver, pack(doc)) for one, doc in zip(offers, card_docs(offers), strict=True)]


# --- how much there is --------------------------------------------------------------------------------------------


def _levels(full: str) -> QuerySet[StockLevel]:
    return StockLevel.objects.filter(variant__offers__site=_audience_of("level", full))


def _read_levels(full: str, keys: Sequence[str]) -> Read:
    rows = _levels(full).filter(pk__in=_ids(keys))
    return {row.pk.hex: (row.ver, pack(LevelDoc(level=row.level))) for row in rows}


def _page_levels(full: str, after: str, limit: int) -> list[Row]:
    rows = _levels(full).filter(pk__gt=UUID(hex=after)) if after else _levels(full)
    return [(row.pk.hex, row.ver, pack(LevelDoc(level=row.level))) for row in rows.order_by("pk")[:limit]]


def _sites(topic: str, scope: EdgeScope) -> set[str]:
    return {f"{topic}:{site}" for site in scope.sites}


register_topic(
    StateTopic(
        name="category",
        realm=CATALOG,
        schema=1,
        audience=lambda scope: _sites("category", scope),
        read=_read_categories,
        page=_page_categories,
    )
)
register_topic(
    StateTopic(
        name="product",
        realm=CATALOG,
        schema=1,
        audience=lambda scope: _sites("product", scope),
        read=_read_products,
        page=_page_products,
    )
)
register_topic(
    StateTopic(
        name="card",
        realm=CATALOG,
        schema=1,
        audience=lambda scope: {f"card:{group}" for group in scope.groups},
        read=_read_cards,
        page=_page_cards,
    )
)
register_topic(
    StateTopic(
        name="level",
        realm=CATALOG,
        schema=1,
        audience=lambda scope: _sites("level", scope),
        read=_read_levels,
        page=_page_levels,
    )
)
# An edge asks for rights of what its shops offer, of nothing else.
read_assortment_by(offered)
