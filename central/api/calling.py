"""What every call of the API does first: say who asks, and that he may."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.http import HttpRequest

from central.api.errors import NoRight
from central.ui.screens import may

View = TypeVar("View", bound=Callable[..., Any])


def needs(right: str) -> Callable[[View], View]:
    """The one way to make a call: `right` is a codename of accounts.Right, "" for every key. Scope is the queries'."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if right:
                demand(request, right)
            return view(request, *args, **kwargs)

        guarded.rialto_right = right  # type: ignore[attr-defined]
        said = f"Needs the right `{right}`." if right else "For every key."
        guarded.__doc__ = f"{view.__doc__ or ''}\n\n{said}".strip()
        return guarded  # type: ignore[return-value]

    return decorate


def caller(request: HttpRequest) -> Any:
    """The `Holder` who asks, for wherever a user is wanted; the middleware has let him in."""
    return request.holder  # type: ignore[attr-defined]


def demand(request: HttpRequest, right: str) -> None:
    """Raises `NoRight`."""
    if not may(caller(request), right):
        raise NoRight(right)
