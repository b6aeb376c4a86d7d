"""Who may call what: the one table of central's API. `calling.guarded` enforces it, the OpenAPI document quotes it.

A call that is not here cannot be made: its module does not load. A test holds the table against the routes and against
the table of docs/reference/api.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Access:
    """`rights`: codenames of `accounts.Right`, all of them needed; none: every key. `of_sites`: what sites it reaches.

    "own": only what is of the key's sites; what is of others is 404. "none": nothing in it is of a site.
    `needs_name`: it is not done without an Idempotency-Key.
    """

    method: str
    path: str
    rights: tuple[str, ...]
    of_sites: str = "own"
    needs_name: bool = False


ACCESS: Final[Mapping[str, Access]] = {
    "get_key": Access("GET", "/key", (), of_sites="none"),
    "list_sites": Access("GET", "/sites", ("see_sites",)),
    "get_site": Access("GET", "/sites/{site}", ("see_sites",)),
    "list_languages": Access("GET", "/sites/{site}/languages", ("see_sites",)),
    "list_site_regions": Access("GET", "/sites/{site}/regions", ("see_sites",)),
    "list_regions": Access("GET", "/regions", ("see_sites",)),
    "get_region": Access("GET", "/regions/{region}", ("see_sites",)),
    "list_units": Access("GET", "/units", ("see_products",)),
    "get_product": Access("GET", "/products/{product}", ("see_products",)),
    "create_product": Access("POST", "/products", ("edit_products",)),
    "change_product": Access("PATCH", "/products/{product}", ("edit_products",)),
    "show_product": Access("PUT", "/products/{product}/shown", ("edit_products",)),
    "set_price": Access("PUT", "/prices", ("edit_products",)),
    "list_warehouses": Access("GET", "/warehouses", ("see_products",), of_sites="none"),
    "get_stock": Access("GET", "/stock", ("see_products",)),
    "put_stock": Access("PUT", "/stock", ("edit_stock",)),
    "list_orders": Access("GET", "/orders", ("see_orders",)),
    "get_order": Access("GET", "/orders/{order}", ("see_orders",)),
    "create_order": Access("POST", "/orders", ("make_orders",), needs_name=True),
    "move_order": Access("POST", "/orders/{order}/status", ("work_orders",)),
    "note_order": Access("PATCH", "/orders/{order}", ("work_orders", "see_customers")),
    "get_health": Access("GET", "/health", ("see_health",)),
    "get_metrics": Access("GET", "/metrics", ("see_health",)),
    "list_statuses": Access("GET", "/statuses", ("see_orders",), of_sites="none"),
}
