"""What Django answers at an edge: checkout and the order's page. All else is plain ASGI in `edge.asgi`."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [path("", include("edge.checkout.urls"))]
