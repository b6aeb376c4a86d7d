"""How heads will look on real pages of a site, before an edge makes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.utils import translation
from django.utils.functional import Promise

from central.catalog.documents import listings_whole, product_docs
from central.catalog.keys import slug_of
from central.catalog.models import Listing
from central.cluster.documents import site_doc
from central.cluster.queries import site as site_row
from central.seo import rules
from central.seo.errors import UnknownRecord
from central.seo.feeds import cards_of, tree_of
from central.seo.rules import Place
from central.seo.words import FIELDS
from sites import editions, urls
from sites.rendering import language_of
from sites.seo import facts, head
from sites.seo.facts import Facts
from sites.seo.patterns import parse
from sites.seo.rules import ALIAS, EVERY, SHIPPED, Rules, in_language, kind_key, section_key
from sites.shelf import path_to, units_of
from sync.contracts.documents import CategoryDoc, SiteDoc

_EACH = 4


@dataclass(frozen=True)
class Look:
    """A page and the lines of its head."""

    title: str
    path: str
    head: head.Head
    lines: Sequence[tuple[str | Promise, str]]


def look_at(site: str, place: Place, fields: Mapping[str, str]) -> list[Look]:
    """The first pages a rule is for, with `fields` laid over what stands there; all kinds: one of each."""
    doc = doc_in(site, place.language)
    standing = rules.standing(site)
    standing[place.key] = {**rules.above(site, place), **{name: value for name, value in fields.items() if value}}
    with translation.override(language_of(doc)):
        pattern = fields.get(ALIAS) or shown(site, place).get(ALIAS, "") if ALIAS in place.names else ""
        return [
            _with_address(_look(found, _spoken(standing, place)), found, pattern)
            for found in samples(doc, place.kind, place.section)
        ]


def _with_address(look: Look, found: Facts, pattern: str) -> Look:
    """What the page's address would be, were it new."""
    if not pattern:
        return look
    words = parse(pattern).fill(found.values) or found.values["title"]
    address = f"{look.path.rpartition('/')[0]}/{slug_of(words)}"
    return replace(look, lines=[(FIELDS[ALIAS], address), *look.lines])


def look_at_page(site: str, place: Place, fields: Mapping[str, str]) -> Look:
    """One page with `fields` as its own. Raises `UnknownRecord`."""
    doc = doc_in(site, place.language)
    standing = rules.standing(site) | {place.key: dict(fields)}
    with translation.override(language_of(doc)):
        return _look(facts_of(doc, place.kind, place.page or ""), _spoken(standing, place))


def doc_in(site: str, language: str) -> SiteDoc:
    """The shop in one of its further languages; "" and a language it does not speak are its own."""
    doc = site_doc(site_row(site))
    return (editions.edition(doc, language, "") if language else None) or doc


def _spoken(standing: Rules, place: Place) -> Rules:
    return in_language(place.language, standing) if place.language else standing


def _look(found: Facts, standing: Mapping[str, Mapping[str, str]]) -> Look:
    made = head.head_of(found, standing)
    return Look(found.values["title"], found.path, made, head.lines_of(made))


def samples(doc: SiteDoc, kind: str, section: str = "") -> list[Facts]:
    """Pages of a kind; `section`: of this shelf and those below it alone."""
    if kind == EVERY:
        return [one for each in ("home", "category", "product", "about") for one in samples(doc, each)[:1]]
    if kind in ("home", "about"):
        return [facts_of(doc, kind, "")]
    tree = _tree(doc)
    inside = [each for each in tree if section in ("", *(one.id for one in path_to(tree, each)))]
    if kind == "category":
        return [_category(doc, tree, each) for each in inside[:_EACH]]
    rows = Listing.objects.filter(site=doc.id, is_active=True)
    if section:
        held = rows.filter(categories__in=[UUID(each.id) for each in inside])
        rows = rows.filter(pk__in=held.values("pk"))
    return [_product(doc, tree, row) for row in listings_whole(rows).order_by("position", "pk")[:_EACH]]


def facts_of(doc: SiteDoc, kind: str, id_: str) -> Facts:
    """Raises `UnknownRecord`."""
    if kind in ("home", "about"):
        return facts.home(doc) if kind == "home" else facts.about(doc)
    tree = _tree(doc)
    if kind == "category":
        place = next((each for each in tree if each.id == id_), None)
        if place is not None:
            return _category(doc, tree, place)
    row = listings_whole(Listing.objects.filter(site=doc.id, product=UUID(id_))).first() if kind == "product" else None
    if row is None:
        raise UnknownRecord(f"there is no {kind} {id_} in '{doc.id}'")
    return _product(doc, tree, row)


def _tree(doc: SiteDoc) -> list[CategoryDoc]:
    return [editions.category_in(doc, each) for each in tree_of(doc.id)]


def _category(doc: SiteDoc, tree: Sequence[CategoryDoc], place: CategoryDoc) -> Facts:
    count = Listing.objects.filter(site=doc.id, is_active=True, categories=UUID(place.id)).count()
    return facts.category(doc, place, path_to(tree, place), urls.Address("category", place.slug), count)


def _product(doc: SiteDoc, tree: Sequence[CategoryDoc], row: Listing) -> Facts:
    goods = editions.product_in(doc, product_docs([row])[0])
    place = next((each for each in tree if each.id in goods.categories), None)
    path = path_to(tree, place) if place else []
    return facts.product(doc, goods, path, units_of(doc, goods, cards_of(row, goods)))


def shown(site: str, place: Place) -> dict[str, str]:
    """What stands where a site has nothing of its own for pages: from around, from above, else what is shipped."""
    if place.page is not None:
        return {}
    standing = rules.standing(site)
    standing[place.key] = rules.above(site, place)
    spoken = _spoken(standing, place)
    tree = tree_of(site) if place.section else ()
    shelf = next((each for each in tree if each.id == place.section), None)
    sections = [section_key(each.id, place.kind) for each in path_to(tree, shelf)] if shelf else []
    around = [kind_key(EVERY), kind_key(place.kind), *sections]
    layers = [SHIPPED[EVERY], SHIPPED.get(place.kind, {}), *(spoken.get(key, {}) for key in around)]
    return {name: value for layer in layers for name, value in layer.items()}
