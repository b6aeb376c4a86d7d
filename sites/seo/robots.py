"""robots.txt of a shop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sites import urls
from sites.seo.patterns import BadPattern
from sync.contracts.documents import SiteDoc

#: what is of one shopper; no setting opens it
CLOSED: Final = ("/cart", "/checkout", "/account", "/search", "/order/", "/_r/")
SITEMAP: Final = "/sitemap.xml"
MAX_LINES: Final = 200
#: a robot reads the first 500 KB; this is far below
MAX_LINE: Final = 500
_WORDS: Final = ("user-agent", "allow", "disallow", "crawl-delay", "clean-param", "host", "sitemap", "request-rate")


def robots_txt(editions: Sequence[SiteDoc], rules: Mapping[str, str]) -> str:
    """Of the editions of one host.

    `rules`: "closed", a path a line; "extra", lines taken as they are; "is_closed", "yes" keeps robots out whole.
    """
    if rules.get("is_closed") == "yes":
        return "User-agent: *\nDisallow: /\n"
    closed = [*CLOSED, *(path for path in _lines(rules.get("closed", "")) if path not in CLOSED)]
    parts = ["User-agent: *", *(f"Disallow: {urls.at(site, path)}" for site in editions for path in closed)]
    if extra := _lines(rules.get("extra", "")):
        parts += ["", *extra]
    return "\n".join([*parts, "", *(f"Sitemap: {urls.absolute(site, SITEMAP)}" for site in editions), ""])


def check_robots(rules: Mapping[str, str]) -> None:
    """Raises `BadPattern` for lines robots cannot read."""
    for path in _lines(rules.get("closed", "")):
        if not path.startswith("/") or not path.isprintable() or " " in path or path == "/":
            raise BadPattern(f"'{path}' is no path to close: it begins with / and has no spaces")
    extra = _lines(rules.get("extra", ""))
    if len(extra) > MAX_LINES:
        raise BadPattern(f"at most {MAX_LINES} lines")
    for line in extra:
        word, colon, _ = line.partition(":")
        is_comment = line.startswith("#")
        if not is_comment and (not colon or word.strip().lower() not in _WORDS or len(line) > MAX_LINE):
            raise BadPattern(f"'{line[:60]}' is no line of robots.txt; lines begin with: {', '.join(_WORDS)} or #")


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
