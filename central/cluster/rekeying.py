"""What edges have to do with a new sealing key: they are told of it, and an old one is needed until they all use it."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from central.cluster.models import Node
from infra.crypto.rotation import add_guard, on_added
from node.realms import CLUSTER, atomic
from sync.outbox import record_state


def _publish(kind: str, name: str) -> None:
    if kind == "sealing":
        with atomic(CLUSTER):
            record_state("sealing_key:all", name, 2, realm=CLUSTER)


def _nodes_behind(kind: str, since: datetime) -> list[str]:
    """A node that is cut off goes on sealing to the key it knows, and may hold orders that nobody has seen."""
    if kind != "sealing":
        return []
    found = []
    for node in Node.objects.filter(state=Node.State.JOINED).select_related("health").order_by("pk"):
        health = getattr(node, "health", None)
        if health is None or health.heard_at <= since:
            found.append(_("The node %(node)s has not been heard since the new key.") % {"node": node.pk})
        elif health.backlog or health.lag:
            found.append(_("The node %(node)s still has orders or news under way.") % {"node": node.pk})
    return found


on_added(_publish)
add_guard(_nodes_behind)
