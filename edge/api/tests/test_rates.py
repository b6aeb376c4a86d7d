"""Who asks too often is told when to come back; who is on this machine is not counted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from edge.api import rates
from edge.asgi import application
from node import config as node_config

HOST = "tea.localhost:8499"


@pytest.fixture(autouse=True)
def _counted_anew() -> Iterator[None]:
    rates.forget_all()
    yield
    rates.forget_all()


async def ask(address: str, method: str = "POST", path: str = "/_r/session", **headers: str) -> httpx.Response:
    """A request that the edge sees coming from `address`."""
    named = {"host": HOST, "sec-fetch-site": "same-origin", **{k.replace("_", "-"): v for k, v in headers.items()}}
    transport = httpx.ASGITransport(application, client=(address, 1))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}") as client:
        return await client.request(method, path, headers=named)


async def statuses(times: int, address: str, **more: Any) -> list[int]:
    return [(await ask(address, **more)).status_code for _ in range(times)]


async def test_one_address_asks_for_so_many_handles_and_no_more(cluster) -> None:
    with node_config.overridden(limits={"session_address": "2/minute"}):
        assert await statuses(3, "203.0.113.9") == [204, 204, 429]
        refused = await ask("203.0.113.9")

        assert refused.json()["error"] == refused.headers["x-rialto-error"] == "too_many_requests"
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert "set-cookie" not in refused.headers
        assert await statuses(1, "203.0.113.10") == [204]


async def test_a_browser_is_counted_by_its_handle_wherever_it_is(cluster) -> None:
    more = {"method": "GET", "path": "/_r/cart", "cookie": "rialto=one"}
    with node_config.overridden(limits={"cart_handle": "2/minute"}):
        assert await statuses(2, "203.0.113.9", **more) == [200, 200]
        assert await statuses(1, "203.0.113.10", **more) == [429]
        assert await statuses(1, "203.0.113.10", **{**more, "cookie": "rialto=two"}) == [200]


async def test_callers_on_this_machine_are_not_counted_until_a_proxy_here_names_the_shopper(cluster) -> None:
    few = {"session_address": "1/minute"}
    with node_config.overridden(limits=few):
        assert await statuses(3, "127.0.0.1", x_forwarded_for="203.0.113.9") == [204, 204, 204]
    with node_config.overridden(limits=few, trusted_proxies=["127.0.0.1"]):
        assert await statuses(2, "127.0.0.1", x_forwarded_for="203.0.113.9") == [204, 429]
        assert await statuses(1, "127.0.0.1", x_forwarded_for="203.0.113.10") == [204]


async def test_a_limit_can_be_switched_off_and_counts_are_forgotten_when_over(cluster) -> None:
    with node_config.overridden(limits={"session_address": "off"}):
        assert await statuses(3, "203.0.113.9") == [204, 204, 204]
    with node_config.overridden(limits={"session_address": "5/minute"}):
        await ask("203.0.113.9")
        assert len(rates._counts.storage) == 1
        rates._counts.expirations.update(dict.fromkeys(rates._counts.expirations, 0.0))
        rates.sweep()
        assert len(rates._counts.storage) == 0


@pytest.mark.parametrize("path", ["/order/guess", "/_r/order/guess", "/order/guess/live"])
async def test_who_guesses_the_secrets_of_orders_is_slowed_down(cluster, path: str) -> None:
    with node_config.overridden(limits={"order_address": "2/minute"}):
        assert await statuses(3, "203.0.113.9", method="GET", path=path) == [404, 404, 429]
