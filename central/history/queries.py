"""Reading the history: by record, by person, and whether its chains are whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from django.db import DatabaseError, connections
from django.db.models import Model, Q
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from central.history.models import Change
from central.history.stored import ciphertext, is_forgotten
from central.ui import actors, sites
from central.ui.scope import ALL, may_see, visible_sites
from central.ui.screens import may
from central.ui.watching import Watch, kind_of, watches
from infra.crypto.errors import FieldBroken, KeyMissing
from infra.crypto.fields import EncryptedTextField, open_value
from node.realms import CENTRAL_REALMS, alias_of, realm_of

PAGE = 50
#: what the triggers keep in place of a personal value
MASK = "•"
#: how `as_whom` begins where a change followed from another site's
_BY_SITE = "site:"
#: who may read what an encrypted column said
READS_PEOPLE = "see_customers"


@dataclass(frozen=True)
class Row:
    """One value: what it is called, what it was and what it became; text, or HTML that was marked as safe."""

    title: str
    was: Any
    became: Any


@dataclass(frozen=True)
class Entry:
    """What one request changed of one record. `who`, `as_whom`: in words; `through`: the site whose change led here.

    `is_new`: the record was made, `rows` are all it was made of. `url`: its card, where the watch names one.
    """

    at: datetime
    title: str
    what: str
    who: str
    as_whom: str
    address: str
    request: str
    rows: list[Row]
    through: str = ""
    is_new: bool = False
    site: str = ""
    url: str = ""


@dataclass(frozen=True)
class Page:
    """Newest first. `older`: hand it back for the next page. `hidden`: changes the reader may not see.

    `away`: realms that did not answer.
    """

    entries: list[Entry]
    older: str = ""
    hidden: int = 0
    away: list[str] = field(default_factory=list)


def is_watched(kind: str) -> bool:
    return any(kind in (watch.label, watch.of and kind_of(watch.of[0])) for watch in watches().values())


def of_record(user: Any, record: Model, *, older_than: str = "", limit: int = PAGE) -> Page:
    """What happened to a record and to the rows that are part of it. The caller has checked that it may be seen."""
    watch = watches().get(kind_of(record))
    others = watch.also(user, record) if watch and watch.also else ()
    shown = Q()
    for one in (record, *others):
        shown |= Q(record_kind=kind_of(one), record_key=str(one.pk))
    found = Change.objects.using(alias_of(realm_of(record._meta.app_label))).filter(shown)
    if older_than.isdecimal():
        found = found.filter(pk__lt=int(older_than[:18]))
    changes = list(found.order_by("-pk")[: limit + 1])
    older = str(changes[limit - 1].pk) if len(changes) > limit else ""
    readable = _readable(user, changes[:limit], is_on_card=True)
    return Page(_entries(user, readable, _one_request), older, len(changes[:limit]) - len(readable))


def of_person(user: Any, login: str, *, older_than: str = "", limit: int = PAGE) -> Page:
    """What a person changed, over all realms, as far as `user` has the rights and sites to see it."""
    before = _moment(older_than)
    changes: list[Change] = []
    away = []
    for realm in CENTRAL_REALMS:
        found = Change.objects.using(alias_of(realm)).filter(who=login)
        try:
            changes += (found.filter(at__lt=before) if before else found).order_by("-pk")[: limit + 1]
        except DatabaseError:
            away.append(realm)
    changes = sorted(changes, key=lambda change: (change.at, change.pk), reverse=True)
    page = changes[:limit]
    readable = _readable(user, page, is_on_card=False)
    older = page[-1].at.isoformat() if len(changes) > limit else ""
    return Page(_entries(user, readable, _one_deed), older, len(page) - len(readable), away)


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


def _readable(user: Any, changes: Sequence[Change], *, is_on_card: bool) -> list[Change]:
    """Those the user has the right and the sites to read. Off its card, what has no site is for who sees all sites."""
    seen = visible_sites(user)

    def may_read(change: Change) -> bool:
        watch = watches().get(change.kind)
        if watch is None or not may(user, watch.right):
            return False
        if seen is ALL:
            return True
        return change.site in seen if change.site else is_on_card and not watch.is_wide

    return [change for change in changes if may_read(change)]


# --- in words ------------------------------------------------------------------------------------------------------


def _entries(user: Any, changes: Sequence[Change], one_deed: Callable[[Change], tuple[str, ...]]) -> list[Entry]:
    """One entry for what one request did to one record: a form that is saved writes several tables."""
    groups = groupby(changes, key=one_deed)
    return [entry for _key, group in groups if (entry := _entry(user, list(group)))]


def _one_request(change: Change) -> tuple[str, ...]:
    # A command or a job has no request: what it does within a second is one deed.
    return change.request or change.at.isoformat(timespec="seconds"), change.who, change.as_whom


def _one_deed(change: Change) -> tuple[str, ...]:
    return *_one_request(change), change.record_kind, change.record_key


def _entry(user: Any, changes: list[Change]) -> Entry | None:
    changes = changes[::-1]  # as they were made
    first = changes[0]
    rows = [row for change in changes for row in _rows(user, change)]
    through = first.as_whom.removeprefix(_BY_SITE) if first.as_whom.startswith(_BY_SITE) else ""
    whole = next((change for change in changes if change.kind == change.record_kind), first)
    if not rows and whole.op == Change.Op.UPDATE:
        return None  # an encrypted value that was written again with the same meaning
    return Entry(
        at=changes[-1].at,
        title=_title(whole),
        what=_what(first),
        who=actors.in_words(first.who),
        as_whom="" if through else first.as_whom,
        address=first.address,
        request=first.request,
        rows=rows,
        through=_site_named(user, through),
        is_new=whole.kind == whole.record_kind and whole.op == Change.Op.INSERT,
        site=first.site,
        url=_url(first),
    )


def _title(change: Change) -> str:
    if change.kind != change.record_kind:
        return _("Changed")
    return {Change.Op.INSERT: _("Made"), Change.Op.DELETE: _("Deleted")}.get(Change.Op(change.op), _("Changed"))


def _watch_of_record(change: Change) -> Watch | None:
    return watches().get(change.record_kind) or watches().get(change.kind)


def _what(change: Change) -> str:
    watch = _watch_of_record(change)
    if watch is None:
        return f"{change.record_kind} {change.record_key}"
    named = watch.name_of(change.record_key) if watch.name_of else change.record_key
    return f"{watch.title} {named}"


def _url(change: Change) -> str:
    watch = watches().get(change.record_kind)
    if watch is None or not watch.card:
        return ""
    try:
        return reverse(watch.card, args=[change.record_key])
    except NoReverseMatch:
        return ""


def _rows(user: Any, change: Change) -> list[Row]:
    watch = watches().get(change.kind)
    part = watch.part(change.key) if watch and watch.part else ""
    made = []
    for column, before, after in _columns(watch, change):
        title = _column_title(watch, column)
        if MASK in (before, after):
            made.append(Row(title, "", _("changed; what it says is not kept")))
            continue
        was, became = (_value(user, watch, column, value) for value in (before, after))
        if was != became:
            is_said = not part or part in (was, became)
            made.append(Row(title if is_said else format_html("{} {}", title, part), was, became))
    return made


def _columns(watch: Watch | None, change: Change) -> Iterator[tuple[str, Any, Any]]:
    """(column, was, became); of a column that holds a dictionary one for each key of it that differs."""
    for column in _in_order(watch, {**change.before, **change.after}):
        before, after = change.before.get(column), change.after.get(column)
        if isinstance(before, dict) or isinstance(after, dict):
            was, became = before or {}, after or {}
            for key in sorted({*was, *became}):
                if was.get(key) != became.get(key):
                    yield key, was.get(key), became.get(key)
        else:
            yield column, before, after


def _in_order(watch: Watch | None, columns: Iterable[str]) -> list[str]:
    """As the watch names them: the database keeps them by length."""
    named = [watch.column(name) for name in watch.fields] if watch else []
    return sorted(columns, key=lambda column: named.index(column) if column in named else len(named))


def _field_of(watch: Watch | None, column: str) -> Any:
    if watch is None:
        return None
    return next((one for one in watch.model._meta.concrete_fields if one.column == column), None)


def _column_title(watch: Watch | None, column: str) -> str:
    known = _field_of(watch, column)
    return str(watch.titles.get(known.name if known else column, column)) if watch else column


def _value(user: Any, watch: Watch | None, column: str, value: Any) -> Any:
    if value in (None, "", [], {}):
        return ""
    known = _field_of(watch, column)
    if watch and known and known.name in watch.sites:
        return _site_named(user, value)
    if watch and known and known.name in watch.words:
        return watch.words[known.name](value)
    if isinstance(known, EncryptedTextField) and is_forgotten(str(value)):
        return _("forgotten")
    if isinstance(known, EncryptedTextField):
        return _opened(known, value) if may(user, READS_PEOPLE) else _("hidden: your role does not show customers")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return str(value)


def _site_named(user: Any, site: str) -> str:
    if not site:
        return ""
    if not may_see(user, site):
        return _("a site you may not see")
    look = sites.looks(None).get(site)
    return look.label if look else site


def _opened(known: EncryptedTextField, value: Any) -> str:
    try:
        column, stored = ciphertext(known.column_name, str(value))
        text = open_value(column, stored, alias=alias_of(realm_of(known.model._meta.app_label)))
        return _("forgotten") if text is None else str(known.from_text(text))
    except (FieldBroken, KeyMissing, ValueError):
        return _("cannot be opened")


# --- the chains ----------------------------------------------------------------------------------------------------

_BROKEN = """
SELECT id, kind, key FROM (
    SELECT id, kind, key, hash, prev_hash, history_digest(c) AS right_hash,
           lag(hash, 1, ''::bytea) OVER (PARTITION BY kind, key ORDER BY id) AS right_prev
    FROM history_change c
) checked WHERE hash <> right_hash OR prev_hash <> right_prev ORDER BY id LIMIT 100
"""
_HEAD = """
SELECT count(*), coalesce(max(id), 0), encode(sha256(coalesce(string_agg(hash, ''::bytea ORDER BY id), '')), 'hex')
FROM history_change
"""


@dataclass(frozen=True)
class Health:
    """`broken`: (id, kind, key) of changes that were altered or whose predecessor is not what it was, 100 at most.

    `head` is one hash over all changes up to the id `last`: kept elsewhere it shows later that none was cut off.
    """

    realm: str
    changes: int
    last: int
    head: str
    broken: list[tuple[int, str, str]]


def check_chains(realms: Iterable[str] = CENTRAL_REALMS) -> list[Health]:
    found = []
    for realm in realms:
        with connections[alias_of(realm)].cursor() as cursor:
            cursor.execute(_BROKEN)
            broken = [(row[0], row[1], row[2]) for row in cursor.fetchall()]
            cursor.execute(_HEAD)
            count, last, head = cursor.fetchone()
        found.append(Health(realm, count, last, head, broken))
    return found
