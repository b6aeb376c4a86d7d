"""Which of his sites a person looks at now: the cluster, a group of sites or one site; chosen in the top bar.

This narrows what is shown; what may be shown is decided by `central.ui.scope` alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from central.ui import sites
from central.ui.scope import ALL, visible_sites

M = TypeVar("M", bound=Model)
KEY = "in_view"
SITE, GROUP = "site:", "group:"


@dataclass(frozen=True)
class View:
    """`value`: "site:<id>" or "group:<id>", as the session keeps it. `sites`: those of it the person may see."""

    value: str
    title: str
    sites: tuple[sites.SiteLook, ...]

    @property
    def site(self) -> str:
        return self.value.removeprefix(SITE) if self.value.startswith(SITE) else ""


def choices(request: Any) -> list[sites.SiteLook]:
    """The sites the person may choose from, read once per request."""
    known: list[sites.SiteLook] | None = getattr(request, "_site_choices", None)
    if known is None:
        seen = visible_sites(request.user)
        known = [look for look in sites.looks(request).values() if seen is ALL or look.id in seen]
        request._site_choices = known
    return known


def group_choices(request: Any) -> list[View]:
    """The groups that hold a site of the person's."""
    views = [
        View(f"{GROUP}{group.id}", group.title, _his(request, group.id)) for group in sites.groups(request).values()
    ]
    return [view for view in views if view.sites]


def _his(request: Any, group: str) -> tuple[sites.SiteLook, ...]:
    within = sites.sites_of_group(request, group)
    return tuple(look for look in choices(request) if look.id in within)


def chosen(request: Any) -> View | None:
    """What is in view; None: the cluster, as far as the person may see it.

    Read anew each time: a site or group that was taken from him meanwhile is not in view any more.
    """
    value = str(request.session.get(KEY, ""))
    if not value:
        return None
    if value.startswith(SITE):
        look = next((look for look in choices(request) if look.id == value.removeprefix(SITE)), None)
        return View(value, look.label, (look,)) if look else None
    return next((view for view in group_choices(request) if view.value == value), None)


def choose(request: Any, value: str) -> None:
    """Look at "site:<id>" or "group:<id>"; "" or what is not the person's: at the cluster."""
    request.session[KEY] = value
    if value and chosen(request) is None:
        request.session[KEY] = ""


def sites_in_view(request: Any) -> frozenset[str] | None:
    """The sites every list is narrowed to; None: all that the person may see."""
    view = chosen(request)
    return None if view is None else frozenset(look.id for look in view.sites)


def in_view(queryset: QuerySet[M], request: Any, field: str = "site") -> QuerySet[M]:
    """`queryset` without the rows of sites that are not in view. `field` holds the site's id, in any realm."""
    shown = sites_in_view(request)
    return queryset if shown is None else queryset.filter(**{f"{field}__in": sorted(shown)})


def chosen_site(request: Any) -> str:
    """The id of the site in view, "" for a group or all; prefer `sites_in_view`, which knows groups."""
    view = chosen(request)
    return view.site if view else ""
