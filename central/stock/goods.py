"""What stock is of, in words: the catalogue beside and orders above say it, within what the reader may see.

Stock itself knows ids only. Until somebody says what they are, nobody sees a row.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from django.db import DatabaseError
from django.db.models import QuerySet

from central.ui.scope import ALL, visible_sites


@dataclass(frozen=True)
class Goods:
    """A variant as people call it. `url`: its product's card."""

    title: str
    sku: str
    url: str


@dataclass(frozen=True)
class Named:
    """An order or another document that a movement names."""

    title: str
    url: str


class KnowsGoods(Protocol):
    """Each answers only of goods of sites that `user` may see."""

    def named(self, user: Any, variants: Collection[UUID]) -> Mapping[UUID, Goods]: ...

    def of_sites(self, sites: Iterable[str]) -> Collection[UUID]: ...

    def found(self, user: Any, text: str) -> Collection[UUID]: ...

    def by_code(self, user: Any, codes: Collection[str]) -> Mapping[str, UUID]:
        """SKUs (with ";options" where there are some) and barcodes, as they were typed."""
        ...


class KnowsOrders(Protocol):
    def named(self, user: Any, orders: Collection[UUID]) -> Mapping[UUID, Named]: ...

    def numbered(self, user: Any, text: str) -> Collection[UUID]: ...


class _Nothing:
    def named(self, user: Any, ids: Collection[UUID]) -> Mapping[UUID, Any]:
        return {}

    def of_sites(self, sites: Iterable[str]) -> Collection[UUID]:
        return ()

    def found(self, user: Any, text: str) -> Collection[UUID]:
        return ()

    def by_code(self, user: Any, codes: Collection[str]) -> Mapping[str, UUID]:
        return {}

    def numbered(self, user: Any, text: str) -> Collection[UUID]:
        return ()


goods: KnowsGoods = _Nothing()
orders: KnowsOrders = _Nothing()


def goods_known_by(who: KnowsGoods) -> None:
    """Called once at start by the app of the catalogue."""
    global goods
    goods = who


def orders_known_by(who: KnowsOrders) -> None:
    """Called once at start by the app of orders."""
    global orders
    orders = who


def names(user: Any, variants: Collection[UUID]) -> Mapping[UUID, Goods]:
    """For a list of many: while the catalogue does not answer, stock is shown without its names."""
    try:
        return goods.named(user, variants)
    except DatabaseError:
        return {}


def limited(rows: QuerySet[Any], user: Any) -> QuerySet[Any]:
    """`rows` without those of goods that no site of the user's sells. `rows` have a field `variant`."""
    seen = visible_sites(user)
    if seen is ALL:
        return rows
    return rows.filter(variant__in=list(goods.of_sites(seen))) if seen else rows.none()


def of_sites(rows: QuerySet[Any], sites: Iterable[str]) -> QuerySet[Any]:
    """`rows` of what these sites sell."""
    return rows.filter(variant__in=list(goods.of_sites(sites)))
