"""A file beside the database that remembers the last number given to an op.

A database that was rolled back (a restored backup, a cloned disk) would give numbers twice, and central would take the
new ops for repeats. The file outlives such a roll-back; when it knows more than the database, the edge does not dial.
It is written after each commit without an fsync: a file that lags behind only sees less.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
from django.db import connections

from node.errors import Refused
from node.realms import EDGE
from sync.replica import run_fenced
from sync.store.edge import sql
from sync.store.edge.models import Outgoing, OutgoingHead
from sync.store.edge.outbox import Queued, heads


class DiskRolledBack(Refused):
    """The edge's database is older than what this node has already sent."""

    code = "disk_rolled_back"


class HighWater:
    """The greatest numbers of one epoch, in memory and in the file."""

    def __init__(self, path: Path, epoch: int) -> None:
        self.path, self.epoch = path, epoch
        self._numbers: dict[str, int] = {}
        self._is_dirty = False
        self._file: int | None = None

    @classmethod
    def beside_database(cls, epoch: int) -> HighWater:
        name = str(connections[EDGE].settings_dict["NAME"])
        return cls(Path(name + ".highwater"), epoch)

    def check(self) -> None:
        """Raises `DiskRolledBack` when the file knows of ops the database does not."""
        try:
            kept = msgspec.json.decode(self.path.read_bytes(), type=tuple[int, dict[str, int]])
        except (FileNotFoundError, msgspec.DecodeError):
            kept = (self.epoch, {})
        held = heads()
        if kept[0] == self.epoch:
            for realm, n in kept[1].items():
                if n > held.get(realm, 0):
                    raise DiskRolledBack(
                        f"this node has sent {n} ops to '{realm}', its database knows of {held.get(realm, 0)}: "
                        "it was rolled back; run `rialto adopt` to give it a new epoch",
                        realm=realm,
                    )
        self._numbers = held
        self._is_dirty = True
        self.write()

    def saw(self, queued: Queued) -> None:
        self._numbers[queued.realm] = max(queued.n, self._numbers.get(queued.realm, 0))
        self._is_dirty = True

    def write(self) -> None:
        """Called after each group commit; one small overwrite."""
        if not self._is_dirty:
            return
        if self._file is None:
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        text = msgspec.json.encode((self.epoch, self._numbers))
        os.pwrite(self._file, text.ljust(512), 0)
        self._is_dirty = False

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def adopt_epoch(epoch: int) -> None:
    """After a join every number starts again at 1: renumber what central has not acknowledged. In the writer.

    The row of the realm "" keeps the epoch, so that a realm's first op is numbered in the right one. What an earlier
    epoch held is fenced: the disk that goes on from its past may be another.
    """
    known = sql.fetch_one("SELECT epoch FROM sync_edge_outgoinghead WHERE realm = ''")
    if known == (epoch,):
        return
    if known is not None:
        run_fenced()
    OutgoingHead.objects.update_or_create(realm="", defaults={"epoch": epoch})
    for head in OutgoingHead.objects.exclude(epoch=epoch):
        waiting = list(Outgoing.objects.filter(realm=head.realm).order_by("n").values_list("pk", flat=True))
        # First out of the way: the new numbers may be those of other rows.
        for place, pk in enumerate(waiting, start=1):
            Outgoing.objects.filter(pk=pk).update(n=-place)
        for place, pk in enumerate(waiting, start=1):
            Outgoing.objects.filter(pk=pk).update(n=place)
        head.epoch, head.n = epoch, len(waiting)
        head.save(update_fields=["epoch", "n"])
