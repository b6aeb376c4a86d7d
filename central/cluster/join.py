"""`POST /_join`: where a new edge becomes a node. No session, no CSRF token: the join token is the right to ask."""

from __future__ import annotations

import msgspec
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from central.cluster.actions import join_node
from central.cluster.errors import JoinRefused
from central.cluster.queries import node_of_invite
from central.cluster.refusals import Door, note
from infra.http import limits
from infra.http.address import counted_as, is_loopback
from sync.contracts.join import JoinRequest


def _json(value: object, status: int = 200) -> HttpResponse:
    return HttpResponse(msgspec.json.encode(value), content_type="application/json", status=status)


@csrf_exempt
@require_POST
def join(request: HttpRequest) -> HttpResponse:
    """JSON `JoinRequest` in, JSON `JoinAnswer` out; 400, 403 or 429 with `{"error", "message"}`."""
    address = str(request.META.get("REMOTE_ADDR") or "")
    if wait := _seconds_to_wait(address):
        answer = _refused("", "too_often", "too many join requests from this address; wait a minute", 429, address)
        answer["Retry-After"] = str(wait)
        return answer
    try:
        asked = msgspec.json.decode(request.body, type=JoinRequest)
    except msgspec.DecodeError as error:
        return _refused("", "bad_request", f"not a join request: {error}", 400, address)
    try:
        return _json(join_node(asked))
    except JoinRefused as error:
        return _refused(node_of_invite(asked.invite), error.code, str(error), error.status, address)


def _seconds_to_wait(address: str) -> int:
    if not address or is_loopback(address):
        return 0
    counted = limits.count("join_address", counted_as(address))
    return counted.wait if counted else 0


def _refused(node: str, code: str, message: str, status: int, address: str) -> HttpResponse:
    note(Door.JOIN, node=node, code=code, address=address)
    return _json({"error": code, "message": message}, status)
