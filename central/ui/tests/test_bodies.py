"""A body that is too large is refused unread, by each of the two servers."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

APP = "central.ui.tests.echo:app"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(params=["daphne", "uvicorn"])
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    port = free_port()
    options = ["-b", "127.0.0.1", "-p", str(port)] if request.param == "daphne" else ["--port", str(port)]
    server = subprocess.Popen([sys.executable, "-m", request.param, *options, APP], stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 30
        while not _answers(port) and time.monotonic() < until:
            assert server.poll() is None
        yield port
    finally:
        server.kill()
        server.wait()


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=0.2).close()
    except OSError:
        return False
    return True


def say(port: int, *lines: str, body: bytes = b"") -> bytes:
    """One request as bytes; what comes back until the server has said all, or is silent for 5 s."""
    head = "".join(f"{line}\r\n" for line in ("POST /imports/new HTTP/1.1", "Host: x", "Connection: close", *lines))
    with socket.create_connection(("127.0.0.1", port), timeout=5) as one:
        one.sendall(head.encode() + b"\r\n" + body)
        answer = b""
        try:
            while piece := one.recv(4096):
                answer += piece
        except TimeoutError:
            pass
        return answer


def test_ten_gigabytes_are_refused_before_they_are_sent(port: int) -> None:
    answer = say(port, f"Content-Length: {10**10}", body=b"the beginning")

    assert answer.startswith(b"HTTP/1.1 413")
    assert b"500 MB at most" in answer


def test_what_is_within_the_limit_passes(port: int) -> None:
    assert say(port, "Content-Length: 5", body=b"hello").endswith(b"5")
