"""Links that lead nowhere: taken in from edges, ignored by people. Realm `stats`."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Any, Final

from django.db.models import QuerySet
from django.utils import timezone

from central.pages.errors import UnknownLink
from central.pages.models import BrokenLink
from central.ui.scope import limit
from node import sql
from node.realms import STATS, alias_of, atomic
from sync.contracts import links as contract

#: of one site; what an edge tells above that is left aside
MOST: Final = 5_000


def digest_of(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()[:32]


def wait_turn(sites: Collection[str]) -> None:
    """Of two nodes that tell of one site one waits; inside the caller's `atomic("stats")`."""
    keys = (hashlib.blake2b(f"links:{site}".encode(), digest_size=8).digest() for site in sites)
    sql.wait_turn(alias_of(STATS), sorted(int.from_bytes(key, signed=True) for key in keys))


def take_in(site: str, node: str, book: str, links: Iterable[contract.BrokenLink]) -> None:
    """What a node says of links of a site. Inside the caller's `atomic("stats")`; a repeat changes nothing."""
    rows = BrokenLink.objects.filter(site=site)
    rows.exclude(node=node, book=book).delete()  # told out of a book that is no more
    room = MOST - rows.count()
    for link in links:
        known = rows.filter(digest=digest_of(link.url)).first()
        if not link.status:
            rows.filter(digest=digest_of(link.url)).delete()
        elif known is not None or room > 0:
            room -= known is None
            _put(known or BrokenLink(site=site, url=link.url, digest=digest_of(link.url)), node, book, link)


def _put(row: BrokenLink, node: str, book: str, link: contract.BrokenLink) -> None:
    row.status, row.since, row.seen_at = link.status, _moment(link.since), _moment(link.seen)
    row.pages, row.count = [list(page) for page in link.pages], link.count
    row.of_site, row.source = link.of_site, link.source
    row.node, row.book = node, book
    row.save()


def _moment(ms: int) -> datetime:
    """An edge's clock may be ahead: nothing is of the future."""
    now = timezone.now()
    return min(now, datetime.fromtimestamp(ms / 1000, UTC)) if 0 < ms < 2**45 else now


def ignore(link_id: int, *, by: str) -> None:
    """It is broken and may stay so. Raises `UnknownLink`."""
    _set(link_id, is_ignored=True, ignored_by=by)


def notice(link_id: int) -> None:
    """Take `ignore` back. Raises `UnknownLink`."""
    _set(link_id, is_ignored=False, ignored_by="")


def _set(link_id: int, **fields: Any) -> None:
    with atomic(STATS):
        if not BrokenLink.objects.filter(pk=link_id).update(**fields):
            raise UnknownLink(f"the link {link_id} is not broken any more")


def links_visible_to(user: Any) -> QuerySet[BrokenLink]:
    return limit(BrokenLink.objects.all(), user)


def visible_link(link_id: int, user: Any) -> BrokenLink:
    """Raises `UnknownLink`."""
    found = links_visible_to(user).filter(pk=link_id).first()
    if found is None:
        raise UnknownLink(f"the link {link_id} is not broken any more")
    return found
