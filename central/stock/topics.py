"""What of this app crosses the link: an edge's own grants, so that a lost answer to an ask is not lost units."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from central.stock.documents import grant_doc
from central.stock.models import Grant
from node.realms import ORDERS
from sync.contracts.codec import pack
from sync.topics import StateTopic, register_topic

#: a sealed or written-off grant is history: the edge may forget it
_LIVE = (Grant.State.OPEN, Grant.State.FROZEN)


def topic_of(node: str) -> str:
    return f"grant:{node}"


def _node(topic: str) -> str:
    return topic.split(":", 1)[1]


def _read(topic: str, keys: Sequence[str]) -> dict[str, tuple[int, bytes | None]]:
    found = Grant.objects.filter(edge=_node(topic), pk__in=[UUID(key) for key in keys])
    return {grant.pk.hex: (grant.ver, pack(grant_doc(grant)) if grant.state in _LIVE else None) for grant in found}


def _page(topic: str, after: str, limit: int) -> list[tuple[str, int, bytes]]:
    grants = Grant.objects.filter(edge=_node(topic), state__in=_LIVE)
    if after:
        grants = grants.filter(pk__gt=UUID(after))
    return [(grant.pk.hex, grant.ver, pack(grant_doc(grant))) for grant in grants.order_by("pk")[:limit]]


register_topic(
    StateTopic(
        name="grant",
        realm=ORDERS,
        schema=1,
        audience=lambda scope: {topic_of(scope.node)},
        read=_read,
        page=_page,
    )
)
