"""The order of what was found: one rule for all engines.

Title before further words before text; what can be bought before what cannot; the word as typed before another form of
it before what stands for it (a synonym, a slip mended); then the shop's own order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from infra.search.words import Term, Word, words_of

EXACT: Final = 0
FORM: Final = 1
OTHER: Final = 2
MISSING: Final = 3


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry an engine has found. `rank`: its place in the engine's own order, 0 the best."""

    id: str
    kind: str
    title: str
    words: str
    is_on_sale: bool
    position: int
    rank: int

    @classmethod
    def of_row(cls, row: Sequence[Any], rank: int) -> Candidate:
        """Of the fields in their order, as an engine's answer has them."""
        id_, kind, title, words, is_on_sale, position = row
        return cls(id_, kind, title, words, bool(is_on_sale), int(position), rank)


def in_order(found: Sequence[Candidate], terms: Sequence[Term], language: str, *, is_start: bool) -> list[Candidate]:
    """Best first. The last word of an unfinished query also matches what begins with it."""

    def key(one: Candidate) -> tuple[int, bool, int, int, int, int]:
        title = words_of(one.title, language)
        grade, place = _grade(title, terms, is_start), 0
        if grade == MISSING:
            grade, place = _grade(title + words_of(one.words, language), terms, is_start), 1
        if grade == MISSING:
            place = 2
        return place, not one.is_on_sale, grade, len(title), one.position, one.rank

    return sorted(found, key=key) if terms else sorted(found, key=lambda one: (not one.is_on_sale, one.position))


def _grade(held: Sequence[Word], terms: Sequence[Term], is_start: bool) -> int:
    """The worst grade of all terms: each has to be there."""
    texts, stems = [each.text for each in held], [each.stem for each in held]
    last = len(terms) - 1
    return max(_of(term, texts, stems, is_start and at == last) for at, term in enumerate(terms))


def _of(term: Term, texts: list[str], stems: list[str], is_start: bool) -> int:
    if _stands(texts, [word.text for word in term.words]):
        return EXACT
    if _stands(stems, [word.stem for word in term.words]):
        return FORM
    if is_start and len(term.words) == 1 and any(text.startswith(term.words[0].text) for text in texts):
        return FORM
    return OTHER if any(_stands(stems, list(each)) for each in term.stems) else MISSING


def _stands(held: list[str], wanted: list[str]) -> bool:
    length = len(wanted)
    if length == 1:
        return wanted[0] in held
    return any(held[at : at + length] == wanted for at in range(len(held) - length + 1))
