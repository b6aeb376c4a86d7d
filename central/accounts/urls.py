"""Addresses of sign-in and of a person's own choices. The names `account_*` are those allauth looks for."""

from django.urls import path

from central.accounts import views

urlpatterns = [
    path("sign-in", views.sign_in, name="account_login"),
    path("sign-out", views.sign_out, name="account_logout"),
    path("inactive", views.inactive, name="account_inactive"),
    path("sign-up", views.closed, name="account_signup"),
    path("forgotten", views.closed, name="account_reset_password"),
    path("e-mail", views.closed, name="account_email"),
    path("again", views.closed, name="account_reauthenticate"),
    path("profile", views.profile, name="profile"),
    path("language", views.choose_language, name="choose-language"),
    path("theme", views.choose_theme, name="choose-theme"),
]
