"""What the catalogue asks and tells: what a new address is made of, and that a page has another one now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.db.models import Q

from central.catalog.addresses import Alias, Kind, Move
from central.seo.feeds import tree_of
from central.seo.models import Rule
from central.seo.redirects import follow_moves
from sites.seo.patterns import parse
from sites.seo.rules import ALIAS, SHIPPED, kind_key, section_key
from sites.shelf import path_to

_PREFIX: Mapping[Kind, str] = {"product": "/p/", "category": "/c/"}


def alias_of(site: str, kind: Kind) -> Alias:
    """What makes the words of an address by the pattern of the nearest section that has one, else by the site's."""
    rules = Rule.objects.filter(site=site).filter(Q(key=kind_key(kind)) | Q(key__startswith="section:"))
    patterns = {key: parse(fields[ALIAS]) for key, fields in rules.values_list("key", "fields") if ALIAS in fields}
    everywhere = patterns.get(kind_key(kind)) or parse(SHIPPED[kind][ALIAS])
    tree = tree_of(site) if any(key != kind_key(kind) for key in patterns) else ()

    def words(values: Mapping[str, str], shelves: Sequence[UUID]) -> str:
        held = {one.hex for one in shelves}
        place = next((each for each in tree if each.id in held), None)  # as heads of pages choose it
        line = reversed(path_to(tree, place)) if place else ()
        keys = [section_key(each.id, kind) for each in line]
        return next((patterns[key] for key in keys if key in patterns), everywhere).fill(values)

    return words


def follow(site: str, kind: Kind, moves: Sequence[Move]) -> None:
    """The old addresses lead to the new ones for ever."""
    prefix = _PREFIX[kind]
    follow_moves(site, [(f"{prefix}{was}", f"{prefix}{became}") for was, became in moves], by="rename")
