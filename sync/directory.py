"""What the hub asks about nodes, and its memory of the answers.

The app that keeps the nodes stands above `sync`; it hands its directory in with `set_directory`. What was read is
remembered, so that with the realm `cluster` down the edges that are known stay connected and may come back.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.db import Error as DatabaseError

from sync.topics import EdgeScope

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class NodeIdentity:
    """A node that has joined. `sign_key` is its public Ed25519 key, 32 bytes."""

    id: str
    epoch: int
    sign_key: bytes
    scope: EdgeScope
    is_revoked: bool = False
    #: its epoch is over: its disk was rolled back or copied, and has to begin a new one
    is_fenced: bool = False


@dataclass(frozen=True)
class Heartbeat:
    """What an edge says of itself each 5 s. `backlog`: ops not taken in yet; `lag`: log entries not applied yet."""

    version: str
    backlog: int
    lag: int
    detail: Mapping[str, Any] = field(default_factory=dict)


class NodeDirectory(Protocol):
    """Called in threads, never on the event loop; may raise a database error."""

    def find(self, node_id: str) -> NodeIdentity | None:
        """None when no node of that name has joined."""
        ...

    def heard(self, node_id: str, heartbeat: Heartbeat) -> None: ...

    def refused(self, node_id: str, *, code: str, address: str) -> None:
        """Somebody who said to be this node was not let in, or was shown out. Writes it down; never raises."""
        ...

    def epoch_died(self, node_id: str, epoch: int) -> None:
        """The node's disk shows a past that is not the one central knows. From now on it is `is_fenced`."""
        ...

    def central_signing_key(self) -> bytes:
        """Central's private Ed25519 key, 32 bytes."""
        ...


class DirectoryUnset(RuntimeError):
    """No app has handed in a directory: the hub cannot know any node."""


class DirectoryDown(Exception):
    """The directory's database does not answer, and it was never asked this before."""


class Remembering:
    """A directory that answers from memory when its database is down."""

    def __init__(self, source: NodeDirectory) -> None:
        self._source = source
        self._nodes: dict[str, NodeIdentity] = {}
        self._key: bytes | None = None
        self._is_down = False
        self._lock = threading.Lock()

    def find(self, node_id: str) -> NodeIdentity | None:
        """The newest identity known. Raises `DirectoryDown` for a node never seen while the database is down."""
        try:
            found = self._source.find(node_id)
        except DatabaseError as error:
            self._went_down(error)
            if node_id in self._nodes:
                return self._nodes[node_id]
            raise DirectoryDown(node_id) from error
        self._came_back()
        with self._lock:
            if found is None:
                self._nodes.pop(node_id, None)
            else:
                self._nodes[node_id] = found
        return found

    def heard(self, node_id: str, heartbeat: Heartbeat) -> None:
        """Pass a heartbeat on; one that cannot be written is dropped, the next comes in 5 s."""
        try:
            self._source.heard(node_id, heartbeat)
        except DatabaseError as error:
            self._went_down(error)
        else:
            self._came_back()

    def refused(self, node_id: str, *, code: str, address: str) -> None:
        self._source.refused(node_id, code=code, address=address)

    def epoch_died(self, node_id: str, epoch: int) -> None:
        """End an epoch. Raises a database error: the node is refused all the same, and seen again when it dials."""
        self._source.epoch_died(node_id, epoch)

    def central_signing_key(self) -> bytes:
        if self._key is None:
            try:
                self._key = self._source.central_signing_key()
            except DatabaseError as error:
                raise DirectoryDown("central's key") from error
        return self._key

    def _went_down(self, error: Exception) -> None:
        if not self._is_down:
            self._is_down = True
            logger.warning("the node directory does not answer, going on with what is remembered: %s", error)

    def _came_back(self) -> None:
        if self._is_down:
            self._is_down = False
            logger.warning("the node directory answers again")


_directory: Remembering | None = None


def set_directory(directory: NodeDirectory) -> None:
    """Hand in the app that knows the nodes; forgets what an earlier one had said."""
    global _directory
    _directory = Remembering(directory)


def directory() -> Remembering:
    """Raises `DirectoryUnset`."""
    if _directory is None:
        raise DirectoryUnset("no node directory: the cluster app calls sync.hub.set_directory() when it is ready")
    return _directory
