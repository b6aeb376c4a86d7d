"""Reads of the cluster's own rows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from django.core.exceptions import ValidationError
from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from central.cluster.errors import UnknownNode, UnknownSite
from central.cluster.models import Invite, Node, Rate, Region, Silence, Site, SiteGroup, SiteLanguage, SiteRegion
from central.ui.scope import ALL, limit, visible_sites

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

#: a node heard from every 5 s is silent after two beats are missed; the list shows it within 15 s
SILENT_AFTER = timedelta(seconds=11)

Light = Literal["grey", "green", "amber", "red"]


def site(site_id: str) -> Site:
    """Raises `UnknownSite`."""
    found = Site.objects.filter(pk=site_id).select_related("node").first()
    if found is None:
        raise UnknownSite(site_id)
    return found


def active_sites() -> QuerySet[Site]:
    return Site.objects.filter(is_active=True).select_related("node")


def languages_of(site_id: str) -> list[str]:
    """The further languages of a site."""
    return list(SiteLanguage.objects.filter(site=site_id).order_by("code").values_list("code", flat=True))


def regions_at(site_id: str) -> dict[str, Region]:
    """Where a site has, or could have, values of its own: the regions it is in and all around them, in their order."""
    rows = {row.pk: row for row in Region.objects.select_related("parent")}
    wanted: set[str] = set()
    for at in SiteRegion.objects.filter(site=site_id).values_list("region", flat=True):
        above: str | None = at
        while above and above not in wanted:
            wanted.add(above)
            above = rows[above].parent_id
    return {pk: row for pk, row in rows.items() if pk in wanted}


def sites_of_cart_group(cart_group: str) -> QuerySet[Site]:
    return Site.objects.filter(cart_group=cart_group)


def sites_visible_to(user: User | AnonymousUser) -> QuerySet[Site]:
    """The sites a member of staff may see; none for a stranger."""
    return limit(Site.objects.select_related("node"), user, field="id")


def groups_visible_to(user: User | AnonymousUser) -> QuerySet[SiteGroup]:
    """All groups for who sees all sites, else those in which a site of the person's stands."""
    seen = visible_sites(user)
    groups = SiteGroup.objects.select_related("parent")
    return groups if seen is ALL else groups.filter(sites__in=list(seen)).distinct()


def regions_visible_to(user: User | AnonymousUser) -> QuerySet[Region]:
    """All regions for who sees all sites, else those in which a site of the person's is."""
    seen = visible_sites(user)
    regions = Region.objects.select_related("parent")
    return regions if seen is ALL else regions.filter(at_sites__site__in=list(seen)).distinct()


def open_silences() -> Prefetch[str]:
    """Puts the silence a node is in, if any, into `node.silent_now`, a list of at most one."""
    return Prefetch("silences", Silence.objects.filter(ended_at=None), to_attr="silent_now")


def nodes_visible_to(user: User | AnonymousUser) -> QuerySet[Node]:
    """The nodes that serve a site the person may see; all of them for staff who see all sites."""
    seen = visible_sites(user)
    nodes = Node.objects.select_related("health").prefetch_related("sites", open_silences())
    return nodes if seen is ALL else nodes.filter(sites__in=list(seen)).distinct()


def node(node_id: str) -> Node:
    """Raises `UnknownNode`."""
    found = Node.objects.filter(pk=node_id).select_related("health").first()
    if found is None:
        raise UnknownNode(node_id)
    return found


def light_of(node: Node, now: datetime | None = None) -> Light:
    """grey: never joined; red: revoked; amber: silent; green: heard from a moment ago."""
    if node.state == Node.State.REVOKED:
        return "red"
    if node.state == Node.State.INVITED:
        return "grey"
    health = getattr(node, "health", None)
    if health is None or (now or timezone.now()) - health.heard_at > SILENT_AFTER:
        return "amber"
    return "green"


def cart_groups_of(sites: Iterable[Site]) -> frozenset[str]:
    return frozenset(one.cart_group for one in sites)


def rate(base: str, quote: str) -> Rate | None:
    return Rate.objects.filter(base=base, quote=quote).first()


def node_of_invite(invite: str) -> str:
    """The node an invite is for, "" when there is no such invite; for the log of refusals."""
    try:
        return Invite.objects.filter(pk=invite).values_list("node_id", flat=True).first() or ""
    except (ValidationError, ValueError):
        return ""
