"""The edition that suits a visitor. Plain functions over documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sites import editions
from sync.contracts.documents import RegionDoc, SiteDoc

#: languages of a browser that are looked at
MOST: Final = 20


def suited(all_editions: Sequence[SiteDoc], site: SiteDoc, accepted: str, places: Sequence[str]) -> SiteDoc:
    """Of a shop's editions the one for a visitor of `site`: in the first of his languages that the shop has, and for

    the smallest region that his place lies in. What nobody knows stays as it is on the page he is on.
    """
    spoken = {each.language for each in all_editions}
    language = next((found for tag in tags(accepted) if (found := _spoken(tag, spoken))), site.language)
    region = region_at(site.regions, places, {each.region for each in all_editions})
    wanted = [(language, region if region is not None else site.region), (language, site.region), (language, "")]
    by_kind = {(each.language, each.region): each for each in all_editions}
    return next((by_kind[each] for each in wanted if each in by_kind), site)


def tags(accepted: str) -> list[str]:
    """The tags of an Accept-Language header in small letters, the dearest first; "*" and refused ones are left out."""
    found: list[tuple[float, int, str]] = []
    for number, part in enumerate(accepted.lower().split(",")[:MOST]):
        tag, _, rest = part.strip().partition(";")
        weight = _weight(rest)
        if tag.strip() and tag.strip() != "*" and weight > 0:
            found.append((-weight, number, tag.strip()))
    return [tag for _, _, tag in sorted(found)]


def _weight(parameter: str) -> float:
    name, _, value = parameter.replace(" ", "").partition("=")
    if name != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def _spoken(tag: str, spoken: set[str]) -> str | None:
    """The language itself, or the nearest wider one: "pt-br" is content with "pt", and "pt" with "pt-br"."""
    if tag in spoken:
        return tag
    base = tag.partition("-")[0]
    return base if base in spoken else next((each for each in sorted(spoken) if each.partition("-")[0] == base), None)


def region_at(regions: Sequence[RegionDoc], places: Sequence[str], reachable: set[str]) -> str | None:
    """The region for the smallest of `places`, itself or the nearest around it that has pages; None: nobody knows."""
    for place in places:
        found = next((each for each in regions if place in each.places), None)
        if found is not None:
            chain = editions.chain_of(regions, found.id)
            return next((each.id for each in chain if each.id in reachable), None)
    return None
