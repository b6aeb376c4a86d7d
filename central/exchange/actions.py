"""Every change of the exchange: keys, sessions and the files of a session. Realm `cluster`."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import check_password, make_password
from django.core.cache import cache
from django.db.models import F
from django.utils import timezone

from central.exchange.errors import ExchangeRefused
from central.exchange.models import ExchangeKey, ExchangeSession, HandOver
from node.config import config
from node.places import make_private
from node.realms import CLUSTER, atomic

SESSION = timedelta(hours=6)
#: one piece of a file; 1C cuts larger ones
FILE_LIMIT = 10_000_000
#: all files of one session together
SESSION_LIMIT = 2_000_000_000
#: wrong passwords of one login, and of one address, in ten minutes
MOST_WRONG = 10
_WRONG_FOR_S = 600
_NAME = re.compile(r"[\w.\- ()#@+=,]{1,120}")
#: a password is checked against it when there is no such login, so that both take the same time
_NOBODY = make_password("nobody")


# --- keys ---------------------------------------------------------------------------------------------------------


def make_key(
    title: str, *, sites: Sequence[str], source: UUID | None, gives_people: bool, by: str
) -> tuple[ExchangeKey, str]:
    """Make a login for a 1C; returns it and its password, which is shown this once."""
    password = secrets.token_urlsafe(18)
    key = ExchangeKey(
        title=title,
        login=f"1c-{secrets.token_hex(4)}",
        password=make_password(password),
        sites=list(sites),
        source=source,
        gives_people=gives_people,
        created_by=by,
    )
    with atomic(CLUSTER):
        key.save(force_insert=True)
    return key, password


def new_password(key: UUID) -> str:
    """Another password; sessions that are open end."""
    password = secrets.token_urlsafe(18)
    with atomic(CLUSTER):
        ExchangeKey.objects.filter(pk=key).update(password=make_password(password), ver=F("ver") + 1)
        ExchangeSession.objects.filter(key=key).delete()
    return password


def edit_key(key: UUID, changes: Mapping[str, Any]) -> None:
    """Change title, sites, source, gives_people, is_active. Switched off, its sessions end at once."""
    with atomic(CLUSTER):
        row = ExchangeKey.objects.select_for_update().get(pk=key)
        for name in ("title", "sites", "source", "gives_people", "is_active"):
            if name in changes:
                setattr(row, name, changes[name])
        row.ver += 1
        row.save()
        if not row.is_active:
            ExchangeSession.objects.filter(key=row).delete()


# --- sessions -----------------------------------------------------------------------------------------------------


def open_session(login: str, password: str, *, address: str) -> str:
    """Sign a 1C in; returns the cookie. Raises `ExchangeRefused`, the same for every wrong pair."""
    counters = [f"exchange:login:{hashlib.sha256(login.encode()).hexdigest()}", f"exchange:address:{address}"]
    if any((cache.get(name) or 0) >= MOST_WRONG for name in counters):
        raise ExchangeRefused("too many wrong passwords; wait ten minutes")
    key = ExchangeKey.objects.filter(login=login, is_active=True).first()
    if not check_password(password, key.password if key else _NOBODY) or key is None:
        for name in counters:
            cache.add(name, 0, _WRONG_FOR_S)
            cache.incr(name)
        raise ExchangeRefused("wrong login or password")
    token = secrets.token_urlsafe(32)
    now = timezone.now()
    with atomic(CLUSTER):
        for old in ExchangeSession.objects.filter(key=key, ends_at__lt=now):
            shutil.rmtree(folder_of(old), ignore_errors=True)
            old.delete()
        ExchangeSession.objects.create(token_hash=_hash(token), key=key, ends_at=now + SESSION)
        ExchangeKey.objects.filter(pk=key.pk).update(seen_at=now)
    return token


def session_of(token: str) -> ExchangeSession:
    """Raises `ExchangeRefused` when it has ended, was never, or its key is switched off."""
    found = ExchangeSession.objects.select_related("key").filter(pk=_hash(token), ends_at__gt=timezone.now()).first()
    if not token or found is None or not found.key.is_active:
        raise ExchangeRefused("the session has ended; begin with checkauth")
    return found


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def folder_of(session: ExchangeSession) -> Path:
    return config().home / "exchange" / session.token_hash[:32]


def begin_files(session: ExchangeSession) -> None:
    """A new exchange: what the session sent before is forgotten."""
    shutil.rmtree(folder_of(session), ignore_errors=True)
    make_private(folder_of(session).parent)
    make_private(folder_of(session))
    with atomic(CLUSTER):
        ExchangeSession.objects.filter(pk=session.pk).update(size=0, runs={})
    session.size, session.runs = 0, {}


def path_of(session: ExchangeSession, name: str) -> Path:
    """Where a file of this name lies. Raises `ExchangeRefused` for one that leads out of the session."""
    parts = name.replace("\\", "/").split("/")
    if not 1 <= len(parts) <= 6 or any(not _NAME.fullmatch(part) or part.strip(". ") == "" for part in parts):
        raise ExchangeRefused("the file has a name that cannot be; it must lie within the exchange")
    return folder_of(session).joinpath(*parts)


def add_piece(session: ExchangeSession, name: str, read: Callable[[int], bytes]) -> Path:
    """Append what `read` gives to a file of the session. Raises `ExchangeRefused` when it is too much."""
    path = path_of(session, name)
    if not folder_of(session).is_dir():
        begin_files(session)
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.stat().st_size if path.exists() else 0
    size = 0
    with path.open("ab") as out:
        while piece := read(1 << 16):
            size += len(piece)
            if size > FILE_LIMIT or session.size + size > SESSION_LIMIT:
                # A piece is taken whole or not at all: 1C sends it again.
                out.truncate(before)
                raise ExchangeRefused(f"more than {FILE_LIMIT} bytes at once, or {SESSION_LIMIT} in all")
            out.write(piece)
        out.flush()
        os.fsync(out.fileno())
    with atomic(CLUSTER):
        row = ExchangeSession.objects.select_for_update().get(pk=session.pk)
        row.size += size
        row.runs.pop(name, None)
        row.save(update_fields=["size", "runs"])
    session.size, session.runs = row.size, row.runs
    return path


def note_run(session: ExchangeSession, name: str, run: UUID) -> None:
    """Remember which import reads a file, so that 1C may ask for it again and again."""
    with atomic(CLUSTER):
        row = ExchangeSession.objects.select_for_update().get(pk=session.pk)
        row.runs[name] = run.hex
        row.save(update_fields=["runs"])
        HandOver.objects.create(key_id=session.key_id, kind=HandOver.Kind.GOODS, count=1, detail=name[:200])


# --- orders -------------------------------------------------------------------------------------------------------


def note_given(session: ExchangeSession, to: datetime | None, numbers: Sequence[str], *, with_people: bool) -> None:
    """Orders went out; they are taken only when 1C says so."""
    with atomic(CLUSTER):
        ExchangeSession.objects.filter(pk=session.pk).update(orders_given_to=to)
        if numbers:
            HandOver.objects.create(
                key_id=session.key_id,
                kind=HandOver.Kind.ORDERS,
                count=len(numbers),
                with_people=with_people,
                detail=" ".join(numbers),
            )


def orders_taken(session: ExchangeSession) -> None:
    """1C has them: the next question begins behind."""
    with atomic(CLUSTER):
        if session.orders_given_to is not None:
            ExchangeKey.objects.filter(pk=session.key_id).update(orders_taken_to=session.orders_given_to)
        ExchangeSession.objects.filter(pk=session.pk).update(orders_given_to=None)


def note_states(session: ExchangeSession, count: int, detail: str) -> None:
    with atomic(CLUSTER):
        HandOver.objects.create(key_id=session.key_id, kind=HandOver.Kind.STATES, count=count, detail=detail[:4000])


def tidy_sessions() -> None:
    """End the sessions that are over, and remove their files."""
    for session in ExchangeSession.objects.filter(ends_at__lt=timezone.now()):
        shutil.rmtree(folder_of(session), ignore_errors=True)
        with atomic(CLUSTER):
            session.delete()
