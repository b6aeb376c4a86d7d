"""The door of /api/v1/: who calls, how often, with what; and one shape of every refusal.

Stands before sessions and cookies: a key is all that counts here. Every refusal is logged with the key's prefix, the
reason and the address; a key's secret never is.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from uuid import uuid4

from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse

from central.api import actions, remembering
from central.api.answers import refusal
from central.api.errors import BodyTooLarge, NoKey, NotJson, TooMany, WrongAddress
from central.api.holder import Holder
from central.api.keys import holder_of
from central.ui.away import RealmAway
from infra.http import limits
from infra.http.address import counted_as
from node.acting import Actor, acting
from node.away import realm_away
from node.errors import RialtoError

logger = logging.getLogger("central.api")

ROOT = "/api/v1/"
#: what tells nobody anything of the company
OPEN = (f"{ROOT}openapi.json",)
MAX_BODY = 1_000_000
_WRITES = ("POST", "PATCH", "PUT", "DELETE")

GetResponse = Callable[[HttpRequest], HttpResponse]


class ApiMiddleware:
    """Lets in who holds a key, as `request.holder`."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(ROOT):
            return self.get_response(request)
        address = str(request.META.get("REMOTE_ADDR") or "local")
        try:
            return self._answer(request, address)
        except RialtoError as error:
            return refusal(error)
        except DatabaseError as error:
            if not (realm := realm_away(error)):
                raise
            return refusal(RealmAway(realm))

    def _answer(self, request: HttpRequest, address: str) -> HttpResponse:
        _count("api_address", counted_as(address))
        if request.path_info in OPEN:
            return _uniform(self.get_response(request))
        holder = _holder(request, address)
        counted = limits.count("api_key", str(holder.key.pk))
        try:
            if counted and counted.wait:
                raise TooMany("this key calls too often", retry_after=counted.wait)
            _check_body(request)
            request.holder = holder  # type: ignore[attr-defined]
            answer = _uniform(self._do(request, holder, address))
        except RialtoError as error:
            answer = refusal(error)
        for name, value in (counted.headers if counted else {}).items():
            answer[name] = value
        _note(request, holder, answer, address)
        return answer

    def _do(self, request: HttpRequest, holder: Holder, address: str) -> HttpResponse:
        # What a key writes is written in the key's name, as a person's requests are in his.
        with acting(Actor(f"key:{holder.key.prefix}", address=address[:60], request=uuid4().hex)):
            return self._asked(request, holder)

    def _asked(self, request: HttpRequest, holder: Holder) -> HttpResponse:
        if request.method in remembering.METHODS and "Idempotency-Key" in request.headers:
            return remembering.remembered(request, holder.key, self.get_response)
        return self.get_response(request)


def _holder(request: HttpRequest, address: str) -> Holder:
    try:
        return holder_of(request.headers.get("Authorization", ""), address)
    except (NoKey, WrongAddress) as error:
        logger.warning("refused: key %s, %s, from %s", error.prefix or "-", error.reason, address)
        _count("api_refused", counted_as(address))
        raise


def _count(name: str, who: str) -> None:
    counted = limits.count(name, who)
    if counted and counted.wait:
        raise TooMany("too many calls from this address", retry_after=counted.wait)


def _check_body(request: HttpRequest) -> None:
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
        if length > MAX_BODY or len(request.body) > MAX_BODY:
            raise BodyTooLarge(f"at most {MAX_BODY} bytes", limit=MAX_BODY)
    except (ValueError, RequestDataTooBig):
        raise BodyTooLarge(f"at most {MAX_BODY} bytes", limit=MAX_BODY) from None
    if request.body and request.content_type != "application/json":
        raise NotJson("send application/json")


def _uniform(answer: HttpResponse) -> HttpResponse:
    """Answers that Django made by itself, in our shape; nothing of it is kept by caches."""
    if answer.status_code >= 400 and not answer.get("Content-Type", "").startswith("application/json"):
        word = {404: "not_found", 405: "method_not_allowed"}.get(answer.status_code, "error")
        made = JsonResponse({"error": word, "message": answer.reason_phrase}, status=answer.status_code)
        if "Allow" in answer:
            made["Allow"] = answer["Allow"]
        answer = made
    answer.headers.setdefault("Cache-Control", "no-store")
    return answer


def _note(request: HttpRequest, holder: Holder, answer: HttpResponse, address: str) -> None:
    is_refused = answer.status_code in (401, 403, 429)
    if is_refused:
        logger.warning("refused: key %s, %s, from %s", holder.key.prefix, answer.status_code, address)
    actions.note_use(holder.key, is_write=request.method in _WRITES, is_refused=is_refused)
