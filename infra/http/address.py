"""Where a request came from. A peer is believed; what it says of others only when it is a proxy of our own.

`trusted_proxies` names them. Of X-Forwarded-For the last address that is not such a proxy counts: what stands before
it was written by whoever sent the request.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from node.config import config

Scope = dict[str, Any]
App = Callable[[Any, Any, Any], Awaitable[None]]


def address_of(scope: Scope) -> str:
    """The address a request came from, "" when its server does not know one (a unix socket)."""
    peer = str((scope.get("client") or ("",))[0])
    trusted = tuple(config().trusted_proxies)
    if not trusted or not _is_in(peer, trusted):
        return peer
    named = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    hops = [hop.strip() for value in named for hop in value.decode("latin-1").split(",")]
    return next((hop for hop in reversed(hops) if _address(hop) and not _is_in(hop, trusted)), peer)


def is_loopback(address: str) -> bool:
    found = _address(address)
    return found is not None and found.is_loopback


def counted_as(address: str) -> str:
    """The name under which an address is counted: an IPv6 customer has a whole /64 to himself."""
    found = _address(address)
    return str(IPv6Network((found, 64), strict=False)) if isinstance(found, IPv6Address) else address


def is_within(address: str, networks: Iterable[str]) -> bool:
    """Whether an address lies in one of the networks."""
    return _is_in(address, tuple(networks))


def scheme_named(scope: Scope) -> str:
    """http or https, as a proxy of our own says of the request; "" when there is none, for then nobody knows."""
    peer = str((scope.get("client") or ("",))[0])
    if not _is_in(peer, tuple(config().trusted_proxies)):
        return ""
    said = next((value for name, value in scope["headers"] if name == b"x-forwarded-proto"), b"").decode("latin-1")
    return said.lower() if said.lower() in ("http", "https") else ""


def behind_proxies(app: App) -> App:
    """An ASGI application that sees the shopper's address and scheme where a trusted proxy names them."""

    async def seen(scope: Scope, receive: Any, send: Any) -> None:
        peer = str((scope.get("client") or ("",))[0])
        if _is_in(peer, tuple(config().trusted_proxies)):
            scope = {**scope, "client": (address_of(scope), 0), "scheme": _scheme_of(scope)}
        await app(scope, receive, send)

    return seen


def _scheme_of(scope: Scope) -> str:
    said = next((value for name, value in scope["headers"] if name == b"x-forwarded-proto"), b"").decode("latin-1")
    is_web = scope["type"] == "http"
    known = {"https": "https" if is_web else "wss", "http": "http" if is_web else "ws"}
    return known.get(said) or str(scope["scheme"])


@lru_cache(maxsize=4096)
def _is_in(address: str, networks: tuple[str, ...]) -> bool:
    found = _address(address)
    return found is not None and any(found in ip_network(one, strict=False) for one in networks)


@lru_cache(maxsize=4096)
def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found
