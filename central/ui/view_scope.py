"""Which of his sites a person looks at now: all of them, or one chosen in the top bar (kept in the session).

This narrows what is shown; what may be shown is decided by `central.ui.scope` alone.
"""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from central.ui import sites
from central.ui.scope import ALL, visible_sites

M = TypeVar("M", bound=Model)
KEY = "site_in_view"


def choices(request: HttpRequest) -> list[sites.SiteLook]:
    """The sites the person may choose from."""
    seen = visible_sites(request.user)
    return [look for look in sites.looks(request).values() if seen is ALL or look.id in seen]


def chosen_site(request: HttpRequest) -> str:
    """The id of the site in view, "" for all of the person's sites."""
    return str(request.session.get(KEY, ""))


def choose_site(request: HttpRequest, site: str) -> None:
    """Look at one site; "" or a site that is not the person's: at all."""
    is_his = any(look.id == site for look in choices(request))
    request.session[KEY] = site if is_his else ""


def in_view(queryset: QuerySet[M], request: HttpRequest, field: str = "site") -> QuerySet[M]:
    site = chosen_site(request)
    return queryset.filter(**{field: site}) if site else queryset
