"""How often one browser and one address may ask, counted in the memory of this process: an edge has only one.

What a handle or an address may do stands under `[limits]` in the settings. A caller on this machine is not limited,
unless this machine's proxy is a trusted one and names the shopper behind it: without that every shopper would share
the proxy's count.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from functools import lru_cache

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from edge.http import Scope, parse_cookies
from edge.pages.wire import header
from infra.http.address import address_of, counted_as, is_loopback
from node.config import config
from node.errors import RialtoError

#: (method, path) -> what its limits are called; everything else is a page or a file, and those a CDN answers
_KINDS = {
    ("POST", "/_r/session"): "session",
    ("GET", "/_r/cart"): "cart",
    ("POST", "/_r/cart"): "cart",
    ("POST", "/_r/cart/form"): "cart",
    ("GET", "/_r/live"): "cart",
    ("GET", "/_r/search"): "search",
    ("GET", "/_r/where"): "search",
    ("GET", "/search"): "search",
    ("POST", "/_r/seen"): "seen",
    ("POST", "/_r/hop"): "hop",
    ("GET", "/_r/bring"): "hop",
    ("GET", "/_r/land"): "hop",
    ("GET", "/_r/preview"): "hop",
    ("POST", "/checkout"): "checkout",
    ("POST", "/_r/checkout"): "checkout",
    ("POST", "/_r/order/keep"): "checkout",
}
_BY_HANDLE = ("cart", "checkout")
#: an order's page is found by a secret in its address: whoever tries secrets is slowed down
_ORDERS = ("/order/", "/_r/order/")


class TooMany(RialtoError):
    """More requests than one browser or one address may send; `retry_after` in seconds."""

    code = "too_many_requests"
    status = 429


class _Counts(MemoryStorage):
    """The library looks through all counts a hundred times a second; the edge's sweeper does so once a minute."""

    def _MemoryStorage__schedule_expiry(self) -> None:
        pass

    def sweep(self) -> None:
        self._MemoryStorage__expire_events()  # type: ignore[attr-defined]


_counts = _Counts()
_limiter = FixedWindowRateLimiter(_counts)


def seconds_to_wait(scope: Scope) -> int:
    """Counts one request; 0: it may pass, else how many seconds its sender should wait."""
    kind = _kind_of(scope["method"], scope["path"])
    if not kind:
        return 0
    address = address_of(scope)
    if not address or is_loopback(address):
        return 0
    waits = [_wait(name, who) for name, who in _counters(kind, scope, address)]
    return max(waits, default=0)


def sweep() -> None:
    """Forget the counts that are over."""
    _counts.sweep()


def forget_all() -> None:
    """Begin to count anew (tests)."""
    _counts.reset()


def _kind_of(method: str, path: str) -> str:
    return _KINDS.get((method, path)) or ("order" if path.startswith(_ORDERS) else "")


def _counters(kind: str, scope: Scope, address: str) -> Iterator[tuple[str, str]]:
    yield f"{kind}_address", counted_as(address)
    if kind in _BY_HANDLE and (handle := _handle_in(scope)):
        yield f"{kind}_handle", handle


def _handle_in(scope: Scope) -> str:
    """As the browser says it: made-up ones are stopped by the count of their address."""
    cookies = parse_cookies(header(scope, b"cookie"))
    return (cookies.get("__Host-rialto") or cookies.get("rialto", ""))[:64]


def _wait(name: str, who: str) -> int:
    text = config().rate_limit(name)
    if not text:
        return 0
    limit = _parsed(text)
    if _limiter.hit(limit, name, who):
        return 0
    return max(1, math.ceil(_limiter.get_window_stats(limit, name, who).reset_time - time.time()))


@lru_cache(maxsize=64)
def _parsed(text: str) -> RateLimitItem:
    return parse(text)
