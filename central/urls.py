"""All addresses of central. Those that begin with `_` are for machines."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.urls import URLPattern, URLResolver, include, path

from central.ui.screens import open_to_all


@open_to_all
def health(request: HttpRequest) -> JsonResponse:
    """Whether this process answers; what is wrong with the node is told by `rialto doctor` and the nodes screen."""
    return JsonResponse({"role": "central", "ok": True})


urlpatterns: list[URLPattern | URLResolver] = [
    path("_health", health, name="health"),
    path("", include("central.ui.urls")),
    path("", include("central.accounts.urls")),
    path("", include("central.cluster.urls")),
    path("", include("central.catalog.urls")),
    path("", include("central.seo.urls")),
    path("", include("central.cdn.urls")),
    path("", include("central.pages.urls")),
    path("", include("central.stock.urls")),
    path("", include("central.orders.urls")),
    path("", include("central.carts.urls")),
    path("", include("central.payments.urls")),
    path("", include("central.pictures.urls")),
    path("", include("central.api.urls")),
    path("", include("central.exchange.urls")),
    path("", include("central.failures.urls")),
    path("", include("central.health.urls")),
    path("", include("central.keys.urls")),
    path("", include("central.search.urls")),
    path("", include("central.shoppers.desk_urls")),
    path("id/", include("central.shoppers.urls")),
]

handler403 = "central.ui.views.forbidden"
handler404 = "central.ui.views.not_found"
handler500 = "central.ui.views.broken"
