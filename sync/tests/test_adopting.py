from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import msgspec
import pytest

from infra.crypto.signing import b64, new_signing_key, public_of, sign, unb64, verify
from sync import adopting, join
from sync.contracts.join import AdoptRequest, JoinAnswer, JoinRequest, JoinToken

CENTRAL = new_signing_key()
TOKEN = JoinToken(url="http://127.0.0.1:1", invite="i1", secret="s", central_key=b64(public_of(CENTRAL)))


def answer(asked_by: str, epoch: int, key: bytes = CENTRAL) -> JoinAnswer:
    made = JoinAnswer(
        node="a",
        name="A",
        epoch=epoch,
        sites=["tea"],
        central_key=b64(public_of(key)),
        sealing_keys=[],
        asked_by=asked_by,
    )
    return msgspec.structs.replace(made, signature=b64(sign(key, made.signed_part())))


class Door(HTTPServer):
    """Central's door for restored disks. `epoch`: what it gives; `breaks`: the answer is lost on the way."""

    asked: list[AdoptRequest]
    epoch = 2
    breaks = False


class Handler(BaseHTTPRequestHandler):
    server: Door

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        request = msgspec.json.decode(body, type=AdoptRequest)
        self.server.asked.append(request)
        self.send_response(500 if self.server.breaks else 200)
        self.end_headers()
        self.wfile.write(
            b"{}" if self.server.breaks else msgspec.json.encode(answer(request.sign_key, self.server.epoch))
        )

    def log_message(self, *args: object) -> None: ...


@pytest.fixture
def door() -> Iterator[Door]:
    server = Door(("127.0.0.1", 0), Handler)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    def as_central(request: JoinRequest) -> JoinAnswer:
        return answer(request.sign_key, 1)

    join.join_in_process(tmp_path, TOKEN.text(), as_central)
    return tmp_path


def url(door: Door) -> str:
    return f"http://127.0.0.1:{door.server_port}"


def test_a_restored_disk_gets_a_new_epoch(home: Path, door: Door) -> None:
    adopted = adopting.adopt(home, url=url(door))

    assert adopted.epoch == 2 and join.joined(home) == adopted
    assert not adopting.is_under_way(home)
    (asked,) = door.asked
    assert (asked.node, asked.epoch) == ("a", 1)
    assert verify(unb64(asked.sign_key), unb64(asked.signature), asked.signed_part())


def test_until_central_has_answered_the_disk_is_fenced_and_the_asking_is_the_same(home: Path, door: Door) -> None:
    door.breaks = True

    for _ in range(2):
        with pytest.raises(join.JoinFailed):
            adopting.adopt(home, url=url(door))

    assert adopting.is_under_way(home)
    assert (joined := join.joined(home)) is not None and joined.epoch == 1
    door.breaks = False
    adopting.adopt(home, url=url(door))
    assert len({asked.nonce for asked in door.asked}) == 1


@pytest.mark.parametrize("epoch", [0, 1])
def test_an_answer_about_no_new_epoch_changes_nothing(home: Path, door: Door, epoch: int) -> None:
    door.epoch = epoch

    with pytest.raises(join.JoinFailed, match="new epoch"):
        adopting.adopt(home, url=url(door))

    assert adopting.is_under_way(home)


def test_who_has_not_joined_has_nothing_to_adopt(tmp_path: Path) -> None:
    with pytest.raises(join.JoinFailed, match="has not joined"):
        adopting.adopt(tmp_path)
