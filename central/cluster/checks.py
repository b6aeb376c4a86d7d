"""What a site's fields may hold."""

from __future__ import annotations

import re

import msgspec
from django.core.exceptions import ValidationError

from central.cluster.contrast import is_seen
from central.cluster.documents import host_of
from central.cluster.errors import BadField
from central.cluster.models import Site
from sync.contracts.documents import DeliveryMethod, PaymentMethod


def check_site(site: Site, *, had_colour: str = "") -> None:
    """Tidy what was typed. Raises `BadField` naming every wrong field; a colour the site had already is let be."""
    wrong: dict[str, str] = {}
    site.origin = site.origin.rstrip("/")
    site.currency = site.currency.upper()
    if not re.fullmatch(r"https?://[a-z0-9.-]+(:\d{1,5})?", site.origin):
        wrong["origin"] = "must be like https://shop.example, without a path"
    if not re.fullmatch(r"[A-Z]{3}", site.currency):
        wrong["currency"] = "must be an ISO 4217 code such as EUR"
    for name, kind in (("deliveries", DeliveryMethod), ("payments", PaymentMethod)):
        try:
            msgspec.convert(getattr(site, name), list[kind])  # type: ignore[valid-type]
        except msgspec.ValidationError as error:
            wrong[name] = str(error)
    taken = Site.objects.exclude(pk=site.pk)
    for host in (host_of(site.origin), *site.extra_hosts):
        # One address, one content: a host name leads to exactly one shop of the cluster.
        if any(host in (host_of(other.origin), *other.extra_hosts) for other in taken):
            wrong["origin"] = f"the host name {host} belongs to another site"
    try:
        site.clean_fields(exclude={"node", "group", "parent"})
    except ValidationError as error:
        wrong |= {name: " ".join(texts) for name, texts in error.message_dict.items()}
    if site.colour != had_colour and "colour" not in wrong and not is_seen(site.colour):
        wrong["colour"] = "is too pale to be seen on white; choose a darker one"
    if wrong:
        raise BadField(wrong)
