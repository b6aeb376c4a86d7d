"""What an error says to a person, in his language. An error's own sentence is English, for logs and machines."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from django.utils.functional import Promise

from node.errors import RialtoError

Sentence = Promise | str | Callable[[RialtoError], str]

_sentences: dict[str, Sentence] = {}


def add_sentences(sentences: Mapping[str, Sentence]) -> None:
    """Error code -> sentence; `%(name)s` takes from the error's data. Called by the apps' `menu.py`.

    A function instead of a sentence: what it says depends on more than the data.
    """
    _sentences.update(sentences)


def sentence_of(code: str) -> str:
    """What an error of this code says, "" when nobody knows it or its sentence needs more than the code."""
    sentence = _sentences.get(code, "")
    return "" if callable(sentence) or "%(" in str(sentence) else str(sentence)


def explain(error: RialtoError) -> str:
    """The sentence for the error's code, else what the error says itself."""
    sentence = _sentences.get(error.code)
    if sentence is None:
        return str(error)
    if callable(sentence):
        return sentence(error)
    try:
        return str(sentence) % error.data
    except (KeyError, TypeError):
        return str(error)


def in_words(reason: str, reasons: Sequence[tuple[str, Promise | str]]) -> str:
    """An English reason in the reader's language: (pattern, sentence) pairs; one that none matches stays as it is."""
    for pattern, words in reasons:
        if found := re.fullmatch(pattern, reason, re.DOTALL):
            return str(words) % found.groupdict()
    return reason
