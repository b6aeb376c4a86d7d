"""Addresses of the desk's screens of clients."""

from __future__ import annotations

from django.urls import path

from central.shoppers import desk
from central.shoppers.lists import CLIENTS
from central.ui import lists

urlpatterns = [
    *lists.urls(CLIENTS),
    path("clients/<uuid:client_id>", desk.card, name="clients-card"),
    path("clients/<uuid:client_id>/edit", desk.edit, name="clients-edit"),
    path("clients/<uuid:client_id>/apart/<int:doubt_id>", desk.apart, name="clients-apart"),
]
