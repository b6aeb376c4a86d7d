"""Who is told that the books are wrong, and in which words."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from babel.dates import format_datetime
from django.contrib.auth.models import User

from central.stock.auditing import BROKEN, MENDED
from central.stock.models import Alarm
from central.ui.notices import Letter, Reader, composes
from central.ui.scope import ALL, visible_sites
from central.ui.screens import may
from node.config import config


@composes(BROKEN)
def of_breach(about: str) -> Letter | None:
    """None when the books were right again before anybody was told."""
    alarm = Alarm.objects.filter(pk=UUID(about)).first()
    return None if alarm is None or not alarm.is_open else _letter(alarm)


@composes(MENDED)
def of_end(about: str) -> Letter | None:
    alarm = Alarm.objects.filter(pk=UUID(about)).first()
    return None if alarm is None else _letter(alarm)


def _letter(alarm: Alarm) -> Letter:
    return Letter(readers=_readers(), words=lambda language: _words(alarm, language))


def _words(alarm: Alarm, language: str) -> dict[str, Any]:
    return {
        "rows": alarm.rows.count(),
        "began_at": _moment(alarm.began_at, language),
        "ended_at": _moment(alarm.ended_at, language),
        "audit_url": f"{config().base_url}/stock/audit",
        "colour": "#c92a2a",
    }


def _readers() -> dict[str, Reader]:
    """Staff who see the whole stock. Keys name nobody."""
    return {
        f"staff-{user.pk}": Reader(user.email, _language(user), user.get_full_name())
        for user in User.objects.filter(is_active=True).exclude(email="").order_by("pk")
        if may(user, "see_stock") and visible_sites(user) is ALL
    }


def _language(user: User) -> str:
    return str(getattr(getattr(user, "profile", None), "language", "") or "en")


def _moment(moment: datetime | None, language: str) -> str:
    return f"{format_datetime(moment, 'd MMM yyyy, HH:mm', locale=language or 'en')} UTC" if moment else ""
