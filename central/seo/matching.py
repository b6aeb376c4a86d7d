"""Which page of the new shop an old address most likely means: by its last word, then by its name. No database."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

from central.catalog.keys import name_key, slug_of

#: below this a proposal would be a guess
LEAST: Final = 50
_WORD: Final = re.compile(r"\w+")
_ENDING: Final = re.compile(r"\.(html?|php|aspx?)$", re.I)
#: "/12-green-tea", "/green-tea-p42": numbers that shops put beside a name
_NUMBER: Final = re.compile(r"^(\d+[-_])|([-_][pc]?\d+)$", re.I)


@dataclass(frozen=True)
class NewPage:
    path: str
    slug: str
    title: str


@dataclass(frozen=True)
class Match:
    """`score`: how sure, per cent; `path` "" = nothing fits."""

    path: str = ""
    score: int = 0


class Matcher:
    """Finds pages for old addresses; `titles` are those of the whole old site, whose common words say nothing."""

    def __init__(self, pages: Sequence[NewPage], titles: Iterable[str]) -> None:
        self._paths = {page.path for page in pages}
        self._by_slug = {page.slug: page for page in reversed(pages) if page.slug}
        self._by_title = {name_key(page.title): page for page in reversed(pages)}
        self._words = [(page, frozenset(_WORD.findall(name_key(page.title)))) for page in pages]
        self._with: dict[str, list[int]] = defaultdict(list)
        for at, (_, words) in enumerate(self._words):
            for word in words:
                self._with[word].append(at)
        self._common = _common_words(list(titles))

    def match(self, source: str, title: str) -> Match:
        path = unquote(urlsplit(source).path)
        if path in self._paths and "?" not in source:
            return Match(path, 100)
        last = _ENDING.sub("", path.rstrip("/").rpartition("/")[2])
        for word, score in ((last, 98), (slug_of(last), 95), (slug_of(_NUMBER.sub("", last)), 90)):
            if last and word in self._by_slug:
                return Match(self._by_slug[word].path, score)
        return self._by_name(title)

    def _by_name(self, title: str) -> Match:
        if page := self._by_title.get(name_key(title)):
            return Match(page.path, 92)
        words = frozenset(_WORD.findall(name_key(title))) - self._common
        shared = Counter(at for word in words for at in self._with.get(word, ()))
        best = Match()
        for at, count in shared.most_common(20):
            page, own = self._words[at]
            score = round(88 * 2 * count / (len(words) + len(own)))
            if score > best.score:
                best = Match(page.path, score)
        return best if best.score >= LEAST else Match()


def _common_words(titles: Sequence[str]) -> frozenset[str]:
    """Words of more than half of the titles: the old shop's name and its slogan."""
    if len(titles) < 4:
        return frozenset()
    counted = Counter(word for title in titles for word in set(_WORD.findall(name_key(title))))
    return frozenset(word for word, count in counted.items() if count * 2 > len(titles))
