"""`POST /_join`: where a new edge becomes a node. No session, no CSRF token: the join token is the right to ask."""

from __future__ import annotations

import msgspec
import structlog
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from central.cluster.actions import join_node
from central.cluster.errors import JoinRefused
from sync.contracts.join import JoinRequest

log = structlog.get_logger(__name__)


def _json(value: object, status: int = 200) -> HttpResponse:
    return HttpResponse(msgspec.json.encode(value), content_type="application/json", status=status)


@csrf_exempt
@require_POST
def join(request: HttpRequest) -> HttpResponse:
    """JSON `JoinRequest` in, JSON `JoinAnswer` out; 400 or 403 with `{"error", "message"}`."""
    try:
        asked = msgspec.json.decode(request.body, type=JoinRequest)
    except msgspec.DecodeError as error:
        return _json({"error": "bad_request", "message": f"not a join request: {error}"}, 400)
    try:
        return _json(join_node(asked))
    except JoinRefused as error:
        log.warning("join_refused", code=error.code, address=request.META.get("REMOTE_ADDR"), key=asked.sign_key[:12])
        return _json({"error": error.code, "message": str(error)}, error.status)
