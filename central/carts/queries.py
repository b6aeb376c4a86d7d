"""Reads of carts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError
from django.db.models import QuerySet

from central.carts.models import Cart
from central.catalog.queries import PricedUnit, priced_units
from central.ui.scope import ALL, Visible, visible_sites
from node import sql
from node.realms import ORDERS, alias_of
from sync.contracts.cart import CartState, LineKey
from sync.contracts.codec import unpack
from sync.core import cart as core

_LINKS_OF = "SELECT source, target, hlc, link_id FROM carts_cartlink WHERE source = ANY(%s) ORDER BY source"
_STATES_OF = "SELECT id, state FROM carts_cart WHERE id = ANY(%s) ORDER BY id"


def parent_of(cart_id: str) -> str | None:
    """The cart a cart was linked to. In plain SQL: each op of each shopper asks it twice."""
    found = sql.run(alias_of(ORDERS), "SELECT target FROM carts_cartlink WHERE source = %s", [cart_id])
    return found[0][0] if found else None


def parents_of(carts: Iterable[str]) -> dict[str, str]:
    """cart -> the one it was linked to, of those that were."""
    asked = "SELECT source, target FROM carts_cartlink WHERE source = ANY(%s)"
    return dict(sql.run(alias_of(ORDERS), asked, [list(carts)]))


def root_of(cart_id: str) -> str:
    """The cart that stands for `cart_id` now."""
    return core.root_of(cart_id, parent_of)


def cart_state(cart_id: str) -> core.Cart:
    """What central knows of a cart, its links followed; the empty cart when it knows nothing."""
    row = Cart.objects.filter(pk=root_of(cart_id)).first()
    return state_of(row) if row else core.EMPTY


def cart_lines(cart_id: str) -> list[core.Line]:
    """What the shopper sees in it."""
    return core.lines(cart_state(cart_id))


def links_of(carts: Sequence[str]) -> list[tuple[str, str, int, str]]:
    """(source, target, hlc, link id) of those that were linked, by id."""
    return sql.run(alias_of(ORDERS), _LINKS_OF, [list(carts)])


def states_of(carts: Sequence[str]) -> dict[str, bytes]:
    """What of carts is stored, by id."""
    return {cart: bytes(state) for cart, state in sql.run(alias_of(ORDERS), _STATES_OF, [list(carts)])}


def carts_in_alarm() -> QuerySet[Cart]:
    """Carts to which one dot came with two payloads."""
    return Cart.objects.filter(alarms__gt=0).order_by("-updated_at")


# --- for people ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ShownLine:
    """A line with the catalogue's words and price as they are now. `is_sold`: the site has an offer for it."""

    key: LineKey
    units: int
    title: str
    options_title: str = ""
    price: int = 0
    currency: str = ""
    is_sold: bool = False

    @property
    def sum(self) -> int:
        return self.price * self.units


@dataclass(frozen=True)
class Contents:
    """What a person may see of a cart. `hidden_units`: of sites that are not his. `sums`: minor units by currency."""

    lines: list[ShownLine]
    hidden_units: int

    @property
    def units(self) -> int:
        return sum(line.units for line in self.lines)

    @property
    def sums(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for line in self.lines:
            if line.is_sold:
                found[line.currency] = found.get(line.currency, 0) + line.sum
        return found


def carts_visible_to(user: Any) -> QuerySet[Cart]:
    """Carts that hold something of a site of the person's; none for a stranger. Empty and linked ones are left out."""
    seen = visible_sites(user)
    full = Cart.objects.filter(units__gt=0)
    if seen is ALL:
        return full
    return full.filter(sites__overlap=sorted(seen)) if seen else full.none()


def contents_of(carts: Iterable[Cart], user: Any) -> dict[str, Contents]:
    """Cart id -> its lines of the person's sites, priced by one query of the realm `catalog`.

    While that realm is away the lines stand under their skus, without prices.
    """
    seen = visible_sites(user)
    lines = {cart.pk: core.lines(state_of(cart)) for cart in carts}
    keys = {line.key for found in lines.values() for line in found if seen is ALL or line.key.site in seen}
    try:
        priced: Mapping[LineKey, PricedUnit] = priced_units(keys)
    except DatabaseError:
        priced = {}
    return {cart: _contents(found, seen, priced) for cart, found in lines.items()}


def _contents(found: list[core.Line], seen: Visible, priced: Mapping[LineKey, PricedUnit]) -> Contents:
    his = [line for line in found if seen is ALL or line.key.site in seen]
    hidden = sum(line.quantity for line in found) - sum(line.quantity for line in his)
    return Contents([_shown(line, priced.get(line.key)) for line in his], hidden)


def _shown(line: core.Line, unit: PricedUnit | None) -> ShownLine:
    if unit is None:
        return ShownLine(line.key, line.quantity, line.key.sku, line.key.options)
    return ShownLine(
        line.key, line.quantity, unit.title, unit.options_title, unit.price, unit.currency, is_sold=unit.is_active
    )


def state_of(row: Cart) -> core.Cart:
    return core.decode(unpack(bytes(row.state), CartState)) if row.state else core.EMPTY


def summary_of(cart: core.Cart) -> tuple[int, list[str]]:
    """Units, and the sites they are of, as the row keeps them."""
    found = core.lines(cart)
    return sum(line.quantity for line in found), sorted({line.key.site for line in found})
