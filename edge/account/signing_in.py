"""Signing in at a shop: to the id domain and back, by top-level redirects (OIDC's code with PKCE, over the link).

    click            GET  shop/account/in       -> 303 id/authorize?client&redirect_uri&state&code_challenge
    the id domain    knows the person, or asks  -> 303 shop/account/return?code&state
    over the link    code + verifier            -> grant, customer, cart
    then             the guest's cart joins the customer's, a new handle -> 303 shop/path

`state` is bound to the browser by its handle, so nobody can send a shopper into an account of his own. What is begun
lives in this process's memory: a restart between the two clicks costs one more click.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass
from urllib.parse import urlencode

from edge.account import central, names
from edge.account.errors import CannotSignIn
from edge.http import Request
from edge.shopper import claims, session
from infra.crypto.signing import b64
from sync.contracts.documents import SiteDoc
from sync.contracts.shoppers import ExchangeAsk, ExchangeReply
from sync.link import LinkDown, RequestFailed

#: somebody may have to find a mailbox and choose a password meanwhile
LIFE_S = 40 * 60
_MOST = 5_000


@dataclass(frozen=True)
class Begun:
    """`handle`: hash of the handle of the browser that began."""

    site: str
    handle: bytes
    verifier: str
    path: str
    at: float


_begun: OrderedDict[str, Begun] = OrderedDict()


async def begin(request: Request, path: str, *, silent: bool) -> tuple[str, list[tuple[str, str]]]:
    """Where to send the browser, and cookies to set. Raises `LinkDown` or `RequestFailed`."""
    site, cookies = request.site, request.cookies
    addresses = await central.addresses(site)
    handle, headers = session.handle_hash(cookies, site), []
    if await session.cart_of(cookies, site) is None:
        fresh, _ = await session.new_handle(site)
        handle, headers = session.hash_of(fresh), [session.set_cookie(site, fresh)]
    state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
    _remember(state, Begun(site.id, handle, verifier, path, time.monotonic()))
    query = {
        "client": site.id,
        "redirect_uri": return_address(site),
        "state": state,
        "code_challenge": b64(hashlib.sha256(verifier.encode()).digest()),
        "code_challenge_method": "S256",
        **({"silent": "1"} if silent else {}),
    }
    return f"{addresses.authorize}?{urlencode(query)}", headers


async def finish(request: Request) -> tuple[str, list[tuple[str, str]]]:
    """The browser is back: (path to go on to, cookies). Raises `CannotSignIn`, `LinkDown`."""
    site, cookies = request.site, request.cookies
    begun = _begun.pop(request.query.get("state", ""), None)
    if begun is None or time.monotonic() - begun.at > LIFE_S:
        raise CannotSignIn("sign_in_stale")
    if begun.site != site.id or not secrets.compare_digest(begun.handle, session.handle_hash(cookies, site)):
        raise CannotSignIn("sign_in_foreign", 403)
    ask = ExchangeAsk(
        site=site.id,
        code=request.query.get("code", ""),
        verifier=begun.verifier,
        redirect_uri=return_address(site),
    )
    try:
        who = await central.exchange(ask)
    except RequestFailed as error:
        raise CannotSignIn("sign_in_refused", 403) from error
    flash = await _merge(await session.cart_of(cookies, site), who)
    names.remember(who.grant, who.name)
    identity = session.Identity(who.grant, who.customer, who.interacted_at)
    cookie = await session.replace_handle(cookies, site, who.cart, identity=identity, flash=flash)
    return begun.path, [cookie]


async def _merge(guest: str | None, who: ExchangeReply) -> str:
    """The guest's lines join the customer's; what to tell him. A cart of another person is left alone."""
    if guest is None or await claims.is_empty(guest):
        return ""
    try:
        claimed = await claims.claim(guest, who.cart)
    except RequestFailed as error:
        raise LinkDown("central could not join the carts") from error
    if not claimed.is_his:
        return ""
    return "fewer:" if claimed.is_short else "merged:"


def return_address(site: SiteDoc) -> str:
    """The one address of this shop that central sends a code to."""
    return f"{site.origin}/account/return"


def _remember(state: str, begun: Begun) -> None:
    _begun[state] = begun
    if len(_begun) > _MOST:
        _begun.popitem(last=False)


def forget_all() -> None:
    """Forget what was begun (tests)."""
    _begun.clear()
