"""Addresses of this app, included by `edge.urls`."""

from __future__ import annotations

from django.urls import path

from edge.checkout import api, views

urlpatterns = [
    path("order/<str:secret>", views.order),
    path("order/<str:secret>/live", views.order_live),
    path("_r/order/keep", views.keep_orders),
    path("_r/order/<str:secret>", api.order),
]
