"""From shop to sister shop with the cart, by a one-time token in the address (`distributed.md` section 4).

    click at A   POST A/_r/hop {to: B}            -> 303 B/_r/land?t=TOKEN&to=/path -> cookie at B -> 303 B/path
    "bring my    GET  A/_r/bring?to=B  from B     -> the same
     cart" at B

The token is signed by A's node and holds the cart as A shows it, sealed to B's node; B knows A's key from the node
documents it holds, so a hop works when both are cut off from central. It is good for 30 s, once, and only at B.

Nobody can push a token of his own onto a shopper: A gives one out only to its own page's POST, or to a click that
comes from the very shop it is bound to (Referer, which a page cannot forge); B takes one only from a navigation that
A's or B's own page began. It shares lines and nothing else.
"""

from __future__ import annotations

import logging
import secrets
import time
import zlib
from collections.abc import Collection
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Struct

from edge.cart import roots, service
from edge.checkout.node import this_node
from edge.http import Request, local_path, origin_of
from edge.replica import sites as shops
from edge.shopper import claims, session
from edge.shopper.models import UsedHop
from infra.crypto.errors import SealBroken
from infra.crypto.keys import ensure_node_keys
from infra.crypto.sealing import open_sealed, seal
from infra.crypto.signing import b64, sign, unb64, verify
from node.config import config
from node.errors import RialtoError
from sites import editions, urls
from sync.contracts.cart import CartState, Dot, is_customer_cart
from sync.contracts.codec import pack, unpack
from sync.contracts.documents import NodeDoc, SiteDoc
from sync.core import cart as core
from sync.core.cart import Cart
from sync.link import LinkDown, RequestFailed
from sync.store.writer import reader, writer

logger = logging.getLogger("edge.hop")

LIFE_S = 30
#: two clocks may differ a little
SLACK_S = 5
#: of the sealed state: the address must pass every proxy
MAX_STATE = 3 * 1024
_MAX_UNPACKED = 256 * 1024


class HopRefused(RialtoError):
    """A token that cannot be used; the shop opens all the same, with the cart this browser has here."""

    status = 403

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__("this link can no longer carry your cart over")


class NoSister(RialtoError):
    """There is no such open shop in this cart group."""

    code = "no_such_shop"
    status = 404


class Token(Struct, frozen=True, kw_only=True):
    """What A signs. `state` is sealed to B's node; `cart` is inside it too, so the address shows no capability."""

    v: int
    jti: str
    src: str
    node: str
    dst: str
    iat: int
    state: bytes


class Carried(Struct, frozen=True, kw_only=True):
    """The sealed part."""

    cart: str
    state: CartState
    #: ms since 1970: when a person signed in at A was last at the id domain; 0 for a guest. Never who that is.
    interacted: int = 0


# --- at A --------------------------------------------------------------------------------------------------------


def sister_of(site: SiteDoc, to: str) -> SiteDoc:
    """The sister by its id, or an edition of this very shop at another host by its key. Raises `NoSister`."""
    found = next((each for each in shops.sister_sites(site) if each.id == to), None)
    if found is None and editions.shop_of(to) == site.id:
        found = shops.edition_by_key(to)
        found = found if found and found.origin != site.origin else None
    if found is None:
        raise NoSister("there is no such shop beside this one", to=to)
    return found


async def address_at(site: SiteDoc, sister: SiteDoc, cart: str | None, path: str, *, interacted: int = 0) -> str:
    """Where to send the browser: with a token when there is a cart to take along, else the plain address.

    `interacted`: of a signed-in browser, so that the sister may offer to continue; the sign-in itself stays here.
    """
    path = local_path(path, urls.at(sister, urls.home()))
    plain = f"{sister.origin}{path}"
    if cart is None:
        return plain
    target = await reader.run(lambda: shops.node_doc(sister.node, site.group))
    if target is None or not target.seal_key or target.is_revoked:
        return plain  # a sister that has not joined yet cannot open a token
    root = await roots.root_of(cart)
    _, held = await service.held(root)
    token = _token(site, sister, target, root, held, interacted)
    return f"{sister.origin}/_r/land?{urlencode({'t': token, 'to': path}, quote_via=quote)}"


def is_from(headers: dict[str, str], origins: Collection[str]) -> bool:
    """Whether a click on a page of one of `origins` led here. Old browsers that say nothing are not believed."""
    is_click = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-user") == "?1"
    return is_click and origin_of(headers.get("referer", "")) in origins


def _token(site: SiteDoc, sister: SiteDoc, target: NodeDoc, root: str, held: Cart, interacted: int) -> str:
    node, jti = this_node(), secrets.token_hex(16)
    token = Token(
        v=1,
        jti=jti,
        src=site.id,
        node=node.id,
        dst=sister.id,
        iat=int(time.time()),
        state=_sealed(unb64(target.seal_key), jti, root, held, interacted),
    )
    body = pack(token)
    return f"{b64(body)}.{b64(sign(node.sign_key, body))}"


def _sealed(public: bytes, jti: str, root: str, held: Cart, interacted: int) -> bytes:
    """The whole cart when it fits, else as many of its newest tokens as fit: the rest comes by central."""
    sealed = _seal_state(public, jti, Carried(cart=root, state=core.encode(held), interacted=interacted))
    live = [dot for dot in held.tokens if core.left(held, dot)]
    newest = sorted(live, key=lambda dot: held.tokens[dot].hlc, reverse=True)
    count = len(newest)
    while len(sealed) > MAX_STATE and count >= 0:
        part = _part(held, newest[:count])
        sealed = _seal_state(public, jti, Carried(cart=root, state=part, interacted=interacted))
        count = count * 3 // 4 if count else -1
    return sealed


def _seal_state(public: bytes, jti: str, carried: Carried) -> bytes:
    return seal(public, zlib.compress(pack(carried), 9), info=_info(jti))


def _part(held: Cart, dots: list[Dot]) -> CartState:
    """Some tokens of a cart with their takes, and no memory of anything else: joining it can remove nothing."""
    takes = [(dot, sorted(held.takes[dot].items())) for dot in dots if dot in held.takes]
    seen = {*dots, *(taking for _, pairs in takes for taking, _ in pairs)}
    return CartState(ctx={}, cloud=sorted(seen), tok=[(dot, held.tokens[dot]) for dot in sorted(dots)], take=takes)


def _info(jti: str) -> bytes:
    return b"rialto-hop-1:" + jti.encode()


# --- at B --------------------------------------------------------------------------------------------------------


async def land(request: Request, text: str) -> list[tuple[str, str]]:
    """Take a token in: bind this browser's handle to the cart it brings. Returns the cookie headers to set.

    Raises `HopRefused`, whose code says why: bad_token, foreign, wrong_shop, expired, replayed.
    """
    site = request.site
    token, source = await _verified(site, text)
    _check_way(request, site, source)
    carried = _opened(token)
    await writer.run(lambda: _use(token))
    mine = await session.cart_of(request.cookies, site)
    is_mine = await session.identity_of(request.cookies, site) is not None
    await service.join_state(carried.cart, core.decode(carried.state))
    cart, flash = await _settle(mine, is_mine, carried, source)
    cookie = await session.bind(request.cookies, site, cart, flash=flash, interacted=carried.interacted)
    return [cookie] if cookie else []


async def _verified(site: SiteDoc, text: str) -> tuple[Token, SiteDoc]:
    try:
        packed, _, signature = text.partition(".")
        body, signed = unb64(packed), unb64(signature)
        token = unpack(body, Token)
    except (ValueError, msgspec.MsgspecError):
        raise HopRefused("bad_token") from None
    source = next((each for each in (site, *shops.sister_sites(site)) if each.id == token.src), None)
    if source is None or source.node != token.node:
        raise HopRefused("foreign")
    node = await reader.run(lambda: shops.node_doc(token.node, site.group))
    if node is None or node.is_revoked or not verify(unb64(node.sign_key), signed, body):
        raise HopRefused("foreign")
    if token.v != 1 or token.dst != site.id:
        raise HopRefused("wrong_shop")
    if not -SLACK_S <= time.time() - token.iat <= LIFE_S:
        raise HopRefused("expired")
    return token, source


def _check_way(request: Request, site: SiteDoc, source: SiteDoc) -> None:
    mode = request.headers.get("sec-fetch-mode", "navigate")
    came_from = origin_of(request.headers.get("referer", ""))
    # No Referer is no proof: any page can send its click without one. Ours says `Referrer-Policy: origin`.
    if mode != "navigate" or came_from not in editions.origins_of(source) | editions.origins_of(site):
        raise HopRefused("foreign")


def _opened(token: Token) -> Carried:
    try:
        packed = open_sealed(ensure_node_keys(config().home).seal, token.state, info=_info(token.jti))
        opener = zlib.decompressobj()
        raw = opener.decompress(packed, _MAX_UNPACKED)
        return unpack(raw, Carried)
    except (SealBroken, zlib.error, msgspec.MsgspecError):
        raise HopRefused("bad_token") from None


def _use(token: Token) -> None:
    now = int(time.time())
    UsedHop.objects.filter(expires__lt=now).delete()
    _, is_first = UsedHop.objects.get_or_create(jti=token.jti, defaults={"expires": token.iat + LIFE_S + SLACK_S + 1})
    if not is_first:
        raise HopRefused("replayed")


async def _settle(mine: str | None, is_mine: bool, carried: Carried, source: SiteDoc) -> tuple[str, str]:
    """Which cart the browser has from now on, and what to tell it once. `is_mine`: somebody is signed in here.

    A hop never replaces who is signed in, and never moves lines from one customer to another. Whether a guest's lines
    may join a customer's cart is central's to say: cut off, both stay as they are.
    """
    theirs = await roots.root_of(carried.cart)
    if mine is None or mine == theirs:
        return theirs, ""
    if is_customer_cart(mine) and (is_customer_cart(theirs) or not is_mine):
        # Another customer's cart comes: whoever is signed in keeps his own; what a hop brought before makes way.
        return (mine, "") if is_mine else (theirs, "")
    if await claims.is_empty(mine) and not is_mine:
        return theirs, ""
    has_brought = not core.is_empty(core.decode(carried.state))
    if not is_customer_cart(mine) and not is_customer_cart(theirs):
        return await service.unite(mine, theirs), f"joined:{source.id}" if has_brought else ""
    guest, customer = (theirs, mine) if is_customer_cart(mine) else (mine, theirs)
    if await claims.is_empty(guest):
        return customer, ""
    try:
        claimed = await claims.claim(guest, customer)
    except (LinkDown, RequestFailed):
        return mine, f"apart:{source.id}"
    if not claimed.is_his:
        return mine, ""
    return customer, "fewer:" if claimed.is_short else f"joined:{source.id}"


def log_refusal(request: Request, error: HopRefused) -> None:
    """Why, and from where; never the token, and no address: an edge's log names no shopper."""
    origin = origin_of(request.headers.get("referer", "")) or "-"
    logger.warning("hop refused: %s at %s from %s", error.code, request.site.id, origin)
