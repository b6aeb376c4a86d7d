"""/health and /metrics: how the cluster is doing, for people's programs and for Prometheus."""

# No `from __future__ import annotations`: ninja reads the types of the calls below as they stand.

import msgspec
from django.http import HttpRequest, HttpResponse
from ninja import Router

from central.api.calling import caller, guarded
from central.api.schemas import HealthOut
from central.health.findings import findings_of
from central.health.gathering import health_shown
from central.health.metrics import CONTENT_TYPE, metrics_of

router = Router(tags=["Health"])

_AS_TEXT = {"responses": {"200": {"content": {"text/plain": {"schema": {"type": "string"}}}}}}


@router.get("/health", response=HealthOut, summary="How the cluster is doing")
@guarded
def get_health(request: HttpRequest) -> dict[str, object]:
    """Figures, and in `findings` what somebody should look at, the worst first. Ages are seconds; null: not known.

    A key limited to sites gets the nodes of those and no figure of the whole cluster.
    """
    health = health_shown(caller(request))
    findings = [{"code": one.code, "about": one.about, "text": one.text} for one in findings_of(health)]
    return {**msgspec.to_builtins(health), "findings": findings}


@router.get("/metrics", summary="The same for Prometheus", openapi_extra=_AS_TEXT)
@guarded
def get_metrics(request: HttpRequest) -> HttpResponse:
    """In Prometheus' text format; what is not known has no series. Name the key as `authorization.credentials`."""
    return HttpResponse(metrics_of(health_shown(caller(request))), content_type=CONTENT_TYPE)
