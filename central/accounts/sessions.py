"""Sign-ins that are alive: where from, since when, and ending them. A socket notices within five seconds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_datetime

_NOTE = "signed_in"


@dataclass(frozen=True)
class SignedIn:
    """One browser. `key` is the secret of the session: it is shown to nobody."""

    key: str
    since: datetime | None
    address: str
    browser: str


def note_sign_in(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Django says that somebody has signed in: remember from where, in his session."""
    request.session[_NOTE] = {
        "at": timezone.now().isoformat(),
        "address": str(request.META.get("REMOTE_ADDR") or ""),
        "browser": str(request.META.get("HTTP_USER_AGENT") or "")[:200],
    }


def install() -> None:
    user_logged_in.connect(note_sign_in, dispatch_uid="accounts.note_sign_in")


def sessions_of(user: User) -> list[SignedIn]:
    """Newest first. Sessions are looked through one by one: staff are few."""
    found = [_signed_in(session, data) for session, data in _alive(user)]
    return sorted(
        found, key=lambda one: one.since or datetime.min.replace(tzinfo=timezone.get_current_timezone()), reverse=True
    )


def end_sessions(user: User, *, but: str = "") -> int:
    """End all sessions of a person except the one with the key `but`; returns how many."""
    keys = [session.session_key for session, _data in _alive(user) if session.session_key != but]
    Session.objects.filter(session_key__in=keys).delete()
    return len(keys)


def _alive(user: User) -> Iterator[tuple[Session, dict[str, Any]]]:
    for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator():
        data = session.get_decoded()
        if data.get(SESSION_KEY) == str(user.pk):
            yield session, data


def _signed_in(session: Session, data: dict[str, Any]) -> SignedIn:
    noted = data.get(_NOTE, {})
    return SignedIn(
        session.session_key,
        parse_datetime(noted.get("at", "")),
        noted.get("address", ""),
        browser_of(noted.get("browser", "")),
    )


def browser_of(agent: str) -> str:
    """ "Firefox, Linux": what a person recognises of a User-Agent."""
    browsers = ("Edg/", "OPR/", "YaBrowser", "Firefox", "Chrome", "Safari")
    systems = ("Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux")
    titles = {"Edg/": "Edge", "OPR/": "Opera", "YaBrowser": "Yandex", "Mac OS": "macOS"}
    parts = [next((name for name in names if name in agent), "") for names in (browsers, systems)]
    return ", ".join(titles.get(part, part) for part in parts if part)
