"""Our errors as pages, and where a form that a script sent leads to."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from central.ui.away import away_answer
from central.ui.explain import explain
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
