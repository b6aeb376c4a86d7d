"""What follows from what happens to customers. Each is idempotent by (event, handler)."""

from __future__ import annotations

from uuid import UUID

from central.people.events import CustomerErased
from central.ui.lists.actions import forget_views
from sync.events import JobRun, handles


@handles(CustomerErased)
def forget_views_of(event: CustomerErased, job: JobRun) -> None:
    """Saved views that looked for him go: they lie in another realm."""
    forget_views([UUID(view) for view in event.views])
