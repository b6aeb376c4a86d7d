"""Cloudflare, by its own SDK (imported when the first call is made: it takes a second or two).

Checked against the published protocol. The SDK must not repeat calls by itself: the plan's buckets are counted by
whoever plans the purges.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any, Final, TypeVar, cast

from infra.cdn.protocol import Access, BadKey, Batch, Record, Refused, Unavailable, ZoneInfo, check
from infra.cdn.registry import PLANS

T = TypeVar("T")

#: zones or records that are read at most: an answer that never ends must not fill the memory
MOST: Final = 2_000
TYPES: Final = ("A", "AAAA", "CNAME", "TXT")
#: codes in an answer that says "success": false with a status of 200: too many calls
RATE_CODES: Final = frozenset({971})


class CloudflareCdn:
    def __init__(self, access: Access) -> None:
        self._access = access
        self._made: Any = None

    @property
    def _client(self) -> Any:
        if self._made is None:
            from cloudflare import Cloudflare

            base = {"base_url": self._access.base_url} if self._access.base_url else {}
            self._made = Cloudflare(
                api_token=self._access.secret, max_retries=0, timeout=self._access.timeout_s, **cast(Any, base)
            )
        return self._made

    def zones(self) -> list[ZoneInfo]:
        with _told():
            return [_zone(one) for one in _some(self._client.zones.list(per_page=50))]

    def records(self, zone: str) -> list[Record]:
        with _told():
            found = _some(self._client.dns.records.list(zone_id=zone, per_page=100))
            return [_record(one) for one in found if one.type in TYPES]

    def ensure(self, zone: str, record: Record) -> Record:
        with _told():
            named = self._client.dns.records.list(zone_id=zone, type=record.type, name={"exact": record.name})
            known = [_record(one) for one in _some(named) if one.type == record.type and one.name == record.name]
            if any(_is_same(one, record) for one in known):
                return next(one for one in known if _is_same(one, record))
            fields = {
                "zone_id": zone,
                "type": record.type,
                "name": record.name,
                "content": record.content,
                "proxied": record.is_proxied,
                "ttl": record.ttl,
            }
            if known:
                return _record(self._client.dns.records.update(known[0].id, **fields))
            return _record(self._client.dns.records.create(**fields))

    def purge(self, zone: str, batch: Batch) -> None:
        check(batch, PLANS["cloudflare"]["enterprise"])  # what every plan refuses, without a call
        name = {"urls": "files"}.get(batch.kind, batch.kind)
        asked: dict[str, Any] = {name: list(batch.items)}
        if batch.kind == "everything":
            asked = {"purge_everything": True}
        with _told():
            answer = self._client.cache.with_raw_response.purge(zone_id=zone, **asked)
            _must_succeed(answer.http_response.content)


def _zone(one: Any) -> ZoneInfo:
    plan = str(getattr(one.plan, "legacy_id", None) or "").lower()
    return ZoneInfo(one.id, one.name, plan if plan in PLANS["cloudflare"] else "", one.status == "active")


def _record(one: Any) -> Record:
    return Record(one.type, one.name, one.content or "", bool(one.proxied), int(one.ttl or 1), one.id)


def _is_same(one: Record, other: Record) -> bool:
    return (one.content, one.is_proxied, one.ttl) == (other.content, other.is_proxied, other.ttl)


def _some(pages: Iterable[T]) -> list[T]:
    return list(islice(pages, MOST))


def _must_succeed(body: bytes) -> None:
    """A purge may be refused under the status 200: the body says so. Raises `Refused`, `Unavailable`."""
    try:
        told = json.loads(body)
    except ValueError as error:
        raise Unavailable("the answer is no JSON") from error
    if isinstance(told, dict) and told.get("success") is True:
        return
    errors = _errors(told)
    if any(code in RATE_CODES for code, _ in errors):
        raise Unavailable(_words(errors))
    raise Refused(_words(errors))


def _errors(told: Any) -> list[tuple[int, str]]:
    listed = told.get("errors") if isinstance(told, dict) else None
    if not isinstance(listed, list):
        return []
    return [(int(one.get("code") or 0), str(one.get("message") or "")[:300]) for one in listed if isinstance(one, dict)]


def _words(errors: list[tuple[int, str]]) -> str:
    return "; ".join(f"{message} ({code})" for code, message in errors) or "refused without a reason"


@contextmanager
def _told() -> Iterator[None]:
    """The SDK's errors as ours."""
    import cloudflare as sdk

    try:
        yield
    except sdk.APIConnectionError as error:  # timeouts too
        raise Unavailable(f"no answer ({type(error).__name__})") from error
    except sdk.APIStatusError as error:
        raise _of_status(error.status_code, error.response.headers.get, _errors(error.body)) from error
    except sdk.APIError as error:
        raise Unavailable(f"an answer nobody can read ({type(error).__name__})") from error


def _of_status(status: int, header: Callable[[str], Any], errors: list[tuple[int, str]]) -> Exception:
    words = _words(errors)
    if status == 429 or status >= 500 or status == 408:
        return Unavailable(f"{status}: {words}", retry_after=_seconds(header("retry-after")))
    return BadKey(f"{status}: {words}") if status in (401, 403) else Refused(f"{status}: {words}")


def _seconds(value: Any) -> float:
    try:
        return min(3600.0, max(0.0, float(value)))
    except (TypeError, ValueError):  # a date, or nothing: our own pause is long enough
        return 0.0
