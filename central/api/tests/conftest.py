from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn

from central.api.actions import Wanted, make_key
from central.api.rights import TITLES
from central.api.tests.caller import Caller
from central.orders import labels
from central.ui.tests import cast
from node import config as node_config
from node.limits import OFF, RATE_LIMITS


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


@pytest.fixture
def central() -> Iterator[str]:
    """Central's application behind a real server; its address."""
    from central.asgi import application

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(application, log_config=None, lifespan="off", proxy_headers=False))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listening])), name="test-central")
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join(20)


@pytest.fixture
def key(node_home: Any) -> Iterator[str]:
    """A key with every right on a shop with goods and an order."""
    cast.site("tea")
    cast.product("tea", "Tea-1", "Tea goods")
    cast.order("tea")
    wanted = Wanted(name="Fuzz", rights=[*TITLES], sites=["tea"])
    with node_config.overridden(limits=dict.fromkeys(RATE_LIMITS, OFF)):
        yield make_key(cast.staff("ada", "admin"), wanted)[1]
