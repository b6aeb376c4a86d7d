"""Rows of this app as the documents edges read."""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec

from central.cluster.models import Node, Rate, Site
from sync.contracts.documents import DeliveryMethod, MediaDoc, NodeDoc, PagesDoc, PaymentMethod, RateDoc, SiteDoc


def host_of(origin: str) -> str:
    """The host name of an origin, without scheme and port."""
    return urlsplit(origin).hostname or ""


def site_doc(site: Site) -> SiteDoc:
    texts = site.texts
    return SiteDoc(
        id=site.id,
        name=site.name,
        label=site.label,
        colour=site.colour,
        origin=site.origin,
        hosts=[host_of(site.origin), *site.extra_hosts],
        language=site.language,
        currency=site.currency,
        theme=site.theme,
        group=site.cart_group,
        node=site.node_id or "",
        is_active=site.is_active,
        tagline=texts.get("tagline", ""),
        about=texts.get("about", ""),
        phone=texts.get("phone", ""),
        email=texts.get("email", ""),
        address=texts.get("address", ""),
        deliveries=msgspec.convert(site.deliveries, list[DeliveryMethod]),
        payments=msgspec.convert(site.payments, list[PaymentMethod]),
        media=msgspec.convert(site.media, MediaDoc),
        pages=msgspec.convert(site.pages, PagesDoc),
    )


def node_doc(node: Node, sites: list[str]) -> NodeDoc:
    return NodeDoc(
        id=node.id,
        name=node.name,
        sites=sites,
        sign_key=node.sign_key,
        seal_key=node.seal_key,
        is_revoked=node.state == Node.State.REVOKED,
    )


def rate_doc(rate: Rate) -> RateDoc:
    return RateDoc(base=rate.base, quote=rate.quote, micros=rate.micros, ver=rate.ver)
