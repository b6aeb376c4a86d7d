"""Addresses of the catalogue at central: its screens, and the pictures that every edge fetches from here."""

from __future__ import annotations

from django.urls import path

from central.catalog import import_views, views
from central.catalog.category_list import CATEGORIES
from central.catalog.lists import IMPORTS
from central.catalog.product_list import PRODUCTS
from central.ui import lists

urlpatterns = [
    *lists.urls(PRODUCTS),
    path("products/new", views.new_product, name="products-new"),
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
    path("products/<uuid:product_id>", views.product, name="products-card"),
    path("products/<uuid:product_id>/barcodes", views.barcodes, name="products-barcodes"),
    path("products/<uuid:product_id>/words/<str:site>", views.edit_words, name="products-words"),
    path("products/<uuid:product_id>/regions/<str:site>", views.regional_prices, name="products-regions"),
    *lists.urls(CATEGORIES),
    path("products/<uuid:product_id>/shown/<str:site>", views.product_reach, name="products-reach"),
    path("categories/<uuid:category_id>", views.category_words, name="categories-words"),
    path("categories/<uuid:category_id>/shown", views.category_reach, name="categories-reach"),
    path("products/<uuid:product_id>/feed/<str:site>", views.feed, name="products-feed"),
    path("products/<uuid:product_id>/switch/<str:site>", views.switch, name="products-switch"),
    path("products/<uuid:product_id>/pictures", views.add_picture, name="products-pictures"),
    path("products/<uuid:product_id>/pictures/<str:sha256>", views.change_picture, name="products-picture"),
]
