from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache

from central.orders import labels


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    """Nothing remembered from another test: sign-in counts, labels of sites."""
    cache.clear()
    labels._seen.clear()
    yield
    labels._seen.clear()
