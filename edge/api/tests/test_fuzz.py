"""A shop, tried by schemathesis with what its own document says and with what it does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from edge.cart.tests.world import PORT
from edge.live.tests.server import Server
from node import config as node_config
from node.limits import OFF, RATE_LIMITS
from node.testing import fuzzing

pytestmark = [pytest.mark.slow, pytest.mark.django_db(databases=["edge"], transaction=True)]

HOST = f"tea.localhost:{PORT}"


@pytest.fixture
def shop(cluster: Any) -> Iterator[tuple[str, dict[str, str]]]:
    """Where and as whom to ask: a browser with a handle."""
    with node_config.overridden(limits=dict.fromkeys(RATE_LIMITS, OFF)):
        server = Server().start()
        headers = {"Host": HOST, "Sec-Fetch-Site": "same-origin"}
        asked = httpx.post(f"{server.url}/_r/session", headers=headers)
        yield server.url, {"Host": HOST, "Cookie": asked.headers["set-cookie"].partition(";")[0]}
        server.stop()


def test_a_shop_answers_as_its_document_says(shop: Any) -> None:
    url, headers = shop

    # A stream that a browser with a handle opens never ends by itself, and a hop leads to another machine.
    left_out = ["--exclude-path", "/_r/live", "--exclude-path", "/_r/hop"]
    said = fuzzing.complaints(f"{url}/_r/openapi.json", headers, "--url", url, *left_out)

    if said:
        pytest.fail(said, pytrace=False)
