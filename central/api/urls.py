from __future__ import annotations

from django.urls import include, path

from central.api.root import addresses

urlpatterns = [path("api/v1/", include((addresses(), "api")))]
