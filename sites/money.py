"""Money as a shopper of one language reads it: "1 990 ₽", "€19.90"."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.numbers import format_currency

from sync.contracts.money import minor_digits

_CODE_BEFORE_DIGIT: Final = re.compile(r"([A-Z]{3})(?=\d)")


@lru_cache(maxsize=10_000)
def format_money(amount: int, currency: str, language: str) -> str:
    """`amount` minor units of `currency`. Whole roubles lose their kopecks, as Russian shops write them."""
    digits = minor_digits(currency)
    value = Decimal(amount).scaleb(-digits)
    is_whole = language == "ru" and value == value.to_integral_value()
    text = format_currency(
        value,
        currency,
        format=_pattern(language, 0 if is_whole else digits),
        locale=_locale(language),
        currency_digits=False,
    )
    # "RUB1,990" reads badly: a code, unlike a sign, keeps its distance
    return _CODE_BEFORE_DIGIT.sub("\\1\u00a0", text)


@lru_cache(maxsize=16)
def _locale(language: str) -> Locale:
    # British English: the shops sell in Europe; it writes money as American English does
    try:
        return Locale.parse({"en": "en-GB"}.get(language, language), sep="-")
    except (UnknownLocaleError, ValueError):  # a language the world's tables do not know
        return Locale.parse("en_GB")


@lru_cache(maxsize=64)
def _pattern(language: str, digits: int) -> str | None:
    if language not in ("en", "ru"):
        return None  # as the language itself has it
    fraction = f".{'0' * digits}" if digits else ""
    # U+00A0 before the sign: an amount is never parted from its currency at a line's end
    return f"#,##0{fraction}\u00a0¤" if language == "ru" else f"¤#,##0{fraction}"
