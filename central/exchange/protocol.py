"""The exchange of 1C with a site over HTTP, as its published description has it: one address, `type` and `mode`.

Every answer is plain text in the encoding of 1C, lines ended by CRLF, the first one `success`, `progress` or `failure`.
"""

from __future__ import annotations

import base64
import binascii
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from central.catalog.errors import ImportRefused
from central.catalog.importing import runs
from central.catalog.importing.archives import is_archive, unpack
from central.catalog.importing.models import ImportRun, ImportSource
from central.exchange import actions
from central.exchange.errors import ExchangeRefused
from central.exchange.models import ExchangeSession
from central.exchange.orders import ENCODING, orders_for, take_states
from central.ui.away import RealmAway
from central.ui.screens import open_to_all
from infra.http.address import counted_as
from node.acting import Actor, acting
from node.away import realm_away

COOKIE = "rialto_exchange"
#: how long one `import` waits for its run before it answers `progress`: 1C asks again at once
WAIT_S = 1.0
_LOOK_EVERY_S = 0.05
State = ImportRun.State


@csrf_exempt  # it proves itself by Basic and a cookie of its own, which no browser of ours holds
@never_cache
@open_to_all
def exchange(request: HttpRequest) -> HttpResponse:
    kind, mode = request.GET.get("type", ""), request.GET.get("mode", "")
    try:
        if mode == "checkauth":
            return _sign_in(request)
        session = actions.session_of(request.COOKIES.get(COOKIE, ""))
        answer = _MODES.get((kind, mode))
        if answer is None:
            raise ExchangeRefused(f"there is no type={kind[:20]} mode={mode[:20]}")
        with acting(Actor(f"1c:{session.key.login}", request=uuid4().hex)):
            return answer(request, session)
    except ExchangeRefused as error:
        return _text("failure", str(error), status=401 if mode == "checkauth" else 200)
    except ImportRefused as error:
        return _text("failure", str(error))
    except DatabaseError as error:
        if not (realm := realm_away(error)):
            raise
        return _text("failure", str(RealmAway(realm)), status=503)


def _text(*lines: str, status: int = 200) -> HttpResponse:
    body = "\r\n".join(lines).encode(ENCODING, "replace")
    return HttpResponse(body, status=status, content_type=f"text/plain; charset={ENCODING}")


def _sign_in(request: HttpRequest) -> HttpResponse:
    login, password = _basic(request)
    address = counted_as(request.META.get("REMOTE_ADDR", ""))
    token = actions.open_session(login, password, address=address)
    answer = _text("success", COOKIE, token)
    # 1C sends the cookie back by the lines of the text; other programs keep it as a browser would.
    answer.set_cookie(COOKIE, token, path="/exchange/", httponly=True, samesite="Strict", secure=request.is_secure())
    return answer


def _basic(request: HttpRequest) -> tuple[str, str]:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        raise ExchangeRefused("say login and password by HTTP Basic")
    try:
        raw = base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise ExchangeRefused("wrong login or password") from error
    login, _, password = raw.decode("utf-8", "replace").partition(":")
    return login, password


def _init(request: HttpRequest, session: ExchangeSession) -> HttpResponse:
    actions.begin_files(session)
    lines = ["zip=yes", f"file_limit={actions.FILE_LIMIT}"]
    if "version" in request.GET:
        lines += [f"sessid={session.token_hash[:32]}", "version=2.07"]
    return _text(*lines)


# --- goods --------------------------------------------------------------------------------------------------------


def _file(request: HttpRequest, session: ExchangeSession) -> HttpResponse:
    actions.add_piece(session, request.GET.get("filename", ""), request.read)
    return _text("success")


def _import(request: HttpRequest, session: ExchangeSession) -> HttpResponse:
    """Begin the import of a file, or say how far it is. 1C asks until it is told `success` or `failure`."""
    name = request.GET.get("filename", "")
    if name not in session.runs:
        actions.note_run(session, name, _begin(session, name).pk)
        session.refresh_from_db()
    run = _waited(UUID(hex=session.runs[name]))
    if run.state == State.DONE:
        return _text("success", *_refusals(run))
    if run.state in (State.FAILED, State.STOPPED):
        return _text("failure", run.error or "it was stopped at central")
    return _text("progress", f"{run.counts.get('read', 0)} / {run.total}")


def _begin(session: ExchangeSession, name: str) -> ImportRun:
    source = ImportSource.objects.filter(pk=session.key.source).first() if session.key.source else None
    if source is None:
        raise ExchangeRefused("this key sends no goods: choose a source for it at central")
    file = _found(session, name)
    with file.open("rb") as data:
        run = runs.take_file(source, name, iter(lambda: data.read(1 << 20), b""), by="1C")
    pictures = actions.folder_of(session) / "import_files"
    for folder in (pictures, _unpacked(session)):
        if folder.is_dir():
            shutil.copytree(folder, runs.folder_of(run) / "pictures", dirs_exist_ok=True)
    runs.write_at_once(run.pk)
    return run


def _found(session: ExchangeSession, name: str) -> Path:
    """The file of this name, out of the archives of the session when it came in one."""
    path = actions.path_of(session, name)
    if path.is_file():
        return path
    _unpack_all(session)
    for one in sorted(_unpacked(session).rglob(Path(name).name)):
        if one.is_file():
            return one
    raise ExchangeRefused(f"the file {name[:100]} was not sent in this session")


def _unpacked(session: ExchangeSession) -> Path:
    return actions.folder_of(session) / "unpacked"


def _unpack_all(session: ExchangeSession) -> None:
    """Archives are unpacked once, at the first question for a file that lies in one."""
    target = _unpacked(session)
    if target.exists():
        return
    for number, archive in enumerate(sorted(actions.folder_of(session).glob("*.zip"))):
        if is_archive(archive):
            unpack(archive, target / str(number))


def _waited(run_id: UUID) -> ImportRun:
    until = time.monotonic() + WAIT_S
    while True:
        run = ImportRun.objects.get(pk=run_id)
        if not run.is_at_work or time.monotonic() > until:
            return run
        time.sleep(_LOOK_EVERY_S)


def _refusals(run: ImportRun) -> list[str]:
    refused = run.counts.get("refused", 0)
    return [f"{refused} rows were refused; their reasons stand at central under Imports"] if refused else []


# --- orders -------------------------------------------------------------------------------------------------------


def _query(request: HttpRequest, session: ExchangeSession) -> HttpResponse:
    given = orders_for(session.key)
    actions.note_given(session, given.to, given.numbers, with_people=session.key.gives_people)
    return HttpResponse(given.xml, content_type=f"text/xml; charset={ENCODING}")


def _taken(request: HttpRequest, session: ExchangeSession) -> HttpResponse:
    actions.orders_taken(session)
    return _text("success")


def _states(request: HttpRequest, session: ExchangeSession) -> HttpResponse:
    """States of orders; a file in pieces is read when it is whole, by its last piece or by `mode=import`."""
    name = request.GET.get("filename", "")
    file = actions.add_piece(session, name, request.read)
    if not is_archive(file):
        try:
            _take_states(session, file)
        except ImportRefused:
            return _text("success")  # more of it is to come; if not, `import` says what is wrong
    return _text("success")


def _states_now(request: HttpRequest, session: ExchangeSession) -> HttpResponse:
    _take_states(session, _found(session, request.GET.get("filename", "")))
    return _text("success")


def _take_states(session: ExchangeSession, file: Path) -> None:
    taken = take_states(file, session.key)
    actions.note_states(session, taken.moved, "\n".join(taken.refused))


def _done(request: HttpRequest, session: ExchangeSession) -> HttpResponse:
    return _text("success")


_MODES: dict[tuple[str, str], Callable[[HttpRequest, ExchangeSession], HttpResponse]] = {
    ("catalog", "init"): _init,
    ("catalog", "file"): _file,
    ("catalog", "import"): _import,
    # Newer 1C says so at the end of a full exchange; what a file does not name is left alone here.
    ("catalog", "deactivate"): _done,
    ("catalog", "complete"): _done,
    ("sale", "init"): _init,
    ("sale", "query"): _query,
    ("sale", "success"): _taken,
    ("sale", "file"): _states,
    ("sale", "import"): _states_now,
}
