"""The API as Django's addresses and as an OpenAPI document."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from central.api import goods, health, orders, sites
from central.api.access import ACCESS
from central.api.answers import refusal
from central.api.errors import BadCall, BadInput
from central.api.schemas import Problem
from central.ui.screens import open_to_all
from node.errors import RialtoError
from sync.version import VERSION

ABOUT = """\
For scripts and storefronts. A key acts as a member of staff with its rights on its sites would.

Send `Authorization: Bearer rlt_…`. Errors are `{"error": word, "message": sentence, ...}`. What belongs to a site \
that the key does not have is 404. Lists go on by `next`. A `POST` or `PATCH` with an `Idempotency-Key` is done once \
and answered alike for 24 hours. `RateLimit-*` say how many calls are left.
"""
_REFUSALS = {
    400: "Not JSON, or a header that cannot be read.",
    401: "No good key.",
    403: "The key lacks a right, or may not be used from here.",
    404: "There is no such thing among what the key may see.",
    409: "Somebody changed it meanwhile, or the call is under way.",
    413: "The body is too large.",
    415: "The body is not application/json.",
    422: "Understood and refused; `error` says why.",
    429: "Too many calls; `Retry-After` says how long to wait.",
}
_FOR_WRITES = (400, 409, 413, 415)
_REPEATABLE = ("post", "patch")


class CentralApi(NinjaAPI):
    """Adds to the document what is the same for every call."""

    def get_openapi_operation_id(self, operation: Any) -> str:
        return str(operation.view_func.__name__)

    def get_openapi_schema(self, **kwargs: Any) -> Any:
        made = super().get_openapi_schema(**kwargs)
        made["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        made["components"]["schemas"]["Problem"] = Problem.model_json_schema()
        for path in made["paths"].values():
            for method, call in path.items():
                _complete(method, call)
        return made


def _complete(method: str, call: dict[str, Any]) -> None:
    call["security"] = [{"key": []}]
    problem = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    responses = {str(status): said for status, said in call["responses"].items()}
    for status, said in _REFUSALS.items():
        if method == "get" and status in _FOR_WRITES and status != 400:
            continue
        responses[str(status)] = {"description": said, "content": problem}
    call["responses"] = responses
    if method in _REPEATABLE:
        name = {"type": "string", "minLength": 1, "maxLength": 100, "pattern": "^[!-~]+$"}
        is_needed = ACCESS[call["operationId"]].needs_name
        call["parameters"].append({"name": "Idempotency-Key", "in": "header", "required": is_needed, "schema": name})


api = CentralApi(title="Rialto: central", version=VERSION, description=ABOUT, docs_url=None, urls_namespace="api")
api.add_router("", sites.router)
api.add_router("", goods.router)
api.add_router("", orders.router)
api.add_router("", health.router)


@api.exception_handler(RialtoError)
def _refused(request: HttpRequest, error: Any) -> HttpResponse:
    return refusal(error)


@api.exception_handler(ValidationError)
def _wrong_input(request: HttpRequest, error: Any) -> HttpResponse:
    found = [{"where": ".".join(str(part) for part in one["loc"]), "why": one["msg"]} for one in error.errors]
    return refusal(BadInput("this is not what the call takes", errors=found))


@api.exception_handler(HttpError)
def _unreadable(request: HttpRequest, error: Any) -> HttpResponse:
    return refusal(BadCall(str(error)))


@api.exception_handler(Http404)
def _not_there(request: HttpRequest, error: Any) -> HttpResponse:
    return refusal(_NotFound("there is nothing at this address"))


class _NotFound(RialtoError):
    code = "not_found"
    status = 404


def addresses() -> list[URLPattern | URLResolver]:
    """What `central.urls` includes; each address says who may use it, as the screens do."""
    found: list[URLPattern | URLResolver] = api.urls[0]
    for pattern in found:
        one: Any = pattern
        if one.name == "openapi-json":
            open_to_all(one.callback)
        else:
            one.callback.rialto_right = "a key"
    return found


def document() -> dict[str, Any]:
    """The OpenAPI document."""
    return dict(api.get_openapi_schema(path_prefix="/api/v1/"))
