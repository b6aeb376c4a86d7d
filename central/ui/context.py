"""What the frame of every screen needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest

from central.ui import menu
from central.ui.view_scope import choices, chosen, group_choices


def screen(request: HttpRequest) -> dict[str, Any]:
    theme = getattr(request, "theme", "auto")
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"theme": theme}
    match, entries = request.resolver_match, menu.entries_of(user)
    return {
        "theme": theme,
        "menu": entries,
        "here": _here(match.url_name if match and match.url_name else "", entries),
        "site_choices": choices(request),
        "group_choices": group_choices(request),
        "in_view": chosen(request),
    }


def _here(url_name: str, entries: Sequence[menu.Entry]) -> str:
    """The url name of the entry that a screen belongs to: "cluster-health" has "cluster-health-cache" below it."""
    above = [each.url_name for each in entries if f"{url_name}-".startswith(f"{each.url_name}-")]
    return max(above, key=len, default=url_name.partition("-")[0])
