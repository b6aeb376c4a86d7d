"""The map of a site: one file, or an index of parts, as sitemaps.org describes it. Written a piece at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final
from xml.sax.saxutils import escape

from sites import urls
from sync.contracts.documents import SiteDoc

#: the limits of the protocol, for one file
MOST_ADDRESSES: Final = 50_000
MOST_BYTES: Final = 50_000_000
#: no address of ours is longer, escaped and quoted: a slug has 120 signs, each of which may take nine bytes
_LONGEST: Final = 1_300
_DECLARED: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
_URLSET: Final = (
    '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml">\n'
)
_INDEX: Final = '<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'


@dataclass(frozen=True)
class Place:
    """An address. `changed` is a day, "2027-01-31", "" when nobody knows; `others` are (language, address)."""

    address: str
    changed: str = ""
    others: Sequence[tuple[str, str]] = ()


def part_size(languages: int = 1) -> int:
    """How many addresses a file may hold, so that neither limit of the protocol can be passed.

    Each address names all of its `languages`, itself among them, so a file of many languages holds fewer.
    """
    each = 120 + _LONGEST * (1 if languages < 2 else languages + 2)
    return min(MOST_ADDRESSES, MOST_BYTES // each)


def part_count(addresses: int, size: int) -> int:
    return max(1, ceil(addresses / size))


def part_name(number: int) -> str:
    """`/sitemap-1.xml` is the first part of a map that has several."""
    return f"/sitemap-{number}.xml"


def part_of(path: str) -> int | None:
    """The number a path names a part by; None for any other path."""
    number = path.removeprefix("/sitemap-").removesuffix(".xml")
    is_one = path == part_name(int(number)) if number.isascii() and number.isdigit() and len(number) < 6 else False
    return int(number) if is_one and int(number) > 0 else None


def write_urlset(places: Iterable[Place]) -> Iterator[str]:
    yield _DECLARED + _URLSET
    for place in places:
        yield _place(place)
    yield "</urlset>\n"


def write_index(site: SiteDoc, parts: int) -> Iterator[str]:
    yield _DECLARED + _INDEX
    for number in range(1, parts + 1):
        yield f"<sitemap><loc>{escape(urls.absolute(site, part_name(number)))}</loc></sitemap>\n"
    yield "</sitemapindex>\n"


def _place(place: Place) -> str:
    changed = f"<lastmod>{place.changed}</lastmod>" if place.changed else ""
    others = "".join(
        f'<xhtml:link rel="alternate" hreflang="{escape(language, {chr(34): "&quot;"})}"'
        f' href="{escape(address, {chr(34): "&quot;"})}"/>'
        for language, address in place.others
    )
    return f"<url><loc>{escape(place.address)}</loc>{changed}{others}</url>\n"
