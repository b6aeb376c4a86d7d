"""What the catalogue does at intervals."""

from __future__ import annotations

from central.catalog.importing import fetching, runs
from sync.periodic import every


@every(3_600)
def tidy_imports() -> None:
    runs.tidy_files()


@every(60)
def fetch_sources() -> None:
    fetching.schedule_due()
