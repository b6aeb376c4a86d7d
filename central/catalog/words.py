"""Finding goods by what words begin with, by an index.

`Listing.search_key` holds the words of a product, parted by spaces. PostgreSQL sees them as a `tsvector` whose lexemes
are those very words: no dictionary, no stems, no language, so that one index serves Russian, English and skus alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.db.models import BooleanField, F, Func, Value

from central.catalog.keys import name_key

_WORD = re.compile(r"\w+")
_EDGES = re.compile(r"^\W+|\W+$")
#: PostgreSQL takes no lexeme of 2 KB or more; whoever types one looks for nothing of ours
_LONGEST = 100
#: words of one search; the rest would only make it slow
_MOST = 12


def search_words(texts: Iterable[str]) -> str:
    """The words of texts, each once: the parts of "T-100/5" as well as the whole of it."""
    found: dict[str, None] = {}
    for text in texts:
        for chunk in name_key(text).split():
            whole = _EDGES.sub("", chunk)
            for word in (whole, *_WORD.findall(whole)):
                if word:
                    found[word[:_LONGEST]] = None
    return " ".join(found)


def begun_words(text: str) -> str:
    """What a person typed as a `tsquery`: each word begins one of the product's; "" when there is no word in it."""
    wanted = []
    for chunk in name_key(text).split()[:_MOST]:
        whole = _EDGES.sub("", chunk)[:_LONGEST]
        parts = _WORD.findall(whole)
        if not parts:
            continue
        apart = " & ".join(_begins(part) for part in parts)
        wanted.append(f"({_begins(whole)} | ({apart}))" if len(parts) > 1 else _begins(whole))
    return " & ".join(wanted)


def _begins(word: str) -> str:
    quoted = word.replace("\\", "\\\\").replace("'", "''")
    return f"'{quoted}':*"


class WordsOf(Func):
    """A column of `search_words` as a `tsvector`: what the index holds."""

    template = "(array_to_tsvector(string_to_array(%(expressions)s, ' ')))"


class Begun(Func):
    """Whether the words of a column begin as `begun_words` says."""

    template = "(%(expressions)s)"
    arg_joiner = " @@ "
    output_field = BooleanField()

    def __init__(self, column: str, query: str) -> None:
        super().__init__(WordsOf(F(column)), _Query(Value(query)))


class _Query(Func):
    template = "(%(expressions)s)::tsquery"
