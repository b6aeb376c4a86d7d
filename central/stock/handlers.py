"""What follows for stock from what happens elsewhere."""

from __future__ import annotations

from typing import Any

from central.cluster.events import EpochEnded
from central.stock.leases import freeze_epochs
from sync.events import JobRun, handles


@handles(EpochEnded)
def freeze_epoch(event: EpochEnded, job: JobRun) -> dict[str, Any]:
    """A disk speaks for its node no more: nothing it was granted is counted on."""
    return {"frozen": freeze_epochs(event.node, below=event.epoch + 1)}
