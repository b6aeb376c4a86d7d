"""Public addresses of the catalogue at central: pictures, which every edge fetches from here."""

from __future__ import annotations

from django.urls import path

from central.catalog.views import media

urlpatterns = [path("_media/<str:name>", media, name="media")]
