"""How a view says who may use it. A view that says nothing is refused by a test (`ui/tests/test_walk.py`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import resolve_url
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from central.ui.scope import one_look

P = ParamSpec("P")
R = TypeVar("R", bound=HttpResponseBase)


class StaffRequest(HttpRequest):
    """A request that `screen` let through: `user` is signed in."""

    user: User
    htmx: Any
    theme: str
    profile: Any


View = Callable[Concatenate[StaffRequest, P], HttpResponseBase]


def screen(right: str | None, *, methods: Sequence[str] = ("GET", "HEAD")) -> Callable[[View[P]], Callable[..., Any]]:
    """The one way to make a view of the desk: signed in, holding `right` (a codename of accounts.Right), by `methods`.

    `None`: every member of staff. A stranger is sent to sign in, staff without the right get a 403 page.
    Which rows they see is a second question, answered by `central.ui.scope`.
    """

    def decorate(view: View[P]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _to_sign_in(request)
            if right is not None and not may(request.user, right):
                raise PermissionDenied(right)
            with one_look() if request.method in ("GET", "HEAD") else nullcontext():
                return view(request, *args, **kwargs)  # type: ignore[arg-type]

        wrapped = never_cache(require_http_methods(list(methods))(guarded))
        wrapped.rialto_right = right or "signed in"  # type: ignore[attr-defined]
        return wrapped

    return decorate


def open_to_all(view: Callable[..., R]) -> Callable[..., R]:
    """Says aloud that anybody may ask: sign-in, error pages, health, what other machines call."""
    view.rialto_right = "everybody"  # type: ignore[attr-defined]
    return view


def may(user: Any, right: str) -> bool:
    """Whether a person holds a right of `accounts.Right`."""
    return bool(user.has_perm(f"accounts.{right}"))


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    if getattr(request, "htmx", False):
        # A redirect would put the sign-in form into a corner of the page.
        answer = HttpResponse(status=401)
        answer["HX-Redirect"] = resolve_url("account_login")
        return answer
    return redirect_to_login(request.get_full_path())
