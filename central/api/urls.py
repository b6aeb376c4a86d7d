from __future__ import annotations

from django.urls import include, path

from central.api import views
from central.api.lists import KEYS
from central.api.root import addresses
from central.ui.lists import urls

urlpatterns = [
    path("api/v1/", include((addresses(), "api"))),
    path("api/reference", views.reference, name="api-reference"),
    *urls(KEYS),
    path("keys/new", views.new, name="keys-new"),
    path("keys/<uuid:key_id>", views.one, name="keys-one"),
    path("keys/<uuid:key_id>/revoke", views.revoke, name="keys-revoke"),
]
