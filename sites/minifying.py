"""Styles and scripts without what only people need: comments, and white space that means nothing.

The libraries only leave out; names stay. What comes out is held against what went in all the same, for a shop whose
script does not parse sells nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import rcssmin
import rjsmin

_BY_KIND: Final[dict[str, Callable[[str], str]]] = {"css": rcssmin.cssmin, "js": rjsmin.jsmin}
_PAIRS: Final = ("{}", "()", "[]")


class CannotMinify(Exception):
    """The minifier failed, or what it made cannot be right."""


def minify(text: str, kind: str) -> str:
    """`kind`: css or js. Raises `CannotMinify`."""
    try:
        made = _BY_KIND[kind](text)
        again = _BY_KIND[kind](made)
    except Exception as error:
        raise CannotMinify(f"the minifier failed: {type(error).__name__}: {error}") from error
    if text.strip() and not made.strip():
        raise CannotMinify("nothing was left of it")
    if again != made:
        raise CannotMinify("minified once more it is another text: something in it was not understood")
    for opening, closing in _PAIRS:
        # A comment may hold a bracket alone, so only text that was in balance is held to be so after
        if text.count(opening) == text.count(closing) and made.count(opening) != made.count(closing):
            raise CannotMinify(f"{opening}{closing} are no longer in pairs")
    return made
