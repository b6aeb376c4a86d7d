"""An order written down at the telephone: one page on which a client and goods are looked up and the order is placed.

Every button but the last sends the page to be drawn anew, with what was looked up; nothing is kept in between. What is
placed goes the way of an order by the API, so it is refused for the same reasons.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from central.catalog.models import Offer
from central.catalog.queries import found_by, offered_to, offers_visible_to
from central.cluster.documents import site_doc
from central.cluster.models import Site
from central.cluster.queries import sites_visible_to
from central.orders.placing import REGIONS, WantedLine, WantedOrder, place_order
from central.people.models import Customer
from central.people.queries import customers_by_phone, customers_visible_to
from central.stock.queries import Stock, stock_of
from central.ui import view_scope
from central.ui.forms import LongTextField, RecordForm
from central.ui.screens import StaffRequest, may, screen
from sync.contracts.cart import LineKey
from sync.contracts.documents import SiteDoc

RIGHT = "make_orders"
#: what stands in the order for the text its buyer has agreed to
CONSENT = "said at the telephone"
MOST_FOUND = 8
MOST_LINES = 100
MOST_UNITS = 9_999


@dataclass(frozen=True)
class Line:
    """Goods of the order, or found for it, as the page shows them."""

    offer: Offer
    stock: Stock
    units: int = 0

    @property
    def sum(self) -> int:
        return self.offer.price * self.units


class OrderForm(RecordForm):
    """Everything of the order but its goods. Bound only when the order is to be placed: looking up corrects nobody."""

    verb = _("Place the order")

    phone = forms.CharField(label=_("Phone"), max_length=40, widget=forms.TextInput(attrs={"inputmode": "tel"}))
    name = forms.CharField(label=_("Full name"), max_length=100)
    email = forms.EmailField(label=_("E-mail"), max_length=254, required=False)
    delivery = forms.ChoiceField(label=_("Delivery"))
    payment = forms.ChoiceField(label=_("Payment"))
    address = LongTextField(label=_("Address"), rows=2, max_length=500, required=False)
    comment = LongTextField(label=_("Comment"), rows=2, max_length=1000, required=False)
    consent = forms.BooleanField(label=_("The client agrees that we keep his data"))

    def __init__(self, request: HttpRequest, site: SiteDoc) -> None:
        super().__init__(request)
        self.fields["delivery"].choices = [(way.code, way.title) for way in site.deliveries]  # type: ignore[attr-defined]
        self.fields["payment"].choices = [(way.code, way.title) for way in site.payments]  # type: ignore[attr-defined]
        for field in self.fields.values():
            field.widget.attrs.setdefault("autocomplete", "off")  # the browser knows the operator, not the client
        if {"look", "add", "drop"} & request.POST.keys():
            self.initial = {name: request.POST[name] for name in self.fields if name in request.POST}
            self.is_bound = False

    @property
    def has_unsaved(self) -> bool:
        return self.request.method == "POST"

    def take(self, client: Customer) -> None:
        """Fill in what is known of the client and was not typed."""
        known = {"name": client.name, "email": client.email, "address": client.address}
        self.initial.update({name: text for name, text in known.items() if text and not self.initial.get(name)})


@screen(RIGHT, methods=["GET", "HEAD", "POST"])
def new_order(request: StaffRequest) -> HttpResponseBase:
    shops = list(sites_visible_to(request.user).filter(is_active=True).order_by("label"))
    chosen = _chosen(request, shops)
    if chosen is None:
        raise Http404
    site = site_doc(chosen)
    form, lines = OrderForm(request, site), _lines(request, site.id)
    client = _client(request, site)
    if client is not None and not form.is_bound:
        form.take(client)
    if form.is_saveable():
        if not lines:
            form.add_error(None, _now("Choose what is ordered."))
        else:
            with form.refusals():
                order, _is_new = place_order(_wanted(request, site, form.cleaned_data, lines))
                said = _now("Order %(number)s is placed.") % {"number": order.number}
                if may(request.user, "see_orders"):
                    return form.saved(said, "orders-card", order.pk)
                return form.saved(said, "orders-new")
    return _page(request, site, shops, form, lines, client)


def _page(
    request: StaffRequest, site: SiteDoc, shops: Sequence[Site], form: OrderForm, lines: list[Line], client: Any
) -> HttpResponse:
    words = request.POST.get("q", "").strip()[:100]
    return form.page(
        _now("New order"),
        back=("orders", _now("Orders")) if may(request.user, "see_orders") else (),
        help=_now("What the client says at the telephone. Prices are the catalogue's."),
        template="orders/new.html",
        site=site,
        shops=shops if len(shops) > 1 else [],
        token=_token(request),
        lines=lines,
        goods_total=sum(line.sum for line in lines),
        currency=site.currency,
        words=words,
        found=_found(request, site.id, words),
        client=client,
        client_url=reverse("clients-card", args=[client.pk]) if client else "",
        has_looked=bool(request.POST.get("phone", "").strip()),
    )


def _chosen(request: StaffRequest, shops: Sequence[Site]) -> Site | None:
    """The shop that was asked for, else the only one in view, else the first."""
    asked = request.POST.get("site") or request.GET.get("site") or view_scope.chosen_site(request)
    return next((shop for shop in shops if shop.id == asked), shops[0] if shops else None)


def _token(request: HttpRequest) -> str:
    """Names the order that is being written: sent twice, it is one."""
    try:
        return UUID(request.POST.get("token", "")).hex
    except ValueError:
        return uuid4().hex


def _client(request: StaffRequest, site: SiteDoc) -> Customer | None:
    """Whoever has this phone, of those the person may see."""
    phone = request.POST.get("phone", "")
    if not phone or not may(request.user, "see_customers"):
        return None
    found = customers_by_phone(phone, region=REGIONS.get(site.language, ""))
    return customers_visible_to(request.user).filter(pk__in=found.values("pk"), erased_at=None).first()


def _lines(request: StaffRequest, site: str) -> list[Line]:
    """The goods chosen so far, with the one just added and without the one just dropped."""
    units: dict[str, int] = {}
    for offer, count in zip(request.POST.getlist("line"), request.POST.getlist("units"), strict=False):
        units[offer] = int(count) if count.isascii() and count.isdecimal() and len(count) < 9 else 1
    if added := request.POST.get("add", ""):
        units[added] = units.get(added, 0) + 1
    units.pop(request.POST.get("drop", ""), None)
    wanted = {_uuid(offer): min(count, MOST_UNITS) for offer, count in units.items() if count}
    offers = offers_visible_to(request.user).filter(site=site, pk__in=[pk for pk in wanted if pk]).in_bulk()
    stock = stock_of({offer.variant_id for offer in offers.values()})
    chosen = [(offers[pk], count) for pk, count in wanted.items() if pk in offers][:MOST_LINES]
    return [Line(offer, stock[offer.variant_id], count) for offer, count in chosen]


def _found(request: StaffRequest, site: str, words: str) -> list[Line]:
    if not words:
        return []
    offers = found_by(offered_to(request.user).filter(site=site, is_active=True, listing__is_active=True), words)
    rows = list(offers.order_by("listing__title_key", "pk")[:MOST_FOUND])
    stock = stock_of({row.variant_id for row in rows})
    return [Line(row, stock[row.variant_id]) for row in rows]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _wanted(request: StaffRequest, site: SiteDoc, said: dict[str, Any], lines: Sequence[Line]) -> WantedOrder:
    goods = [(line.offer.variant.sku, line.offer.variant.options, line.units) for line in lines]
    return WantedOrder(
        # Of the person too: nobody names another's order by a token he has seen.
        id=uuid5(NAMESPACE_URL, f"desk:{request.user.pk}:{_token(request)}"),
        site=site.id,
        lines=[WantedLine(LineKey(site.id, sku, options), units) for sku, options, units in goods],
        name=said["name"].strip(),
        phone=said["phone"],
        email=said["email"],
        address=said["address"],
        comment=said["comment"],
        delivery=said["delivery"],
        payment=said["payment"],
        consent_text=CONSENT,
        said=json.dumps([site.id, goods, said], sort_keys=True),
        made_by="DESK",
    )
