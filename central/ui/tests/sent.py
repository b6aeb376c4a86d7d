"""Every form of the desk as a browser sends it: what its page shows, and what a person types into it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from lxml import html
from PIL import Image

from central.ui.lists.spec import List, find
from central.ui.tests.test_walk import VIEWS, _address


def _po() -> SimpleUploadedFile:
    return SimpleUploadedFile("shops.po", b'msgid "Delivery"\nmsgstr "Lieferung"\n', content_type="text/plain")


@dataclass(frozen=True)
class Form:
    """`to`: the url name it is sent to; `on`: the page it stands on (None: it is built by a script, of `typed` alone).

    `typed` is laid over what the page shows; "{name}" in a value is taken from the arguments of addresses.
    """

    to: str
    typed: Mapping[str, Any] = field(default_factory=dict)
    on: str | None = ""

    def sent(self, client: Client, arguments: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """The address and the fields, as the page stands now."""
        address = _address(self.to, dict(arguments))
        shown = {} if self.on is None else _shown(client, _address(self.on or self.to, dict(arguments)), address)
        return address, shown | {
            name.format_map(arguments): _filled(value, arguments) for name, value in self.typed.items()
        }


def _shown(client: Client, page: str, address: str) -> dict[str, Any]:
    """The fields of the form that a page sends to an address, as they stand in it."""
    answer = client.get(page)
    forms = html.fromstring(answer.content.decode()).forms
    form = next((one for one in forms if one.method == "POST" and (one.action or page).split("?")[0] == address), None)
    assert form is not None, f"{page} ({answer.status_code}) has no form that is sent to {address}"
    values: dict[str, Any] = {}
    for name, value in form.form_values():
        values[name] = [*values[name], value] if name in values else [value]
    return values


def _filled(value: Any, arguments: Mapping[str, Any]) -> Any:
    if callable(value):
        return value()
    return value.format_map(arguments) if isinstance(value, str) else value


def _picture() -> SimpleUploadedFile:
    made = BytesIO()
    Image.new("RGB", (300, 300), "teal").save(made, "PNG")
    return SimpleUploadedFile("tea.png", made.getvalue(), content_type="image/png")


def _goods() -> SimpleUploadedFile:
    return SimpleUploadedFile("goods.csv", b"sku,title,price\nNew-1,New,10\n", content_type="text/csv")


def _matches() -> SimpleUploadedFile:
    return SimpleUploadedFile("old.csv", b"from,to\n/oldest,/\n", content_type="text/csv")


def _of_lists() -> list[Form]:
    """Columns, a view and each bulk action of every list."""
    forms = []
    for name in VIEWS:
        if (spec := find(name)) is None:
            continue
        forms += [
            Form(f"{spec.name}-columns", {"column": spec.columns[0].key, "order": spec.columns[0].key}, None),
            Form(f"{spec.name}-views", {"title": "Mine"}, None),
            *_bulk(spec),
        ]
    return forms


def _bulk(spec: List) -> list[Form]:
    typed = {"row": f"{{{spec.name}-row}}", "go": "1"}
    return [
        Form(f"{spec.name}-bulk", {**typed, "action": one.name, **_ANSWERS.get(one.name, {})}, None)
        for one in spec.bulk
    ]


#: what a bulk action asks for
_ANSWERS = {
    "status": {"to": "confirmed"},
    "price": {"percent": "5"},
    "reach": {"how": "all"},
    "regional-price": {"region": "{regions-row}", "deed": "set", "amount": "350"},
    "give-up": {"reason": "it broke"},
    "write-off": {"reason": "it broke"},
}

_SITE = {"id": "mint", "name": "Mint", "label": "Mint", "origin": "http://mint.example", "currency": "RUB",
         "pickup_title": "Pick up", "pickup_price": "0", "courier_title": "Courier", "courier_price": "300",
         "cash_title": "Cash", "card_title": "Card", "theme": "tea", "language": "ru"}  # fmt: skip
_BY_PHONE = {"phone": "+70000000007", "name": "Anna", "line": "{products-row}", "units": "1", "consent": "on",
             "site": "tea"}  # fmt: skip
_REASON = {"reason": "it broke"}

#: in an order in which none undoes what the next one needs
FORMS: list[Form] = [
    *_of_lists(),
    Form("choose-site", {"in_view": "site:tea", "next": "/"}, None),
    Form("choose-site", {"in_view": "", "next": "/"}, None),
    Form("choose-language", {"language": "en", "next": "/"}, None),
    Form("choose-theme", {"theme": "dark", "next": "/"}, None),
    Form("clients-edit", {"address": "Street 1"}),
    Form("doubts-decide", {"as": "apart"}, "clients-card"),
    Form("clients-unmerge", on="clients-card"),
    Form("clients-merge"),
    Form("clients-erase", {"word": "Tea person"}),
    Form("crypto-keys-add", on="crypto-keys"),
    Form("crypto-keys-rotate", on="crypto-keys"),
    Form("exchange-new", {"title": "1C", "sites": "tea"}),
    Form("exchange-one", {"title": "Other title"}),
    Form("exchange-password", on="exchange-one"),
    Form("failures-again", on="failures-one"),
    Form("failures-give-up", _REASON),
    Form("imports-new", {"title": "Goods", "sites": "tea", "file": _goods}),
    Form("imports-source", {"title": "Other title"}),
    Form("imports-act", {"do": "map"}, "imports-one"),
    Form("imports-map", on=None),
    Form("keys-new", {"name": "Script", "rights": "see_orders", "sites": "tea"}),
    Form("nodes-invite", {"id": "c", "name": "Third", "sites": "tea"}),
    Form("nodes-watch", {"silent_after_minutes": "7"}),
    Form("search-tune", {"suggestions": "5"}),
    Form("search-build", on="search-one"),
    Form("synonyms-new", {"words": "cup, mug", "site": "tea", "language": "en"}),
    Form("synonyms-one", {"words": "cup, mug, bowl"}),
    Form("orders-new", _BY_PHONE),
    Form("orders-note", {"note": "call back"}, "orders-card"),
    Form("orders-status", on="orders-card"),
    Form("orders-pair-decide", on="orders-pair"),
    Form("products-price", {"site": "tea", "sku": "Tea-1", "price": "12"}, None),
    Form("products-stock", {"site": "tea", "sku": "Tea-1", "stock": "9"}, None),
    Form("products-barcodes", {"{variant.hex}": "4006381333931"}),
    Form("products-feed", {"field": "title", "do": "take"}, None),
    Form("products-new", {"site": "tea", "sku": "New-2", "title": "New", "price": "10", "stock": "3"}),
    Form("products-regions", {"price_{offer.hex}_{site}-city": "9"}),
    Form("products-reach", {"elsewhere": "no"}),
    Form("categories-words", {"title_de": "Other shelf"}),
    Form("categories-reach", {"elsewhere": "no"}),
    Form("products-words", {"title_ru": "Other tea"}),
    Form("products-pictures", {"pictures": _picture}, "products-card"),
    Form("products-switch", on="products-card"),
    Form("realms-test", {"realm": "orders", "url": "postgresql://nobody@127.0.0.1:1/none"}),
    Form("roles-new", {"name": "Clerk", "rights": "see_orders"}),
    Form("roles-edit", {"name": "Onlooker"}),
    Form("sites-groups-new", {"id": "shops", "title": "Shops"}),
    Form("sites-groups-one", {"title": "Other title"}),
    Form("sites-languages-new", {"code": "fr", "path": "/fr"}),
    Form("sites-languages-one", {"to_name": "Other name"}),
    Form("sites-languages-drop", on="sites-editions"),
    Form("sites-regions-new", {"path": "/other"}),
    Form("sites-regions-one", {"phone": "+7 900"}),
    Form("sites-regions-drop", on="sites-editions"),
    Form("words-save", {"form": "Andere Worte"}, "words"),
    Form("words-import", {"file": _po}, "words"),
    Form("regions-new", {"id": "north", "title": "North"}),
    Form("regions-one", {"title": "Other city"}),
    Form("regions-delete", on="regions-one"),
    Form("sites-new", _SITE),
    Form("sites-one", {"name": "Other name"}),
    Form("sites-preview", on="sites-one"),
    Form("sites-end-previews", on="sites-one"),
    Form("staff-new", {"login": "newest", "email": "newest@example.com", "roles": "viewer"}),
    Form("staff-edit", {"first_name": "Other"}),
    Form("staff-link", on="staff-one"),
    Form("staff-password", on="staff-one"),
    Form("staff-sessions", on=None),
    Form("staff-switch", on="staff-one"),
    Form("stock-receive", {"lines": "Tea-1 4"}),
    Form("stock-change", {"way": "up", "units": "2", "note": "found"}),
    Form("stock-plan", {"units": "5", "due_on": "2031-03-01"}),
    Form("stock-warehouse-new", {"code": "west", "name": "West"}),
    Form("stock-transfer", {"source": "main", "target": "west", "lines": "Tea-1 1"}),
    Form("stock-warehouse-edit", {"name": "Other name"}),
    Form("stock-warehouse-switch", {"to": "on"}, None),
    Form("stock-rules", {"below": "tea"}),
    Form("stock-supply-receive", {"units": "1"}),
    Form("stock-right-write-off", _REASON),
    Form("cdn-account-new", {"title": "Other CDN", "plan": "none:any"}),
    Form("cdn-account-edit", {"title": "Another CDN"}),
    Form("cdn-account-check", on="cdn-account"),
    Form("cluster-health-cache-empty", on="cluster-health-cache"),
    Form("cdn-account-again", on=None),
    Form("cdn-media-new", {"site": "tea", "origins": "https://files.tea.example"}),
    Form("cdn-media-edit", {"origins": "https://other.tea.example"}),
    Form("pages-remake", {"row": "tea /p/tea"}, on=None),
    Form("pages-exclude", {"path": "/p/tea"}, on=None),
    Form("broken-links-ignore", on="broken-links-one"),
    Form("broken-links-notice", on="broken-links-one"),
    Form("cdn-purge-now", {"site": "tea", "addresses": "/p/tea"}),
    Form("cdn-zone-new", {"name": "other zone", "key": "other"}),
    Form("cdn-zone-edit", {"name": "another zone"}),
    Form("cdn-zone-purge", on=None),
    Form("feeds-new", {"site": "tea", "kind": "google", "name": "goods", "title": "Goods"}),
    Form("feeds-edit", {"title": "Other title"}),
    Form("migrations-new", {"site": "tea", "start": "https://older.example/"}),
    Form("migrations-sheet", {"file": _matches}),
    Form("migrations-take", on=None),
    Form("old-pages-one", {"target": "/"}),
    Form("pictures-profile", {"widths": "300; 600"}),
    Form("pictures-preview", on=None),
    Form("pictures-act", {"do": "pause"}, None),
    Form("redirects-new", {"site": "tea", "source": "/older", "target": "/"}),
    Form("redirects-one", {"target": "/about"}),
    Form("redirects-sheet", {"site": "tea", "file": _matches}),
    Form("seo-patterns", {"title": "{{title}}"}),
    Form("seo-look", {"title": "{{title}}"}, None),
    Form("seo-page-of", {"title": "Other title"}),
    Form("seo-robots", {"extra": "User-agent: slow\nDisallow: /"}),
    Form("feeds-drop", on=None),
    Form("keys-revoke", on="keys-one"),
    Form("nodes-revoke", on="nodes-one"),
]
