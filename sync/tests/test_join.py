from __future__ import annotations

import json
import stat
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import msgspec
import pytest

from infra.crypto.signing import b64, new_signing_key, public_of, sign, unb64, verify
from sync import join
from sync.contracts.join import JoinAnswer, JoinRequest, JoinToken

CENTRAL = new_signing_key()
TOKEN = JoinToken(url="http://127.0.0.1:1", invite="i1", secret="s", central_key=b64(public_of(CENTRAL)))


def answer(request: JoinRequest, *, key: bytes = CENTRAL, asked_by: str = "") -> JoinAnswer:
    made = JoinAnswer(
        node="a",
        name="Edge A",
        epoch=3,
        sites=["tea"],
        central_key=b64(public_of(key)),
        sealing_keys=[],
        asked_by=asked_by or request.sign_key,
    )
    return msgspec.structs.replace(made, signature=b64(sign(key, made.signed_part())))


@pytest.fixture
def central() -> Iterator[HTTPServer]:
    """A central that signs its answers, and refuses the secret "late"."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = msgspec.json.decode(self.rfile.read(int(self.headers["content-length"])), type=JoinRequest)
            is_refused = request.secret == "late"
            told = {"code": "token_expired", "message": "this join token has expired"}
            body = msgspec.json.encode(told if is_refused else answer(request))
            self.send_response(403 if is_refused else 200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def url(server: HTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_port}"


def test_joining_writes_who_we_are_and_a_repeat_keeps_the_key(tmp_path: Path, central: HTTPServer) -> None:
    first = join.join(tmp_path, TOKEN.text(), url=url(central))
    key = (tmp_path / "keys" / "node-sign").read_bytes()
    again = join.join(tmp_path, TOKEN.text(), url=url(central))

    assert first == again == join.joined(tmp_path)
    assert (first.node, first.epoch, first.sites) == ("a", 3, ["tea"])
    assert (tmp_path / "keys" / "node-sign").read_bytes() == key
    assert stat.S_IMODE((tmp_path / "keys" / "joined.json").stat().st_mode) == 0o600
    assert json.loads((tmp_path / "keys" / "joined.json").read_text())["node"] == "a"


def test_the_request_is_signed_by_the_key_it_names(tmp_path: Path) -> None:
    asked: list[JoinRequest] = []
    join.join_in_process(tmp_path, TOKEN.text(), lambda request: asked.append(request) or answer(request))  # type: ignore[func-returns-value]

    [request] = asked
    assert verify(unb64(request.sign_key), unb64(request.signature), request.signed_part())


def test_the_proxy_of_the_environment_is_not_asked(
    tmp_path: Path, central: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")

    assert join.join(tmp_path, TOKEN.text(), url=url(central)).node == "a"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (lambda request: answer(request, key=new_signing_key()), "not signed by the key in the token"),
        (lambda request: msgspec.structs.replace(answer(request), epoch=9), "not signed by the key in the token"),
        (lambda request: answer(request, asked_by="another"), "another node's key"),
    ],
)
def test_an_answer_that_is_not_centrals_to_us_joins_nothing(tmp_path: Path, wrong: object, sentence: str) -> None:
    with pytest.raises(join.JoinFailed, match=sentence):
        join.join_in_process(tmp_path, TOKEN.text(), wrong)  # type: ignore[arg-type]

    assert join.joined(tmp_path) is None


def test_a_refusal_comes_back_with_its_code(tmp_path: Path, central: HTTPServer) -> None:
    late = msgspec.structs.replace(TOKEN, secret="late")

    with pytest.raises(join.JoinFailed, match="has expired") as refused:
        join.join(tmp_path, late.text(), url=url(central))

    assert refused.value.code == "token_expired"


@pytest.mark.parametrize("token", ["", "rubbish", "e30", "é"])
def test_what_is_not_a_token_is_told_so(tmp_path: Path, token: str) -> None:
    with pytest.raises(join.JoinFailed, match="not a join token"):
        join.join(tmp_path, token)


def test_a_central_that_does_not_answer_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(join.JoinFailed, match="does not answer"):
        join.join(tmp_path, TOKEN.text())
