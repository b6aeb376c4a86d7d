"""A cart as one shop shows it: lines with title, picture, price and the label of their shop, from documents held here.

A line of a sister shop is shown from its line card, also when everything else is cut off. A line whose card is gone
or off sale, or of which nothing is left, stays, greyed: what a shopper put in is never dropped behind his back.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Collection
from typing import Any

import msgspec
from django.utils import translation
from django.utils.translation import gettext

from edge.cart import cards, service
from edge.cart.roots import root_of
from edge.replica import words
from edge.replica.sites import site as site_by_id
from edge.rights import scarce
from sites import editions, urls
from sites.money import format_money
from sites.rendering import language_of
from sync.contracts.cart import Dot, LineKey, Token
from sync.contracts.documents import CardDoc, SiteDoc, card_key
from sync.core.cart import Cart, Line, Seen, is_corrected, lines
from sync.link import link
from sync.replica import after_apply
from sync.store.writer import reader
from sync.topics import name_of

View = dict[str, Any]

_KEPT = 1_000
_KEPT_TOKENS = 20_000
#: (root, version, edition) -> the view's JSON without its end, and the cards it was made of, as (topic, key)
_views: OrderedDict[tuple[str, int, str], tuple[bytes, frozenset[tuple[str, str]]]] = OrderedDict()
#: a token's JSON; a cart of many is shown again after each op, and only one of its tokens is new
_tokens: dict[Dot, tuple[Token, int, bytes]] = {}


async def view_of(cart: str, site: SiteDoc) -> View:
    """What the shop `site` shows of a cart. For the event loop.

    {version, lines: [{key, qty, tokens: [[dot, token, left]], title, ...}], totals: [{currency, amount, text}],
    count, link: "up" | "cut"}; see `docs/reference/shop-http.md`.
    """
    view: View = msgspec.json.decode((await shown(cart, site))[1])
    return view


async def shown(cart: str, site: SiteDoc) -> tuple[str, bytes]:
    """The view's version and its JSON: made once for each state of a cart, however many tabs and ops ask for it."""
    root = await root_of(cart)
    version, held = await service.held_root(root)
    key = (root, version, editions.key_of(site))
    known = _views.get(key)
    body = known[0] if known else await _made(key, held, site)
    link_state = b"up" if link.is_up else b"cut"
    return event_id(root, version), b'%b,"link":"%b"}' % (body, link_state)


async def _made(key: tuple[str, int, str], held: Cart, site: SiteDoc) -> bytes:
    began = cards.news()
    root, version, _ = key
    wanted = [card_key(line.key.site, line.key.sku, line.key.options) for line in lines(held)]
    if cards.are_known(_topic(site), wanted):
        body = _json(root, version, held, wanted, site)
    else:
        body = await reader.run(lambda: _json(root, version, held, wanted, site))
    if began == cards.news():
        _views[key] = body, frozenset((_topic(site), card) for card in wanted)
        if len(_views) > _KEPT:
            _views.popitem(last=False)
    return body


def event_id(root: str, version: int) -> str:
    """Names a state of a cart at this edge. The cart's id is a capability, so only a hash of it is shown."""
    return f"{hashlib.blake2b(root.encode(), digest_size=4).hexdigest()}.{version}"


@after_apply
def documents_changed(entries: list[tuple[str, str]]) -> None:
    """News of a card changes the views of carts that hold it, news of a shop may change any: their tabs are woken."""
    from edge.live import carts as live

    if any(name_of(topic) == "site" for topic, _ in entries):
        forget_all()
        live.everyone()
        return
    changed = {(topic, key) for topic, key in entries if name_of(topic) == "card"}
    if changed:
        cards.forget(changed)
        for view in [view for view, (_, made_of) in _views.items() if not changed.isdisjoint(made_of)]:
            del _views[view]
        live.wake(root for root in live.watched() if service.holds_any(root, {key for _, key in changed}))


@words.listen
def words_changed() -> None:
    from edge.live import carts as live

    forget_all()
    live.everyone()


def stock_changed(variants: Collection[str]) -> None:
    """Of these there is news in `edge.rights.scarce`: carts that hold them are shown anew. On the loop."""
    from edge.live import carts as live

    if not variants:
        return
    cards.forget(())  # a view that is being made now is not kept
    for made, (_, made_of) in list(_views.items()):
        if cards.may_be_of(made_of, variants):
            del _views[made]
    kept = {root for root, _, _ in _views}
    live.wake(root for root in live.watched() if root not in kept)


def empty_view(site: SiteDoc) -> View:
    """The cart of a browser without a handle."""
    return {"version": "", "lines": [], "totals": [], "count": 0, "link": "up" if link.is_up else "cut"}


def _json(root: str, version: int, held: Cart, keys: list[str], site: SiteDoc) -> bytes:
    found = cards.cards_of(_topic(site), keys)
    in_edition = {key: (ver, editions.card_in(site, card)) for key, (ver, card) in found.items()}
    known = [(line, *in_edition.get(key, (0, None))) for line, key in zip(lines(held), keys, strict=True)]
    left = _left(root, [(line, card) for line, _, card in known if _is_sold(line, card)])
    with translation.override(language_of(site)):
        shown_lines = [
            _line(line, site, ver, card, left=left.get(line.key), is_corrected=is_corrected(held, line))
            for line, ver, card in known
        ]
    view = {
        "version": event_id(root, version),
        "lines": shown_lines,
        "totals": _totals(shown_lines, site),
        "count": sum(line["qty"] for line in shown_lines),
    }
    return msgspec.json.encode(view)[:-1]


def _left(root: str, sold: list[tuple[Line, CardDoc | None]]) -> dict[LineKey, int]:
    """Key -> units that are left for a line, where the cart wants all there are or more."""
    wanted = [(card.variant if card else "", line.quantity) for line, card in sold]
    sums = {variant: sum(units for one, units in wanted if one == variant) for variant, _ in wanted}
    left = {variant: units for variant, units in scarce.left_for(root, sums).items() if units <= sums[variant]}
    dealt = zip(sold, wanted, scarce.deal(wanted, left), strict=True)
    return {line.key: units for (line, _), (variant, _), units in dealt if variant in left}


def _is_sold(line: Line, card: CardDoc | None) -> bool:
    home = site_by_id(line.key.site)
    return card is not None and card.is_on_sale and home is not None and home.is_active


def _topic(site: SiteDoc) -> str:
    return f"card:{site.group}"


def forget_all() -> None:
    """Documents have changed, or another database stands behind this process now (tests)."""
    cards.forget_all()
    scarce.forget_all()
    _views.clear()


def _line(line: Line, site: SiteDoc, ver: int, card: CardDoc | None, *, left: int | None, is_corrected: bool) -> View:
    home = site_by_id(line.key.site)
    # An older version than the one the shopper saw means that our news is behind, not that the price has changed.
    is_changed = any(0 < seen.token.price_ref < ver for seen in line.tokens)
    is_offered = _is_sold(line, card)
    is_sold = is_offered and left != 0
    is_here = card is None or editions.is_shown(site, card)
    notes = (
        _notes(is_offered=is_offered, left=left, is_corrected=is_corrected, is_changed=is_changed)
        if is_here
        else ["not_here"]
    )
    price = card.price if card else 0
    currency = card.currency if card else site.currency
    amount = price * line.quantity if is_sold else 0
    language = language_of(site)
    is_sister = line.key.site != site.id
    there = editions.nearest(home, site) if is_sister and home else site
    path = urls.product(card.slug) if card and is_here else urls.home()
    return {
        "id": _line_id(line),
        "key": [line.key.site, line.key.sku, line.key.options],
        "qty": line.quantity,
        "tokens": msgspec.Raw(b"[%b]" % b",".join([_token_json(seen) for seen in line.tokens])),
        "variant": card.variant if card else "",
        "title": card.title if card else line.key.sku,
        "options_title": card.options_title if card else "",
        "url": urls.absolute(there, path) if there is not site else urls.at(site, path),
        "hop": there.id if there is not site else "",
        "picture": f"/_m/{card.picture.hash}.{card.picture.ext}" if card and card.picture else "",
        "price": price,
        "currency": currency,
        "price_ref": ver,
        "sum": amount,
        "price_text": format_money(price, currency, language) if card else "",
        "sum_text": format_money(amount, currency, language) if is_sold else "—",
        "site": {
            "id": line.key.site,
            "name": there.name if home else line.key.site,
            "label": there.label if home else line.key.site,
            "colour": home.colour if home else "#666666",
        },
        "is_sold": is_sold,
        "left": left,
        "notes": notes,
        "note_texts": [_note_text(note, left) for note in notes],
    }


def _notes(*, is_offered: bool, left: int | None, is_corrected: bool, is_changed: bool) -> list[str]:
    if not is_offered:
        return ["not_sold"]
    if left == 0:
        return ["sold_out"]
    found = {"few": left is not None, "corrected": is_corrected, "changed": is_changed}
    return [note for note, is_so in found.items() if is_so]


def _note_text(note: str, left: int | None) -> str:
    match note:
        case "not_sold":
            return gettext("Not on sale at the moment")
        case "not_here":
            return gettext("Not sold in your region")
        case "sold_out":
            return gettext("Sold out at the moment: it stays here and is not counted")
        case "few":
            return gettext("Only %(left)s left") % {"left": left}
        case "corrected":
            return gettext("There were fewer left than you had chosen, so we corrected the quantity")
        case _:
            return gettext("The price or the description has changed since you put it in")


def _totals(shown: list[View], site: SiteDoc) -> list[View]:
    """One total per currency, the shop's own first: what they come to in one currency is settled at checkout."""
    sums: dict[str, int] = {}
    for line in shown:
        if line["is_sold"]:
            sums[line["currency"]] = sums.get(line["currency"], 0) + line["sum"]
    language = language_of(site)
    return [
        {"currency": currency, "amount": amount, "text": format_money(amount, currency, language)}
        for currency, amount in sorted(sums.items(), key=lambda item: (item[0] != site.currency, item[0]))
    ]


def _line_id(line: Line) -> str:
    """A name for the line's row in a page; a sku may hold any sign."""
    key = card_key(line.key.site, line.key.sku, line.key.options)
    return hashlib.blake2b(key.encode(), digest_size=6).hexdigest()


def _token_json(seen: Seen) -> bytes:
    dot, token, left = seen
    known = _tokens.get(dot)
    if known is not None and known[0] is token and known[1] == left:
        return known[2]
    body = msgspec.json.encode([dot, token, left])
    if len(_tokens) >= _KEPT_TOKENS:
        _tokens.clear()
    _tokens[dot] = (token, left, body)
    return body
