"""Old addresses. Each leads straight to where its page is now, never to another old one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from django.db.models import F
from django.utils import timezone

from central.cluster.queries import site as site_row
from central.seo.errors import BadAddress, RedirectLoop, UnknownRecord
from central.seo.models import Redirect
from node import sql
from node.realms import CATALOG, alias_of, atomic
from sites.seo.robots import CLOSED
from sync.outbox import record_state

STATUSES: Final = (301, 308)
MAX_SOURCE: Final = 500
MAX_TARGET: Final = 1_000
#: what an edge answers itself, whatever stands here
_OURS: Final = (*(path for path in CLOSED), "/static/", "/_m/", "/feeds/")

Cause = Redirect.Cause


@dataclass(frozen=True)
class Wanted:
    source: str
    target: str
    status: int = 301


def set_redirect(site: str, wanted: Wanted, *, cause: Cause = Cause.HAND, by: str) -> Redirect:
    """Raises `UnknownSite`, `BadAddress`, `RedirectLoop`."""
    origin = site_row(site).origin
    checked = Wanted(clean_source(wanted.source), clean_target(wanted.target, origin), _status(wanted.status))
    with atomic(CATALOG):
        _queue(site)
        return _put(site, checked, cause, by)


def set_redirects(
    site: str, rows: Iterable[Wanted], *, cause: Cause, by: str
) -> tuple[int, dict[int, BadAddress | RedirectLoop]]:
    """Write many in one transaction; returns how many, and the refusal of each row that was left out by its number."""
    origin = site_row(site).origin
    count, refused = 0, dict[int, BadAddress | RedirectLoop]()
    with atomic(CATALOG):
        _queue(site)
        for number, row in enumerate(rows):
            try:
                checked = Wanted(clean_source(row.source), clean_target(row.target, origin), _status(row.status))
                _put(site, checked, cause, by)
                count += 1
            except (BadAddress, RedirectLoop) as error:
                refused[number] = error
    return count, refused


def drop_redirect(pk: int) -> None:
    """The old address answers 404 from now on. Raises `UnknownRecord`."""
    with atomic(CATALOG):
        row = Redirect.objects.select_for_update().filter(pk=pk, is_active=True).first()
        if row is None:
            raise UnknownRecord(f"there is no redirect {pk}")
        row.is_active = False
        _publish(row)


def restore_redirect(pk: int) -> None:
    """Take a deletion back. Raises `UnknownRecord`, `RedirectLoop`."""
    row = Redirect.objects.filter(pk=pk, is_active=False).first()
    if row is None:
        raise UnknownRecord(f"there is no deleted redirect {pk}")
    with atomic(CATALOG):
        _queue(row.site)
        _put(row.site, Wanted(row.source, row.target, row.status), Cause(row.cause), row.by)


def follow_moves(site: str, moves: Sequence[tuple[str, str]], *, by: str) -> None:
    """Pages of a site went from one path to another. Inside the caller's `atomic("catalog")`."""
    _queue(site)
    for old, new in moves:
        # A page stands at the new address now: what led away from there was for the page that had left it
        for row in Redirect.objects.select_for_update().filter(site=site, source=new, is_active=True):
            row.is_active = False
            _publish(row)
        _put(site, Wanted(old, quote(new), 301), Cause.RENAMED, by)


def note_hits(site: str, hits: Iterable[tuple[str, int]]) -> None:
    """Count visits. Inside the caller's `atomic("catalog")`; the figure is no part of the document."""
    for source, count in hits:
        row = Redirect.objects.filter(site=site, source=source)
        row.update(hits=F("hits") + count, last_hit_at=timezone.now())


# --- one row ------------------------------------------------------------------------------------------------------


def _queue(site: str) -> None:
    """Chains are put through across rows, so writers of one site take turns."""
    digest = hashlib.blake2b(f"redirects:{site}".encode(), digest_size=8).digest()
    sql.wait_turn(alias_of(CATALOG), [int.from_bytes(digest, signed=True)])


def _put(site: str, wanted: Wanted, cause: Cause, by: str) -> Redirect:
    target = _end_of(site, wanted)
    row = Redirect.objects.select_for_update().filter(site=site, source=wanted.source).first()
    if row is not None and row.is_active and (row.target, row.status) == (target, wanted.status):
        return row
    row = row or Redirect(site=site, source=wanted.source)
    row.target, row.target_key, row.status = target, key_of(target), wanted.status
    row.cause, row.by, row.is_active = cause, by, True
    _publish(row)
    for before in Redirect.objects.select_for_update().filter(site=site, target_key=wanted.source, is_active=True):
        before.target, before.target_key = row.target, row.target_key
        _publish(before)
    return row


def _end_of(site: str, wanted: Wanted) -> str:
    """Where the target leads in the end; one step, for no redirect here leads to another one."""
    if key_of(wanted.target) == wanted.source:
        raise RedirectLoop(wanted.source, wanted.target)
    onward = Redirect.objects.filter(site=site, source=key_of(wanted.target), is_active=True).first()
    if onward is None:
        return wanted.target
    if onward.target_key == wanted.source:
        raise RedirectLoop(wanted.source, wanted.target)
    return onward.target


def _publish(row: Redirect) -> None:
    row.ver += 1
    row.save()
    record_state(f"redirect:{row.site}", row.source, row.ver, realm=CATALOG, deleted=not row.is_active)


# --- spelling -----------------------------------------------------------------------------------------------------


def key_of(target: str) -> str:
    """A target as a source would be written."""
    path, mark, query = target.partition("?")
    return f"{unquote(path)}{mark}{query}" if target.startswith("/") else target


def clean_source(text: str) -> str:
    """A path, or an address of which the path counts. Raises `BadAddress`."""
    parts = urlsplit(text.strip())
    if parts.fragment:
        raise BadAddress("source", "what stands behind # never reaches a server: leave it out")
    path = unquote(parts.path) or ("/" if parts.netloc else "")
    source = f"{path}?{parts.query}" if parts.query else path
    if "*" in source:
        raise BadAddress("source", "an address is written out: there are no wildcards")
    if not path.startswith("/") or path.startswith("//") or not source.isprintable():
        raise BadAddress("source", "an old address is a path that begins with /")
    if path == "/" and not parts.query:
        raise BadAddress("source", "the home page leads nowhere else")
    if len(source) > MAX_SOURCE:
        raise BadAddress("source", f"an old address has at most {MAX_SOURCE} signs")
    if any(path == ours.rstrip("/") or path.startswith(f"{ours.rstrip('/')}/") for ours in _OURS):
        raise BadAddress("source", f"{path} is the shop's own and leads nowhere else")
    return source


def clean_target(text: str, origin: str) -> str:
    """A path of the site, or an https address elsewhere. Raises `BadAddress`."""
    text = text.strip().removeprefix(origin) or "/"
    if len(text) > MAX_TARGET or not text.isprintable() or " " in text or "\\" in text:
        raise BadAddress("target", f"an address has no spaces and at most {MAX_TARGET} signs")
    if text.startswith("/") and not text.startswith("//"):
        return quote(unquote(text), safe="/?&=#%:@!$'()*+,;~-._[]") if not text.isascii() else text
    if text.startswith("https://") and urlsplit(text).hostname:
        return text
    raise BadAddress("target", "the new address begins with / (of this shop) or with https://")


def _status(status: int) -> int:
    if status not in STATUSES:
        raise BadAddress("status", "an old address answers 301 or 308")
    return status
