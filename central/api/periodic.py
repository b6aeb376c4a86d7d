"""What the API does at intervals."""

from __future__ import annotations

from central.api.actions import forget_old_calls
from sync.periodic import every

every(3600)(forget_old_calls)
