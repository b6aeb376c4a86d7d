"""Says who acts, for the length of a request of staff."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse

from central.ui.away import away_answer
from node.acting import Actor, acting


class ActorMiddleware:
    """Everything a signed-in person's request writes is written in his name. The answer carries the request's id."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            # No session cookie: nobody, and no question to the database.
            is_somebody = settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated
        except DatabaseError as error:
            if (away := away_answer(request, error)) is None:
                raise
            return away
        if not is_somebody:
            return self.get_response(request)
        request_id = uuid4().hex
        actor = Actor(request.user.get_username(), address=_address(request), request=request_id)
        with acting(actor):
            answer = self.get_response(request)
        answer["X-Request-Id"] = request_id
        return answer


def _address(request: HttpRequest) -> str:
    # Behind one of `trusted_proxies` it is whom the proxy names: `behind_proxies` in `central/asgi.py` puts it here.
    return str(request.META.get("REMOTE_ADDR") or "")[:60]
