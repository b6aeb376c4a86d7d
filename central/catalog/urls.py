"""Addresses of the catalogue at central: its screen, and the pictures that every edge fetches from here."""

from __future__ import annotations

from django.urls import path

from central.catalog import views

urlpatterns = [
    path("_media/<str:name>", views.media, name="media"),
    path("products", views.products, name="products"),
    path("products/price", views.edit_price, name="products-price"),
    path("products/stock", views.edit_stock, name="products-stock"),
]
