"""Addresses of the desk's screens of clients."""

from __future__ import annotations

from django.urls import path

from central.shoppers import desk
from central.shoppers.doubts import DOUBTS
from central.shoppers.lists import CLIENTS
from central.ui import lists

urlpatterns = [
    *lists.urls(CLIENTS),
    *lists.urls(DOUBTS),
    path("clients/<uuid:client_id>", desk.card, name="clients-card"),
    path("clients/<uuid:client_id>/edit", desk.edit, name="clients-edit"),
    path("clients/<uuid:client_id>/merge", desk.find_other, name="clients-other"),
    path("clients/<uuid:client_id>/merge/<uuid:other_id>", desk.merge, name="clients-merge"),
    path("clients/<uuid:client_id>/merges/<int:merge_id>/undo", desk.unmerge, name="clients-unmerge"),
    path("clients/<uuid:client_id>/erase", desk.erase, name="clients-erase"),
    path("doubts/<int:doubt_id>/decide", desk.decide, name="doubts-decide"),
]
