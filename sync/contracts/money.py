"""Money: an integer in minor units beside its ISO 4217 code. Arithmetic never leaves the integers."""

from __future__ import annotations

from msgspec import Struct

#: minor digits where they are not two (ISO 4217)
_DIGITS = {
    **dict.fromkeys(("JPY", "KRW", "VND", "CLP", "ISK", "UGX", "XAF", "XOF"), 0),
    **dict.fromkeys(("BHD", "KWD", "OMR", "TND", "JOD"), 3),
}

MICROS = 1_000_000


def minor_digits(currency: str) -> int:
    """How many digits a currency's minor unit has."""
    return _DIGITS.get(currency, 2)


class Money(Struct, frozen=True):
    """An amount, as in `Money(1999, "RUB")` = 19.99 roubles."""

    amount: int
    currency: str

    def __add__(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}")
        return Money(self.amount + other.amount, self.currency)

    def times(self, units: int) -> Money:
        return Money(self.amount * units, self.currency)

    def converted(self, currency: str, micros: int) -> Money:
        """In another currency at `micros` micro-units of it for one unit of ours; halves go to the even."""
        scale = minor_digits(currency) - minor_digits(self.currency)
        numerator = self.amount * micros * 10 ** max(0, scale)
        return Money(_half_even(numerator, MICROS * 10 ** max(0, -scale)), currency)


def _half_even(numerator: int, denominator: int) -> int:
    quotient, rest = divmod(numerator, denominator)
    if rest * 2 > denominator or (rest * 2 == denominator and quotient % 2):
        quotient += 1
    return quotient
