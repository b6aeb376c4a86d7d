"""Central's ASGI application: pages, the screens' live socket, and the hub that edges dial."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from django.core.asgi import get_asgi_application

_pages = get_asgi_application()  # sets Django up; what follows needs its apps

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import path  # noqa: E402

from central.ui.assets import serve_static  # noqa: E402
from central.ui.consumers import LiveConsumer  # noqa: E402
from central.ui.origin import SameOrigin  # noqa: E402


def _link_routes() -> list[Any]:
    if not find_spec("sync.hub"):
        return []
    from sync.hub import LinkConsumer

    # A node proves itself by its key in HELLO: no cookie, no origin.
    return [path("_link", LinkConsumer.as_asgi())]


application = ProtocolTypeRouter(
    {
        "http": serve_static(_pages),
        "websocket": URLRouter(
            [
                *_link_routes(),
                path("ws/live", SameOrigin(AuthMiddlewareStack(LiveConsumer.as_asgi()))),
            ]
        ),
    }
)
