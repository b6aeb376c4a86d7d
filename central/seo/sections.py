"""The sections of a shop by their way through the catalogue, and which of them have rules of their own."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from central.catalog.models import Category
from central.seo.models import Rule
from central.seo.rules import place_of

#: between the shelves of a way
_BETWEEN = " / "


@dataclass(frozen=True)
class SectionRules:
    """A section with patterns for pages of `kind`; `count`: fields of its own in all languages."""

    section: str
    title: str
    kind: str
    count: int


def ways(sites: Sequence[str]) -> dict[str, dict[str, str]]:
    """Site -> id of each shelf that shoppers see -> its way from the top down, in the order of these ways."""
    shelves = Category.objects.filter(site__in=sites, is_active=True).values_list("site", "id", "parent", "title")
    of_site: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
    for site, shelf, parent, title in shelves:
        of_site[site][shelf.hex] = (parent.hex if parent else "", title)
    return {site: _ways(tree) for site, tree in of_site.items()}


def _ways(tree: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    found = {shelf: _BETWEEN.join(_titles(tree, shelf)) for shelf in tree}
    return dict(sorted(found.items(), key=lambda one: one[1].casefold()))


def _titles(tree: Mapping[str, tuple[str, str]], shelf: str) -> list[str]:
    line: dict[str, str] = {}
    # A ring of parents, which only a mistake makes, ends the walk
    while shelf in tree and shelf not in line:
        parent, line[shelf] = tree[shelf]
        shelf = parent
    return list(line.values())[::-1]


def with_rules(rules: Iterable[Rule]) -> dict[str, list[SectionRules]]:
    """Site -> its sections that have patterns of their own, in the order of their ways."""
    counts: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for rule in rules:
        place = place_of(rule.key)
        if rule.own and place and place.section:
            counts[rule.site][place.section, place.kind] += len(rule.own)
    known = ways(sorted(counts))
    return {
        site: [
            SectionRules(section, title, kind, count)
            for section, title in known.get(site, {}).items()
            for (one, kind), count in sorted(found.items())
            if one == section
        ]
        for site, found in counts.items()
    }
