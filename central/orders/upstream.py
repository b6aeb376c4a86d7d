"""Orders from edges."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from django.db import DataError

from central.orders import receiving
from central.orders.errors import BrokenOrder, OrderConflict
from node.realms import ORDERS
from sync.contracts.codec import unpack
from sync.contracts.orders import PlacedOrder
from sync.topics import EdgeScope
from sync.upstream import Poison, receives_many


@receives_many("order", realm=ORDERS)
def take_in_orders(edge: EdgeScope, bodies: Sequence[bytes]) -> None:
    """A repeat is taken in again without effect; another order under a known id goes to quarantine."""
    try:
        receiving.receive_orders([(unpack(body, PlacedOrder), body) for body in bodies])
    except (msgspec.MsgspecError, ValueError, DataError) as error:
        raise Poison("not an order") from error
    except (OrderConflict, BrokenOrder) as error:
        raise Poison(f"{error.code}: {error}") from error
