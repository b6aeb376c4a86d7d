"""A cart as one shop shows it: lines with title, picture, price and the label of their shop, from documents held here.

A line of a sister shop is shown from its line card, also when everything else is cut off. A line whose card is gone
or off sale stays, greyed: what a shopper put in is never dropped behind his back.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import Any

from django.utils import translation
from django.utils.translation import gettext

from edge.cart import roots
from edge.cart.service import load_version
from edge.replica.sites import site as site_by_id
from sites import urls
from sites.money import format_money
from sites.rendering import language_of
from sync.contracts.codec import unpack
from sync.contracts.documents import CardDoc, SiteDoc, card_key
from sync.core.cart import Line, lines
from sync.link import link
from sync.replica import after_apply
from sync.store.edge.models import Document
from sync.topics import name_of

View = dict[str, Any]

_KEPT = 2_000
_KEPT_CARDS = 20_000
_views: OrderedDict[tuple[str, int, str], View] = OrderedDict()
_cards: dict[tuple[str, str], tuple[int, CardDoc]] = {}
#: counts the times documents changed: a view made across such a change is not kept
_news = 0


def view_of(cart: str, site: SiteDoc) -> View:
    """What the shop `site` shows of a cart. Off the event loop.

    {version, lines: [{key, qty, tokens: [[dot, token, left]], title, ...}], totals: [{currency, amount, text}],
    count, link: "up" | "cut"}; see `docs/reference/shop-http.md`.
    """
    root = roots.stored_root(cart)
    version, state = load_version(root, is_root=True)
    key = (root, version, site.id)
    found = _views.get(key)
    if found is None:
        began = _news
        with translation.override(language_of(site)):
            found = _view([*lines(state)], site)
        found["version"] = event_id(root, version)
        if began == _news:
            _views[key] = found
        if len(_views) > _KEPT:
            _views.popitem(last=False)
    return found | {"link": "up" if link.is_up else "cut"}


def event_id(root: str, version: int) -> str:
    """Names a state of a cart at this edge. The cart's id is a capability, so only a hash of it is shown."""
    return f"{hashlib.blake2b(root.encode(), digest_size=4).hexdigest()}.{version}"


@after_apply
def documents_changed(entries: list[tuple[str, str]]) -> None:
    """Prices, titles and shops are in every view: news of them empties the memory and wakes the tabs."""
    if any(name_of(topic) in ("card", "site") for topic, _ in entries):
        from edge.live import carts as live

        forget_all()
        live.everyone()


def empty_view(site: SiteDoc) -> View:
    """The cart of a browser without a handle."""
    return {"version": "", "lines": [], "totals": [], "count": 0, "link": "up" if link.is_up else "cut"}


def _view(held: list[Line], site: SiteDoc) -> View:
    keys = [card_key(line.key.site, line.key.sku, line.key.options) for line in held]
    cards = _cards_of(f"card:{site.group}", keys)
    shown = [_line(line, site, *cards.get(key, (0, None))) for line, key in zip(held, keys, strict=True)]
    return {"lines": shown, "totals": _totals(shown, site), "count": sum(line["qty"] for line in shown)}


def _cards_of(topic: str, keys: list[str]) -> dict[str, tuple[int, CardDoc]]:
    """Key -> (version, card) of those that are held; decoded once and kept until documents change."""
    began = _news
    held = {key: card for key in keys if (card := _cards.get((topic, key)))}
    if missing := [key for key in keys if key not in held]:
        rows = Document.objects.filter(topic=topic, key__in=missing, body__isnull=False)
        read = {
            key: (ver, unpack(bytes(body), CardDoc))
            for key, ver, body in rows.values_list("key", "ver", "body")
            if body
        }
        if began == _news:
            if len(_cards) > _KEPT_CARDS:
                _cards.clear()
            _cards.update({(topic, key): card for key, card in read.items()})
        held |= read
    return held


def forget_all() -> None:
    """Forget what was remembered (tests that change databases)."""
    global _news
    _news += 1
    _views.clear()
    _cards.clear()


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
        "tokens": [[list(_dot(seen.dot)), _token(seen.token), seen.left] for seen in line.tokens],
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


def _dot(dot: Any) -> tuple[str, int]:
    return dot.client, dot.seq


def _token(token: Any) -> list[Any]:
    return [[token.key.site, token.key.sku, token.key.options], token.units, token.price_ref, token.hlc]
