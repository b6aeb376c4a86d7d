"""Money and moments in words of the reader's language. Pure: the moment "now" is an argument."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from babel.dates import format_datetime, format_timedelta
from babel.numbers import format_currency

from sync.contracts.money import minor_digits


def money(amount: int, currency: str, language: str) -> str:
    """`amount` minor units of `currency`, as in "1 234,50 ₽"."""
    value = Decimal(amount).scaleb(-minor_digits(currency))
    return str(format_currency(value, currency, locale=language))


def exact(moment: datetime, language: str) -> str:
    """Day and time of `moment` in its own time zone."""
    return str(format_datetime(moment, "d MMM y, HH:mm:ss zzz", locale=language))


def ago(moment: datetime, now: datetime, language: str) -> str:
    """How long ago: seconds up to a minute, then minutes, hours and days; the date after a week."""
    passed = now - moment
    if abs(passed) >= timedelta(days=7):
        return str(format_datetime(moment, "d MMM" if moment.year == now.year else "d MMM y", locale=language))
    return str(format_timedelta(-passed, add_direction=True, format="short", threshold=1.2, locale=language))
