"""Calls to addresses that people gave, or that stand in what people wrote.

Such an address could be one of our own network, which whoever wrote it cannot reach and we can. So only http(s), and
only public addresses: the one that was looked up is the one that is called. Each redirect is another call.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Iterator
from typing import Final
from urllib.parse import SplitResult, urlsplit

import httpx

from node.config import config

AGENT: Final = "Rialto"
_PRIVATE: Final = "its host lies in a private network; an operator may allow that by fetch_private"
#: a server of names has said so; whoever is cut off from it knows nothing
_NO_SUCH: Final = frozenset({socket.EAI_NONAME, socket.EAI_NODATA})


class NotCalled(Exception):
    """An address that is not called; `code`: scheme, no_host, unknown_host, no_lookup, private."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


def trouble_of(error: Exception) -> str:
    """What kept an address from answering: redirects, timeout, unknown_host, no_lookup, certificate, no_answer.

    `error`: what a call has raised. Whoever shows it says it in words; the name of an exception is no reason.
    """
    if isinstance(error, NotCalled):
        return error.code
    if isinstance(error, httpx.TooManyRedirects):
        return "redirects"
    if isinstance(error, httpx.TimeoutException):
        return "timeout"
    causes = list(_causes(error))
    if lookup := next((one for one in causes if isinstance(one, socket.gaierror)), None):
        return "unknown_host" if lookup.errno in _NO_SUCH else "no_lookup"
    return "certificate" if any(isinstance(one, ssl.SSLCertVerificationError) for one in causes) else "no_answer"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def pinned(client: httpx.Client, url: str, method: str = "GET") -> httpx.Request:
    """A request to the very address that was looked up and found public. Raises `NotCalled`."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        raise NotCalled("scheme", "only http and https addresses are called")
    address = public_address(parts, 443 if parts.scheme == "https" else 80)
    shown = f"[{address}]" if ":" in address else address
    to = httpx.URL(url).copy_with(host=address, userinfo=b"")
    headers = {"Host": parts.netloc.rpartition("@")[2] or shown, "User-Agent": AGENT}
    return client.build_request(method, to, headers=headers, extensions={"sni_hostname": parts.hostname or ""})


def public_address(parts: SplitResult, port: int) -> str:
    """The address of a host, looked up once. Raises `NotCalled` when there is none, or it is a private one."""
    if not parts.hostname:
        raise NotCalled("no_host", "its address names no host")
    is_here = parts.hostname == "localhost" or parts.hostname.endswith(".localhost")
    if is_here and not config().fetch_private:
        raise NotCalled("private", _PRIVATE)
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno not in _NO_SUCH:
            raise NotCalled("no_lookup", "its host cannot be looked up now") from error
        raise NotCalled("unknown_host", "there is no such host") from error
    except (OSError, ValueError) as error:
        raise NotCalled("unknown_host", "there is no such host") from error
    address = str(found[0][4][0])
    if not config().fetch_private and not ipaddress.ip_address(address.partition("%")[0]).is_global:
        raise NotCalled("private", _PRIVATE)
    return address
