"""The one shape in which the API refuses."""

from __future__ import annotations

from django.http import HttpResponse, JsonResponse

from central.api.errors import TooMany
from node.errors import RialtoError


def refusal(error: RialtoError) -> HttpResponse:
    """The one shape: {"error": word, "message": sentence, ...what is meant}."""
    answer = JsonResponse({"error": error.code, "message": str(error), **error.data}, status=error.status)
    if error.status == 401:
        answer["WWW-Authenticate"] = "Bearer"
    if isinstance(error, TooMany):
        answer["Retry-After"] = str(error.data.get("retry_after", 1))
    answer["Cache-Control"] = "no-store"
    return answer
