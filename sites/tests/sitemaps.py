"""Reads a map of a site as a robot does, by lxml."""

from __future__ import annotations

from dataclasses import dataclass, field

from lxml import etree

NAMES = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "x": "http://www.w3.org/1999/xhtml"}


@dataclass
class Sitemap:
    addresses: list[str] = field(default_factory=list)
    days: dict[str, str] = field(default_factory=dict)
    languages: dict[str, dict[str, str]] = field(default_factory=dict)
    parts: list[str] = field(default_factory=list)


def read_sitemap(text: str | bytes) -> Sitemap:
    root = etree.fromstring(text.encode() if isinstance(text, str) else text)
    found = Sitemap(parts=[str(each.text) for each in root.findall("s:sitemap/s:loc", NAMES)])
    for url in root.findall("s:url", NAMES):
        address = str(url.findtext("s:loc", namespaces=NAMES))
        found.addresses.append(address)
        if day := url.findtext("s:lastmod", namespaces=NAMES):
            found.days[address] = day
        links = url.findall("x:link", NAMES)
        found.languages[address] = {str(link.get("hreflang")): str(link.get("href")) for link in links}
    return found
