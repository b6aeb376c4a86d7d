"""Rows of this app as the documents edges read."""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec

from central.cluster.models import Node, Rate, Region, Site, SiteLanguage, SiteRegion
from sync.contracts.documents import (
    DeliveryMethod,
    LanguageDoc,
    MediaDoc,
    NodeDoc,
    PagesDoc,
    PaymentMethod,
    RateDoc,
    RegionDoc,
    SiteDoc,
    SiteWords,
)


def host_of(origin: str) -> str:
    """The host name of an origin, without scheme and port."""
    return urlsplit(origin).hostname or ""


def hosts_of(site: Site) -> list[str]:
    """All names of a site, its own first, those of its languages and regions last."""
    own, *others = map(host_of, origins_of(site))
    return list(dict.fromkeys([own, *site.extra_hosts, *others]))


def origins_of(site: Site) -> list[str]:
    """Where its pages live: its own origin, then those of its languages and regions."""
    languages, regions = site.languages.all(), site.regions.all()
    others = [*(one.origin for one in languages), *(one.origin for one in regions)]
    return list(dict.fromkeys([site.origin, *filter(None, others)]))


def site_doc(site: Site) -> SiteDoc:
    texts = site.texts
    return SiteDoc(
        id=site.id,
        name=site.name,
        label=site.label,
        colour=site.colour,
        origin=site.origin,
        # Those of further languages and regions are in their own documents: here they would lead to the shop's address.
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
        languages=[_language_doc(one) for one in site.languages.all()],
        regions=_region_docs(site),
        detection=site.detection,  # type: ignore[arg-type]
        # A second that has begun counts: what was opened in it is over too
        previews_from=int(site.previews_ended_at.timestamp()) + 1 if site.previews_ended_at else 0,
    )


def _language_doc(row: SiteLanguage) -> LanguageDoc:
    words = msgspec.convert(row.words, SiteWords)
    return LanguageDoc(code=row.code, name=row.name, origin=row.origin, path=row.path, words=words)


def _region_docs(site: Site) -> list[RegionDoc]:
    """The regions with an address, and all around them, whose values reach them."""
    own = {row.region_id: row for row in site.regions.all()}
    if not own:
        return []
    regions = {row.pk: row for row in Region.objects.all()}
    wanted: set[str] = set()
    for row in own.values():
        at = regions.get(row.region_id) if row.origin or row.path else None
        while at is not None and at.pk not in wanted:
            wanted.add(at.pk)
            at = regions.get(at.parent_id or "")
    return [_region_doc(site, row, own.get(row.pk)) for row in regions.values() if row.pk in wanted]


def _region_doc(site: Site, region: Region, own: SiteRegion | None) -> RegionDoc:
    doc = RegionDoc(
        id=region.pk,
        title=region.titles.get(site.language) or region.title,
        titles=region.titles,
        parent=region.parent_id or "",
        places=region.places,
    )
    if own is None:
        return doc
    return msgspec.structs.replace(
        doc,
        origin=own.origin,
        path=own.path,
        phone=own.phone,
        email=own.email,
        words=msgspec.convert(own.words, SiteWords),
        translations=msgspec.convert(own.translations, dict[str, SiteWords]),
        deliveries=msgspec.convert(own.deliveries, list[DeliveryMethod] | None),
        payments=msgspec.convert(own.payments, list[PaymentMethod] | None),
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
