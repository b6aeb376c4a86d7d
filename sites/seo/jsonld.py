"""JSON-LD in the words of schema.org: the shop, its breadcrumb, a product with what it costs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from django.utils.safestring import SafeString, mark_safe

from sites import urls
from sync.contracts.money import minor_digits

if TYPE_CHECKING:
    from sites.seo.facts import Facts
    from sites.shelf import Crumb

#: what ends a script element or a line of one; JSON reads the escapes as the signs
_UNSAFE: Final = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_MOST_TEXT: Final = 5_000


def script(data: Mapping[str, Any]) -> SafeString:
    """The script element that holds `data`: no text of a product can end it, and no browser runs it."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for sign, written in _UNSAFE.items():
        text = text.replace(sign, written)
    return mark_safe(f'<script type="application/ld+json">{text}</script>')  # noqa: S308  nothing in it ends the element


def graph(facts: Facts, description: str, canonical: str, image: str, crumbs: Sequence[Crumb]) -> dict[str, Any]:
    things: list[dict[str, Any]] = []
    if facts.kind in ("home", "about"):
        things += [_organization(facts, image), _website(facts)]
    if len(crumbs) > 1:
        things.append(_breadcrumb(facts, canonical, crumbs))
    if facts.kind == "product":
        things.append(_product(facts, description, canonical, image))
    return {"@context": "https://schema.org", "@graph": things}


def _organization(facts: Facts, image: str) -> dict[str, Any]:
    site = facts.site
    found = {"@type": "Organization", "@id": f"{site.origin}/#shop", "name": site.name, "url": urls.absolute(site, "/")}
    contact = {"telephone": site.phone, "email": site.email, "address": site.address, "slogan": site.tagline}
    return found | {name: value for name, value in contact.items() if value}


def _website(facts: Facts) -> dict[str, Any]:
    site = facts.site
    return {
        "@type": "WebSite",
        "@id": f"{urls.absolute(site, '/')}#site",
        "name": site.name,
        "url": urls.absolute(site, "/"),
        "inLanguage": site.language,
        "publisher": {"@id": f"{site.origin}/#shop"},
    }


def _breadcrumb(facts: Facts, canonical: str, crumbs: Sequence[Crumb]) -> dict[str, Any]:
    items = []
    for number, crumb in enumerate(crumbs, 1):
        address = f"{facts.site.origin}{crumb.url}" if crumb.url else ""
        item: dict[str, Any] = {"@type": "ListItem", "position": number, "name": crumb.title}
        if address or number == len(crumbs):
            item["item"] = address or canonical
        items.append(item)
    return {"@type": "BreadcrumbList", "itemListElement": items}


def _product(facts: Facts, description: str, canonical: str, image: str) -> dict[str, Any]:
    found: dict[str, Any] = {"@type": "Product", "@id": f"{canonical}#product", "name": facts.values["title"]}
    found["url"] = canonical
    if text := (facts.text.strip() or description):
        found["description"] = text[:_MOST_TEXT]
    pictures = [f"{facts.site.origin}{each}" for each in facts.pictures] or ([image] if image else [])
    if pictures:
        found["image"] = pictures
    if facts.brand:
        found["brand"] = {"@type": "Brand", "name": facts.brand}
    if facts.values["sku"]:
        found["sku"] = facts.values["sku"]
    if facts.offers:
        found["offers"] = _offers(facts, canonical)
    return found


def _offers(facts: Facts, canonical: str) -> dict[str, Any]:
    offers = [
        {
            "@type": "Offer",
            "url": canonical,
            "sku": offer.sku,
            "price": amount(offer.price, offer.currency),
            "priceCurrency": offer.currency,
            "itemCondition": "https://schema.org/NewCondition",
            "availability": f"https://schema.org/{'InStock' if offer.is_on_sale else 'OutOfStock'}",
            "seller": {"@type": "Organization", "name": facts.site.name},
        }
        for offer in facts.offers
    ]
    if len(offers) == 1:
        return offers[0]
    prices = [offer.price for offer in facts.offers]
    currency = facts.offers[0].currency
    return {
        "@type": "AggregateOffer",
        "lowPrice": amount(min(prices), currency),
        "highPrice": amount(max(prices), currency),
        "priceCurrency": currency,
        "offerCount": len(offers),
        "offers": offers,
    }


def amount(price: int, currency: str) -> str:
    """Minor units as a decimal number with a point: 199050 RUB is "1990.50"."""
    digits = minor_digits(currency)
    return f"{Decimal(price).scaleb(-digits):.{digits}f}"
