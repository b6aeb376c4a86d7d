"""Addresses of the catalogue at central: its screen, and the pictures that every edge fetches from here."""

from __future__ import annotations

from django.urls import path

from central.catalog import import_views, views
from central.catalog.lists import IMPORTS
from central.ui import lists

urlpatterns = [
    path("_media/<str:name>", views.media, name="media"),
    path("products", views.products, name="products"),
    path("products/price", views.edit_price, name="products-price"),
    path("products/stock", views.edit_stock, name="products-stock"),
    *lists.urls(IMPORTS),
    path("imports/new", import_views.new_import, name="imports-new"),
    path("imports/sources", import_views.source_list, name="imports-sources"),
    path("imports/sources/<uuid:source_id>", import_views.edit_source, name="imports-source"),
    path("imports/<uuid:run_id>", import_views.one_import, name="imports-one"),
    path("imports/<uuid:run_id>/progress", import_views.progress, name="imports-progress"),
    path("imports/<uuid:run_id>/mapping", import_views.map_import, name="imports-map"),
    path("imports/<uuid:run_id>/act", import_views.act, name="imports-act"),
    path("imports/<uuid:run_id>/refused", import_views.refused, name="imports-refused"),
]
