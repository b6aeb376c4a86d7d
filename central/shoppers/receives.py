"""Ops of edges about accounts."""

from __future__ import annotations

from uuid import UUID

import msgspec

from central.shoppers import actions
from node.realms import CUSTOMERS
from sync.contracts.codec import unpack
from sync.contracts.shoppers import ShopperLeft
from sync.topics import EdgeScope
from sync.upstream import Poison, receives


@receives("shopper_left", realm=CUSTOMERS)
def take_in_left(edge: EdgeScope, body: bytes) -> None:
    try:
        left = unpack(body, ShopperLeft)
        grant = UUID(hex=left.grant)
    except (msgspec.MsgspecError, ValueError) as error:
        raise Poison("not a sign-out") from error
    actions.leave(grant, edge.node, everywhere=left.everywhere)
