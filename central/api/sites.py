"""/sites and /regions"""

# No `from __future__ import annotations`: ninja reads the types of the calls below as they stand.

from django.http import HttpRequest
from ninja import Router

from central.accounts.scope import ALL
from central.api.calling import caller, guarded
from central.api.schemas import (
    KeyOut,
    LanguageOut,
    LanguagesOut,
    RegionOut,
    RegionsOut,
    SiteOut,
    SiteRegionOut,
    SiteRegionsOut,
    SitesOut,
    SiteWordsOut,
    WayOut,
    WayWordsOut,
)
from central.cluster.documents import site_doc
from central.cluster.errors import UnknownRegion, UnknownSite
from central.cluster.locales import edition_names
from central.cluster.models import Region, Site, SiteRegion
from central.cluster.queries import regions_visible_to, sites_visible_to
from sites import urls
from sites.editions import editions_of
from sync.contracts.documents import DeliveryMethod, PaymentMethod, RegionDoc, SiteWords

router = Router(tags=["Sites"])


@router.get("/key", response=KeyOut, summary="What this key may")
@guarded
def get_key(request: HttpRequest) -> KeyOut:
    holder = caller(request)
    seen = holder.says_sites()
    return KeyOut(
        name=holder.key.name,
        prefix=holder.key.prefix,
        rights=holder.key.rights,
        sites=None if seen is ALL else sorted(seen),
        expires_at=holder.key.expires_at,
    )


@router.get("/sites", response=SitesOut, summary="List sites")
@guarded
def list_sites(request: HttpRequest) -> SitesOut:
    return SitesOut(items=[_site(one) for one in sites_visible_to(caller(request))])


@router.get("/sites/{site}", response=SiteOut, summary="Get a site")
@guarded
def get_site(request: HttpRequest, site: str) -> SiteOut:
    return _site(_seen(request, site))


@router.get("/sites/{site}/languages", response=LanguagesOut, summary="The languages a site speaks")
@guarded
def list_languages(request: HttpRequest, site: str) -> LanguagesOut:
    """Its own first. The words of goods in them stand at the products."""
    doc = site_doc(_seen(request, site))
    words = {one.code: one.words for one in doc.languages}
    return LanguagesOut(
        items=[
            LanguageOut(
                code=each.language,
                name=edition_names(doc, each)[0],
                url=urls.absolute(each, urls.home()),
                is_own=each is doc,
                words=_words(words.get(each.language, SiteWords())),
            )
            for each in editions_of(doc)
            if not each.region
        ]
    )


@router.get("/sites/{site}/regions", response=SiteRegionsOut, summary="The regions a site is in")
@guarded
def list_site_regions(request: HttpRequest, site: str) -> SiteRegionsOut:
    """What the site is there. Prices by region stand at the units."""
    row = _seen(request, site)
    doc = site_doc(row)
    own = {one.id: one for one in doc.regions}
    addresses = {one.region: urls.absolute(one, urls.home()) for one in reversed(editions_of(doc))}
    there = SiteRegion.objects.filter(site=row).order_by("region__position", "region")
    return SiteRegionsOut(
        items=[
            _site_region(own[pk], addresses.get(pk, "")) for pk in there.values_list("region", flat=True) if pk in own
        ]
    )


@router.get("/regions", response=RegionsOut, summary="List regions")
@guarded
def list_regions(request: HttpRequest) -> RegionsOut:
    """Those of the whole cluster that a site of the key is in; for a key of all sites all of them."""
    return RegionsOut(items=[_region(one) for one in regions_visible_to(caller(request))])


@router.get("/regions/{region}", response=RegionOut, summary="Get a region")
@guarded
def get_region(request: HttpRequest, region: str) -> RegionOut:
    found = None if "\x00" in region else regions_visible_to(caller(request)).filter(pk=region).first()
    if found is None:
        raise UnknownRegion(region)
    return _region(found)


def _seen(request: HttpRequest, site: str) -> Site:
    found = None if "\x00" in site else sites_visible_to(caller(request)).filter(pk=site).first()
    if found is None:
        raise UnknownSite(site)
    return found


def _region(one: Region) -> RegionOut:
    return RegionOut(
        id=one.pk,
        title=one.title,
        titles=one.titles,
        parent=one.parent_id or "",
        position=one.position,
        places=one.places,
    )


def _site_region(one: RegionDoc, address: str) -> SiteRegionOut:
    return SiteRegionOut(
        region=one.id,
        title=one.title,
        parent=one.parent,
        url=address,
        phone=one.phone,
        email=one.email,
        words=_words(one.words),
        translations={code: _words(words) for code, words in one.translations.items()},
        deliveries=None if one.deliveries is None else [_way(way, way.price) for way in one.deliveries],
        payments=None if one.payments is None else [_way(way, None) for way in one.payments],
    )


def _way(way: DeliveryMethod | PaymentMethod, price: int | None) -> WayOut:
    return WayOut(code=way.code, title=way.title, note=way.note, price=price)


def _words(words: SiteWords) -> SiteWordsOut:
    return SiteWordsOut(
        name=words.name,
        label=words.label,
        tagline=words.tagline,
        about=words.about,
        address=words.address,
        deliveries=_ways(words.deliveries),
        payments=_ways(words.payments),
    )


def _ways(said: dict[str, tuple[str, str]]) -> dict[str, WayWordsOut]:
    return {code: WayWordsOut(title=title, note=note) for code, (title, note) in said.items()}


def _site(one: Site) -> SiteOut:
    return SiteOut(
        id=one.id,
        name=one.name,
        label=one.label,
        colour=one.colour,
        origin=one.origin,
        language=one.language,
        currency=one.currency,
        is_active=one.is_active,
        ver=one.ver,
    )
