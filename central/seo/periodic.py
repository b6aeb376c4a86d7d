"""What this app does at intervals."""

from __future__ import annotations

from central.seo import rules
from sync.periodic import every


@every(60)
def settle_inherited_rules() -> None:
    rules.settle_all()
