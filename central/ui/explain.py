"""What an error says to a person, in his language. An error's own sentence is English, for logs and machines."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise

from node.errors import RialtoError

_sentences: dict[str, Promise | str] = {}


def add_sentences(sentences: Mapping[str, Promise | str]) -> None:
    """Error code -> sentence; `%(name)s` takes from the error's data. Called by the apps' `menu.py`."""
    _sentences.update(sentences)


def sentence_of(code: str) -> str:
    """What an error of this code says, "" when nobody knows it or its sentence needs more than the code."""
    sentence = str(_sentences.get(code, ""))
    return "" if "%(" in sentence else sentence


def explain(error: RialtoError) -> str:
    """The sentence for the error's code, else what the error says itself."""
    sentence = _sentences.get(error.code)
    if sentence is None:
        return str(error)
    try:
        return str(sentence) % error.data
    except (KeyError, TypeError):
        return str(error)
