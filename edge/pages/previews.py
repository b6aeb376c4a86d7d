"""Staff see a shop live (SPEED-1): after a click at the desk this browser has a cookie with which no page comes from a
file or from memory.

    desk     POST /sites/tea/preview       -> 303 shop/_r/preview?t=TOKEN -> cookie -> 303 shop/
    shop     any page with the cookie      -> made this moment, no-store, a bar at its end
    the bar  POST /_r/preview/leave        -> the cookie is over, here and in the browser

The token is signed by central, whose key every edge has since it joined, so a preview opens without asking central. It
is good for a minute, once, at one shop. The cookie is a random word that means nothing to any other shop or edge; it
ends after eight hours, when it is left, and when central ends the previews of the shop. A cookie that is none of ours
changes nothing: pages are the same for everybody.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec.structs import replace

from edge.checkout.node import this_node
from edge.http import Request, Response, local_path, parse_cookies, redirect
from edge.pages import files, wire
from edge.pages.building import build, etag_of
from edge.pages.cache import Page
from edge.pages.models import Preview
from edge.replica import shelves
from infra.crypto.signing import unb64, verify
from node.config import config
from sites import editions, urls
from sites.rendering import Shell, render_page
from sync.contracts.codec import unpack
from sync.contracts.documents import ProductDoc, SiteDoc
from sync.contracts.preview import LIFE_S, PreviewToken, signed_part
from sync.store.writer import reader, writer

logger = logging.getLogger("edge.pages")

#: web servers in front of an edge hand whoever has it on to the edge
PREVIEW_COOKIE: Final = "rialto_preview"
#: how long a browser sees the shop live
HOURS: Final = 8
#: two clocks may differ a little
SLACK_S: Final = 5


class TokenRefused(Exception):
    """Why a token opens nothing: bad_token, wrong_shop, expired, used."""


@dataclass(frozen=True)
class Copy:
    """The file that visitors get: when it was made, and the beginning of a hash of it."""

    made: datetime
    version: str
    is_same: bool


# --- opening and leaving -------------------------------------------------------------------------------------------


async def begin(request: Request) -> Response:
    """The token's end: the cookie is set and the address is clean again. Refused, the shop opens as for everybody."""
    headers = [("referrer-policy", "no-referrer")]
    try:
        token = _verified(request.site, request.query.get("t", ""))
        cookie = secrets.token_urlsafe(32)
        await writer.run(lambda: _open(token, cookie))
        headers.append(_set_cookie(request.site, cookie, HOURS * 3600))
    except TokenRefused as error:
        logger.warning("preview refused: %s at %s", error, request.site.id)
        headers.append(("x-rialto-error", str(error)))
    return redirect(local_path(request.query.get("to", "/")), headers)


async def leave(request: Request) -> Response:
    request.check_same_origin()
    to = local_path((await request.form()).get("to", "/"))
    if cookie := request.cookies.get(PREVIEW_COOKIE):
        await writer.run(lambda: Preview.objects.filter(hash=_hash(cookie)).delete())
    return redirect(to, [_set_cookie(request.site, "", 0)])


def _verified(site: SiteDoc, text: str) -> PreviewToken:
    packed, _, signature = text.partition(".")
    try:
        body, signed = unb64(packed), unb64(signature)
        if not verify(this_node().central_key, signed, signed_part(body)):
            raise TokenRefused("bad_token")
        token = unpack(body, PreviewToken)
    except (ValueError, msgspec.MsgspecError):
        raise TokenRefused("bad_token") from None
    if token.v != 1 or token.site != site.id:
        raise TokenRefused("wrong_shop")
    if not -SLACK_S <= time.time() - token.iat <= LIFE_S or token.iat < site.previews_from:
        raise TokenRefused("expired")
    return token


def _open(token: PreviewToken, cookie: str) -> None:
    now = int(time.time())
    Preview.objects.filter(expires__lt=now).delete()
    if Preview.objects.filter(jti=token.jti).exists():
        raise TokenRefused("used")
    Preview.objects.create(
        hash=_hash(cookie),
        site=token.site,
        jti=token.jti,
        created=now,
        expires=now + HOURS * 3600,
        language=token.language,
        desk=msgspec.json.encode(token.desk).decode(),
    )


def _set_cookie(site: SiteDoc, value: str, life_s: int) -> tuple[str, str]:
    secure = "; Secure" if site.origin.startswith("https://") else ""
    return "set-cookie", f"{PREVIEW_COOKIE}={value}; Path=/; Max-Age={life_s}; HttpOnly; SameSite=Lax{secure}"


def _hash(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode()).digest()


# --- pages ---------------------------------------------------------------------------------------------------------


async def preview_of(scope: Mapping[str, Any], site: SiteDoc) -> Preview | None:
    """Whose page this is to be live for; None for every visitor, also one with a cookie that is none of ours."""
    sent = wire.header(dict(scope), b"cookie")
    if PREVIEW_COOKIE not in sent:
        return None
    cookie = parse_cookies(sent).get(PREVIEW_COOKIE, "")
    return await reader.run(lambda: _good(cookie, site)) if cookie else None


def _good(cookie: str, site: SiteDoc) -> Preview | None:
    return Preview.objects.filter(
        hash=_hash(cookie), site=site.id, expires__gte=int(time.time()), created__gte=site.previews_from
    ).first()


def live_page(site: SiteDoc, path: str, preview: Preview) -> Page:
    """The page made this moment, with the bar; nothing is kept of it. Off the event loop."""
    page = build(site, path)
    head, end, tail = page.body.rpartition(b"</body>")
    return Page(page.status, head + _bar(site, path, page, preview).encode() + end + tail, None, "")


def _bar(site: SiteDoc, path: str, page: Page, preview: Preview) -> str:
    """In the language of the person at the desk, not of the shop."""
    product, address = _desk_address(site, path, msgspec.json.decode(preview.desk, type=dict[str, str]))
    shown = {
        "shell": Shell(),
        "own_site": site,
        "copy": _copy(site, path, page),
        "has_files": site.pages.is_on,
        "product": product,
        "desk": address,
        "here": urls.at(site, path),
    }
    return render_page(replace(site, language=preview.language), "staff_bar", shown)


def _copy(site: SiteDoc, path: str, page: Page) -> Copy | None:
    file = files.place(config().pages_dir, editions.host_of(site), urls.at(site, path)) if site.pages.is_on else None
    body = files.read(file) if file else None
    if file is None or body is None:
        return None
    try:
        made = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    except FileNotFoundError:
        return None
    return Copy(made, etag_of(body)[:8], body == page.body)


def _desk_address(site: SiteDoc, path: str, desk: Mapping[str, str]) -> tuple[ProductDoc | None, str]:
    """The product that the page is about, if it is about one, and where the desk has it; else where it has the shop."""
    address = urls.parse(path)
    product = shelves.product_by_slug(site, address.slug) if address and address.kind == "product" else None
    if product is not None and "product" in desk:
        return product, desk["product"].replace("{id}", str(UUID(product.id)))
    return None, desk.get("", "")


ROUTES = {
    ("GET", "/_r/preview"): begin,
    ("POST", "/_r/preview/leave"): leave,
}
