"""The language and theme of the person, before and after sign-in."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.functional import SimpleLazyObject

from central.accounts.models import Profile
from central.ui.away import away_answer

THEME_COOKIE = "rialto_desk_theme"


class PreferencesMiddleware:
    """Sets the language chosen in the profile, and `request.theme`: "auto", "light" or "dark".

    Nobody signed in: the cookie of the last choice, then what the browser asks for (LocaleMiddleware).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            profile = _profile_of(request)
        except DatabaseError as error:
            if (away := away_answer(request, error)) is None:
                raise
            return away
        language = profile.language if profile else ""
        if language and language in dict(settings.LANGUAGES):
            translation.activate(language)
            request.LANGUAGE_CODE = language
        theme = (profile.theme if profile else "") or request.COOKIES.get(THEME_COOKIE, "")
        request.theme = theme if theme in Profile.Theme.values else "auto"  # type: ignore[attr-defined]
        request.profile = profile  # type: ignore[attr-defined]
        return self.get_response(request)


def _profile_of(request: HttpRequest) -> Profile | None:
    # No session cookie: nobody, and no question to the database.
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return None
    user = request.user
    if isinstance(user, SimpleLazyObject) and not user.is_authenticated:
        return None
    return Profile.objects.filter(user_id=user.pk).first() if user.pk else None
