"""Words as search sees them: one spelling, their stem, the other keyboard layout, the distance of a slip.

Pure functions; every engine and the ranking use these, so a word means the same wherever it is looked for.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any, Final

#: words of a query that are looked at; what is longer is a pasted text
MAX_WORDS: Final = 12
MAX_LETTERS: Final = 200

_WORD: Final = re.compile(r"[^\W_]+")
_CYRILLIC: Final = re.compile(r"[\u0400-\u04ff]")
_LATIN: Final = re.compile(r"[a-z]")

_stemmers = threading.local()
#: whose endings are known in the Latin alphabet, by language; Cyrillic is Russian, other Latin words are English
_STEMMERS: Final = {"en": "english", "de": "german", "fr": "french", "es": "spanish", "it": "italian"}
#: words that are in every text; alone they are looked for all the same
_SMALL: Final = frozenset(
    word
    for line in (
        "a an and at by for from in of on or the to with",
        "без в во для до за и из или к ко на о об от по под при с со у",
    )
    for word in line.split()
)
_LATIN_KEYS: Final = "`qwertyuiop[]asdfghjkl;'zxcvbnm,."
_RUSSIAN_KEYS: Final = "ёйцукенгшщзхъфывапролджэячсмитьбю"
_TO_RUSSIAN: Final = str.maketrans(_LATIN_KEYS, _RUSSIAN_KEYS)
_TO_LATIN: Final = str.maketrans(_RUSSIAN_KEYS, _LATIN_KEYS)


@dataclass(frozen=True, slots=True)
class Word:
    """A word in its one spelling, and its stem."""

    text: str
    stem: str


def spelling(text: str) -> str:
    """One spelling of all that means the same: composed letters, small ones, е for ё."""
    return unicodedata.normalize("NFKC", text).casefold().replace("ё", "е")


def tokens(text: str) -> list[str]:
    """The words of a text in their one spelling, in order."""
    return _WORD.findall(spelling(text))


def words_of(text: str, language: str) -> list[Word]:
    return [Word(each, stem(each, language)) for each in tokens(text)]


def asked_words(text: str, language: str) -> list[Word]:
    """The words of a query: at most `MAX_WORDS`, small ones left out unless there are no others."""
    found = words_of(text[:MAX_LETTERS], language)[:MAX_WORDS]
    return [each for each in found if each.text not in _SMALL] or found


def stems(text: str, language: str) -> str:
    """A text as stems parted by blanks: what an index of stems holds."""
    return " ".join(stem(each, language) for each in tokens(text))


@lru_cache(maxsize=20_000)
def stem(word: str, language: str) -> str:
    """The part of a word that all its forms share; the word itself when nothing is known of its language."""
    name = _stemmer_name(word, language)
    if not name or any(sign.isdigit() for sign in word):
        return word
    found: str = _stemmer(name).stemWord(word)
    return found or word


def _stemmer_name(word: str, language: str) -> str:
    if _CYRILLIC.search(word):
        return "russian"
    return _STEMMERS.get(language, "english") if _LATIN.search(word) else ""


def _stemmer(name: str) -> Any:
    # One a thread: a stemmer keeps the word it works on in itself
    found = _stemmers.__dict__.get(name)
    if found is None:
        found = _stemmers.__dict__[name] = import_module("snowballstemmer").stemmer(name)
    return found


def other_layout(text: str) -> str:
    """What was meant by keys pressed in the wrong layout: "ghbdtn" -> "привет"; "" when the text mixes alphabets."""
    small = unicodedata.normalize("NFKC", text).casefold()
    has_latin, has_russian = bool(_LATIN.search(small)), bool(_CYRILLIC.search(small))
    if has_latin == has_russian:
        return ""
    return small.translate(_TO_RUSSIAN if has_latin else _TO_LATIN)


# --- slips of the finger ------------------------------------------------------------------------------------------


def slips_allowed(word: str) -> int:
    """How many letters may be wrong: none in a short word or a number, one from four letters, two from eight."""
    if any(sign.isdigit() for sign in word) or len(word) < 4:
        return 0
    return 1 if len(word) < 8 else 2


def letters_of(word: str) -> int:
    """A word's letters as bits of one number (62 of them, so SQLite can keep it)."""
    bits = 0
    for sign in word:
        bits |= 1 << (ord(sign) % 62)
    return bits


def distance(one: str, other: str, most: int) -> int:
    """Letters to add, drop, change or swap with the next; `most + 1` as soon as it is more than `most`."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, sign in enumerate(one, 1):
        now = [i] + [0] * len(other)
        for j, against in enumerate(other, 1):
            cost = min(row[j] + 1, now[j - 1] + 1, row[j - 1] + (sign != against))
            if i > 1 and j > 1 and sign == other[j - 2] and one[i - 2] == against:
                cost = min(cost, before[j - 2] + 1)
            now[j] = cost
        if min(now) > most:
            return most + 1
        before, row = row, now
    return row[-1]


def distance_to_start(start: str, word: str, most: int) -> int:
    """The distance of an unfinished word to the nearest beginning of `word`."""
    lengths = range(max(1, len(start) - most), min(len(word), len(start) + most) + 1)
    return min((distance(start, word[:length], most) for length in lengths), default=most + 1)


def nearest(word: str, known: Iterable[tuple[str, int]], *, is_start: bool = False, most: int = 4) -> list[str]:
    """The words of `known` (word, how often it is used) that `word` was probably meant to be; the nearest alone.

    A slip in the first letter is rare: a word that begins alike wins among equals.
    """
    allowed = slips_allowed(word)
    if not allowed:
        return []
    bits, measure = letters_of(word), distance_to_start if is_start else distance
    found = []
    for other, uses in known:
        # Each slip brings at most one letter in that the right word has not
        if (bits & ~letters_of(other)).bit_count() > allowed:
            continue
        far = measure(word, other, allowed)
        if far <= allowed:
            found.append((far, other[0] != word[0], -uses, other))
    found.sort()
    return [other for far, _, _, other in found if far == found[0][0]][:most]


# --- synonyms -----------------------------------------------------------------------------------------------------

#: words and phrases that mean the same
Group = tuple[str, ...]
Stems = tuple[str, ...]


@dataclass(frozen=True)
class Term:
    """One thing a query asks for: the words as typed, and every sequence of stems that will do in their place."""

    words: tuple[Word, ...]
    stems: tuple[Stems, ...]


def terms_of(words: Sequence[Word], groups: Sequence[Group], language: str) -> list[Term]:
    """The words of a query with what means the same; the longest phrase of a group that stands there counts."""
    same = _by_stems(tuple(groups), language)
    longest = max(map(len, same), default=1)
    found: list[Term] = []
    at = 0
    while at < len(words):
        for length in range(min(longest, len(words) - at), 0, -1):
            part = tuple(words[at : at + length])
            own = tuple(each.stem for each in part)
            if length == 1 or own in same:
                found.append(Term(part, (own, *(each for each in same.get(own, ()) if each != own))))
                at += length
                break
    return found


@lru_cache(maxsize=64)
def _by_stems(groups: tuple[Group, ...], language: str) -> dict[Stems, tuple[Stems, ...]]:
    same: dict[Stems, tuple[Stems, ...]] = {}
    for group in groups:
        members = tuple(dict.fromkeys(tuple(each.stem for each in words_of(one, language)) for one in group))
        members = tuple(each for each in members if each)
        for each in members:
            same[each] = tuple(dict.fromkeys((*same.get(each, ()), *members)))
    return same
