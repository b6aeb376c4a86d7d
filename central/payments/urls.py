"""Addresses of payments: for shoppers' browsers and for providers' machines."""

from __future__ import annotations

from django.urls import path

from central.payments import views

urlpatterns = [
    path("pay/pretend/<str:ref>", views.pretend_page, name="pay_pretend"),
    path("_pay/<slug:provider>", views.provider_says, name="pay_provider_says"),
]
