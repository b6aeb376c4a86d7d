"""Rules of heads: written for a site, and standing for all sites below it that have none of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from central.catalog.models import Category
from central.cluster.errors import UnknownLanguage
from central.cluster.models import Site
from central.cluster.queries import languages_of
from central.cluster.queries import site as site_row
from central.cluster.trees import below, line_above
from central.seo.errors import UnknownRecord
from central.seo.models import Rule
from node.realms import CATALOG, atomic
from sites.seo.patterns import BadPattern
from sites.seo.robots import check_robots
from sites.seo.rules import (
    ADDRESSES,
    ALIAS,
    EVERY,
    FIELDS,
    TEXTS,
    VERIFICATIONS,
    check_field,
    kind_key,
    language_key,
    page_key,
    section_key,
)
from sync.outbox import record_state

#: fields that prove whose a site is: never another site's
_OWN_ONLY = frozenset(VERIFICATIONS)
#: what a site takes from the one above it, in each language; sections and pages are a site's own
_INHERITED = Q(key__startswith="kind:") | Q(key__contains="/kind:")
#: kinds of pages that lie in sections
IN_SECTIONS = ("category", "product")
Parents = Mapping[str, str | None]


@dataclass(frozen=True)
class Place:
    """What a rule is for: pages of `kind`; of a `section` and below; one `page` ("" is no id: home, about).

    `language`: a further language of the shop, in which it has words alone; "" is the shop's own.
    """

    kind: str
    section: str = ""
    page: str | None = None
    language: str = ""

    @property
    def key(self) -> str:
        return language_key(self.language, self._plain) if self.language else self._plain

    @property
    def _plain(self) -> str:
        if self.page is not None:
            return page_key(self.kind, self.page)
        return section_key(self.section, self.kind) if self.section else kind_key(self.kind)

    @property
    def is_inherited(self) -> bool:
        return self.page is None and not self.section

    @property
    def names(self) -> Sequence[str]:
        """The fields it may have."""
        if self.language:
            return TEXTS
        if self.page is not None:
            return FIELDS
        names = [name for name in FIELDS if name not in ADDRESSES]
        if self.kind == EVERY and not self.section:
            return [*names, *VERIFICATIONS]
        return [ALIAS, *names] if self.kind in IN_SECTIONS else names


def place_of(key: str) -> Place | None:
    """None for `robots.txt`, which is for no pages."""
    language, _, plain = key.rpartition("/")
    what, *rest = plain.split(":")
    if what == "page":
        return Place(rest[0], page="".join(rest[1:]), language=language)
    if what == "section":
        return Place(rest[1], section=rest[0], language=language)
    return Place(rest[0], language=language) if what == "kind" else None


def set_rule(site: str, key: str, fields: Mapping[str, str]) -> Rule:
    """Write a site's own fields under a key; "" takes a field back.

    Raises `UnknownSite`, `UnknownLanguage`, `UnknownRecord` for a section that is not there, `BadPattern`.
    """
    site_row(site)
    place = place_of(key)
    said = {name: value for name, value in fields.items() if value}
    if place is None:
        check_robots(said)
    elif said:
        _check(site, place, said)
    parents = parents_of_sites()
    with atomic(CATALOG):
        rule = _lock(site, key)
        own = {**rule.own, **{name: value.strip() for name, value in fields.items()}}
        rule.own = {name: value for name, value in own.items() if value}
        rule.save()
        family = [site, *below(site, parents)] if place and place.is_inherited else [site]
        for one in family:
            _settle(one, key, parents)
    return rule


def settle_all() -> int:
    """Put right what a moved site inherits; called each minute. How many rules changed."""
    parents = parents_of_sites()
    count = 0
    keys = sorted(set(Rule.objects.filter(_INHERITED).values_list("key", flat=True)))
    for site in sorted(parents):
        for key in keys:
            with atomic(CATALOG):
                count += _settle(site, key, parents)
    return count


def parents_of_sites() -> Parents:
    return dict(Site.objects.values_list("id", "parent_id"))


def own_of(site: str, place: Place) -> tuple[Rule | None, dict[str, str]]:
    """The row of a site's rule, if there is one, and every field it may have with the site's own value, "" for none."""
    row = Rule.objects.filter(site=site, key=place.key).first()
    return row, {name: (row.own if row else {}).get(name, "") for name in place.names}


def standing(site: str) -> dict[str, dict[str, str]]:
    """Key -> fields that stand for a site."""
    return dict(Rule.objects.filter(site=site).values_list("key", "fields"))


def above(site: str, place: Place) -> dict[str, str]:
    """What a site would take from those above it."""
    return _inherited(site, place.key, parents_of_sites()) if place.is_inherited else {}


def _check(site: str, place: Place, fields: Mapping[str, str]) -> None:
    if place.language and place.language not in languages_of(site):
        raise UnknownLanguage(site, place.language)
    if place.section and not Category.objects.filter(site=site, pk=UUID(place.section)).exists():
        raise UnknownRecord(f"there is no section {place.section} in '{site}'")
    for name, value in fields.items():
        check_field(name, place.kind, value, is_own=place.page is not None)
        if name not in place.names:
            raise BadPattern(f"a rule of this kind has no field '{name}'")


def _lock(site: str, key: str) -> Rule:
    Rule.objects.get_or_create(site=site, key=key)
    return Rule.objects.select_for_update().get(site=site, key=key)


def _settle(site: str, key: str, parents: Parents) -> bool:
    rule = Rule.objects.select_for_update().filter(site=site, key=key).first()
    place = place_of(key)
    above = _inherited(site, key, parents) if place and place.is_inherited else {}
    own = rule.own if rule else {}
    fields = {**above, **own}
    if (rule.fields if rule else {}) == fields:
        return False
    rule = rule or _lock(site, key)
    rule.fields = fields
    rule.ver += 1
    rule.save()
    record_state(f"seo:{site}", key, rule.ver, realm=CATALOG, deleted=not fields)
    return True


def _inherited(site: str, key: str, parents: Parents) -> dict[str, str]:
    line = list(line_above(site, parents))
    own = dict(Rule.objects.filter(site__in=line, key=key).values_list("site", "own"))
    found: dict[str, str] = {}
    for one in reversed(line):
        found |= {name: value for name, value in own.get(one, {}).items() if name not in _OWN_ONLY}
    return found
