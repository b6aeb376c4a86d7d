"""The head of a page from the rules this edge holds; what was read is noted, so a new rule dirties its pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import translation

from edge.replica import sites as shops
from edge.replica.reads import read_many
from sites import editions, urls
from sites.rendering import language_of
from sites.seo import facts, head
from sites.seo.rules import in_language, keys_for, language_key
from sync.contracts.documents import SeoDoc, SiteDoc


def head_of(site: SiteDoc, page: str, context: Mapping[str, Any]) -> head.Head:
    """`page` and `context` are what its template gets. Off the event loop."""
    with translation.override(language_of(site)):
        found = _facts(site, page, context)
        known = rules(site, keys_for(found.kind, found.id, found.section_ids))
        return head.head_of(found, known, editions.alternates(shops.all_editions(site), site))


def rules(site: SiteDoc, keys: Sequence[str]) -> dict[str, dict[str, str]]:
    """The rules under these keys, those that there are, in the language of the edition."""
    is_translated = any(each.code == site.language for each in site.languages)
    wanted = [*keys, *(language_key(site.language, key) for key in keys)] if is_translated else keys
    found = {key: held.doc.fields for key, held in read_many(f"seo:{site.id}", wanted, SeoDoc).items()}
    return in_language(site.language, found) if is_translated else found


def _facts(site: SiteDoc, page: str, context: Mapping[str, Any]) -> facts.Facts:
    if page == "product":
        return facts.product(site, context["product"], context["place"], context["units"])
    if page == "category":
        address: urls.Address = context["address"]
        return facts.category(site, context["category"], context["place"], address, context["total"])
    return facts.about(site) if page == "about" else facts.home(site)
