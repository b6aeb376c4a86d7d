"""Sign-in, and what a member of staff chooses for himself."""

from __future__ import annotations

from typing import Any

from allauth.account.views import LoginView, LogoutView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from central.accounts import actions
from central.accounts.demo import demo_staff
from central.accounts.forms import PasswordForm
from central.accounts.middleware import THEME_COOKIE
from central.accounts.models import Profile
from central.accounts.roles import TITLES
from central.accounts.scope import ALL, visible_sites
from central.ui import sites
from central.ui.screens import StaffRequest, open_to_all, screen

A_YEAR = 365 * 24 * 3600


class SignIn(LoginView):  # type: ignore[misc]
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "demo_staff": demo_staff()}


sign_in = open_to_all(never_cache(SignIn.as_view()))
sign_out = screen(None, methods=["POST"])(LogoutView.as_view())


@open_to_all
def closed(request: HttpRequest) -> HttpResponse:
    """Addresses that allauth names in its pages and that staff have no use for."""
    raise Http404


@open_to_all
def inactive(request: HttpRequest) -> HttpResponse:
    return render(request, "account/account_inactive.html", status=403)


@screen(None, methods=["GET", "POST"])
def profile(request: StaffRequest) -> HttpResponseBase:
    form = PasswordForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.save()
        update_session_auth_hash(request, request.user)
        messages.success(request, _("The password is changed."))
        return redirect("profile")
    seen = visible_sites(request.user)
    looks = sites.looks(request)
    context = {
        "form": form,
        "themes": Profile.Theme.choices,
        "languages": settings.LANGUAGES,
        "roles": [TITLES.get(group.name, group.name) for group in request.user.groups.all()],
        "sees_all": seen is ALL,
        "his_sites": [look for look in looks.values() if seen is ALL or look.id in seen],
    }
    return render(request, "account/profile.html", context, status=422 if form.errors else 200)


@open_to_all
@require_POST
def choose_language(request: HttpRequest) -> HttpResponseBase:
    """By cookie for everybody, in the profile too for who is signed in. Raises `UnknownChoice`."""
    language = request.POST.get("language", "")
    actions.check_language(language)
    if request.user.is_authenticated:
        actions.choose_language(request.user, language)
    answer = redirect(_back(request))
    _remember(answer, settings.LANGUAGE_COOKIE_NAME, language)
    return answer


@open_to_all
@require_POST
def choose_theme(request: HttpRequest) -> HttpResponseBase:
    """As `choose_language`. Raises `UnknownChoice`."""
    theme = request.POST.get("theme", "")
    actions.check_theme(theme)
    if request.user.is_authenticated:
        actions.choose_theme(request.user, theme)
    answer = redirect(_back(request))
    _remember(answer, THEME_COOKIE, theme)
    return answer


def _remember(answer: HttpResponseBase, cookie: str, value: str) -> None:
    secure = bool(settings.SESSION_COOKIE_SECURE)
    answer.set_cookie(cookie, value, max_age=A_YEAR, samesite="Lax", httponly=True, secure=secure)


def _back(request: HttpRequest) -> str:
    """The page a form of the frame was sent from: a path of ours, never another origin."""
    path = request.POST.get("next", "/")
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"
