from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from central.api.actions import Wanted, make_key
from central.api.rights import TITLES
from central.api.tests.caller import Caller
from central.orders import labels
from central.ui.tests import cast


@pytest.fixture(autouse=True)
def _fresh_labels() -> Iterator[None]:
    labels._seen.clear()
    yield
    labels._seen.clear()


@pytest.fixture
def shops(node_home: Any) -> dict[str, Any]:
    """Two sites, `tea` and `hush`, each with a product and an order; site -> the order."""
    made = {}
    for site, name in (("tea", "Tea"), ("hush", "Hush")):
        cast.site(site, name=f"{name} shop", label=f"{name} label")
        cast.product(site, f"{name}-1", f"{name} goods")
        made[site] = cast.order(site, number=f"{site.upper()}-A-000001")
    return made


@pytest.fixture
def admin(db: Any) -> Any:
    return cast.staff("ada", "admin")


@pytest.fixture
def caller(shops: Any, admin: Any) -> Any:
    """Makes a key with every right on the shop `tea`, changed as wanted, and who calls with it."""

    def make(**changes: Any) -> Caller:
        wanted = {"name": "A script", "rights": [*TITLES], "sites": ["tea"], **changes}
        key, text = make_key(admin, Wanted(**wanted))
        return Caller(key, text)

    return make
