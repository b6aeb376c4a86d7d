"""Rules of heads: written for a site, and standing for all sites below it that have none of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from central.cluster.models import Site
from central.cluster.queries import site as site_row
from central.cluster.trees import below, line_above
from central.seo.models import Rule
from node.realms import CATALOG, atomic
from sites.seo.robots import check_robots
from sites.seo.rules import EVERY, FIELDS, KINDS, ROBOTS, VERIFICATIONS, check_field, kind_key
from sync.outbox import record_state

#: keys a site takes from the one above it; sections and pages are a site's own
INHERITED = (*(kind_key(kind) for kind in (*KINDS, EVERY)),)
#: fields that prove whose a site is: never another site's
_OWN_ONLY = frozenset(VERIFICATIONS)
Parents = Mapping[str, str | None]


def set_rule(site: str, key: str, fields: Mapping[str, str]) -> None:
    """Write a site's own fields under a key; "" takes a field back. Raises `UnknownSite`, `BadPattern`."""
    site_row(site)
    _check(key, {name: value for name, value in fields.items() if value})
    parents = parents_of_sites()
    with atomic(CATALOG):
        rule = _lock(site, key)
        own = {**rule.own, **{name: value.strip() for name, value in fields.items()}}
        rule.own = {name: value for name, value in own.items() if value}
        rule.save()
        family = [site, *below(site, parents)] if key in INHERITED else [site]
        for one in family:
            _settle(one, key, parents)


def settle_all() -> int:
    """Put right what a moved site inherits; called each minute. How many rules changed."""
    parents = parents_of_sites()
    count = 0
    for site in sorted(parents):
        for key in INHERITED:
            with atomic(CATALOG):
                count += _settle(site, key, parents)
    return count


def parents_of_sites() -> Parents:
    return dict(Site.objects.values_list("id", "parent_id"))


def standing(site: str) -> dict[str, dict[str, str]]:
    """Key -> fields that stand for a site."""
    return dict(Rule.objects.filter(site=site).values_list("key", "fields"))


def above(site: str, key: str) -> dict[str, str]:
    """What a site would take from those above it under a key."""
    return _inherited(site, key, parents_of_sites())


def _check(key: str, fields: Mapping[str, str]) -> None:
    if key == ROBOTS:
        check_robots(fields)
        return
    kind, is_own = kind_of(key)
    for name, value in fields.items():
        check_field(name, kind, value, is_own=is_own)


def kind_of(key: str) -> tuple[str, bool]:
    """The kind of pages a key is for, and whether it is of one page alone."""
    parts = key.split(":")
    if parts[0] == "page":
        return parts[1], True
    return parts[-1], False


def _lock(site: str, key: str) -> Rule:
    Rule.objects.get_or_create(site=site, key=key)
    return Rule.objects.select_for_update().get(site=site, key=key)


def _settle(site: str, key: str, parents: Parents) -> bool:
    rule = Rule.objects.select_for_update().filter(site=site, key=key).first()
    above = _inherited(site, key, parents) if key in INHERITED else {}
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


def names_of(key: str) -> Sequence[str]:
    """The fields a form of a key has."""
    return (*FIELDS, *VERIFICATIONS) if key == kind_key(EVERY) else FIELDS
