"""A browser's handle in one shop: a random first-party cookie that leads to a cart and says nothing of the person.

A page asks for it by POST /_r/session under a lock that all tabs of the shop share, before its first op; a form
without JavaScript gets it on the way. Two first adds of two tabs therefore land in one cart.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Mapping

from edge.cart.roots import root_of
from edge.live import carts as live
from edge.shopper.models import Handle
from sync.contracts.documents import SiteDoc
from sync.contracts.ids import new_cart_id
from sync.store.writer import reader, writer

LIFE_DAYS = 400  # the longest a browser keeps a cookie
_KEPT = 20_000

#: hash of a handle -> (site, cart as it was bound). A handle is bound anew only here, so the memory is never stale.
_known: OrderedDict[bytes, tuple[str, str]] = OrderedDict()


def cookie_name(site: SiteDoc) -> str:
    """`__Host-` binds the cookie to the very host and to https; plain http (a demo) cannot have it."""
    return "__Host-rialto" if site.origin.startswith("https://") else "rialto"


def set_cookie(site: SiteDoc, handle: str) -> tuple[str, str]:
    """The Set-Cookie header of a handle."""
    secure = "; Secure" if site.origin.startswith("https://") else ""
    life = LIFE_DAYS * 86_400
    value = f"{cookie_name(site)}={handle}; Path=/; Max-Age={life}; HttpOnly; SameSite=Lax{secure}"
    return "set-cookie", value


async def cart_of(cookies: Mapping[str, str], site: SiteDoc) -> str | None:
    """The cart a request's cookie leads to, None when it has no handle that this shop gave out."""
    handle = cookies.get(cookie_name(site), "")
    if not handle:
        return None
    digest = hash_of(handle)
    bound = _known.get(digest)
    if bound is None:
        read = await reader.run(lambda: _bound(digest))
        bound = _known.get(digest) or read  # it may have been bound anew while we read
    if bound is None or bound[0] != site.id:
        return None
    _remember(digest, bound)
    return await root_of(bound[1])


async def new_handle(site: SiteDoc, cart: str = "") -> tuple[str, str]:
    """A fresh handle bound to `cart`, or to a cart of its own: (cookie value, cart)."""
    handle, bound = secrets.token_urlsafe(32), cart or new_cart_id()
    digest = hash_of(handle)
    await writer.run(
        lambda: Handle.objects.create(hash=digest, site=site.id, cart=bound, created=time.time_ns() // 1_000_000)
    )
    _remember(digest, (site.id, bound))
    return handle, bound


async def bind(cookies: Mapping[str, str], site: SiteDoc, cart: str, *, flash: str = "") -> tuple[str, str] | None:
    """Make the browser's handle lead to `cart`. Returns the cookie to set when it had no handle yet."""
    handle = cookies.get(cookie_name(site), "")
    digest = hash_of(handle)
    bound = Handle.objects.filter(hash=digest, site=site.id)
    changed = await writer.run(lambda: bound.update(cart=cart, flash=flash)) if handle else 0
    if changed:
        _remember(digest, (site.id, cart))
        live.rebound(digest, await root_of(cart))
        return None
    fresh, _ = await new_handle(site, cart)
    return set_cookie(site, fresh)


async def take_flash(cookies: Mapping[str, str], site: SiteDoc) -> str:
    """What the next page should say once; it is forgotten by being read."""
    handle = cookies.get(cookie_name(site), "")
    if not handle:
        return ""
    digest = hash_of(handle)
    flash = await reader.run(lambda: Handle.objects.filter(hash=digest).values_list("flash", flat=True).first())
    if flash:
        await writer.run(lambda: Handle.objects.filter(hash=digest).update(flash=""))
    return flash or ""


def handle_hash(cookies: Mapping[str, str], site: SiteDoc) -> bytes:
    """What names a browser here: the hash of its handle."""
    return hash_of(cookies.get(cookie_name(site), ""))


def hash_of(handle: str) -> bytes:
    # 256 random bits: a plain hash cannot be searched.
    return hashlib.sha256(handle.encode()).digest()


def _bound(digest: bytes) -> tuple[str, str] | None:
    return Handle.objects.filter(hash=digest).values_list("site", "cart").first()


def _remember(digest: bytes, bound: tuple[str, str]) -> None:
    _known[digest] = bound
    _known.move_to_end(digest)
    if len(_known) > _KEPT:
        _known.popitem(last=False)


def forget_all() -> None:
    """Forget what was remembered (tests that change databases)."""
    _known.clear()
