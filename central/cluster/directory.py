"""What the hub asks about nodes. The hub knows no Django app; this is handed to it at start.

The hub caches what it reads here, so that staff sign-in and the link do not fall together: with the realm `cluster`
down, edges that are known stay connected.
"""

from __future__ import annotations

from central.cluster.actions import end_epoch, heard_from
from central.cluster.keys import central_signing_key
from central.cluster.models import Node
from central.cluster.queries import cart_groups_of
from central.cluster.refusals import Door, note
from infra.crypto.signing import unb64
from sync.directory import Heartbeat, NodeIdentity, set_directory
from sync.topics import EdgeScope


class ClusterDirectory:
    """Implements `sync.directory.NodeDirectory` on the rows of this app."""

    def find(self, node_id: str) -> NodeIdentity | None:
        """The node's identity, or None when nobody of that name has joined."""
        node = Node.objects.filter(pk=node_id).exclude(sign_key="").prefetch_related("sites").first()
        if node is None:
            return None
        sites = list(node.sites.all())
        return NodeIdentity(
            id=node.id,
            epoch=node.epoch,
            sign_key=unb64(node.sign_key),
            scope=EdgeScope(
                node=node.id,
                epoch=node.epoch,
                sites=frozenset(site.id for site in sites),
                groups=cart_groups_of(sites),
            ),
            is_revoked=node.state == Node.State.REVOKED,
            is_fenced=0 < node.epoch <= node.dead_epoch,
        )

    def heard(self, node_id: str, heartbeat: Heartbeat) -> None:
        heard_from(
            node_id,
            version=heartbeat.version,
            backlog=heartbeat.backlog,
            lag=heartbeat.lag,
            detail=heartbeat.detail,
        )

    def refused(self, node_id: str, *, code: str, address: str) -> None:
        note(Door.LINK, node=node_id, code=code, address=address)

    def epoch_died(self, node_id: str, epoch: int) -> None:
        end_epoch(node_id, epoch)

    def central_signing_key(self) -> bytes:
        return central_signing_key()


def install() -> None:
    set_directory(ClusterDirectory())
