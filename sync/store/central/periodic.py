"""Cuts the logs once a minute."""

from __future__ import annotations

from sync.periodic import every
from sync.store.central.log import cut_all_logs

every(60)(cut_all_logs)
