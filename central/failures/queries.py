"""Reads of failures. They belong to no site, so only who sees all sites sees them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from central.failures.errors import UnknownFailure
from central.failures.models import Failure
from central.ui.scope import ALL, visible_sites


def failures_visible_to(user: Any) -> QuerySet[Failure]:
    failures = Failure.objects.all()
    return failures if visible_sites(user) is ALL else failures.none()


def visible_failure(failure_id: int, user: Any) -> Failure:
    """Raises `UnknownFailure`, also for who may not see it."""
    found = failures_visible_to(user).filter(pk=failure_id).first()
    if found is None:
        raise UnknownFailure(f"there is no failure {failure_id}", failure=failure_id)
    return found


def waiting(user: Any) -> QuerySet[Failure]:
    """Those a person has to decide on, the last first."""
    return failures_visible_to(user).filter(state=Failure.State.OPEN).order_by("-failed_at")
