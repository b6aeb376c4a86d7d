"""The few words of HTTP that pages and static files need over plain ASGI."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from edge.pages.cache import Page
from edge.replica import sites as shops
from sites import assets, editions
from sync.contracts.documents import SiteDoc

logger = logging.getLogger("edge.pages")

Headers = Sequence[tuple[bytes, bytes]]
#: content coding -> what an ETag ends with
_SUFFIXES: Final = {"": "", "gzip": "-gz", "br": "-br"}
_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
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
    kind = "text/html; charset=utf-8"
    await content(scope, send, page.status, page.body, page.zipped, page.etag, kind, headers, brotli=page.brotli)


async def content(
    scope: dict[str, Any],
    send: Any,
    status: int,
    body: bytes,
    zipped: bytes | None,
    etag: str,
    kind: str,
    headers: Headers,
    *,
    brotli: bytes | None = None,
) -> None:
    """`zipped`, `brotli` None: there is no such form. Each has an ETag of its own, for they differ in bytes."""
    packed = {"br": brotli, "gzip": zipped}
    coding, sent = _best(packed, header(scope, b"accept-encoding"), body)
    tag = f'"{etag}{_SUFFIXES[coding]}"'
    common = [*headers, (b"etag", tag.encode())]
    if any(form is not None for form in packed.values()):
        common.append((b"vary", b"Accept-Encoding"))
    if status == 200 and has_tag(header(scope, b"if-none-match"), etag):
        await send({"type": "http.response.start", "status": 304, "headers": common})
        await send({"type": "http.response.body", "body": b""})
        return
    common.append((b"content-type", kind.encode()))
    if coding:
        common.append((b"content-encoding", coding.encode()))
    if status == 200:
        status, sent, more = _part_of(scope, sent, tag)
        common += more
    await answer(scope, send, status, sent, common)


def _best(packed: Mapping[str, bytes | None], accepted: str, body: bytes) -> tuple[str, bytes]:
    """The form of a body that the client takes, the smallest first, and its coding; "" for the body itself."""
    for coding, form in packed.items():
        if form is not None and takes(accepted, coding):
            return coding, form
    return "", body


def _part_of(scope: dict[str, Any], body: bytes, tag: str) -> tuple[int, bytes, Headers]:
    """What a client that asks for one range gets: 206, or 416; all of it where it asks in another way."""
    common = [(b"accept-ranges", b"bytes")]
    asked, condition = _RANGE.fullmatch(header(scope, b"range").strip()), header(scope, b"if-range")
    if asked is None or asked.groups() == ("", "") or (condition and condition != tag):
        return 200, body, common
    first, last = asked.groups()
    start = int(first) if first else max(0, len(body) - int(last))
    end = min(int(last), len(body) - 1) if first and last else len(body) - 1
    if start > end:
        is_wrong = bool(first and last) and int(last) < int(first)  # then it is no range at all
        nothing = (b"content-range", f"bytes */{len(body)}".encode())
        return (200, body, common) if is_wrong else (416, b"", [*common, nothing])
    named = (b"content-range", f"bytes {start}-{end}/{len(body)}".encode())
    return 206, body[start : end + 1], [*common, named]


async def answer(scope: dict[str, Any], send: Any, status: int, body: bytes, headers: Headers) -> None:
    """A HEAD has the headers of its GET and no body."""
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


async def redirect(scope: dict[str, Any], send: Any, status: int, location: str) -> None:
    await answer(scope, send, status, b"", [(b"location", location.encode()), (b"cache-control", b"max-age=300")])


def takes(accepted: str, coding: str) -> bool:
    """Whether an Accept-Encoding lets us send `coding`."""
    for part in accepted.lower().split(","):
        named, _, parameters = part.strip().partition(";")
        if named.strip() in (coding, "*"):
            return parameters.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def has_tag(if_none_match: str, etag: str) -> bool:
    """Whether one of the client's tags is of this content, in any encoding."""
    if if_none_match.strip() == "*":
        return True
    tags = (tag.strip().removeprefix("W/").strip('"') for tag in if_none_match.split(","))
    return any(tag == f"{etag}{suffix}" for tag in tags for suffix in _SUFFIXES.values())
