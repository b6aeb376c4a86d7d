"""A cart as one shop shows it: lines with title, picture, price and the label of their shop, from documents held here.

A line of a sister shop is shown from its line card, also when everything else is cut off. A line whose card is gone
or off sale stays, greyed: what a shopper put in is never dropped behind his back.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import Any

import msgspec
from django.utils import translation
from django.utils.translation import gettext

from edge.cart import cards, service
from edge.cart.roots import root_of
from edge.replica.sites import site as site_by_id
from sites import urls
from sites.money import format_money
from sites.rendering import language_of
from sync.contracts.cart import Dot, Token
from sync.contracts.documents import CardDoc, SiteDoc, card_key
from sync.core.cart import Cart, Line, Seen, lines
from sync.link import link
from sync.replica import after_apply
from sync.store.writer import reader
from sync.topics import name_of

View = dict[str, Any]

_KEPT = 1_000
_KEPT_TOKENS = 20_000
#: (root, version, site) -> the view's JSON without its end, and the cards it was made of, as (topic, key)
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
    key = (root, version, site.id)
    known = _views.get(key)
    body = known[0] if known else await _made(key, held, site)
    link_state = b"up" if link.is_up else b"cut"
    return event_id(root, version), b'%b,"link":"%b"}' % (body, link_state)


async def _made(key: tuple[str, int, str], held: Cart, site: SiteDoc) -> bytes:
    began, shown_lines = cards.news(), lines(held)
    root, version, _ = key
    wanted = [card_key(line.key.site, line.key.sku, line.key.options) for line in shown_lines]
    if cards.are_known(_topic(site), wanted):
        body = _json(root, version, shown_lines, wanted, site)
    else:
        body = await reader.run(lambda: _json(root, version, shown_lines, wanted, site))
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


def empty_view(site: SiteDoc) -> View:
    """The cart of a browser without a handle."""
    return {"version": "", "lines": [], "totals": [], "count": 0, "link": "up" if link.is_up else "cut"}


def _json(root: str, version: int, held: list[Line], keys: list[str], site: SiteDoc) -> bytes:
    found = cards.cards_of(_topic(site), keys)
    with translation.override(language_of(site)):
        shown_lines = [_line(line, site, *found.get(key, (0, None))) for line, key in zip(held, keys, strict=True)]
    view = {
        "version": event_id(root, version),
        "lines": shown_lines,
        "totals": _totals(shown_lines, site),
        "count": sum(line["qty"] for line in shown_lines),
    }
    return msgspec.json.encode(view)[:-1]


def _topic(site: SiteDoc) -> str:
    return f"card:{site.group}"


def forget_all() -> None:
    """Documents have changed, or another database stands behind this process now (tests)."""
    cards.forget_all()
    _views.clear()


def _line(line: Line, site: SiteDoc, ver: int, card: CardDoc | None) -> View:
    home = site_by_id(line.key.site)
    is_sold = card is not None and card.is_on_sale and home is not None and home.is_active
    # An older version than the one the shopper saw means that our news is behind, not that the price has changed.
    is_changed = any(0 < seen.token.price_ref < ver for seen in line.tokens)
    notes = [] if is_sold else ["not_sold"]
    if is_sold and is_changed:
        notes.append("changed")
    price = card.price if card else 0
    currency = card.currency if card else site.currency
    amount = price * line.quantity if is_sold else 0
    language = language_of(site)
    path = urls.product(card.slug) if card else "/"
    is_sister = line.key.site != site.id
    return {
        "id": _line_id(line),
        "key": [line.key.site, line.key.sku, line.key.options],
        "qty": line.quantity,
        "tokens": msgspec.Raw(b"[%b]" % b",".join([_token_json(seen) for seen in line.tokens])),
        "variant": card.variant if card else "",
        "title": card.title if card else line.key.sku,
        "options_title": card.options_title if card else "",
        "url": f"{home.origin}{path}" if is_sister and home else path,
        "hop": home.id if is_sister and home else "",
        "picture": f"/_m/{card.picture.hash}.{card.picture.ext}" if card and card.picture else "",
        "price": price,
        "currency": currency,
        "price_ref": ver,
        "sum": amount,
        "price_text": format_money(price, currency, language) if card else "",
        "sum_text": format_money(amount, currency, language) if is_sold else "—",
        "site": {
            "id": line.key.site,
            "name": home.name if home else line.key.site,
            "label": home.label if home else line.key.site,
            "colour": home.colour if home else "#666666",
        },
        "is_sold": is_sold,
        "notes": notes,
        "note_texts": [_NOTES[note]() for note in notes],
    }


_NOTES = {
    "not_sold": lambda: gettext("Not on sale at the moment"),
    "changed": lambda: gettext("The price or the description has changed since you put it in"),
}


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
