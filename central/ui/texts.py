"""Money and moments in words of the reader's language. Pure: the moment "now" is an argument."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal

from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_decimal

from sites.money import format_money
from sync.contracts.money import MICROS, minor_digits


def money(amount: int, currency: str, language: str) -> str:
    """`amount` minor units of `currency`, as in "1 234,50 ₽"."""
    # British English writes the rouble by its code, which makes a column of amounts wide.
    return format_money(amount, currency, language).replace("RUB\u00a0", "₽")


def parse_money(text: str, currency: str) -> int:
    """Minor units of what a person typed: "1 234,50" and "1,234.50" alike. Raises `ValueError`."""
    cleaned = re.sub(r"[\s\u00a0\u202f]", "", text)
    if cleaned.count(",") == 1 and "." not in cleaned and not re.search(r",[0-9]{3}$", cleaned):
        cleaned = cleaned.replace(",", ".")
    cleaned = cleaned.replace(",", "")
    if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]+)?", cleaned):
        raise ValueError(text)
    amount = Decimal(cleaned).scaleb(minor_digits(currency))
    if amount != amount.to_integral_value():
        raise ValueError(text)
    return int(amount)


def money_field(amount: int, currency: str) -> str:
    """`amount` as it stands in an input: "1234.50"; whole roubles have no kopecks."""
    digits = minor_digits(currency)
    value = Decimal(amount).scaleb(-digits)
    is_whole = currency == "RUB" and value == value.to_integral_value()
    return f"{value:.{0 if is_whole else digits}f}"


def rate(micros: int, base: str, quote: str, language: str) -> str:
    """What one whole unit of `base` costs in `quote`: "1 EUR = 98,5 RUB"."""
    cost = format_decimal(Decimal(micros) / MICROS, "#,##0.######", locale=language)
    return f"1 {base} = {cost} {quote}"


def sign(currency: str) -> str:
    """The shortest sign of a currency: "₽", "€", else its code."""
    return {"RUB": "₽", "EUR": "€", "USD": "$", "GBP": "£"}.get(currency, currency)


def exact(moment: datetime, language: str) -> str:
    """Day and time of `moment` in its own time zone."""
    return str(format_datetime(moment, "d MMM y, HH:mm:ss zzz", locale=language))


def day(value: date, language: str) -> str:
    """A day: "5 Nov 2026"."""
    return str(format_date(value, "d MMM y", locale=language))


def ago(moment: datetime, now: datetime, language: str) -> str:
    """How long ago: seconds up to a minute, then minutes, hours and days; the date after a week."""
    passed = now - moment
    if abs(passed) >= timedelta(days=7):
        return str(format_datetime(moment, "d MMM" if moment.year == now.year else "d MMM y", locale=language))
    return str(format_timedelta(-passed, add_direction=True, format="short", threshold=1.2, locale=language))
