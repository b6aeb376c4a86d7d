"""Where a site's pages are found by shoppers, and so by a CDN."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from central.cluster.documents import origins_of
from central.cluster.models import Site


@dataclass(frozen=True)
class SiteAddress:
    """`bases`: scheme and host of each of its names, its own first."""

    bases: tuple[str, ...] = ()

    @property
    def hosts(self) -> tuple[str, ...]:
        return tuple(urlsplit(base).hostname or "" for base in self.bases)

    def urls(self, path: str) -> tuple[str, ...]:
        """The whole addresses of a path, "" none."""
        return tuple(f"{base}{path}" for base in self.bases) if path else ()


def address_of(site: Site) -> SiteAddress:
    scheme = urlsplit(site.origin).scheme
    own, *editions = origins_of(site)
    return SiteAddress((own, *(f"{scheme}://{host}" for host in site.extra_hosts), *editions))


def addresses() -> dict[str, SiteAddress]:
    """Of every site."""
    rows = Site.objects.only("id", "origin", "extra_hosts").prefetch_related("languages", "regions")
    return {site.pk: address_of(site) for site in rows}
