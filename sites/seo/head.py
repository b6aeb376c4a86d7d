"""The head of a page: title, metas, links, Open Graph, JSON-LD, and the breadcrumb above its heading."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from sites import urls
from sites.seo import jsonld
from sites.seo.facts import Facts
from sites.seo.patterns import BadPattern, parse
from sites.seo.rules import (
    ADDRESSES,
    CRUMB_SPLIT,
    EVERY,
    FIELDS,
    VERIFICATIONS,
    Rules,
    keys_for,
    kind_key,
    look_up,
    page_key,
)
from sites.shelf import Crumb
from sync.contracts.documents import SiteDoc

#: the name a verification's meta has
_VERIFIED_AS: Final = {
    "google_verification": "google-site-verification",
    "yandex_verification": "yandex-verification",
    "bing_verification": "msvalidate.01",
}
_OG_TYPE: Final = {"product": "product"}
_OG_LOCALE: Final = {"ru": "ru_RU", "en": "en_GB"}


@dataclass(frozen=True)
class Value:
    """A field as it stands on a page, and the key of the rule it comes from; "" = shipped."""

    text: str
    key: str


@dataclass(frozen=True)
class Head:
    """What the template writes. `metas` are (name, content), `graph` (property, content), `links` (rel, address)."""

    title: str
    h1: str
    description: str
    canonical: str
    metas: tuple[tuple[str, str], ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    graph: tuple[tuple[str, str], ...] = ()
    crumbs: tuple[Crumb, ...] = ()
    #: the same page in each language, itself among them: (hreflang, address)
    alternates: tuple[tuple[str, str], ...] = ()
    #: the script element with the JSON-LD
    data: SafeString = field(default_factory=lambda: SafeString(""))


def head_of(facts: Facts, rules: Rules, alternates: Sequence[SiteDoc] = ()) -> Head:
    """The head of a page; `alternates` are its editions in each language. Called with its language switched on."""
    site, values = facts.site, values_of(facts, rules)
    texts = {name: value.text for name, value in values.items()}
    canonical = secure(site, texts["canonical"]) or urls.absolute(site, facts.path)
    crumbs = crumbs_of(facts, texts["breadcrumb"])
    image = secure(site, texts["image"]) or (f"{site.origin}{facts.picture}" if facts.picture else "")
    title = texts["title"] or facts.values["title"]
    return Head(
        title=title,
        h1=texts["h1"] or facts.values["title"],
        description=texts["description"],
        canonical=canonical,
        metas=tuple(_metas(texts, rules)),
        links=tuple(_links(site, texts, canonical)),
        graph=tuple(_graph(facts, texts, canonical, image)),
        crumbs=tuple(crumbs),
        alternates=tuple(_alternates(facts, texts, canonical, alternates)),
        data=jsonld.script(jsonld.graph(facts, texts["description"], canonical, image, crumbs)),
    )


def values_of(facts: Facts, rules: Rules) -> dict[str, Value]:
    """Every field as it stands on the page."""
    keys = keys_for(facts.kind, facts.id, facts.section_ids)
    own = page_key(facts.kind, facts.id)
    found = {}
    for name in FIELDS:
        rule = look_up(name, facts.kind, rules, keys)
        is_literal = rule.key == own or name in ADDRESSES or name == "breadcrumb"
        found[name] = Value(rule.value if is_literal else _fill(rule.value, facts.values), rule.key)
    return found


def _fill(pattern: str, values: Mapping[str, str]) -> str:
    try:
        return parse(pattern).fill(values)
    except BadPattern:  # central lets none through; a page is worth more than one of its lines
        return ""


def secure(site: SiteDoc, address: str) -> str:
    """An absolute address; of this shop's own hosts always by the shop's own scheme and port."""
    if not address:
        return ""
    if address.startswith("/"):
        return urls.absolute(site, address)
    parts = urlsplit(address)
    if parts.hostname in site.hosts:
        return f"{site.origin}{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    return address


def crumbs_of(facts: Facts, pattern: str) -> list[Crumb]:
    """The last one is the page itself and has no address. [] for a pattern that is empty."""
    found: list[Crumb] = []
    values = {**facts.values, "home": _("Home"), "sections": ""}
    for part in (each.strip() for each in pattern.split(CRUMB_SPLIT)):
        if part == "{sections}":
            found += facts.sections
        elif text := _fill(part, values):
            found.append(Crumb(text, urls.at(facts.site, urls.home()) if part == "{home}" else ""))
    if found:
        found[-1] = Crumb(found[-1].title)
    return found


def _metas(texts: Mapping[str, str], rules: Rules) -> list[tuple[str, str]]:
    robots = texts["robots"]
    if day := texts["unavailable_after"]:
        robots = f"{robots}, unavailable_after: {day}" if robots else f"unavailable_after: {day}"
    metas = [
        ("keywords", texts["keywords"]),
        ("news_keywords", texts["news_keywords"]),
        ("robots", robots),
        ("rating", texts["rating"]),
        ("author", texts["author"]),
        ("copyright", texts["copyright"]),
        ("expires", texts["expires"]),
        ("original-source", texts["original_source"]),
    ]
    every = rules.get(kind_key(EVERY), {})
    metas += [(_VERIFIED_AS[name], every.get(name, "")) for name in VERIFICATIONS]
    return [(name, value) for name, value in metas if value]


def _links(site: SiteDoc, texts: Mapping[str, str], canonical: str) -> list[tuple[str, str]]:
    links = [("canonical", canonical)]
    if texts["standout"]:
        links.append(("standout", canonical))
    return links


def _alternates(
    facts: Facts, texts: Mapping[str, str], canonical: str, editions: Sequence[SiteDoc]
) -> Iterator[tuple[str, str]]:
    """None for a page that is another's copy, or that is not to be found: hreflang and canonical must agree."""
    if not editions or canonical != urls.absolute(facts.site, facts.path) or "noindex" in texts["robots"]:
        return
    yield from hreflangs(editions, facts.path)


def hreflangs(editions: Sequence[SiteDoc], path: str) -> Iterator[tuple[str, str]]:
    """(hreflang, address) of a page in each of its languages, the shop's own one for everybody else."""
    for each in editions:
        yield each.language, urls.absolute(each, path)
    yield "x-default", urls.absolute(editions[0], path)


def _graph(facts: Facts, texts: Mapping[str, str], canonical: str, image: str) -> list[tuple[str, str]]:
    site = facts.site
    graph = [
        ("og:type", _OG_TYPE.get(facts.kind, "website")),
        ("og:site_name", site.name),
        ("og:title", texts["h1"] or texts["title"]),
        ("og:description", texts["description"]),
        ("og:url", canonical),
        ("og:locale", _OG_LOCALE.get(site.language, "")),
        ("og:image", image),
        ("og:image:alt", (_alt(facts, texts) or facts.values["title"]) if image else ""),
    ]
    if facts.kind == "product" and facts.offers:
        cheapest = min(facts.offers, key=lambda offer: offer.price)
        graph += [
            ("product:price:amount", jsonld.amount(cheapest.price, cheapest.currency)),
            ("product:price:currency", cheapest.currency),
        ]
    return [(name, value) for name, value in graph if value]


def _alt(facts: Facts, texts: Mapping[str, str]) -> str:
    """What is to be seen in the page's own picture; of another one nothing is known."""
    return "" if texts["image"] else facts.picture_alt


def lines_of(head: Head) -> Sequence[tuple[str, str]]:
    """All of a head as (name, value) pairs, for a person to read before it is switched on."""
    pairs = [("title", head.title), ("h1", head.h1), ("description", head.description)]
    pairs += [*head.links, *head.metas, *head.graph]
    pairs += [(f"hreflang {language}", address) for language, address in head.alternates]
    return [*pairs, ("breadcrumb", " › ".join(crumb.title for crumb in head.crumbs))]
