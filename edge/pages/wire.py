"""The few words of HTTP that pages and static files need over plain ASGI."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Final

from edge.pages.cache import Page
from edge.replica import sites as shops
from sites import assets, editions
from sync.contracts.documents import SiteDoc

logger = logging.getLogger("edge.pages")

Headers = Sequence[tuple[bytes, bytes]]
NO_STORE: Final[list[tuple[bytes, bytes]]] = [(b"cache-control", b"no-store")]


def header(scope: dict[str, Any], name: bytes) -> str:
    for key, value in scope["headers"]:
        if key == name:
            return str(value.decode("latin-1"))
    return ""


def favicon(site: SiteDoc) -> str:
    return assets.url(f"themes/{site.theme}/favicon.svg")


def security(site: SiteDoc | None) -> list[tuple[bytes, bytes]]:
    """What a shop's page may do: run and load our own files, send forms here and (a hop) to the sister shops."""
    sisters = " ".join(sorted(_neighbours(site))) if site else ""
    cdn = "".join(f" {origin}" for origin in sorted(set(site.media.origins.values()))) if site else ""
    policy = (
        f"default-src 'none'; script-src 'self'{cdn}; style-src 'self'{cdn}; img-src 'self'{cdn} data:; "
        f"font-src 'self'{cdn}; "
        "connect-src 'self'; manifest-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action 'self' {sisters}".rstrip()
    )
    if site and site.origin.startswith("https://"):
        # Nothing of a secure shop is fetched in the clear, and browsers that came once come by https for a year
        policy = f"{policy}; upgrade-insecure-requests"
        secure = [(b"strict-transport-security", b"max-age=31536000")]
    else:
        secure = []
    return [
        *secure,
        (b"content-security-policy", policy.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"strict-origin-when-cross-origin"),
        (b"cross-origin-opener-policy", b"same-origin"),
    ]


def _neighbours(site: SiteDoc) -> set[str]:
    """Where a form may end up: at any edition of the sister shops, and at those of this one with another host."""
    sisters = shops.sister_sites(site)
    return set().union(*map(editions.origins_of, sisters)) | (editions.origins_of(site) - {site.origin})


async def page(scope: dict[str, Any], send: Any, page: Page, headers: Headers) -> None:
    """A page with its ETag: 304 when the browser or the CDN has it, gzip when they take it."""
    await content(scope, send, page.status, page.body, page.zipped, page.etag, "text/html; charset=utf-8", headers)


async def content(
    scope: dict[str, Any],
    send: Any,
    status: int,
    body: bytes,
    zipped: bytes | None,
    etag: str,
    kind: str,
    headers: Headers,
) -> None:
    """`zipped` None: the body is not worth it. The two encodings have ETags of their own, for they differ in bytes."""
    is_zipped = zipped is not None and takes_gzip(header(scope, b"accept-encoding"))
    tag = f'"{etag}-gz"' if is_zipped else f'"{etag}"'
    common = [*headers, (b"etag", tag.encode())]
    if zipped is not None:
        common.append((b"vary", b"Accept-Encoding"))
    if status == 200 and has_tag(header(scope, b"if-none-match"), etag):
        await send({"type": "http.response.start", "status": 304, "headers": common})
        await send({"type": "http.response.body", "body": b""})
        return
    common.append((b"content-type", kind.encode()))
    if is_zipped:
        common.append((b"content-encoding", b"gzip"))
    await answer(scope, send, status, zipped if is_zipped and zipped is not None else body, common)


async def answer(scope: dict[str, Any], send: Any, status: int, body: bytes, headers: Headers) -> None:
    """A HEAD has the headers of its GET and no body."""
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


async def redirect(scope: dict[str, Any], send: Any, status: int, location: str) -> None:
    await answer(scope, send, status, b"", [(b"location", location.encode()), (b"cache-control", b"max-age=300")])


def takes_gzip(accepted: str) -> bool:
    for part in accepted.lower().split(","):
        coding, _, parameters = part.strip().partition(";")
        if coding.strip() in ("gzip", "*"):
            return parameters.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def has_tag(if_none_match: str, etag: str) -> bool:
    """Whether one of the client's tags is of this content, in either encoding."""
    if if_none_match.strip() == "*":
        return True
    tags = (tag.strip().removeprefix("W/").strip('"') for tag in if_none_match.split(","))
    return any(tag in (etag, f"{etag}-gz") for tag in tags)
