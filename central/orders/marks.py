"""What a customer's orders are found by, without saying who he is: keyed marks of his phones, e-mails and words.

A mark is a blind index under a key of the orders' own, so one taken from here meets none of the realm `customers`.
Marks of all kinds stand in one set: a dump does not tell a phone's from a word's. What it does tell, and what that
costs, is in docs/decisions/0008-lists-over-realms.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from central.orders.text import fold
from infra.crypto.errors import NotAnEmail, NotAPhone
from infra.crypto.fields import blind_index, blind_indexes
from infra.crypto.normalise import email_key, phone_e164

#: columns of the blind index: named for ever
PHONE, EMAIL, WORD = "orders.person.phone", "orders.person.email", "orders.person.word"
#: of the 32 bytes of an index: still no two alike by chance, and half the room
SIZE = 16
#: reads a number without a country code
REGION = "RU"

_WORD = re.compile(r"[^\W_]+")


def marks_of(*, names: Iterable[str], phones: Iterable[str], emails: Iterable[str]) -> list[bytes]:
    """Sorted, each once. What is no phone or no address makes no mark."""
    said = {(WORD, word) for name in names for word in words_of(name)}
    said |= {found for phone in phones if (found := _phone(phone))}
    said |= {found for email in emails if (found := _email(email))}
    return sorted({blind_index(column, value)[:SIZE] for column, value in said})


def marks_wanted(text: str) -> list[list[bytes]]:
    """What a person typed into a filter: a phone in any spelling, an e-mail, or whole words of a name, all of them.

    One list for each index key there is: while the marks are made anew under another key, a row has either's. Empty:
    nothing that anybody could be found by.
    """
    said = _phone(text) or _email(text)
    wanted = [said] if said else [(WORD, word) for word in words_of(text)]
    each = [[mark[:SIZE] for mark in blind_indexes(column, value)] for column, value in wanted]
    return [sorted(set(marks)) for marks in zip(*each, strict=True)]


def words_of(name: str) -> list[str]:
    """ "Анна-Мария  Королёва" -> анна, мария, королева."""
    return _WORD.findall(fold(name))


def _phone(text: str) -> tuple[str, str] | None:
    try:
        return PHONE, phone_e164(text, REGION)
    except NotAPhone:
        return None


def _email(text: str) -> tuple[str, str] | None:
    try:
        return EMAIL, email_key(text)
    except NotAnEmail:
        return None
