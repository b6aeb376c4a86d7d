"""Whose a cart is, as the app that has shoppers' accounts knows it. Without that app every cart is anonymous."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db import DatabaseError


@dataclass(frozen=True)
class Owner:
    """`url`: the client's card, "" when there is none."""

    customer: UUID
    name: str
    url: str = ""


Read = Callable[[Collection[str]], Mapping[str, Owner]]
_read: Read | None = None


def read_owners_by(read: Read) -> None:
    """Called once at start: ids of carts -> the owners of those that are linked to a customer, in one query."""
    global _read
    _read = read


def owners_of(carts: Collection[str]) -> Mapping[str, Owner]:
    """None is known while their realm does not answer: the carts are shown all the same."""
    if _read is None or not carts:
        return {}
    try:
        return _read(carts)
    except DatabaseError:
        return {}
