"""What the frame of every screen needs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from central.ui import menu
from central.ui.view_scope import choices, chosen, group_choices


def screen(request: HttpRequest) -> dict[str, Any]:
    theme = getattr(request, "theme", "auto")
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"theme": theme}
    match = request.resolver_match
    return {
        "theme": theme,
        "menu": menu.entries_of(user),
        "here": match.url_name.split("-")[0] if match and match.url_name else "",
        "site_choices": choices(request),
        "group_choices": group_choices(request),
        "in_view": chosen(request),
    }
