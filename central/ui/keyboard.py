"""What was meant by a word typed on the other layout of the keyboard: "pfrfps" is "заказы", "щквукы" is "orders"."""

from __future__ import annotations

from typing import Final

_ENGLISH: Final = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`"
_RUSSIAN: Final = "йцукенгшщзхъфывапролджэячсмитьбюё"

_OTHER: Final = str.maketrans(_ENGLISH + _RUSSIAN, _RUSSIAN + _ENGLISH)


def other_layout(text: str) -> str:
    """Each sign as the same key gives it on the other layout, in lower case; what both layouts share stays."""
    return text.lower().translate(_OTHER)
