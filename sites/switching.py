"""The switcher of a shop: the same page in its other languages, and for its other regions.

Each choice is a plain link to another address; what is chosen is not kept by the page, which is the same for everybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from sites import editions as kinds
from sites import urls
from sync.contracts.documents import CategoryDoc, ProductDoc, SiteDoc

Shown = ProductDoc | CategoryDoc


@dataclass(frozen=True)
class Choice:
    """`key` names the edition; `hop` is the same where the cart has to be taken along to another host, else ""."""

    title: str
    url: str
    key: str
    language: str
    hop: str
    is_current: bool
    depth: int = 0


@dataclass(frozen=True)
class Switcher:
    """[] where there is nothing to choose. `language`, `region`: what the page is in, in words."""

    languages: Sequence[Choice] = ()
    regions: Sequence[Choice] = ()
    language: str = ""
    region: str = ""
    #: the edition; other origins of the shop; whether a page asks for what suits its visitor
    key: str = ""
    origins: str = ""
    asks: bool = False


def switcher(site: SiteDoc, editions: Sequence[SiteDoc], path: str, thing: Shown | None = None) -> Switcher:
    """Of the page at `path` within `site`, an edition. Called with the language of the page switched on.

    `thing`: what the page is of; the regions that do not show it are entered by their home page.
    """
    languages = [_choice(site, each, path, name_of(site, each.language)) for each in kinds.alternates(editions, site)]
    there = [each for each in editions if each.language == site.language]
    regions = [_choice(site, each, _way(each, path, thing), _region(each), _depth(each)) for each in there]
    return Switcher(
        languages,
        regions if len(there) > 1 else [],
        name_of(site, site.language),
        _region(site),
        key=kinds.key_of(site),
        origins=" ".join(sorted(kinds.origins_of(site) - {site.origin})),
        asks=len(editions) > 1 and site.detection != "off",
    )


@dataclass(frozen=True)
class Offer:
    """What a visitor is asked, and how he may answer."""

    text: str
    yes: str
    no: str


def offer(site: SiteDoc, best: SiteDoc) -> Offer:
    """To go on in another edition. Called with the language of that one switched on."""
    if best.region and best.region != site.region:
        text = _("Is your region %(region)s?") % {"region": title_of(best, best.region)}
    else:
        text = _("Continue in this language?")
    yes = name_of(best, best.language) if best.language != site.language else _("Yes")
    return Offer(text, yes, _("No, stay here"))


def name_of(site: SiteDoc, language: str) -> str:
    """A language as its speakers call it."""
    return next((each.name for each in site.languages if each.code == language), _OWN.get(language, language))


#: of the language a shop is written in; the others are named at central
_OWN = {"ru": "Русский", "en": "English"}


def _region(site: SiteDoc) -> str:
    return title_of(site, site.region) if site.region else _("All regions")


def title_of(site: SiteDoc, region: str) -> str:
    """A region in the language of the edition."""
    found = next((each for each in site.regions if each.id == region), None)
    return (found.titles.get(site.language) or found.title) if found else region


def _depth(site: SiteDoc) -> int:
    """How many regions with pages of their own it lies in."""
    return sum(1 for each in kinds.chain_of(site.regions, site.region)[1:] if each.origin or each.path)


def _way(other: SiteDoc, path: str, thing: Shown | None) -> str:
    return path if thing is None or kinds.is_shown(other, thing) else urls.home()


def _choice(site: SiteDoc, other: SiteDoc, path: str, title: str, depth: int = 0) -> Choice:
    is_near = other.origin == site.origin
    key = kinds.key_of(other)
    return Choice(
        title=title,
        url=urls.at(other, path) if is_near else urls.absolute(other, path),
        key=key,
        language=other.language,
        hop="" if is_near else key,
        is_current=key == kinds.key_of(site),
        depth=depth,
    )
