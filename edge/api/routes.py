"""GET /_r/openapi.json: what this shop's public addresses take and answer."""

from __future__ import annotations

from edge.api.openapi import document
from edge.http import Request, Response, json_response

#: it changes with the version of the node only
CACHE = ("cache-control", "public, max-age=300")


async def openapi(request: Request) -> Response:
    return json_response(document(request.site.origin), headers=[CACHE])


ROUTES = {("GET", "/_r/openapi.json"): openapi}
