"""Sources of goods: made, changed, and looked up within the sites a person may see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

from django.db.models import Q, QuerySet

from central.catalog.errors import BadGoods, UnknownRun
from central.catalog.importing.columns import SAVED, checked_map
from central.catalog.importing.models import FIELDS, ImportRun, ImportSource
from central.ui.scope import ALL, visible_sites
from infra.crypto.keys import ensure_central_keys
from node.config import config
from node.realms import CATALOG, atomic

#: what people change of a source
EDITABLE = (
    *("title", "sites", "language", "fields", "makes_new", "is_master"),
    *("mapping", "url", "login", "password", "every_minutes"),
)


def sources_visible_to(user: Any) -> QuerySet[ImportSource]:
    """Sources all of whose sites the person may see: a run of one writes to each of them."""
    return _within(ImportSource.objects.all(), user, "sites")


def runs_visible_to(user: Any) -> QuerySet[ImportRun]:
    """Runs into sites all of which the person may see, then and now."""
    runs = _within(ImportRun.objects.select_related("source"), user, "sites")
    return _within(runs, user, "source__sites")


def _within(rows: QuerySet[Any], user: Any, field: str) -> QuerySet[Any]:
    seen = visible_sites(user)
    rows = rows.exclude(**{field: []})
    if seen is ALL:
        return rows
    return rows.filter(**{f"{field}__contained_by": sorted(seen)}) if seen else rows.none()


def at_sites(runs: QuerySet[ImportRun], sites: frozenset[str]) -> QuerySet[ImportRun]:
    """Runs into at least one of the sites."""
    found = Q(pk__in=[])
    for site in sorted(sites):
        found |= Q(sites__contains=[site])
    return runs.filter(found)


def visible_source(user: Any, source: UUID) -> ImportSource:
    """Raises `UnknownRun`, also when the person may not see one of its sites."""
    found = sources_visible_to(user).filter(pk=source).first()
    if found is None:
        raise UnknownRun("there is no such source")
    return found


def visible_run(user: Any, run: UUID) -> ImportRun:
    """Raises `UnknownRun`, also when the person may not see one of its sites."""
    found = runs_visible_to(user).filter(pk=run).first()
    if found is None:
        raise UnknownRun("there is no such import")
    return found


def make_source(title: str, sites: list[str], *, by: str, **more: Any) -> ImportSource:
    """Raises `BadGoods` for a title that is taken, no site, or a mapping that cannot be."""
    source = ImportSource(title=title, sites=sites, created_by=by, **more)
    with atomic(CATALOG):
        _check(source)
        source.save(force_insert=True)
    return source


def edit_source(source: UUID, changes: Mapping[str, Any]) -> ImportSource:
    """Change what `EDITABLE` names. Raises `UnknownRun`, `BadGoods`."""
    with atomic(CATALOG):
        row = ImportSource.objects.select_for_update().filter(pk=source).first()
        if row is None:
            raise UnknownRun("there is no such source")
        for name, value in changes.items():
            if name in EDITABLE:
                setattr(row, name, value)
        _check(row)
        row.ver += 1
        row.save()
    return row


def _part_login(source: ImportSource) -> None:
    """A login in the address goes where it is kept encrypted; no login, no password."""
    parts = urlsplit(source.url)
    if parts.username:
        source.login, source.password = unquote(parts.username), unquote(parts.password or "")
        source.url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    if source.login:
        ensure_central_keys(config().home)  # a cluster so young that nobody joined it has made no keys yet
    else:
        source.login = source.password = None  # type: ignore[assignment]


def _check(source: ImportSource) -> None:
    _part_login(source)
    if not source.sites:
        raise BadGoods("sites", "a source needs at least one site")
    if ImportSource.objects.filter(title=source.title).exclude(pk=source.pk).exists():
        raise BadGoods("title", f"there is already a source called '{source.title}'")
    if unknown := set(source.fields) - set(FIELDS):
        raise BadGoods("fields", f"there is no field {', '.join(sorted(unknown))}")
    if source.mapping:
        checked_map(SAVED, source.mapping)
