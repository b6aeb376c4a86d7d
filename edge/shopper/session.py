"""A browser's handle in one shop: a random first-party cookie that leads to a cart and says nothing of the person.

A page asks for it by POST /_r/session under a lock that all tabs of the shop share, before its first op; a form
without JavaScript gets it on the way. Two first adds of two tabs therefore land in one cart.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db.models import Q

from edge.cart.roots import members, root_of
from edge.live import carts as live
from edge.shopper.models import Handle
from sync.contracts.documents import SiteDoc
from sync.contracts.ids import new_cart_id
from sync.store.edge import sql
from sync.store.writer import reader, writer

LIFE_DAYS = 400  # the longest a browser keeps a cookie
_KEPT = 20_000

#: hash of a handle -> (site, cart as it was bound). A handle is bound anew only here, so the memory is never stale.
_known: OrderedDict[bytes, tuple[str, str]] = OrderedDict()
#: hash of a handle -> who is signed in by it; changed only here
_identities: OrderedDict[bytes, Identity | None] = OrderedDict()


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
    await writer.run(lambda: _insert(digest, site.id, bound))
    _remember(digest, (site.id, bound))
    return handle, bound


def _insert(digest: bytes, site: str, cart: str) -> None:
    """In plain SQL: every browser that comes has it done."""
    sql.execute(
        "INSERT INTO edge_shopper_handle (hash, site, cart, created, grant, customer, interacted, flash) "
        "VALUES (?, ?, ?, ?, '', '', 0, '')",
        [digest, site, cart, time.time_ns() // 1_000_000],
    )


async def bind(
    cookies: Mapping[str, str], site: SiteDoc, cart: str, *, flash: str = "", interacted: int = 0
) -> tuple[str, str] | None:
    """Make the browser's handle lead to `cart`. Returns the cookie to set when it had no handle yet.

    A browser that is signed in stays so: its cart is its own. `interacted`: what a hop says of the id domain.
    """
    handle = cookies.get(cookie_name(site), "")
    digest = hash_of(handle)
    bound = Handle.objects.filter(hash=digest, site=site.id)
    signed_in = await identity_of(cookies, site) if handle else None
    values = {"cart": cart, "flash": flash} | ({} if signed_in else {"interacted": interacted})
    changed = await writer.run(lambda: bound.update(**values)) if handle else 0
    if changed:
        _remember(digest, (site.id, cart))
        live.rebound(digest, await root_of(cart))
        return None
    fresh, _ = await new_handle(site, cart)
    if interacted:
        await writer.run(lambda: Handle.objects.filter(hash=hash_of(fresh)).update(interacted=interacted))
    return set_cookie(site, fresh)


@dataclass(frozen=True)
class Identity:
    """A browser that is signed in at a shop. `customer` names nobody outside the cluster."""

    grant: str
    customer: str
    interacted: int


async def identity_of(cookies: Mapping[str, str], site: SiteDoc) -> Identity | None:
    """Who is signed in at this browser, as far as this edge knows; None for a guest."""
    handle = cookies.get(cookie_name(site), "")
    if not handle:
        return None
    digest = hash_of(handle)
    if digest not in _identities:
        read = await reader.run(lambda: _identity(digest, site.id))
        _keep_identity(digest, read)
    return _identities[digest]


async def customer_of(cookies: Mapping[str, str], site: SiteDoc) -> str:
    """The id of the customer who is signed in, "" for a guest."""
    identity = await identity_of(cookies, site)
    return identity.customer if identity else ""


async def replace_handle(
    cookies: Mapping[str, str], site: SiteDoc, cart: str = "", *, identity: Identity | None = None, flash: str = ""
) -> tuple[str, str]:
    """A fresh handle in place of the browser's old one, which is good for nothing from now on.

    At each sign-in and sign-out: whoever knew the browser's handle before must not come into a cart by it. Its open
    tabs are hung up on; they dial again, with the new cookie.
    """
    handle, bound, now = secrets.token_urlsafe(32), cart or new_cart_id(), time.time_ns() // 1_000_000
    digest, old = hash_of(handle), handle_hash(cookies, site)
    known = identity or Identity("", "", 0)

    def change() -> None:
        Handle.objects.filter(hash=old, site=site.id).delete()
        Handle.objects.create(
            hash=digest, site=site.id, cart=bound, created=now, flash=flash,
            grant=known.grant, customer=known.customer, interacted=known.interacted,
        )  # fmt: skip

    await writer.run(change)
    _known.pop(old, None)
    _identities.pop(old, None)
    _remember(digest, (site.id, bound))
    _keep_identity(digest, identity)
    live.hang_up(old)
    return set_cookie(site, handle)


async def end(grants: Collection[str], cart: str = "") -> int:
    """These sign-ins have ended: their browsers have a fresh guest cart each. Returns how many handles that was.

    `cart`: also whatever leads to this customer's cart without a sign-in, brought to a shop by a hop.
    """
    freed = await writer.run(lambda: _end(grants, cart))
    for digest, bound in freed:
        _known.pop(digest, None)
        _keep_identity(digest, None)
        _remember(digest, bound)
        live.hang_up(digest)
    return len(freed)


def _end(grants: Collection[str], cart: str) -> list[tuple[bytes, tuple[str, str]]]:
    ended = Q(grant__in=list(grants)) & ~Q(grant="")
    if cart:
        ended |= Q(cart__in=members(cart))
    freed = []
    for handle in Handle.objects.filter(ended):
        handle.cart, handle.grant, handle.customer, handle.interacted = new_cart_id(), "", "", 0
        handle.flash = "out:"
        handle.save()
        freed.append((bytes(handle.hash), (handle.site, handle.cart)))
    return freed


def signed_in_lately() -> dict[bytes, Identity]:
    """Hash of a handle -> its sign-in, of those this process remembers."""
    return {digest: known for digest, known in _identities.items() if known}


def _identity(digest: bytes, site: str) -> Identity | None:
    row = Handle.objects.filter(hash=digest, site=site).exclude(grant="")
    found = row.values_list("grant", "customer", "interacted").first()
    return Identity(*found) if found else None


def _keep_identity(digest: bytes, known: Identity | None) -> None:
    _identities[digest] = known
    _identities.move_to_end(digest)
    if len(_identities) > _KEPT:
        _identities.popitem(last=False)


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
    _identities.clear()
