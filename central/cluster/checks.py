"""What a site's fields may hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from central.cluster.contrast import is_seen
from central.cluster.documents import host_of, hosts_of, site_doc
from central.cluster.errors import BadField
from central.cluster.inheritance import Sites, source_of
from central.cluster.models import Site
from sites.editions import editions_of
from sync.contracts.documents import DeliveryMethod, PagesDoc, PaymentMethod, SiteDoc


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
    if taken := _taken([host_of(site.origin), *site.extra_hosts], site.pk, Site.objects.all()):
        wrong["origin"] = taken
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


def check_editions(site: Site, sites: Iterable[Site]) -> None:
    """Raises `BadField` when a site's languages and regions cannot live at their addresses. `sites`: the cluster's."""
    doc = site_doc(site)
    if site.language in {one.code for one in doc.languages}:
        text = _("%(language)s is among its further languages; take it away there first")
        raise BadField({"language": text % {"language": site.language}})
    if taken := _taken(hosts_of(site), site.pk, sites):
        raise BadField({"origin": taken})
    editions = editions_of(doc)
    origins = {one.origin for one in editions}
    hosts = [host_of(one) for one in origins]
    for host in hosts:
        # One host name, one origin: a page is kept and found by the name alone.
        if hosts.count(host) > 1 or host in site.extra_hosts:
            raise BadField({"origin": _("the host name %(host)s is the shop's already") % {"host": host}})
    if clash := _clash(doc, editions):
        raise BadField({"path": clash})


def _taken(hosts: Iterable[str], site: str, sites: Iterable[Site]) -> str:
    """One address, one content: a host name leads to exactly one shop of the cluster. Why one of these is not free."""
    theirs = {host for other in sites if other.pk != site for host in hosts_of(other)}
    found = next((host for host in hosts if host in theirs), "")
    return _("the host name %(host)s belongs to another site") % {"host": host} if (host := found) else ""


def _clash(doc: SiteDoc, editions: Sequence[SiteDoc]) -> str:
    """The language and region that would live at an address of another one, in words; "" for none."""
    live = {(one.language, one.region) for one in editions}
    for region in ("", *(one.id for one in doc.regions if one.origin or one.path)):
        for language in (doc.language, *(one.code for one in doc.languages)):
            if (language, region) not in live:
                text = _("another language or region of the shop has the address of %(this)s already")
                title = next((one.title for one in doc.regions if one.id == region), "")
                return text % {"this": f"{title} ({language})" if title else language}
    return ""
