"""What somebody typed into a search field may be about himself: such a query is never kept."""

from __future__ import annotations

import re
from typing import Final

from infra.search.words import tokens

MOST_LETTERS: Final = 60
_DIGITS: Final = re.compile(r"\d")
#: a phone has seven digits or more, and so has what else names a person; a sku may have six
_MOST_DIGITS: Final = 6


def countable(query: str) -> str:
    """The words of a query in their one spelling, "" when it is not to be counted: an e-mail, a phone, a number."""
    if "@" in query or len(_DIGITS.findall(query)) > _MOST_DIGITS:
        return ""
    words = " ".join(tokens(query))
    return words if 2 <= len(words) <= MOST_LETTERS else ""
