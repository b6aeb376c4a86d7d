"""`POST /_join`: where a new edge becomes a node; `POST /_adopt`: where a node's restored disk gets a new epoch.

No session, no CSRF token: the join token, or the node's own key, is the right to ask.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from central.cluster.actions import adopt_disk, join_node
from central.cluster.errors import JoinRefused
from central.cluster.queries import node_of_invite
from central.cluster.refusals import Door, note
from infra.http import limits
from infra.http.address import counted_as, is_loopback
from sync.contracts.join import AdoptRequest, JoinAnswer, JoinRequest

T = TypeVar("T")


def _json(value: object, status: int = 200) -> HttpResponse:
    return HttpResponse(msgspec.json.encode(value), content_type="application/json", status=status)


@csrf_exempt
@require_POST
def join(request: HttpRequest) -> HttpResponse:
    """JSON `JoinRequest` in, JSON `JoinAnswer` out; 400, 403 or 429 with `{"error", "message"}`."""
    return _at_door(request, "join", JoinRequest, join_node, lambda asked: node_of_invite(asked.invite))


@csrf_exempt
@require_POST
def adopt(request: HttpRequest) -> HttpResponse:
    """JSON `AdoptRequest` in, JSON `JoinAnswer` out; refused as `join` is."""
    return _at_door(request, "adopt", AdoptRequest, adopt_disk, lambda asked: asked.node)


def _at_door(
    request: HttpRequest, what: str, kind: type[T], take: Callable[[T], JoinAnswer], node_of: Callable[[T], str]
) -> HttpResponse:
    address = str(request.META.get("REMOTE_ADDR") or "")
    if wait := _seconds_to_wait(address):
        answer = _refused("", "too_often", f"too many {what} requests from this address; wait a minute", 429, address)
        answer["Retry-After"] = str(wait)
        return answer
    try:
        asked = msgspec.json.decode(request.body, type=kind)
    except msgspec.DecodeError as error:
        return _refused("", "bad_request", f"not a request to {what}: {error}", 400, address)
    try:
        return _json(take(asked))
    except JoinRefused as error:
        return _refused(node_of(asked), error.code, str(error), error.status, address)


def _seconds_to_wait(address: str) -> int:
    if not address or is_loopback(address):
        return 0
    counted = limits.count("join_address", counted_as(address))
    return counted.wait if counted else 0


def _refused(node: str, code: str, message: str, status: int, address: str) -> HttpResponse:
    note(Door.JOIN, node=node, code=code, address=address)
    return _json({"error": code, "message": message}, status)
