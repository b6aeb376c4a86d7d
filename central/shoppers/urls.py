"""Addresses of the id domain's pages."""

from __future__ import annotations

from django.urls import path

from central.shoppers import views

urlpatterns = [
    path("", views.start, name="id-start"),
    path("authorize", views.authorize, name="id-authorize"),
    path("sign-in", views.sign_in, name="id-sign-in"),
    path("sign-in/code", views.sign_in_by_code, name="id-sign-in-code"),
    path("sign-up", views.sign_up, name="id-sign-up"),
    path("code", views.enter_code, name="id-code"),
    path("reset", views.reset, name="id-reset"),
    path("reset/new", views.reset_new, name="id-reset-new"),
    path("profile", views.profile, name="id-profile"),
    path("e-mail", views.new_email, name="id-email"),
    path("e-mail/code", views.new_email_code, name="id-email-code"),
    path("password", views.password, name="id-password"),
    path("sessions", views.sessions, name="id-sessions"),
    path("sign-out", views.sign_out, name="id-sign-out"),
]
