"""Reads of exchange keys, within the sites a person may see."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from central.exchange.errors import UnknownKey
from central.exchange.models import ExchangeKey, HandOver
from central.ui.scope import ALL, visible_sites


def keys_visible_to(user: Any) -> QuerySet[ExchangeKey]:
    """Keys all of whose sites the person may see."""
    seen = visible_sites(user)
    keys = ExchangeKey.objects.exclude(sites=[])
    if seen is ALL:
        return keys
    return keys.filter(sites__contained_by=sorted(seen)) if seen else keys.none()


def visible_key(user: Any, key: UUID) -> ExchangeKey:
    """Raises `UnknownKey`, also when the person may not see one of its sites."""
    found = keys_visible_to(user).filter(pk=key).first()
    if found is None:
        raise UnknownKey("there is no such key")
    return found


def hand_overs_of(key: ExchangeKey) -> QuerySet[HandOver]:
    """What went over, newest first."""
    return HandOver.objects.filter(key=key)
