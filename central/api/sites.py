"""/sites"""

# No `from __future__ import annotations`: ninja reads the types of the calls below as they stand.

from django.http import HttpRequest
from ninja import Router

from central.accounts.scope import ALL
from central.api.calling import caller, guarded
from central.api.schemas import KeyOut, SiteOut, SitesOut
from central.cluster.errors import UnknownSite
from central.cluster.models import Site
from central.cluster.queries import sites_visible_to

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
    found = None if "\x00" in site else sites_visible_to(caller(request)).filter(pk=site).first()
    if found is None:
        raise UnknownSite(site)
    return _site(found)


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
