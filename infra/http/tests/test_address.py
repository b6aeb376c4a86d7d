"""An address is the peer's, unless a proxy of ours vouches for another."""

from __future__ import annotations

from typing import Any

import pytest

from infra.http.address import address_of, behind_proxies, counted_as
from node import config as node_config


def scope(peer: str | None, *forwarded: str) -> dict[str, Any]:
    headers = [(b"x-forwarded-for", text.encode()) for text in forwarded]
    return {"type": "http", "scheme": "http", "client": (peer, 1) if peer else None, "headers": headers}


def test_nobody_is_believed_when_no_proxy_is_named() -> None:
    assert address_of(scope("203.0.113.9", "198.51.100.1")) == "203.0.113.9"
    assert address_of(scope("127.0.0.1", "198.51.100.1")) == "127.0.0.1"
    assert address_of(scope(None)) == ""


@pytest.mark.parametrize(
    ("forwarded", "found"),
    [
        (["198.51.100.1"], "198.51.100.1"),
        (["192.0.2.66, 198.51.100.1"], "198.51.100.1"),  # the first was written by the sender
        (["198.51.100.1, 10.0.0.5"], "198.51.100.1"),  # a second proxy of ours
        (["192.0.2.66", "198.51.100.1"], "198.51.100.1"),  # two headers are one list
        (["nonsense"], "10.0.0.2"),
        ([], "10.0.0.2"),
    ],
)
def test_a_trusted_proxy_names_the_last_stranger(forwarded: list[str], found: str) -> None:
    with node_config.overridden(trusted_proxies=["10.0.0.0/8"]):
        assert address_of(scope("10.0.0.2", *forwarded)) == found


def test_a_stranger_cannot_pose_as_a_proxy() -> None:
    with node_config.overridden(trusted_proxies=["10.0.0.0/8"]):
        assert address_of(scope("203.0.113.9", "198.51.100.1")) == "203.0.113.9"


def test_an_ipv6_customer_is_one_however_many_addresses_he_has() -> None:
    assert counted_as("2001:db8::1") == counted_as("2001:db8::ffff:2") == "2001:db8::/64"
    assert counted_as("203.0.113.9") == "203.0.113.9"


async def test_the_application_sees_address_and_scheme_of_the_shopper() -> None:
    seen: list[dict[str, Any]] = []

    async def app(found: dict[str, Any], receive: Any, send: Any) -> None:
        seen.append(found)

    asked = scope("127.0.0.1", "198.51.100.1")
    asked["headers"].append((b"x-forwarded-proto", b"https"))
    with node_config.overridden(trusted_proxies=["127.0.0.1"]):
        await behind_proxies(app)(asked, None, None)

    assert (seen[0]["client"][0], seen[0]["scheme"]) == ("198.51.100.1", "https")
