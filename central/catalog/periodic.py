"""What the catalogue does at intervals."""

from __future__ import annotations

from central.catalog.importing import runs
from sync.periodic import every


@every(3_600)
def tidy_imports() -> None:
    runs.tidy_files()
