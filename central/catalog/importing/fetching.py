"""Files that central fetches by itself from an address people gave.

Such an address could be one of our own network, which the person cannot reach and central can. So only http(s) and
ftp(s), only public addresses (the one that was looked up is the one that is called), each redirect anew.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import SplitResult, unquote, urljoin, urlsplit
from uuid import UUID

import httpx
from django.utils import timezone

from central.catalog.errors import ImportRefused
from central.catalog.importing import runs
from central.catalog.importing.ftp import PORTS, ftp_pieces
from central.catalog.importing.models import ImportRun, ImportSource
from infra.http import outgoing
from node.realms import CATALOG
from sync.events import schedule_job

JOB = "catalog.fetch_source"
MOST_REDIRECTS = 3
#: silence of the other side, and all of a file
SILENCE_S = 30
LONGEST_S = 900


def fetch(source_id: UUID) -> ImportRun | None:
    """Fetch the file of a source and write it. None when it is fetched by hand only, or its last run is at work."""
    source = ImportSource.objects.filter(pk=source_id).exclude(url="").exclude(every_minutes=0).first()
    if source is None or source.runs.filter(state__in=("checking", "running")).exists():
        return None
    try:
        with _file_of(source) as pieces:
            name = unquote(urlsplit(source.url).path).rpartition("/")[2] or "file"
            run = runs.take_file(source, name, pieces, by="schedule")
    except (ImportRefused, httpx.HTTPError) as error:
        # An address may hold a password: the run says what went wrong, not where.
        why = str(error) if isinstance(error, ImportRefused) else f"it did not answer ({type(error).__name__})"
        return runs.note_failed(source, "—", f"the file could not be fetched: {why}", by="schedule")
    runs.write_at_once(run.pk)
    return run


@contextmanager
def _file_of(source: ImportSource) -> Iterator[Iterator[bytes]]:
    """The source's file in pieces, to be read within the block. Raises `ImportRefused`, `httpx.HTTPError`."""
    parts = urlsplit(source.url)
    if parts.scheme not in PORTS:
        login = httpx.BasicAuth(source.login, source.password or "") if source.login else None
        with _answer(source.url, login) as answer:
            yield _pieces(answer)
        return
    asked = (source.login or "anonymous", source.password or "")
    address = _public_address(parts, PORTS[parts.scheme])
    with ftp_pieces(parts, address, asked, silence_s=SILENCE_S, longest_s=LONGEST_S) as pieces:
        yield pieces


@contextmanager
def _answer(url: str, login: httpx.BasicAuth | None) -> Iterator[httpx.Response]:
    """The answer at the end of at most three redirects. Raises `ImportRefused`.

    The login goes to the host it was given for, and to no other that a redirect names.
    """
    first = urlsplit(url)[:2]  # a redirect from https to http of the same host is another place, too
    with httpx.Client(timeout=SILENCE_S, follow_redirects=False, trust_env=False) as client:
        for _ in range(MOST_REDIRECTS + 1):
            request = pinned(client, url)
            if login and urlsplit(url)[:2] == first:
                request = next(login.auth_flow(request))
            answer = client.send(request, stream=True)
            if not answer.is_redirect:
                break
            url = urljoin(url, answer.headers.get("location", ""))
            answer.close()
        else:
            raise ImportRefused(f"it redirects more than {MOST_REDIRECTS} times")
        try:
            if answer.status_code != httpx.codes.OK:
                raise ImportRefused(f"it answered {answer.status_code}")
            if int(answer.headers.get("content-length") or 0) > runs.MAX_UPLOAD:
                raise runs.too_large()
            yield answer
        finally:
            answer.close()


def pinned(client: httpx.Client, url: str) -> httpx.Request:
    """A request to the very address that was looked up and found public. Raises `ImportRefused`."""
    try:
        return outgoing.pinned(client, url)
    except outgoing.NotCalled as error:
        told = "only http, https, ftp and ftps addresses are fetched" if error.code == "scheme" else str(error)
        raise ImportRefused(told) from error


def _public_address(parts: SplitResult, port: int) -> str:
    try:
        return outgoing.public_address(parts, port)
    except outgoing.NotCalled as error:
        raise ImportRefused(str(error)) from error


def _pieces(answer: httpx.Response) -> Iterator[bytes]:
    until = time.monotonic() + LONGEST_S
    for piece in answer.iter_bytes(1 << 16):
        if time.monotonic() > until:
            raise ImportRefused(f"it takes longer than {LONGEST_S} s")
        yield piece


def schedule_due() -> int:
    """One job for each source whose time has come; called each minute. How many."""
    now, count = timezone.now(), 0
    for source in ImportSource.objects.exclude(url="").filter(every_minutes__gt=0):
        last = source.runs.filter(by="schedule").order_by("-created_at").values_list("created_at", flat=True).first()
        if last is None or last + timedelta(minutes=source.every_minutes) <= now:
            turn = int(now.timestamp()) // 60
            schedule_job(JOB, source.pk.bytes, realm=CATALOG, key=f"fetch:{source.pk.hex}:{turn}")
            count += 1
    return count
