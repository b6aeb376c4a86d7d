"""Addresses of sign-in and of a person's own choices. The names `account_*` are those allauth looks for."""

from django.urls import path
from django.views.decorators.cache import never_cache

from central.accounts import lists, staff_views, views
from central.accounts.passwords import SetPassword
from central.ui.screens import open_to_all

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
    # Whoever holds the link is nobody yet; the token in it is what is checked.
    path("welcome/<uidb64>/<token>", open_to_all(never_cache(SetPassword.as_view())), name="set-password"),
    *lists.urlpatterns,
    path("staff/new", staff_views.invite, name="staff-new"),
    path("staff/<int:user_id>", staff_views.member, name="staff-one"),
    path("staff/<int:user_id>/edit", staff_views.edit, name="staff-edit"),
    path("staff/<int:user_id>/switch", staff_views.switch, name="staff-switch"),
    path("staff/<int:user_id>/link", staff_views.mail_link, name="staff-link"),
    path("staff/<int:user_id>/password", staff_views.new_password, name="staff-password"),
    path("staff/<int:user_id>/sessions", staff_views.end_sessions, name="staff-sessions"),
    path("roles/new", staff_views.new_role, name="roles-new"),
    path("roles/<int:role_id>", staff_views.role, name="roles-one"),
    path("roles/<int:role_id>/edit", staff_views.edit_role, name="roles-edit"),
    path("roles/<int:role_id>/delete", staff_views.delete_role, name="roles-delete"),
]
