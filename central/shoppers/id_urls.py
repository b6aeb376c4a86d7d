"""All addresses of the id host, when it is a host of its own: nothing of the desk is here."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [path("", include("central.shoppers.urls"))]

handler403 = "central.shoppers.views.stale"
handler404 = "central.shoppers.views.not_found"
handler500 = "central.shoppers.views.broken"
