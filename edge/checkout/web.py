"""Requests as this app's views see them, and the headers of its answers."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase, JsonResponse

from edge.http import CrossSite, check_same_origin
from edge.pages.wire import security
from edge.replica import sites
from sync.contracts.documents import SiteDoc


def site_of_request(request: HttpRequest) -> SiteDoc | None:
    """The open shop the request speaks to."""
    scope = getattr(request, "scope", None)
    site = sites.site_at(scope) if scope else sites.site_of(request.headers.get("Host", ""), request.path)
    return site if site is not None and site.is_active else None


def refuse_cross_site(request: HttpRequest, site: SiteDoc) -> HttpResponseBase | None:
    """403 unless the POST comes from a page of this very shop."""
    try:
        check_same_origin({name.lower(): value for name, value in request.headers.items()}, site)
    except CrossSite as error:
        return JsonResponse({"error": error.code, "message": str(error)}, status=error.status)
    return None


def dress(answer: HttpResponseBase, site: SiteDoc | None) -> HttpResponseBase:
    """Never cached, and with the policy of the shop's other pages."""
    for name, value in security(site):
        answer.headers.setdefault(name.decode(), value.decode())
    answer["Cache-Control"] = "no-store"
    return answer


class Capped:
    """Plain ASGI before Django: a body above `limit` bytes is answered 413 and never spooled to the disk.

    Django keeps a large body in a temporary file; what shoppers type may not touch the disk.
    """

    def __init__(self, app: Any, limit: int) -> None:
        self._app, self._limit = app, limit

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        size, has_answered = 0, False

        async def counted() -> Any:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            return {"type": "http.disconnect"} if size > self._limit else message

        async def noted(message: Any) -> None:
            nonlocal has_answered
            has_answered = True
            await send(message)

        declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if declared.isdigit() and int(declared) <= self._limit:
            await self._app(scope, counted, noted)
            if size <= self._limit or has_answered:
                return
        body = b'{"error":"too_large","message":"the form is too large"}'
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
            (b"connection", b"close"),
        ]
        await send({"type": "http.response.start", "status": 413, "headers": headers})
        await send({"type": "http.response.body", "body": body})
