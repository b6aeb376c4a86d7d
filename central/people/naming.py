"""Whether a text that somebody typed says who a person is: to find what has to go when he is erased."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from central.people.models import Customer, OrderContact

_WORD = re.compile(r"[^\W_]+")
#: the digits of a phone that everybody types; with the country's before them it is found too
_NATIONAL = 10


@dataclass(frozen=True, repr=False)
class Naming:
    """`names`: the words of each name he gave; `phones`: their last digits; `emails`: in lower case."""

    names: frozenset[frozenset[str]]
    phones: frozenset[str]
    emails: frozenset[str]

    @classmethod
    def of(cls, records: Iterable[Customer | OrderContact]) -> Self:
        known = list(records)
        return cls(
            names=frozenset(words for one in known if (words := _words(one.name))),
            phones=frozenset(one.phone[-_NATIONAL:].lstrip("+") for one in known if one.phone),
            emails=frozenset(one.email.casefold() for one in known if one.email),
        )

    def tells(self, text: str) -> bool:
        """A free text: it holds his phone in some spelling, his e-mail, or a whole name of his."""
        digits, words = re.sub(r"\D", "", text), _words(text)
        return (
            any(phone in digits for phone in self.phones)
            or any(email in text.casefold() for email in self.emails)
            or any(len(name) > 1 and name <= words for name in self.names)
        )

    def looks_for(self, text: str) -> bool:
        """A search: the same, or all that it looks for are words of a name of his."""
        words = _words(text)
        return self.tells(text) or (bool(words) and any(words <= name for name in self.names))


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(unicodedata.normalize("NFKC", text).casefold().replace("ё", "е")))
