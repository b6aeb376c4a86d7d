"""What a site's fields may hold."""

from __future__ import annotations

import re

import msgspec
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from central.cluster.contrast import is_seen
from central.cluster.documents import host_of
from central.cluster.errors import BadField
from central.cluster.inheritance import Sites, source_of
from central.cluster.models import Site
from sync.contracts.documents import DeliveryMethod, PagesDoc, PaymentMethod


def check_site(site: Site, *, had_colour: str = "") -> None:
    """Tidy what was typed. Raises `BadField` naming every wrong field; a colour the site had already is let be."""
    wrong: dict[str, str] = {}
    site.origin = site.origin.rstrip("/")
    site.currency = site.currency.upper()
    if not re.fullmatch(r"https?://[a-z0-9.-]+(:\d{1,5})?", site.origin):
        wrong["origin"] = _("must be like https://shop.example, without a path")
    if not re.fullmatch(r"[A-Z]{3}", site.currency):
        wrong["currency"] = _("must be an ISO 4217 code such as EUR")
    kinds = {"deliveries": list[DeliveryMethod], "payments": list[PaymentMethod], "pages": PagesDoc}
    for name, kind in kinds.items():
        try:
            msgspec.convert(getattr(site, name), kind)
        except msgspec.ValidationError as error:
            wrong[name] = str(error)
    taken = Site.objects.exclude(pk=site.pk)
    for host in (host_of(site.origin), *site.extra_hosts):
        # One address, one content: a host name leads to exactly one shop of the cluster.
        if any(host in (host_of(other.origin), *other.extra_hosts) for other in taken):
            wrong["origin"] = _("the host name %(host)s belongs to another site") % {"host": host}
    try:
        site.clean_fields(exclude={"node", "group", "parent"})
    except ValidationError as error:
        wrong |= {name: " ".join(texts) for name, texts in error.message_dict.items()}
    if site.colour != had_colour and "colour" not in wrong and not is_seen(site.colour):
        wrong["colour"] = _("is too pale to be seen on white; choose a darker one")
    if wrong:
        raise BadField(wrong)


def check_prices(site: Site, sites: Sites) -> None:
    """Raises `BadField` when a settled site would show another currency's prices of delivery as its own."""
    source = sites[source_of(site, "deliveries", sites)]
    if source.currency != site.currency and any(way["price"] for way in site.deliveries):
        text = _(
            "%(site)s would get prices of delivery in %(theirs)s while its currency is %(own)s: "
            "let it take the currency too, or have deliveries of its own"
        )
        values = {"site": site.name, "theirs": source.currency, "own": site.currency}
        raise BadField({"deliveries": text % values})
