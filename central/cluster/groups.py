"""Every change of groups of sites. Each is one transaction of the realm `cluster`."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import ValidationError

from central.cluster.actions import edit_site
from central.cluster.errors import BadField, NameTaken, UnknownGroup
from central.cluster.models import Site, SiteGroup
from central.cluster.trees import check_parent
from node.acting import named
from node.realms import CLUSTER, atomic


def make_group(group_id: str, *, title: str, by: str, parent: str = "", sites: Iterable[str] = ()) -> SiteGroup:
    """Make a group and put `sites` into it. Raises `NameTaken`, `BadField`, `UnknownGroup`, `UnknownSite`."""
    with named(by), atomic(CLUSTER):
        if SiteGroup.objects.filter(pk=group_id).exists():
            raise NameTaken(f"a group with the id '{group_id}' exists already; choose another", group=group_id)
        group = SiteGroup(id=group_id, title=title, parent=_parent(group_id, parent))
        _check(group)
        group.save(force_insert=True)
        _put(group, sites, by=by)
    return group


def edit_group(
    group_id: str,
    *,
    by: str,
    title: str | None = None,
    parent: str | None = None,
    sites: Iterable[str] | None = None,
) -> SiteGroup:
    """Rename a group, hang it under another ("" for none), say which sites stand in it; `None` changes nothing.

    A site that leaves belongs to no group. Raises `BadField`, `UnknownGroup`, `UnknownSite`.
    """
    with named(by), atomic(CLUSTER):
        group = SiteGroup.objects.select_for_update().filter(pk=group_id).first()
        if group is None:
            raise UnknownGroup(group_id)
        above = group.parent if parent is None else _parent(group_id, parent)
        called = group.title if title is None else title
        if (group.title, group.parent) != (called, above):
            group.title, group.parent, group.ver = called, above, group.ver + 1
            _check(group)
            group.save()
        if sites is not None:
            _put(group, sites, by=by)
    return group


def _parent(group_id: str, parent_id: str) -> SiteGroup | None:
    """The group above; all rows are locked, so that two edits at once cannot close a circle."""
    if not parent_id:
        return None
    rows = {row.pk: row for row in SiteGroup.objects.select_for_update().order_by("pk")}
    if parent_id not in rows:
        raise UnknownGroup(parent_id)
    check_parent(group_id, parent_id, {pk: row.parent_id for pk, row in rows.items()})
    return rows[parent_id]


def _check(group: SiteGroup) -> None:
    try:
        group.clean_fields(exclude={"parent"})
    except ValidationError as error:
        raise BadField({name: " ".join(texts) for name, texts in error.message_dict.items()}) from error


def _put(group: SiteGroup, sites: Iterable[str], *, by: str) -> None:
    wanted = set(sites)
    for leaving in Site.objects.filter(group=group).exclude(pk__in=wanted):
        edit_site(leaving.pk, by=by, group="")
    for site in sorted(wanted):
        edit_site(site, by=by, group=group.pk)
