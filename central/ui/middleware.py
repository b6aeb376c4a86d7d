"""Our errors as pages, and where a form that a script sent leads to."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from central.ui.away import away_answer
from central.ui.explain import explain
from infra.caching import reading_fresh
from node.errors import RialtoError


class ErrorsMiddleware:
    """A `RialtoError` that no view caught becomes a page, a toast (htmx) or JSON, with its own status."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if (away := away_answer(request, error)) is not None:
            return away
        if not isinstance(error, RialtoError) or error.status >= 500:
            return None  # ours to mend, so it goes to the log with its traceback
        if request.accepts("text/html") or getattr(request, "htmx", False):
            template = "ui/toast_error.html" if getattr(request, "htmx", False) else "ui/refused.html"
            return render(request, template, {"error": error, "sentence": explain(error)}, status=error.status)
        return JsonResponse({"code": error.code, "message": str(error)}, status=error.status)


#: seconds after a change in which who made it gets nothing that was kept from before; more than any such thing lives
FRESH_S: Final = 5
FRESH_COOKIE: Final = "rialto_desk_changed"


class FreshMiddleware:
    """Who has just changed something sees figures as they are now, not as they were kept for those who look on.

    A cookie says so: the next request may go to any process, and it is over by itself.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_read = request.method in ("GET", "HEAD", "OPTIONS")
        with reading_fresh() if not is_read or FRESH_COOKIE in request.COOKIES else nullcontext():
            answer = self.get_response(request)
        if not is_read and answer.status_code < 400 and settings.SESSION_COOKIE_NAME in request.COOKIES:
            answer.set_cookie(
                FRESH_COOKIE, "1", max_age=FRESH_S, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
            )
        return answer


class FetchedFormsMiddleware:
    """Tells the script that sent a form where it leads, without following: the page there shows its message itself."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self.get_response(request)
        if request.headers.get("x-fetched-form") and 300 <= answer.status_code < 400 and answer.get("Location"):
            answer.status_code, answer["X-Location"] = 204, answer["Location"]
            del answer["Location"]
        return answer
