"""What every call of the API does first: say who asks, and that he may."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.http import HttpRequest

from central.api.access import ACCESS, Access
from central.api.errors import BadCall, NoRight
from central.ui.screens import may

View = TypeVar("View", bound=Callable[..., Any])


def guarded(view: View) -> View:
    """The one way to make a call: what it needs stands in `access.ACCESS` under its name. Scope is the queries'."""
    access = ACCESS[view.__name__]

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        for right in access.rights:
            demand(request, right)
        if access.needs_name and "Idempotency-Key" not in request.headers:
            raise BadCall("this call is not done without an Idempotency-Key")
        return view(request, *args, **kwargs)

    checked.rialto_access = access  # type: ignore[attr-defined]
    checked.__doc__ = f"{view.__doc__ or ''}\n\n{_said(access)}".strip()
    return checked  # type: ignore[return-value]


def _said(access: Access) -> str:
    if not access.rights:
        return "For every key."
    return " ".join(f"Needs the right `{right}`." for right in access.rights)


def caller(request: HttpRequest) -> Any:
    """The `Holder` who asks, for wherever a user is wanted; the middleware has let him in."""
    return request.holder  # type: ignore[attr-defined]


def demand(request: HttpRequest, right: str) -> None:
    """Raises `NoRight`."""
    if not may(caller(request), right):
        raise NoRight(right)
