"""Looking for what somebody typed, in bytes of any kind: a dump, a database's file, a log."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote


@lru_cache(maxsize=1000)
def spellings(word: str) -> frozenset[bytes]:
    """A word as programs write it: text of several encodings, hex, base64, percent-encoded, escaped in JSON."""
    found: set[bytes] = set()
    for text in {word, word.casefold(), word.upper()}:
        for raw in (text.encode(), text.encode("utf-16-le"), text.encode("utf-16-be"), text.encode("cp1251")):
            found |= {raw, raw.hex().encode(), raw.hex().upper().encode(), *_base64_parts(raw)}
        found.add(json.dumps(text)[1:-1].encode())
        found |= {quote(text, safe="").encode(), quote(text, safe="").lower().encode()}
    return frozenset(found)


def _base64_parts(raw: bytes) -> Iterator[bytes]:
    """Base64 of a text in the middle of another: its ends depend on the neighbours, so they are cut off."""
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + raw)
        middle = coded[4 if shift else 0 : len(coded) // 4 * 4 - 4]
        if len(middle) >= 8:
            yield middle
            yield middle.replace(b"+", b"-").replace(b"/", b"_")


def as_typed(word: str) -> frozenset[bytes]:
    """Only that: for what is too large to be searched for every spelling."""
    return frozenset({word.encode()})


Spelled = Callable[[str], frozenset[bytes]]


def shown_in(raw: bytes, words: Iterable[str], spelled: Spelled = spellings) -> list[str]:
    """Which of the words stand there in clear."""
    return [word for word in words if any(spelling in raw for spelling in spelled(word))]


def shown_on_disk(
    folder: Path, words: Iterable[str], *, but: Iterable[Path] = (), spelled: Spelled = spellings
) -> dict[str, list[str]]:
    """File below `folder` -> words that stand in it, or in its name. `but`: folders that are not looked into."""
    wanted, left_out = list(words), tuple(but)
    found = {}
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not any(file.is_relative_to(one) for one in left_out):
            name = str(file.relative_to(folder))
            if shown := shown_in(name.encode() + b"\0" + file.read_bytes(), wanted, spelled):
                found[name] = shown
    return found
