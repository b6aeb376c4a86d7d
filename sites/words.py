"""Central's words of shops' pages over the shipped ones, in this process: gettext finds them like any others.

Django keeps one translation object for each language. Ours is that object with a catalogue on top; it takes the old
one's place in one step, so whoever is rendering a page goes on with what he has.
"""

from __future__ import annotations

import gettext
import hashlib
import logging
from collections.abc import Callable
from typing import Any

from django.utils.translation import trans_real

from sync.contracts.codec import pack
from sync.contracts.documents import WordsDoc

logger = logging.getLogger(__name__)


class _Catalogue(gettext.NullTranslations):
    """What `merge` of Django's translation takes over."""

    def __init__(self, doc: WordsDoc) -> None:
        super().__init__()
        self.plural = _plural(doc.plural)
        self._catalog: dict[Any, str] = {}
        for message, forms in doc.words.items():
            if len(forms) == 1:
                self._catalog[message] = forms[0]
            else:
                self._catalog |= {(message, number): form for number, form in enumerate(forms)}


def _plural(rule: str) -> Callable[[int], int]:
    try:
        return gettext.c2py(rule)
    except ValueError:  # central lets none through; a page is worth more than one of its endings
        logger.error("the rule of plurals %r cannot be read", rule)
        return lambda number: int(number != 1)


def use(doc: WordsDoc) -> None:
    """From now on pages in the language say this; words it had from an earlier document are forgotten."""
    made: Any = trans_real.DjangoTranslation(doc.language)
    made.rialto_words = hashlib.blake2b(pack(doc), digest_size=16).hexdigest()
    if doc.words:
        made.merge(_Catalogue(doc))
    trans_real._translations[doc.language] = made  # type: ignore[attr-defined]


def version() -> str:
    """Of the words in use now beside those that are shipped; "" when there are none."""
    return str(getattr(trans_real.catalog(), "rialto_words", ""))


def forget(language: str) -> None:
    """Only the shipped words from now on."""
    trans_real._translations.pop(language, None)  # type: ignore[attr-defined]
