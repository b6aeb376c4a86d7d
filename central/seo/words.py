"""Fields, problems and kinds of pages in words."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

KINDS: Final[dict[str, Promise]] = {
    "every": _("All pages"),
    "home": _("Home page"),
    "about": _("About the shop"),
    "category": _("Categories"),
    "product": _("Products"),
}
FIELDS: Final[dict[str, Promise]] = {
    "title": _("Page title"),
    "h1": _("Heading of the page"),
    "breadcrumb": _("Breadcrumb"),
    "description": _("Description"),
    "keywords": _("Keywords"),
    "news_keywords": _("Keywords for Google News"),
    "copyright": _("Copyright"),
    "author": _("Author"),
    "canonical": _("Canonical address"),
    "original_source": _("Address of the original"),
    "image": _("Picture for social networks"),
    "standout": _("Google Standout"),
    "rating": _("Age limit"),
    "robots": _("Rules for robots"),
    "unavailable_after": _("Out of the index after"),
    "expires": _("Expires"),
    "google_verification": _("Code of Google Search Console"),
    "yandex_verification": _("Code of Yandex.Webmaster"),
    "bing_verification": _("Code of Bing Webmaster Tools"),
    "alias": _("Address of a new page"),
}
HELP: Final[dict[str, Promise]] = {
    "breadcrumb": _("Parts stand between >; {sections} is the way through the catalogue."),
    "robots": _("As in: noindex, noarchive, max-snippet:160."),
    "unavailable_after": _("A day, as 2027-01-31: search engines forget the page then."),
    "expires": _("A day, as 2027-01-31."),
    "canonical": _("When this page repeats another one: its address."),
    "alias": _("Turned into Latin letters; a clash gets a suffix."),
}
PROBLEMS: Final[dict[str, Promise]] = {
    "no_price": _("has no price: left out"),
    "no_title": _("has no name: left out"),
    "no_category": _("stands on no shelf: left out"),
    "bad_currency": _("is priced in a currency the service does not take: left out"),
    "no_picture": _("has no JPEG, PNG, WebP or GIF picture"),
    "no_brand": _("has no brand"),
    "no_code": _("has no valid barcode (GTIN)"),
    "cut": _("is too long and is cut"),
}
