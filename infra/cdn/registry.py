"""The CDNs, by name. To add one: a module, lines here, a page in `docs/how-to/`; the contract test runs on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast

from django.utils.module_loading import import_string

from infra.cdn.protocol import Access, Cdn, Kind, Plan, Refused

#: dotted paths, so that an unused provider's SDK is never imported
PROVIDERS: Final = {
    "none": "infra.cdn.none.NoCdn",
    "nginx_cache": "infra.cdn.nginx_cache.NginxCache",
    "cloudflare": "infra.cdn.cloudflare.CloudflareCdn",
}

ALL_KINDS: Final[frozenset[Kind]] = frozenset({"urls", "tags", "hosts", "everything"})


def _cloudflare(title: str, burst: int, calls_a_minute: float, urls_a_second: float, urls: int = 100) -> Plan:
    return Plan(title, ALL_KINDS, 100, burst, calls_a_minute, urls, urls_a_second)


#: provider -> plan -> what it permits. Cloudflare's: its page "Purge cache", as of July 2026; they count per account
PLANS: Final[Mapping[str, Mapping[str, Plan]]] = {
    "none": {"any": Plan("—", ALL_KINDS, 1000, 1000, 60_000, 1000, 100_000)},
    "nginx_cache": {"any": Plan("nginx", ALL_KINDS, 100, 100, 600, 500, 5_000)},
    "cloudflare": {
        "free": _cloudflare("Free", 25, 5, 800),
        "pro": _cloudflare("Pro", 25, 5 * 60, 1500),
        "business": _cloudflare("Business", 50, 10 * 60, 1500),
        "enterprise": _cloudflare("Enterprise", 500, 50 * 60, 3000, urls=500),
    },
}


def plan(provider: str, name: str) -> Plan:
    """Raises `Refused` for a plan the provider does not have."""
    found = PLANS.get(provider, {}).get(name)
    if found is None:
        raise Refused(f"the provider '{provider}' has no plan '{name}'", provider=provider, plan=name)
    return found


def cdn(provider: str, access: Access) -> Cdn:
    """Raises `Refused` for a name that is not in the registry."""
    if provider not in PROVIDERS:
        raise Refused(f"there is no CDN provider '{provider}'", provider=provider)
    return cast(Cdn, import_string(PROVIDERS[provider])(access))
