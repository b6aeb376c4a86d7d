"""Reads of search."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from central.cluster.models import NodeHealth, Site
from central.search.errors import UnknownSynonyms
from central.search.models import Engine, SearchedWords, ServerIndex, SiteSearch, Synonyms
from central.ui.scope import limit
from infra.search import Settings
from sites.searching import index_of
from sync.contracts.search import SearchDoc


def search_of(site_id: str) -> SiteSearch:
    """How a shop is searched; the defaults when nobody has said."""
    return SiteSearch.objects.filter(pk=site_id).first() or SiteSearch(site=site_id)


def searches_of(sites: Iterable[str]) -> dict[str, SiteSearch]:
    held = {each.site: each for each in SiteSearch.objects.filter(site__in=list(sites))}
    return {each: held.get(each) or SiteSearch(site=each) for each in sites}


def synonyms_visible_to(user: Any) -> QuerySet[Synonyms]:
    return limit(Synonyms.objects.all(), user)


def visible_synonyms(pk: int, user: Any) -> Synonyms:
    """Raises `UnknownSynonyms`, also for those of a site the person may not see."""
    found = synonyms_visible_to(user).filter(pk=pk).first()
    if found is None:
        raise UnknownSynonyms(f"there are no synonyms {pk}", synonyms=pk)
    return found


def words_visible_to(user: Any) -> QuerySet[SearchedWords]:
    return limit(SearchedWords.objects.all(), user)


def groups_of(site_id: str) -> dict[str, list[list[str]]]:
    """Language -> groups of words that mean the same."""
    found: dict[str, list[list[str]]] = {}
    for each in Synonyms.objects.filter(site=site_id).order_by("pk"):
        found.setdefault(each.language, []).append(each.group)
    return found


def settings_of(site_id: str, language: str) -> Settings:
    groups = groups_of(site_id).get(language, [])
    return Settings(language, tuple(tuple(group) for group in groups))


def search_doc(row: SiteSearch) -> SearchDoc:
    return SearchDoc(
        site=row.site,
        engine=row.engine,
        suggestions=row.suggestions,
        build=row.build,
        synonyms=groups_of(row.site),
    )


@dataclass(frozen=True)
class Index:
    """One index as the screens show it. `done` of `total` while it is being built; `where` "": a server."""

    name: str
    language: str
    where: str
    engine: str
    documents: int
    built_at: float
    size: int = 0
    done: int = 0
    total: int = 0
    trouble: str = ""
    is_there: bool = True

    @property
    def is_building(self) -> bool:
        return self.total > 0

    @property
    def percent(self) -> int:
        return round(100 * self.done / self.total) if self.total else 100


def languages_of(site: Site) -> tuple[str, ...]:
    """The languages a shop's pages speak; each has an index of its own."""
    return (site.language, *(each.code for each in site.languages.all()))


def indexes_of(sites: Iterable[Site], searches: Mapping[str, SiteSearch]) -> dict[str, list[Index]]:
    """Site -> its indexes: at its edge, as the edge last said, and at a server of central's."""
    sites = list(sites)
    told = {
        each.node_id: each.detail.get("search", {})
        for each in NodeHealth.objects.filter(node__in={site.node_id for site in sites if site.node_id})
    }
    servers: dict[str, list[ServerIndex]] = {}
    for row in ServerIndex.objects.filter(site__in=[site.pk for site in sites]).order_by("name"):
        servers.setdefault(row.site, []).append(row)
    return {
        site.pk: [
            *(_at_edge(site, language, told.get(site.node_id or "", {})) for language in languages_of(site)),
            *(_at_server(row) for row in servers.get(site.pk, []) if row.engine == searches[site.pk].engine),
        ]
        for site in sites
    }


def _at_edge(site: Site, language: str, told: Mapping[str, Any]) -> Index:
    name = index_of(site.pk, language)
    said: Mapping[str, Any] = told.get(name, {}) if isinstance(told, dict) else {}

    def number(key: str) -> int:
        value = said.get(key, 0)
        return int(value) if isinstance(value, (int, float)) else 0

    return Index(
        name=name,
        language=language,
        where=site.node.name if site.node else "",
        engine=Engine.EMBEDDED,
        documents=number("documents"),
        built_at=number("built_at"),
        size=number("bytes"),
        done=number("done"),
        total=number("total"),
        is_there=bool(number("built_at")),
    )


def _at_server(row: ServerIndex) -> Index:
    is_building = row.state == ServerIndex.State.BUILDING
    return Index(
        name=row.name,
        language=row.language,
        where="",
        engine=row.engine,
        documents=row.documents,
        built_at=row.built_at.timestamp() if row.built_at else 0.0,
        done=row.done if is_building else 0,
        total=row.total if is_building else 0,
        trouble=row.trouble,
        is_there=row.built_at is not None,
    )
