"""Addresses of the exchange: the one 1C calls, and the screens of its keys."""

from __future__ import annotations

from django.urls import path

from central.exchange import protocol, views
from central.exchange.lists import EXCHANGE
from central.ui import lists

urlpatterns = [
    path("exchange/1c", protocol.exchange, name="exchange-1c"),
    *lists.urls(EXCHANGE),
    path("exchange/new", views.new_key, name="exchange-new"),
    path("exchange/keys/<uuid:exchange_id>", views.one_key, name="exchange-one"),
    path("exchange/keys/<uuid:exchange_id>/password", views.another_password, name="exchange-password"),
]
