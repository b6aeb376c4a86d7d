"""Central's ASGI application: pages, the screens' live socket, and the hub that edges dial."""

from __future__ import annotations

from django.core.asgi import get_asgi_application

_pages = get_asgi_application()  # sets Django up; what follows needs its apps

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import WebsocketDenier  # noqa: E402
from django.urls import path, re_path  # noqa: E402

from central.ui.assets import serve_static  # noqa: E402
from central.ui.bodies import bound_daphne, bounded  # noqa: E402
from central.ui.consumers import LiveConsumer  # noqa: E402
from central.ui.origin import SameOrigin  # noqa: E402
from infra.caching.node import node_cache  # noqa: E402
from infra.http.address import behind_proxies  # noqa: E402
from sync.hub import LinkConsumer  # noqa: E402
from sync.threads import spare_the_collector, take_short_turns  # noqa: E402

take_short_turns()
bound_daphne()
node_cache().begin_telling()

_routes = ProtocolTypeRouter(
    {
        "http": bounded(serve_static(_pages)),
        "websocket": URLRouter(
            [
                # A node proves itself by its key in HELLO: no cookie, no origin.
                path("_link", LinkConsumer.as_asgi()),
                path("ws/live", SameOrigin(AuthMiddlewareStack(LiveConsumer.as_asgi()))),
                re_path("", WebsocketDenier.as_asgi()),  # else Channels raises for an address that is not there
            ]
        ),
    }
)
application = behind_proxies(_routes)
spare_the_collector()
