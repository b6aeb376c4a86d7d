"""Money and moments in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from central.ui import texts

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "currency", "amount"),
    [
        ("350", "RUB", 35_000),
        ("1 234,50", "RUB", 123_450),
        ("1\u00a0234,5", "RUB", 123_450),
        ("1,234.50", "EUR", 123_450),
        ("1,234", "EUR", 123_400),
        ("0", "EUR", 0),
        ("500", "JPY", 500),
    ],
)
def test_an_amount_is_read_as_people_write_it(typed: str, currency: str, amount: int) -> None:
    assert texts.parse_money(typed, currency) == amount


@pytest.mark.parametrize("typed", ["", "-5", "abc", "1.234", "1e9", "1..5", "9" * 20, "٣"])
def test_what_is_no_amount_is_refused(typed: str) -> None:
    with pytest.raises(ValueError):
        texts.parse_money(typed, "EUR")


def test_an_amount_reads_back_from_its_field() -> None:
    for amount in (0, 5, 99, 100, 123_450):
        assert texts.parse_money(texts.money_field(amount, "EUR"), "EUR") == amount


def test_ages_are_told_in_words() -> None:
    assert texts.ago(NOW - timedelta(minutes=3), NOW, "en") == "3 min. ago"
    assert texts.ago(NOW - timedelta(days=30), NOW, "en") == "23 Oct"
    assert "назад" in texts.ago(NOW - timedelta(hours=2), NOW, "ru")


def test_a_rate_is_told_exactly() -> None:
    assert texts.rate(98_500_000, "EUR", "RUB", "ru") == "1 EUR = 98,5 RUB"
    assert texts.rate(10_152, "RUB", "EUR", "en") == "1 RUB = 0.010152 EUR"
