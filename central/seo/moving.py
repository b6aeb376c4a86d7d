"""What the catalogue asks and tells: what a new address is made of, and that a page has another one now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from central.catalog.addresses import Kind, Move
from central.seo.models import Rule
from central.seo.redirects import follow_moves
from sites.seo.patterns import parse
from sites.seo.rules import ALIAS, SHIPPED, kind_key

_PREFIX: Mapping[Kind, str] = {"product": "/p/", "category": "/c/"}


def alias_of(site: str, kind: Kind) -> Callable[[Mapping[str, str]], str]:
    """What makes the words of an address by the site's pattern."""
    fields = Rule.objects.filter(site=site, key=kind_key(kind)).values_list("fields", flat=True).first() or {}
    pattern = parse(fields.get(ALIAS) or SHIPPED[kind][ALIAS])
    return pattern.fill


def follow(site: str, kind: Kind, moves: Sequence[Move]) -> None:
    """The old addresses lead to the new ones for ever."""
    prefix = _PREFIX[kind]
    follow_moves(site, [(f"{prefix}{was}", f"{prefix}{became}") for was, became in moves], by="rename")
