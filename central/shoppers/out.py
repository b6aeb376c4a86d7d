"""Telling the edges that somebody has signed out. Droppable: each edge also asks for itself every few seconds."""

from __future__ import annotations

from django.db import DatabaseError

from central.cluster.models import Node
from sync.contracts.codec import pack
from sync.contracts.shoppers import ShopperOut
from sync.hub import tell


def tell_out(out: ShopperOut) -> None:
    """To every edge: a cart may be open in shops where its owner never signed in, brought there by a hop."""
    if not out.grants and not out.cart:
        return
    try:
        nodes = list(Node.objects.filter(state=Node.State.JOINED).values_list("pk", flat=True))
    except DatabaseError:
        return
    for node in nodes:
        tell(node, "shopper_out", pack(out))
