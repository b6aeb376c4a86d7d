from __future__ import annotations

import pytest

from sites.money import format_money


@pytest.mark.parametrize(
    ("amount", "currency", "language", "text"),
    [
        (199000, "RUB", "ru", "1\xa0990\xa0₽"),
        (199050, "RUB", "ru", "1\xa0990,50\xa0₽"),
        (1990, "EUR", "ru", "19,90\xa0€"),
        (1990, "EUR", "en", "€19.90"),
        (4900, "EUR", "en", "€49.00"),
        (123456789, "EUR", "en", "€1,234,567.89"),
        (199000, "RUB", "en", "RUB\xa01,990.00"),
        (0, "RUB", "ru", "0\xa0₽"),
        (-500, "EUR", "en", "-€5.00"),
        (1500, "JPY", "en", "JP¥1,500"),
    ],
)
def test_money_is_written_as_the_shoppers_language_writes_it(amount, currency, language, text):
    assert format_money(amount, currency, language) == text
