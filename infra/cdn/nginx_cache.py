"""An nginx of one's own with `proxy_cache`, purged through the small service beside it (`infra.cdn.agent`).

nginx as Debian ships it cannot purge: `proxy_cache_purge` is of the commercial version or a module of third parties.
A removed cache file is a miss to it, so the service removes files.
"""

from __future__ import annotations

import httpx

from infra.cdn.protocol import Access, BadKey, Batch, Record, Refused, Unavailable, ZoneInfo, check
from infra.cdn.registry import plan


class NginxCache:
    def __init__(self, access: Access) -> None:
        if not access.base_url.startswith(("http://", "https://")):
            raise Refused("the address of the purge service is missing, as http://10.0.0.5:9180")
        self._access = access

    def zones(self) -> list[ZoneInfo]:
        self._call("GET", "/")
        return [ZoneInfo("cache", "nginx", "any")]

    def records(self, zone: str) -> list[Record]:
        return []

    def ensure(self, zone: str, record: Record) -> Record:
        raise Refused("an nginx has no DNS to change", zone=zone)

    def purge(self, zone: str, batch: Batch) -> None:
        check(batch, plan("nginx_cache", "any"))
        self._call("POST", "/purge", {"kind": batch.kind, "items": list(batch.items)})

    def _call(self, method: str, path: str, body: dict[str, object] | None = None) -> None:
        headers = {"authorization": f"Bearer {self._access.secret}"}
        url = f"{self._access.base_url.rstrip('/')}{path}"
        try:
            answer = httpx.request(method, url, json=body, headers=headers, timeout=self._access.timeout_s)
        except httpx.HTTPError as error:
            raise Unavailable(f"no answer ({type(error).__name__})") from error
        if answer.status_code in (401, 403):
            raise BadKey("the purge service does not know this key")
        if answer.status_code >= 500 or answer.status_code == 429:
            raise Unavailable(f"{answer.status_code}: {answer.text[:200]}")
        if not answer.is_success:
            raise Refused(f"{answer.status_code}: {answer.text[:200]}")
