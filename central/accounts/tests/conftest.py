from __future__ import annotations

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def _fresh() -> None:
    """Tries to sign in are counted in the cache."""
    cache.clear()
