"""How heads will look on real pages of a site, before an edge makes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils import translation

from central.catalog.documents import listings_whole, product_docs
from central.catalog.models import Listing
from central.cluster.documents import site_doc
from central.cluster.queries import site as site_row
from central.seo import rules
from central.seo.errors import UnknownRecord
from central.seo.feeds import cards_of, tree_of
from sites import urls
from sites.rendering import language_of
from sites.seo import facts, head
from sites.seo.facts import Facts
from sites.seo.rules import EVERY, SHIPPED, kind_key, page_key
from sites.shelf import path_to, units_of
from sync.contracts.documents import CategoryDoc, SiteDoc

_EACH = 4


@dataclass(frozen=True)
class Look:
    """A page and the lines of its head."""

    title: str
    path: str
    head: head.Head
    lines: Sequence[tuple[str, str]]


def look_at(site: str, kind: str, key: str, fields: Mapping[str, str]) -> list[Look]:
    """The first pages of a kind with `fields` laid over what stands under `key`; all kinds: one of each."""
    doc = site_doc(site_row(site))
    standing = rules.standing(site)
    standing[key] = {**rules.above(site, key), **{name: value for name, value in fields.items() if value}}
    with translation.override(language_of(doc)):
        return [_look(found, standing) for found in samples(doc, kind)]


def look_at_page(site: str, kind: str, id_: str, fields: Mapping[str, str]) -> Look:
    """One page with `fields` as its own. Raises `UnknownRecord`."""
    doc = site_doc(site_row(site))
    standing = rules.standing(site) | {page_key(kind, id_): dict(fields)}
    with translation.override(language_of(doc)):
        return _look(facts_of(doc, kind, id_), standing)


def _look(found: Facts, standing: Mapping[str, Mapping[str, str]]) -> Look:
    made = head.head_of(found, standing)
    return Look(found.values["title"], found.path, made, head.lines_of(made))


def samples(doc: SiteDoc, kind: str) -> list[Facts]:
    if kind == EVERY:
        return [one for each in ("home", "category", "product", "about") for one in samples(doc, each)[:1]]
    if kind in ("home", "about"):
        return [facts_of(doc, kind, "")]
    tree = tree_of(doc.id)
    if kind == "category":
        return [_category(doc, tree, each) for each in tree[:_EACH]]
    rows = listings_whole(Listing.objects.filter(site=doc.id, is_active=True)).order_by("position", "pk")[:_EACH]
    return [_product(doc, tree, row) for row in rows]


def facts_of(doc: SiteDoc, kind: str, id_: str) -> Facts:
    """Raises `UnknownRecord`."""
    if kind in ("home", "about"):
        return facts.home(doc) if kind == "home" else facts.about(doc)
    tree = tree_of(doc.id)
    if kind == "category":
        place = next((each for each in tree if each.id == id_), None)
        if place is not None:
            return _category(doc, tree, place)
    row = listings_whole(Listing.objects.filter(site=doc.id, product=UUID(id_))).first() if kind == "product" else None
    if row is None:
        raise UnknownRecord(f"there is no {kind} {id_} in '{doc.id}'")
    return _product(doc, tree, row)


def _category(doc: SiteDoc, tree: Sequence[CategoryDoc], place: CategoryDoc) -> Facts:
    count = Listing.objects.filter(site=doc.id, is_active=True, categories=UUID(place.id)).count()
    return facts.category(doc, place, path_to(tree, place), urls.Address("category", place.slug), count)


def _product(doc: SiteDoc, tree: Sequence[CategoryDoc], row: Listing) -> Facts:
    goods = product_docs([row])[0]
    place = next((each for each in tree if each.id in goods.categories), None)
    path = path_to(tree, place) if place else []
    return facts.product(doc, goods, path, units_of(doc, goods, cards_of(row, goods)))


def shown(site: str, key: str) -> dict[str, str]:
    """What stands where a site has nothing of its own under a key: what it inherits, else what is shipped."""
    kind, is_own = rules.kind_of(key)
    if is_own:
        return {}
    own = SHIPPED.get(kind, {})
    return {**SHIPPED[EVERY], **own, **_every(site, kind), **rules.above(site, key)}


def _every(site: str, kind: str) -> Mapping[str, str]:
    return {} if kind == EVERY else rules.standing(site).get(kind_key(EVERY), {})
