"""Numbers as people write them into sheets: "1 234,50 ₽", "$12.99", "1,299.00"."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from central.catalog.errors import BadGoods
from sync.contracts.money import minor_digits

_SIGNS = re.compile(r"[^\d.,-]")
#: a currency's word or sign before or after the figure, nothing else
_MONEY = re.compile(r"[^\W\d_]{0,4}\.?[₽$€£¥₴₸]?\s*-?\d[\d\s\xa0\u202f.,']*[₽$€£¥₴₸]?\s*[^\W\d_]{0,4}\.?")
_WHOLE = re.compile(r"(\d+)(?:[.,]0+)?")


def parse_price(text: str, currency: str, *, name: str = "price") -> int:
    """Minor units of the column `name`.

    Raises `BadGoods` when it is no amount, negative, or finer than the currency.
    """
    if not _MONEY.fullmatch(text.strip()):
        raise BadGoods(name, f"'{_short(text)}' is no amount")
    try:
        amount = Decimal(_plain(_SIGNS.sub("", text.rstrip(". "))))
    except InvalidOperation as error:
        raise BadGoods(name, f"'{_short(text)}' is no amount") from error
    if amount < 0:
        raise BadGoods(name, f"'{_short(text)}' is below zero")
    minor = amount.scaleb(minor_digits(currency))
    if minor != minor.to_integral_value():
        raise BadGoods(name, f"'{_short(text)}' is finer than {currency} has coins")
    return int(minor)


def _plain(text: str) -> str:
    """The figure with a decimal point and no thousands signs."""
    comma, point = text.rfind(","), text.rfind(".")
    if comma >= 0 and point >= 0:
        thousands = "," if point > comma else "."
        return text.replace(thousands, "").replace(",", ".")
    if comma >= 0:
        # "1,299" is a thousand; "1,29" and "1,2995" are not.
        is_thousands = text.count(",") > 1 or len(text) - comma == 4
        return text.replace(",", "" if is_thousands else ".")
    return text.replace(".", "") if text.count(".") > 1 else text


def parse_stock(text: str) -> int:
    """Whole units. Raises `BadGoods`."""
    found = _WHOLE.fullmatch(re.sub(r"[\s\xa0]", "", text))
    if not found or len(found[1]) > 9:
        raise BadGoods("stock", f"'{_short(text)}' is no whole number of units")
    return int(found[1])


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"
