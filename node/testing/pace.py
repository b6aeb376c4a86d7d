"""What a run of some thousand tests need not pay for thousands of times."""

from __future__ import annotations

import gc
from typing import Any

import django.urls
from django.test import TestCase
from psycopg.pq import TransactionStatus

#: objects made before the collector looks at the youngest: a test makes some ten thousands and keeps none
YOUNG = 20_000


def spare_the_collector() -> None:
    """Let the collector pass over what was there before the first test.

    Code, models and collected tests are half a million objects. To look at all of them again and again was a
    quarter of the run.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG)


def keep_addresses() -> None:
    """Let tests with a `urls` of their own leave what was resolved alone: it is kept under the name of its module."""
    django.urls.clear_url_caches = lambda: None


def check_what_was_used() -> None:
    """Ask for broken constraints at the end of a test only where the test has said anything to the database."""
    should_check = TestCase._should_check_constraints  # type: ignore[attr-defined]

    def _should_check(test: Any, connection: Any) -> bool:
        return not _is_untouched(connection) and bool(should_check(test, connection))

    TestCase._should_check_constraints = _should_check  # type: ignore[attr-defined]


def _is_untouched(connection: Any) -> bool:
    """Whether the transaction of the test has not begun at the server, which it does with the first statement."""
    held = connection.connection
    return connection.vendor == "postgresql" and (
        held is None or held.info.transaction_status == TransactionStatus.IDLE
    )
