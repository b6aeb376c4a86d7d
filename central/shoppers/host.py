"""The id domain: shoppers' accounts on a host of their own, where nothing of the desk is served."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseNotFound

from node.config import config

COOKIE = "rialto-id"


def is_own_host() -> bool:
    """Whether shoppers sign in under another name than staff do."""
    return urlsplit(config().id_origin).netloc != urlsplit(config().base_url).netloc


def is_own_id_host(request: HttpRequest) -> bool:
    """Whether a request came to the id host, and that host is shoppers' alone."""
    return is_own_host() and request.headers.get("Host", "").lower() == urlsplit(config().id_origin).netloc.lower()


class IdHostMiddleware:
    """On the id host only the id pages exist; on the desk's host they exist only when both are one.

    First of all middleware: what follows reads the addresses of `request.urlconf`.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if is_own_host():
            if is_own_id_host(request):
                request.urlconf = "central.shoppers.id_urls"
            elif request.path.startswith("/id/"):
                return HttpResponseNotFound("shoppers sign in at another address\n", content_type="text/plain")
        return self.get_response(request)


def cookie_name() -> str:
    """`__Host-` binds the cookie to the very host and to https; plain http (a demo) cannot have it."""
    return f"__Host-{COOKIE}" if config().id_origin.startswith("https://") else COOKIE
