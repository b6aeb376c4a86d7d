"""Patterns: text with tokens, `{title}[ — {brand}] | {shop}`.

{title}            a token; nothing when the page has no such thing
{brand|section}    the first of these that is not empty
{text:160}         cut at a word, 160 signs at most, the dots included
[ — {brand}]       shown only when every token in it has a value; brackets may lie in brackets
\\{ \\} \\[ \\]        the signs themselves
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from node.errors import RialtoError

#: no title or description is that long; a longer pattern is a mistake
MAX_PATTERN: Final = 1_000
MAX_DEPTH: Final = 5
MAX_TEXT: Final = 9_999
#: `{attribute.Weight}`: any attribute of the product, by its name
ATTRIBUTE: Final = "attribute."
_SIGNS: Final = ("{", "}", "[", "]", "\\")


class BadPattern(RialtoError):
    """`why` says in English what is wrong; `token` and `known` are there when a token is unknown."""

    code = "bad_pattern"
    status = 422


@dataclass(frozen=True)
class _Token:
    names: tuple[str, ...]
    most: int


@dataclass(frozen=True)
class _Optional:
    parts: tuple[_Part, ...]


_Part = str | _Token | _Optional


@dataclass(frozen=True)
class Pattern:
    """A pattern that was read; `fill` makes its text."""

    parts: tuple[_Part, ...]

    @property
    def tokens(self) -> frozenset[str]:
        return frozenset(_names(self.parts))

    def fill(self, values: Mapping[str, str]) -> str:
        """The text, its white space drawn together. A name that `values` lacks is empty."""
        return " ".join(_fill(self.parts, values).split())


def check(text: str, known: Collection[str]) -> Pattern:
    """The pattern, every token of which is among `known`. Raises `BadPattern`."""
    pattern = parse(text)
    for name in sorted(pattern.tokens):
        if name not in known and not (name.startswith(ATTRIBUTE) and ATTRIBUTE in known):
            words = ", ".join(f"{one}…" if one == ATTRIBUTE else one for one in sorted(known))
            raise BadPattern(f"there is no token {{{name}}} here; there are: {words}", token=name, known=words)
    return pattern


@lru_cache(maxsize=2_000)
def parse(text: str) -> Pattern:
    """Raises `BadPattern` for what cannot be read, whatever its tokens are."""
    if len(text) > MAX_PATTERN:
        raise BadPattern(f"a pattern has at most {MAX_PATTERN} signs")
    reader = _Reader(text)
    parts = reader.read(0)
    if reader.at < len(text):
        raise BadPattern(f"']' at sign {reader.at + 1} has no '[' before it; write '\\]' for the sign itself")
    return Pattern(parts)


class _Reader:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def read(self, depth: int) -> tuple[_Part, ...]:
        parts: list[_Part] = []
        word = ""
        while self.at < len(self.text):
            sign = self.text[self.at]
            if sign == "\\" and self.text[self.at + 1 : self.at + 2] in _SIGNS:
                word += self.text[self.at + 1]
                self.at += 2
            elif sign == "]":
                break
            elif sign == "}":
                raise BadPattern(f"'}}' at sign {self.at + 1} has no '{{' before it; write '\\}}' for the sign itself")
            elif sign in "{[":
                if word:
                    parts.append(word)
                word = ""
                parts.append(self._token() if sign == "{" else self._optional(depth + 1))
            else:
                word += sign
                self.at += 1
        return (*parts, word) if word else tuple(parts)

    def _optional(self, depth: int) -> _Optional:
        began = self.at
        if depth > MAX_DEPTH:
            raise BadPattern(f"brackets lie in one another more than {MAX_DEPTH} deep")
        self.at += 1
        found = _Optional(self.read(depth))
        if self.at >= len(self.text):
            raise BadPattern(f"'[' at sign {began + 1} is never closed; write '\\[' for the sign itself")
        self.at += 1
        if not any(_names(found.parts)):
            raise BadPattern(f"the brackets at sign {began + 1} hold no token, so nothing can leave them out")
        return found

    def _token(self) -> _Token:
        began = self.at
        end = self.text.find("}", began)
        if end < 0:
            raise BadPattern(f"'{{' at sign {began + 1} is never closed; write '\\{{' for the sign itself")
        inner, self.at = self.text[began + 1 : end], end + 1
        names, _, most = inner.partition(":")
        if most and not (most.isascii() and most.isdigit() and 0 < int(most) <= MAX_TEXT):
            raise BadPattern(f"after ':' in {{{inner}}} stands how many signs at most, from 1 to {MAX_TEXT}")
        found = tuple(name.strip() for name in names.split("|"))
        if not all(found):
            raise BadPattern(f"{{{inner}}} names no token")
        return _Token(found, int(most or 0))


def _names(parts: tuple[_Part, ...]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, _Token):
            yield from part.names
        elif isinstance(part, _Optional):
            yield from _names(part.parts)


def _fill(parts: tuple[_Part, ...], values: Mapping[str, str]) -> str:
    return "".join(part if isinstance(part, str) else _value(part, values) for part in parts)


def _value(part: _Token | _Optional, values: Mapping[str, str]) -> str:
    if isinstance(part, _Optional):
        return _fill(part.parts, values) if _is_whole(part.parts, values) else ""
    found = next((values[name] for name in part.names if values.get(name)), "")
    return shorten(found, part.most) if part.most else found


def _is_whole(parts: tuple[_Part, ...], values: Mapping[str, str]) -> bool:
    """Whether every token right in these brackets has a value; inner brackets decide for themselves."""
    inner = [part for part in parts if isinstance(part, _Optional)]
    own = [part for part in parts if isinstance(part, _Token)]
    if not own:
        return any(_is_whole(one.parts, values) for one in inner)
    return all(any(values.get(name) for name in part.names) for part in own)


def shorten(text: str, most: int) -> str:
    """At most `most` signs, cut at a word where one ends in the second half, with "…" for what is gone."""
    text = " ".join(text.split())
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    space = cut.rfind(" ")
    return (cut[:space] if space > most // 2 else cut).rstrip(" ,.;:—–-") + "…"
