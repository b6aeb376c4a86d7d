"""What edges get of it: `seo:<site>`, `redirect:<site>`, `feed:<site>`. Bodies are built when they are sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
from django.db.models import QuerySet

from central.seo.models import Feed, Redirect, Rule
from node.realms import CATALOG
from sync.contracts.codec import pack
from sync.contracts.documents import FeedDoc, RedirectDoc, SeoDoc
from sync.topics import EdgeScope, Row, StateTopic, register_topic

Document = SeoDoc | RedirectDoc | FeedDoc


def rule_doc(row: Rule) -> SeoDoc:
    return SeoDoc(site=row.site, key=row.key, fields=row.fields)


def redirect_doc(row: Redirect) -> RedirectDoc:
    return RedirectDoc(site=row.site, source=row.source, target=row.target, status=row.status)


def feed_doc(row: Feed) -> FeedDoc:
    named = {"site": row.site, "name": row.name, "kind": row.kind, "title": row.title, "fields": row.fields}
    return msgspec.convert({**row.choice, **named}, FeedDoc)


def _declare(
    name: str,
    key: str,
    rows: Callable[[str], QuerySet[Any]],
    is_there: Callable[[Any], bool],
    doc: Callable[[Any], Document],
) -> None:
    def of(full: str) -> QuerySet[Any]:
        return rows(full.partition(":")[2])

    def body(row: Any) -> bytes | None:
        return pack(doc(row)) if is_there(row) else None

    def read(full: str, keys: Sequence[str]) -> dict[str, tuple[int, bytes | None]]:
        return {getattr(row, key): (row.ver, body(row)) for row in of(full).filter(**{f"{key}__in": list(keys)})}

    def page(full: str, after: str, limit: int) -> list[Row]:
        found = of(full).filter(**{f"{key}__gt": after}).exclude(**_GONE[name]).order_by(key)[:limit]
        return [(getattr(row, key), row.ver, pack(doc(row))) for row in found]

    def audience(scope: EdgeScope) -> set[str]:
        return {f"{name}:{site}" for site in scope.sites}

    register_topic(StateTopic(name=name, realm=CATALOG, schema=1, audience=audience, read=read, page=page))


#: rows that are deleted, as a filter says it
_GONE: Final[dict[str, dict[str, Any]]] = {
    "seo": {"fields": {}},
    "redirect": {"is_active": False},
    "feed": {"is_active": False},
}

_declare("seo", "key", lambda site: Rule.objects.filter(site=site), lambda row: bool(row.fields), rule_doc)
_declare("redirect", "source", lambda site: Redirect.objects.filter(site=site), lambda row: row.is_active, redirect_doc)
_declare("feed", "name", lambda site: Feed.objects.filter(site=site), lambda row: row.is_active, feed_doc)
